"""Drafts of texts, layout and theme."""
