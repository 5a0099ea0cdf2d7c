"""Numbers: `python -m bench` (make bench). See docs/performance.md for the method."""
