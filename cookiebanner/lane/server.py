"""One server process: `python -m cookiebanner.lane.server FD [MODULE:APPLICATION]`, started by `manage.py serve`.

FD is a listening socket that the parent holds too, so that connections wait, and are not refused, while a process is
started again.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys
from typing import Any

import django
import uvicorn


def main(fd: int, application: str = "cookiebanner.asgi:application") -> None:
    """Serves until SIGTERM; then takes no more connections, answers what it has, and writes what was accepted."""
    _end_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
    django.setup()
    from cookiebanner.lane.http import DRAIN, KEEP_ALIVE_TIMEOUT

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection needs one
    config = uvicorn.Config(
        application,
        http=protocol(),
        interface="asgi3",
        ws="none",
        lifespan="on",
        proxy_headers=False,  # cookiebanner.visitors.place decides whom to believe
        server_header=False,
        access_log=False,  # it would hold visitors' addresses
        log_level="error",
        log_config=None,  # ours bounds what strangers can write into a line
        timeout_keep_alive=KEEP_ALIVE_TIMEOUT,
        timeout_graceful_shutdown=DRAIN,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=fd)])


def protocol() -> Any:
    """The class that speaks HTTP; with FAIRGATE_PROTOCOL=stock uvicorn's own choice, which needs nothing of ours."""
    from django.conf import settings

    if settings.FAIRGATE_PROTOCOL == "stock":
        return "auto"
    from cookiebanner.lane.protocol import Protocol

    return Protocol


def _end_with_parent() -> None:
    """A killed `manage.py serve` must not leave processes that hold its port (Linux; elsewhere nothing happens)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() != int(os.environ.get("FAIRGATE_PARENT", os.getppid())):
        sys.exit("The parent has gone.")


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
