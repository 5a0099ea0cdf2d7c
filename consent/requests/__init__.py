"""Subject requests."""
