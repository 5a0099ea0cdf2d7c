"""Which choices belong to the address that the person of a request confirmed."""

from __future__ import annotations

from consent.ledger.models import ConsentRecord, LogEntry
from consent.preferences import subjects
from consent.requests import records
from consent.sites.models import Site


@records.by_address
def of_address(site: Site, address: str) -> list[int]:
    """The places of the log of the choices of whoever the operator knows by this address. Who is known by another id
    isn't found: an address that somebody typed proves nothing about that id."""
    rows = ConsentRecord.objects.filter(
        site_id=site.pk, visitor__in=subjects.subjects_of(site, address), type=LogEntry.Type.CHOICE
    )
    return list(rows.filter(payload__isnull=False).order_by("index").values_list("index", flat=True))
