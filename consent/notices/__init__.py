"""Notices: what a site's people are told by itself, and who wants it how."""
