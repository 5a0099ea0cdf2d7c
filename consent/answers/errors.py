"""Why an answer is refused: one exception, rendered by the faces as RFC 9457 problem details."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """`code` is stable and documented; `title` is for people. `more` is added to the problem (e.g. `field`)."""

    def __init__(self, status: int, code: str, title: str, **more: Any) -> None:
        super().__init__(title)
        self.status = status
        self.code = code
        self.title = title
        self.more = more
