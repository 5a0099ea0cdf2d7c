"""What to do about what a gate reported, where that is not plain from the report itself. Pure."""

from __future__ import annotations

_ADVICE = {
    (
        "disarmed",
        "worker-src",
    ): "The page's Content-Security-Policy allows no workers from blob: addresses, so "
    "its own workers run as they are, and what they ask for is not held. Add blob: to worker-src.",
}


def advice(kind: str, subject: str) -> str:
    """A sentence or two for a report (`consent/stats/subjects.py`), "" when there is nothing to add."""
    if kind == "missing":
        return (
            f"A script of the page called {subject} while the library that defines it was held, and stopped there; "
            "nothing calls it again after a yes. Put that code into an inline script right behind the library's tag, "
            "where it waits with it, or give its script data-consent with the category of the service."
        )
    return _ADVICE.get((kind, subject), "")
