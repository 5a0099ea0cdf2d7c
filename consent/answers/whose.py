"""Which records of a site's log belong to one person, by what they have of them: the id of a record (on their receipt),
their visitor id, or the number that an earlier banner gave their answer; of a request also its confirmed address."""

from __future__ import annotations

from uuid import UUID

from consent.answers import references
from consent.ledger import erasure
from consent.requests import records
from consent.requests.models import SubjectRequest
from consent.sites.models import Site


def places(site: Site, asked: str) -> list[int]:
    """Where the log has the answers of the person whom an id or a number names, those erased left out."""
    try:
        key = UUID(asked)
    except ValueError:
        return _by_number(site, asked) if asked else []
    return sorted(erasure.of_person(site.pk, key, key)) or _by_number(site, asked)


def _by_number(site: Site, asked: str) -> list[int]:
    return sorted(erasure.of_person(site.pk, None, *(row.record_id for row in references.found(site, asked))))


def of_request(row: SubjectRequest) -> list[int]:
    """Where the log has the answers of the person who asks."""
    found = set(places(row.site, row.reference.strip())) if row.reference.strip() else set()
    return sorted(found | records.of_address(row))
