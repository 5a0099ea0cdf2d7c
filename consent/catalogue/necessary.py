"""Why a service may run before anybody is asked: the reason that every strictly necessary service needs. Pure."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

SHORTEST = 15  # characters of a reason; fewer say nothing that a regulator could weigh
LONGEST = 500
HINT = gettext_noop(
    "say what the visitor asked for that does not work without it, such as 'Takes the payment that the visitor starts'."
)


def clean(text: str) -> str:
    """A reason in one line."""
    return " ".join(text.split())


def enough(text: str) -> bool:
    """Whether a reason says something: two words and `SHORTEST` characters at least."""
    text = clean(text)
    return len(text) >= SHORTEST and " " in text


def complaint(name: str) -> str:
    """What is said of a service whose reason is missing or too short."""
    text = gettext(
        "%(name)s is filed as strictly necessary, so it needs a reason (%(least)s characters or more): %(hint)s"
    )
    return text % {"name": name, "least": SHORTEST, "hint": gettext(HINT)}
