"""What every verb shares: how a change is refused, and how a row is checked before it is saved."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models

Day = TypeVar("Day", bound=date)


class InvalidChange(ValueError):
    """A change that cannot be made; the message says why, in words for the person who asked."""


def months_later(day: Day, count: int) -> Day:
    """The same day, and time, of a later month, or that month's last (Regulation 1182/71 art. 3(2)(c))."""
    year, month = divmod(day.month - 1 + count, 12)
    year, month = day.year + year, month + 1
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))


def check(instance: models.Model) -> None:
    """Validates a row before it is saved. Raises InvalidChange with every complaint in one sentence."""
    try:
        instance.full_clean()
    except ValidationError as error:
        raise InvalidChange(
            "; ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())
        ) from None
