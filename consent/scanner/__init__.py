"""Finds trackers on a page and classifies them."""
