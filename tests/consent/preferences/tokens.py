"""Subject tokens as docs/choices.md makes them: its own lines, run."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[3] / "docs" / "choices.md"


def lines_of(language: str) -> str:
    """The code block of a language in the document."""
    [found] = re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    return str(found)


@cache
def subject_token() -> Callable[..., str]:
    """The function of the document's Python."""
    made: dict[str, Any] = {}
    exec(lines_of("python"), made)  # noqa: S102 - what our readers run
    function: Callable[..., str] = made["subject_token"]
    return function
