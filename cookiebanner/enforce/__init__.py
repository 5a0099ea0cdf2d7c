"""What of the server level speaks to releases. The middleware itself is `fairgate_enforce` (packages/enforce)."""

from __future__ import annotations

import sys
from importlib import import_module

# docs/enforce.md named these until 0.1: settings and wsgi.py files of sites may still say them.
EARLIER_NAMES = ("asgi", "django", "enforcer", "source", "wsgi")
for _name in EARLIER_NAMES:
    sys.modules[f"{__name__}.{_name}"] = import_module(f"fairgate_enforce.{_name}")
