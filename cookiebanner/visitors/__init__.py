"""Visitors' requests: what may come in, and who sends it."""
