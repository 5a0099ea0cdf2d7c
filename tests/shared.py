"""Rows that a module's tests share: made once, seen by each, changed by none for another (Django's `setUpTestData`)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import transaction


@contextlib.contextmanager
def rows(django_db_blocker: Any) -> Iterator[None]:
    """For a module's fixture: what is written in it stays until its module ends; what a test writes, until the test does.

    Not beside tests with `transaction=True`, and nothing for what a process remembers by a site's uuid. Each test reads
    its objects anew.
    """
    with django_db_blocker.unblock():
        whole = transaction.atomic()
        whole._from_testcase = True  # type: ignore[attr-defined]  # as Django's own: durable blocks may stand in it
        with whole:
            yield
            transaction.set_rollback(True)
