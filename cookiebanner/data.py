"""FAIRGATE_DATA and the SQLite database belong to the account that runs Fairgate; older versions left them readable."""

from __future__ import annotations

import logging

from django.conf import settings

from consent import private_files

# What we make in the folder. STATIC_ROOT may lie there too: a web server may read the files, if it is let in.
NAMES = (
    "secret_key",
    "signing_key",
    "demo_password",
    "fairgate.sqlite3",
    "checkpoints",
    "exports",
    "screenshots",
    "cache",
)
log = logging.getLogger("fairgate")


def make_private() -> None:
    """Mends the modes of what is there. At the start of each program that lasts, and of those that set up."""
    changed = private_files.mend(settings.FAIRGATE_DATA, NAMES)
    for database in settings.DATABASES.values():
        if database["ENGINE"].endswith("sqlite3"):
            changed += private_files.mend_database(database["NAME"])
    if changed:
        log.warning("%d files and folders in FAIRGATE_DATA could be read by others; now they can't.", changed)
