"""What every verb shares: how a change is refused, and how a row is checked before it is saved."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models


class InvalidChange(ValueError):
    """A change that cannot be made; the message says why, in words for the person who asked."""


def check(instance: models.Model) -> None:
    """Validates a row before it is saved. Raises InvalidChange with every complaint in one sentence."""
    try:
        instance.full_clean()
    except ValidationError as error:
        raise InvalidChange(
            "; ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())
        ) from None
