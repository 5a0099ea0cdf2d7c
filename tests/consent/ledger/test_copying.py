"""What is read by COPY is what is stored, whatever is stored."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from consent.ledger import copying, erasure
from consent.ledger.append import append, utc_text
from consent.models import ConsentRecord, LogEntry
from tests import append_only
from tests.consent.ledger.sample_ledger import answer, make_site

pytestmark = pytest.mark.django_db


def test_rows_of_every_shape_are_read_as_they_are_stored(monkeypatch):
    if connection.vendor == "sqlite":  # which has no COPY
        return
    monkeypatch.setattr(copying, "CHUNK", 7)
    site = make_site()
    shapes = [(visited, again) for visited in (False, True) for again in (False, True)] * 4
    drafts = [
        answer(site, visitor=uuid4() if visited else None, replaces=uuid4() if again else None)
        for visited, again in shapes
    ]
    drafts.append(answer(site, release=None, regime="", jurisdiction="", language="", record={"page": 'a\\b\t"ü"\n'}))
    append(drafts)
    erasure.erase(site, record_id=drafts[3].record_id, actor="alice", reason="asked")
    append_only.drop(connection)
    records, entries = ConsentRecord.objects.filter(site_id=site.pk), LogEntry.objects.filter(site_id=site.pk)
    records.filter(index=5).update(salt=b"\xff" * 5)
    records.filter(index=6).update(salt=None)
    records.filter(index=7).update(payload=None)
    records.filter(index=8).update(
        received_at=datetime(1969, 12, 31, 23, 59, 59, 7, tzinfo=UTC), day=date(1969, 12, 31)
    )
    records.filter(index=9).update(received_at=datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    records.filter(index=10).update(received_at=datetime.now(UTC).replace(microsecond=0), salt=b"", visitor=None)
    entries.filter(index=3).update(commitment=b"\x01" * 31, release_hash="")
    entries.filter(index=4).update(request_hash=b"", commitment=b"", release_hash="", type="")
    assert list(copying.records(site.pk, 0, 99)) == [
        (row.index, utc_text(row.received_at), str(row.record_id), octets(row.salt), text(row.visitor),
         text(row.replaces), None if row.payload is None else row.payload.encode(),
         (row.type, row.day, row.release, row.regime, row.jurisdiction, row.language, row.action))
        for row in records.order_by("index")
    ]  # fmt: skip
    assert list(copying.entries(site.pk, 0, 99)) == [
        (row.index, str(row.record_id), octets(row.request_hash), octets(row.commitment),
         (row.type, row.day, row.release_hash))
        for row in entries.order_by("index")
    ]  # fmt: skip
    assert list(copying.records(site.pk, 50, 99)) == []


def octets(value):
    return None if value is None else bytes(value)


def text(value):
    return None if value is None else str(value)


@pytest.mark.parametrize("days", [10**7, -(10**6)])
def test_a_time_that_no_record_has_is_refused(days):
    with pytest.raises(ValueError, match="is none"):
        copying.moment(days * 86_400_000_000)
    assert copying.moment(86_400_000_000 - 1) == utc_text(datetime(2000, 1, 2, tzinfo=UTC) - timedelta(microseconds=1))
