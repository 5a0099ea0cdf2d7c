"""The page for lawyers as a PDF, set by WeasyPrint in a process of its own: it takes seconds, and the server that
answers visitors must not wait for it."""

from __future__ import annotations

import ctypes.util
import subprocess
import sys
import threading
from functools import cache, lru_cache
from importlib.util import find_spec

from django.utils.translation import gettext

PATIENCE = 120  # seconds
OPTIONS = ("--encoding", "utf-8", "--pdf-variant", "pdf/ua-1")
_ONE_AT_A_TIME = threading.Lock()


class NotMade(RuntimeError):
    """No PDF came out; the text says why."""


@cache
def missing() -> str:
    """What this server lacks to make PDFs, in words; "" when it lacks nothing."""
    if find_spec("weasyprint") is None:
        return gettext("WeasyPrint is not installed")
    return "" if ctypes.util.find_library("pango-1.0") else gettext("the library Pango is not installed")


def made_of(html: str) -> bytes:
    """The PDF of a page that needs nothing beside it. Raises NotMade."""
    with _ONE_AT_A_TIME:  # who presses twice gets what the first press made
        return rendered(html)


@lru_cache(4)
def rendered(html: str) -> bytes:
    """The same, made anew unless it was lately."""
    command = [sys.executable, "-P", "-m", "weasyprint", *OPTIONS, "-", "-"]
    try:
        done = subprocess.run(command, input=html.encode(), capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise NotMade(gettext("It was not done after %(patience)s seconds.") % {"patience": PATIENCE}) from error
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [gettext("WeasyPrint said nothing.")]
        raise NotMade(lines[-1][:300])
    return done.stdout
