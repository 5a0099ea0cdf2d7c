"""A page from the web, read once for whoever typed its address in: public addresses only, bounded in size and time."""

from __future__ import annotations

from django.utils.translation import gettext

from consent.jobs import outgoing
from consent.scanner import crawl
from consent.scanner.page import decode

LARGEST = 2_000_000  # bytes
OK = 200


class Unreadable(Exception):
    """The page can't be read; the text says why."""


def read(url: str) -> str:
    """The page's HTML. Each address on the way is judged as the first one is. Raises Unreadable."""
    try:
        answer = crawl.fetch(url, largest=LARGEST + 1)
    except (outgoing.ForbiddenAddress, OSError) as error:
        raise Unreadable(str(error)[:300]) from None
    if answer.status != OK:
        raise Unreadable(
            gettext("The page answered %(status)s. Save it in a browser and choose the file.")
            % {"status": answer.status}
        )
    if len(answer.body) > LARGEST:
        raise Unreadable(gettext("That is more than 2 MB: save the page alone, without what it loads."))
    return decode(answer.body)
