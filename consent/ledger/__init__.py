"""The per-site Merkle log (RFC 9162): entries, records, tiles, heads, checkpoints, proofs, erasure."""
