"""A sample shop with fake trackers."""
