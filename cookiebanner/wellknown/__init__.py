"""Paths on the site's own origin (docs/first-party.md)."""
