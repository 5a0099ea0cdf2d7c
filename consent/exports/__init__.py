"""Records out: csv, jsonl, parquet, audit bundle."""
