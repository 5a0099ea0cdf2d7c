"""Writing rows of which some may be such as no database can hold: those are set aside, the rest goes in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, DataError, IntegrityError

T = TypeVar("T")
# SQLSTATE classes: data exception, program limit exceeded (an index entry too long).
_OF_A_ROW = ("22", "54")


@dataclass(slots=True)
class Stored(Generic[T]):
    """What did not go in: `refused` never will, each with why; `left` was not tried to the end because of `why`."""

    refused: list[tuple[T, Exception]] = field(default_factory=list)
    left: list[T] = field(default_factory=list)
    why: Exception | None = None


def is_of_a_row(error: BaseException) -> bool:
    """Whether the values are such as can't be stored, so that trying again is for nothing. A database that is away,
    full, locked or not migrated is no fault of a row's, and neither is a rule that rows of others may break (a site
    that was deleted: IntegrityError)."""
    if isinstance(error, DataError):
        return True
    if isinstance(error, DatabaseError):
        return str(getattr(error.__cause__, "pgcode", None) or "").startswith(_OF_A_ROW)
    return isinstance(error, (ValueError, TypeError, OverflowError))  # what the driver can't even send, such as NUL


def store(rows: Sequence[T], write: Callable[[Sequence[T]], Any], most_refused: int = 1000) -> Stored[T]:
    """Writes the rows, halving them as long as some can't be stored. `write` is one transaction, and is not called
    again with a row that it has written. Beyond `most_refused` whole parts are refused. Raises nothing."""
    done: Stored[T] = Stored()
    parts = [rows] if rows else []
    while parts:
        part = parts.pop()
        try:
            write(part)
        except Exception as error:
            if not (is_of_a_row(error) or isinstance(error, IntegrityError)):
                done.why = error
                done.left = [row for part in (part, *reversed(parts)) for row in part]
                return done
            if len(part) == 1 or len(done.refused) >= most_refused:
                done.refused += [(row, error) for row in part]
            else:
                half = len(part) // 2
                parts += [part[half:], part[:half]]
    return done
