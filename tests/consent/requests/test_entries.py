"""What the ledger holds of a request: that it came, was verified, took longer and how it ended, and nothing of anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from consent.common import InvalidChange
from consent.ledger import checkpoint, events, kept
from consent.ledger.models import ConsentRecord, LogEntry
from consent.ledger.verify import verify
from consent.publishing.verify import verify as beside
from consent.requests import actions, entries
from consent.requests.models import SubjectRequest
from consent.sites.models import Site
from tests.consent.ledger.sample_ledger import make_site
from tests.values import present

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ALICE = "alice@example.org"
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "details": "My words", "agent": "Bea", "reference": "r-17"}


@pytest.fixture
def site() -> Site:
    return make_site()


def asked(site: Site, **more) -> SubjectRequest:
    """A request by the form that was confirmed, on the last of November."""
    given: dict[str, Any] = {"kind": "access", "place": "DE", "language": "en", **ADA, **more}
    with time_machine.travel(NOW, tick=False):
        row = actions.file_request(site, **given)
        return row if given.get("actor") else actions.confirm(row)


def logged(site: Site) -> list[dict]:
    """The records of the site's entries of requests, without what every entry says."""
    rows = ConsentRecord.objects.filter(site_id=site.pk, type="request").order_by("index")
    common = {"id", "site", "type", "received_at", "request", "trail", "checkpoints", "release_hash", "regime",
              "jurisdiction", "language", "action"}  # fmt: skip
    whole = checkpoint.payloads(site.pk, LogEntry.objects.filter(site_id=site.pk, type="request"))
    assert [row.index for row in rows] == list(whole)
    return [{name: value for name, value in record.items() if name not in common} for record in whole.values()]


def test_each_step_is_an_entry_with_kind_law_days_and_outcome(site):
    row = asked(site)
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        actions.extend(row, "The archive is on paper.", ALICE)
        actions.close(row, "partly", "Dear Ada", ALICE, because="exempt")
    about = {"kind": "access", "law": "gdpr", "came": "2026-11-30"}
    first = {"due": "2026-12-30", **about}
    later = {"due": "2027-02-28", "of": 1, **about}
    assert logged(site) == [
        {"event": "received", **first},
        {"event": "verified", "of": 1, **first},
        {"event": "extended", **later},
        {"event": "answered", "outcome": "partly", "kept_until": "2029-12-02", **later},
    ]
    assert list(beside(site).wrong) == []


def test_nothing_of_the_person_is_in_an_entry(site):
    row = asked(site)
    actions.extend(row, "Ada's archive", ALICE)
    actions.close(row, "complied", "Dear Ada", ALICE)
    payloads = ConsentRecord.objects.filter(site_id=site.pk, type="request").values_list("payload", flat=True)
    written = "\n".join(map(present, payloads))
    hidden = [*ADA.values(), "Ada", ALICE, row.number, str(row.log_key), '"DE"', "paper"]
    assert [text for text in hidden if text in written] == []


def test_what_nobody_confirmed_is_in_no_entry(site):
    given: dict[str, Any] = {"kind": "access", "place": "DE", "language": "en", **ADA}
    with time_machine.travel(NOW):
        actions.file_request(site, **given)
        actions.withdraw(actions.file_request(site, **given))
    with time_machine.travel(NOW + timedelta(days=15)):
        assert actions.forget()["lapsed"] == 1
    assert logged(site) == []
    assert (beside(site).wrong, [line for line in beside(site).unproved if "requests of people" in line]) == ([], [])


def test_an_opt_out_and_what_a_clerk_files_came_at_once(site):
    asked(site, kind="opt_out", place="US-CA", actor=ALICE)
    with time_machine.travel(NOW):
        row = actions.file_request(site, kind="opt_out", place="US-CA", language="en", email="bea@example.com")
        actions.withdraw(row)
    assert [(record["event"], record["law"]) for record in logged(site)] == [
        ("received", "california"), ("received", "california"), ("withdrawn", "california"),
    ]  # fmt: skip


def test_they_are_one_line_in_words_and_many_are_on_no_page(site):
    actions.close(asked(site), "denied", "No.", ALICE, because="not_ours")
    actions.withdraw(asked(site, actor=ALICE))
    late = asked(site, actor=ALICE)
    with time_machine.travel(NOW + timedelta(days=31)):
        actions.close(late, "complied", "Here.", ALICE)
    [event] = events.of_log(site.pk, ["request"])
    assert (event.index, event.words) == (
        7, "REQUESTS of people: 3 received, 2 answered (1 late), 1 taken back, by 7 entries, 1 to 7.",
    )  # fmt: skip
    assert events.page(site.pk).events == []
    assert verify(site).events == [event.words]


def test_when_the_row_has_gone_by_age_the_entries_stay_and_hold(site):
    actions.close(asked(site), "complied", "Here.", ALICE)
    with time_machine.travel(NOW + timedelta(days=366 * 4)):
        assert actions.forget()["deleted"] == 1
        assert (len(logged(site)), beside(site).wrong) == (3, [])
    with time_machine.travel(NOW + timedelta(days=300)):  # before its time somebody else took it away
        assert beside(site).wrong == ["The request that entry 1 tells of is gone."]


def test_a_stopped_ledger_takes_requests_and_ends_none(site):
    row = asked(site)
    checkpoint.make(site)
    lost = present(checkpoint.latest(site.pk)).note.replace("\n3\n", "\n900\n")  # as if the database were an old one
    kept.keep(str(site.uuid), lost)
    with pytest.raises(InvalidChange, match="The ledger takes no entries"):
        actions.close(row, "complied", "Here.", ALICE)
    row.refresh_from_db()
    assert (row.status, row.events.filter(text="Here.").count()) == ("open", 0)
    late = asked(site, kind="erasure")
    assert (late.status, SubjectRequest.objects.get(pk=late.pk).log_key) == ("open", None)
    assert "1 requests of people: no entry tells of them yet." in beside(site).unproved
    kept.path(str(site.uuid)).unlink()
    assert (entries.catch_up(), entries.catch_up()) == (1, 0)
    assert [(record["kind"], record["event"]) for record in logged(site)] == [
        ("access", "received"), ("access", "verified"), ("erasure", "received"), ("erasure", "verified"),
    ]  # fmt: skip
    assert beside(site).wrong == []


def test_answers_of_earlier_versions_are_made_up_for(site):
    row = asked(site, actor=ALICE)
    actions.close(row, "complied", "Here.", ALICE)
    other = make_site("Other")
    SubjectRequest.objects.update(site=other, log_key=None)  # as one has it who had no entries of requests
    assert entries.catch_up() == 1
    assert [record["event"] for record in logged(other)] == ["received", "answered"]
    assert beside(other).wrong == []
