"""For marketers."""
