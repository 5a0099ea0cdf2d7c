"""Draft to release: snapshot, lint, publish, roll back."""
