"""The lane in front of a download of 400 MB and of a slow query, for test_serve.py."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")

# isort: off
from cookiebanner.wsgi import application as django  # noqa: E402 - Django is set up here
from cookiebanner.lane.app import Lane  # noqa: E402

MEGABYTE = b"x" * 2**20


def downloads(environ, start_response):
    if environ["PATH_INFO"] == "/big":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return (MEGABYTE for _ in range(400))
    return django(environ, start_response)


application = Lane(downloads)
