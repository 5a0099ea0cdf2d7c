"""The clock goes through the time of the law: what is left of a person in every table and every file, and who still writes to
them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from consent.jobs import registry, runner
from consent.jobs.actions import enqueue
from consent.requests import actions
from consent.requests.models import SubjectRequest, SuppressedAddress
from tests.cookiebanner.requests.test_walk import ADA, LATER, NOW, ask, only
from tests.cookiebanner.staff.conftest import work

ALICE = "alice@example.net"
HERS = ("ada@example", "lovelace", "countess", "analytical engine")


def left() -> dict[str, list[str]]:
    """{what is hers: where it still is}, of every column of every table and of every file of the data folder."""
    places: dict[str, str] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            places[table] = "\n".join(_text(value) for row in cursor.fetchall() for value in row)
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in Path(settings.FAIRGATE_DATA).rglob("*"):
        if path.is_file():
            places[f"{path.name} (file)"] = _text(path.read_bytes())
    return {word: [place for place, text in places.items() if word in text.lower()] for word in HERS}


def _text(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, (bytes, memoryview)) else str(value)


def night() -> None:
    """What the worker does once a day."""
    registry.discover()
    enqueue("requests")
    runner.work_off(periodic=True)


@pytest.mark.django_db(transaction=True)
def test_of_a_person_the_suppression_hash_alone_outlives_the_law_and_then_goes(visitor, open_shop, alice, mailbox):
    proof = SimpleUploadedFile("lovelace.txt", b"Power of the Countess")
    ask(visitor, open_shop, place="US-CA", kind="erasure", name="Lovelace", details="Analytical Engine", agent="Countess",
        file=proof)  # fmt: skip
    with time_machine.travel(LATER):
        visitor.post(mailbox.link(ADA), {"do": "confirm"})
        row = only(open_shop)
        address = f"/dashboard/{open_shop.uuid}/requests/{row.number}/"
        answer = {"outcome": "complied", "because": "", "text": "Dear Countess, it is done."}
        alice.post(address, {"do": "note", "text": "Lovelace called"})
        alice.post(address, {"do": "extend", "reason": "The Analytical Engine is slow"})
        alice.post(address, {"do": "file", "file": SimpleUploadedFile("countess.csv", b"Lovelace,1815")})
        alice.post(address, {"do": "suppress"})
        assert alice.post(address, {"do": "close", **answer}).status_code == 302
        assert mailbox.last(ADA)[0] == f"The answer to your request {row.number}"  # asked before: she is told
    everywhere = left()
    assert [word for word in HERS if not everywhere[word]] == []
    assert "consent_requestfile" in everywhere["countess"]
    last = datetime(2028, 11, 30, 23, tzinfo=UTC)  # 24 months after the answer (11 CCR 7101)
    with time_machine.travel(last):
        night()
        assert only(open_shop).number == row.number
    with time_machine.travel(last + timedelta(hours=2)):
        night()
        assert left() == {word: [] for word in HERS}
        [hash] = SuppressedAddress.objects.values_list("address_hash", flat=True)
        assert (hash, actions.is_suppressed(open_shop, " Ada@example.com")) == (
            actions.address_hash(open_shop, ADA),
            True,
        )
    with time_machine.travel(datetime(2036, 12, 1, tzinfo=UTC)):
        night()
        assert SuppressedAddress.objects.count() == 0


@pytest.mark.django_db
def test_nobody_whose_address_was_erased_is_written_to_again(visitor, open_shop, foreign, alice, mailbox):
    with time_machine.travel(NOW - timedelta(days=1)):
        actions.suppress(open_shop, ADA, ALICE)
    filed = {"channel": "letter", "received": "2026-11-20", "kind": "access", "place": "DE", "language": "en", "name": "",
             "email": f" {ADA.upper()} "}  # fmt: skip
    sent = ask(visitor, open_shop)
    ask(visitor, open_shop, kind="complaint")
    with time_machine.travel(LATER):
        alice.post(f"/dashboard/{open_shop.uuid}/requests/new/", filed)  # its day of receipt lies before the erasure
        work()
        for row in SubjectRequest.objects.filter(site=open_shop, status="open"):
            actions.extend(row, "So much", ALICE)
            address = f"/dashboard/{open_shop.uuid}/requests/{row.number}/"
            assert "Nothing is mailed." in alice.get(address).content.decode()
            alice.post(address, {"do": "close", "outcome": "complied", "because": "", "text": "Done."})
        work()
    assert [to for to, _ in mailbox.mails if to == [ADA]] == []
    assert {tuple(to) for to, _ in mailbox.mails} == {("privacy@example.net",)}
    assert "sent a link" in " ".join(sent.content.decode().split())  # whoever types an address learns nothing of it
    said = "Not mailed: this address must not be written to."
    assert [row.events.filter(text=said).exists() for row in SubjectRequest.objects.filter(site=open_shop)] == [
        True
    ] * 3
    with time_machine.travel(LATER):
        row = actions.file_request(foreign, kind="access", place="DE", language="en", email=ADA)
        assert actions.may_write(foreign, ADA, actions.filed_at(row))  # another site's hash is another one
