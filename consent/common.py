"""What every verb shares: how a change is refused, how a row is checked before it is saved, how a number is written."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import formats

Day = TypeVar("Day", bound=date)


class InvalidChange(ValueError):
    """A change that cannot be made; the message says why, in words for the person who asked."""


def months_later(day: Day, count: int) -> Day:
    """The same day, and time, of a later month, or that month's last (Regulation 1182/71 art. 3(2)(c))."""
    year, month = divmod(day.month - 1 + count, 12)
    year, month = day.year + year, month + 1
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))


def thousands(number: int) -> str:
    """12345 → `12,345`, as the language of whoever looks writes it."""
    return formats.number_format(number, use_l10n=True, force_grouping=True)


def check(instance: models.Model) -> None:
    """Validates a row before it is saved. Raises InvalidChange with every complaint in one sentence."""
    try:
        instance.full_clean()
    except ValidationError as error:
        raise InvalidChange(
            "; ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())
        ) from None
