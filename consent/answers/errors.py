"""Why what a visitor's browser sent is not taken. How HTTP says it is the faces' (cookiebanner/visitors/door.py)."""

from __future__ import annotations

from typing import Any


class RejectedSubmission(Exception):
    """Of an answer, an impression or a report. `code` is stable and documented; `title` is for people. `more` is added
    to the problem (e.g. `field`)."""

    def __init__(self, code: str, title: str, **more: Any) -> None:
        super().__init__(title)
        self.code = code
        self.title = title
        self.more = more
