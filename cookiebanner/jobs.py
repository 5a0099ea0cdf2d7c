"""The jobs of the faces, for `consent.jobs.registry.discover`."""

from cookiebanner import screenshots  # noqa: F401 - registers its handler
