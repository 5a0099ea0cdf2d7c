"""The production application: the lane in front of Django. `manage.py serve` runs it; any ASGI server can."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")

# isort: off
from cookiebanner.wsgi import application as django  # noqa: E402 - Django is set up here
from cookiebanner.lane.app import Lane  # noqa: E402

application = Lane(django)
