"""Plain WSGI, for servers that can't run the lane. `manage.py serve` uses asgi.py."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")

django = get_wsgi_application()

from cookiebanner import data  # noqa: E402 - Django is set up above
from cookiebanner.front import with_host  # noqa: E402
from cookiebanner.visitors.door import HeadLimits  # noqa: E402

data.make_private()
application = with_host(HeadLimits(django))
