"""Plain WSGI, for servers that can't run the lane. `manage.py serve` uses asgi.py."""

import os

from django.core.wsgi import get_wsgi_application

from cookiebanner.visitors.door import Guarded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
application = Guarded(get_wsgi_application())
