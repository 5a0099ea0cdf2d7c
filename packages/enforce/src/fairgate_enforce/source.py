"""Where the middleware gets the release from: a file, a Fairgate server, or this project's own database."""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fairgate_enforce.policy import Rules

log = logging.getLogger("fairgate.enforce")
STRICTEST = "eu_opt_in"


class Source:
    """Rules of the release in force, by variant. `load()` gives the release's enforcement data as a dict.

    The last good release stays in force when loading fails; before the first one nothing is rewritten, and that is
    logged, since the gate in the page still holds. A site that is switched off is not rewritten either.
    """

    def __init__(self, load: Callable[[], dict[str, Any] | None], seconds: float = 30) -> None:
        self.load = load
        self.seconds = seconds
        self.next = 0.0
        self.snapshot: dict[str, Any] | None = None
        self.compiled: dict[tuple[str, tuple[str, ...]], Rules] = {}
        self.lock = threading.Lock()

    def rules(self, variant: str, friends: tuple[str, ...] = ()) -> Rules | None:
        """The rules of a variant; of the strictest one when the release doesn't know it. None without a release."""
        if time.monotonic() >= self.next and self.lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self.lock.release()
        snapshot, compiled = self.snapshot, self.compiled
        if snapshot is None or snapshot.get("off"):
            return None
        if variant not in snapshot["variants"]:
            variant = STRICTEST
        found = compiled.get((variant, friends))
        if found is None:
            found = compiled[variant, friends] = Rules(snapshot, variant, friends)
        return found

    def _refresh(self) -> None:
        try:
            loaded = self.load()
        except Exception as error:  # a broken source must never break the page
            log.warning("The release can't be loaded (%s); the last one stays in force.", error)
        else:
            if loaded is not None and loaded != self.snapshot:
                self.snapshot, self.compiled = loaded, {}
        self.next = time.monotonic() + self.seconds


def from_file(path: str | Path, seconds: float = 5) -> Source:
    """`enforce.json` as `manage.py artifacts --to DIR` writes it."""
    return Source(lambda: json.loads(Path(path).read_text(encoding="utf-8")), seconds)


def from_server(url: str, seconds: float = 30, timeout: float = 5) -> Source:
    """`https://consent.example.org/v1/<site id>/enforce.json`."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("Give the address of enforce.json, beginning with https://.")

    def load() -> dict[str, Any]:
        with urllib.request.urlopen(url, timeout=timeout) as answer:  # noqa: S310 - the scheme is checked above
            return json.loads(answer.read())

    return Source(load, seconds)
