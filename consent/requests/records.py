"""Whose consent records a request is about, by the address that its person confirmed: rooms that keep something under
an address say here how it is found. By visitor, record and number: `consent.answers.whose`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from consent.requests.models import SubjectRequest
from consent.sites.models import Site

Finder = Callable[[Site, str], Iterable[int]]
_by_address: list[Finder] = []


def by_address(function: Finder) -> Finder:
    """Registers who knows which places of a site's log belong to an address (in small letters)."""
    if function not in _by_address:
        _by_address.append(function)
    return function


def of_address(row: SubjectRequest) -> set[int]:
    """The places of the log that belong to the address of a request; none while nobody has confirmed that it is the
    person's: anybody can type one."""
    if not row.email or not row.confirmed_at:
        return set()
    return {index for function in _by_address for index in function(row.site, row.email)}


def is_verified(row: SubjectRequest) -> bool:
    """Whether somebody made sure who asks: by the link that was mailed, or a colleague who filed it."""
    return bool(row.confirmed_at) or row.channel != SubjectRequest.Channel.FORM
