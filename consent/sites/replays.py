"""POSTs that a program sends again under the same key: done once, answered as the first time, for a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from consent.common import InvalidChange
from consent.sites.models import ApiToken, IdempotencyKey

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=10)  # a request whose process died is no longer waited for


class OtherRequest(InvalidChange):
    """The key was used for another request."""


class StillBusy(InvalidChange):
    """The first request under the key is still being done."""


@transaction.atomic
def begin(token: ApiToken, key: str, request_sha256: str) -> tuple[IdempotencyKey, bool]:
    """(the key's row, whether it is to be done now). Raises OtherRequest, StillBusy."""
    now = timezone.now()
    mine = IdempotencyKey.objects.filter(token=token, key=key)
    mine.filter(created_at__lt=now - KEPT).delete()
    mine.filter(status=None, created_at__lt=now - ABANDONED).delete()
    try:
        with transaction.atomic():
            new = IdempotencyKey.objects.create(token=token, key=key, request_sha256=request_sha256)
        return new, True
    except IntegrityError:
        row = mine.get()
    if row.request_sha256 != request_sha256:
        raise OtherRequest("This Idempotency-Key was used for another request.")
    if row.status is None:
        raise StillBusy("The first request with this Idempotency-Key is still being done; ask again in a moment.")
    return row, False


def finish(row: IdempotencyKey, status: int, body: str, headers: dict[str, Any]) -> None:
    """Keeps what was answered."""
    IdempotencyKey.objects.filter(pk=row.pk).update(status=status, body=body, headers=headers)


def forget(row: IdempotencyKey) -> None:
    """The request was refused or failed, and may be tried again."""
    IdempotencyKey.objects.filter(pk=row.pk).delete()


def sweep() -> int:
    """Deletes the keys that are a day old."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
