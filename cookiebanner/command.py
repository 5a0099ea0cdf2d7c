"""The command `fairgate` of an installed wheel; in a checkout it is `manage.py`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs one command, as manage.py does. `fairgate demo` needs no setting, unless there is a real database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
    if sys.argv[1:2] == ["demo"] and not os.environ.get("DATABASE_URL"):
        os.environ.setdefault("FAIRGATE_DEMO", "1")
    if sys.argv[1:] == ["--version"]:
        from cookiebanner import env

        print(f"Fairgate {env.version()}")
        return
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
