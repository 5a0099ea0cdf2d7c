"""Visitors' requests: what may come in, who sends it, and the memory of published sites that answers it."""
