"""What Dana, the auditor, finds, reads and proves."""

from __future__ import annotations

import hashlib
import re
import zipfile
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from consent.answers import references
from consent.exports.actions import FORMATS
from consent.jobs import registry, runner
from consent.jobs.models import Job
from consent.ledger import checkpoint
from consent.ledger.append import Draft, append, draft_of
from consent.ledger.models import ConsentRecord, LogEntry
from consent.publishing.queries import current_release
from cookiebanner.audit import proof
from cookiebanner.audit.exports import NAMES
from tests.values import present

pytestmark = pytest.mark.django_db


def answer(site, visitor: UUID | None = None, replaces: UUID | None = None, action: str = "accept_all") -> UUID:
    release, record_id = current_release(site), uuid4()
    state = "granted" if action == "accept_all" else "denied"
    draft = Draft(
        site_id=site.pk,
        site_uuid=str(site.uuid),
        type="consent",
        record_id=record_id,
        request_hash=hashlib.sha256(record_id.bytes).digest(),
        release=present(release).number,
        release_hash=present(release).sha256,
        regime="eu_opt_in",
        jurisdiction="DE",
        language="de",
        action=action,
        visitor=visitor,
        replaces=replaces,
        record={
            "status": "ConsentGiven",
            "jurisdiction_by": "header",
            "layer": "banner",
            "page": site.name.lower().replace(" ", "-") + ".example",
            "choices": {
                "categories": {"C0001": "granted", "C0002": state},
                "purposes": {},
                "services": {"counter": state},
            },
        },
    )
    append([draft], at=datetime.now(UTC))
    return record_id


@pytest.fixture
def dana(login):
    return login("dana")


@pytest.fixture
def search(shop):
    return reverse("audit:search", kwargs={"uuid": shop.uuid})


def test_a_record_is_found_by_its_id_and_read_in_words(dana, shop, search):
    visitor = uuid4()
    record_id = answer(shop, visitor)
    response = dana.get(search, {"q": f" {record_id} "}, follow=True)
    body = response.content.decode()
    assert response.redirect_chain[0][0] == reverse("audit:record", kwargs={"uuid": shop.uuid, "index": 1})
    assert "<h1>Accepted all</h1>" in body
    assert "Germany, known from a trusted proxy" in body
    assert response.context["choices"] == [
        ("Categories", [("Strictly necessary", "granted"), ("Statistics", "granted")]),
        ("Services", [("Counter", "granted")]),
    ]
    assert "variant=eu_opt_in-DE" in response.context["seen"]
    assert "language=de" in response.context["seen"]


def test_a_visitors_answers_stand_together(dana, shop, search):
    visitor = uuid4()
    first = answer(shop, visitor)
    answer(shop, visitor, first, "withdraw")
    answer(shop, uuid4())
    response = dana.get(search, {"q": str(visitor)})
    assert [row.index for row in response.context["rows"]] == [2, 1]
    assert [one.index for one in dana.get(f"{search}records/1/").context["others"]] == [2]


def test_an_answer_to_an_earlier_banner_is_found_by_its_number_there(dana, shop, search):
    for number in ("8c1d7a52-0b6e-4f3a-9d21-5e7f0a3b2c41", "ref 17"):
        record = {"choices": {}, "reference": references.hashed(str(shop.uuid), number)}
        [outcome] = append([draft_of(shop.pk, shop.uuid, "consent", record, uuid4(), action="import")])
        response = dana.get(search, {"q": number})
        assert [row.index for row in response.context["rows"]] == [outcome.index]
        assert response.context["problem"] == ""


def test_a_record_names_the_signal_that_decided(dana, shop, search):
    signals = {"gpc": False, "acted_on": {"unmeasured": "Please Do Not Measure"}}
    record = {"choices": {}, "signals": signals}
    [outcome] = append([draft_of(shop.pk, shop.uuid, "consent", record, uuid4(), action="signal")])
    body = " ".join(dana.get(f"{search}records/{outcome.index}/").content.decode().split())
    assert "<dt>Decided by the browser</dt><dd> Please Do Not Measure<br></dd>" in body
    assert "acted_on:" not in body
    assert "<h1>Opted out by another browser signal</h1>" in body


def test_records_of_another_site_are_not_found(dana, shop, foreign, search):
    visitor = uuid4()
    record_id = answer(foreign, visitor)
    for asked in (record_id, visitor, "1"):
        response = dana.get(search, {"q": str(asked)})
        assert (response.status_code, response.context["rows"]) == (200, [])
        assert response.context["problem"] != ""
    assert dana.get(f"{search}records/1/").status_code == 404
    assert dana.get(reverse("audit:record", kwargs={"uuid": foreign.uuid, "index": 1})).status_code == 404


@pytest.mark.parametrize("asked", ["x", "'; DROP TABLE", "9" * 40, "99999", "\u0000"])
def test_nonsense_is_answered_in_words(dana, search, asked):
    response = dana.get(search, {"q": asked})
    assert (response.status_code, response.context["rows"]) == (200, [])
    assert response.context["problem"] != ""


def test_the_proof_is_checked_live(dana, shop, search):
    answer(shop, uuid4())
    steps = dana.get(f"{search}records/1/").context["steps"]
    assert [step.holds for step in steps] == [True, True, True, None]
    checkpoint.make(shop)
    steps = dana.get(f"{search}records/1/").context["steps"]
    assert [step.holds for step in steps] == [True, True, True, True]


def test_each_kind_of_tampering_fails_the_step_it_belongs_to(shop):
    answer(shop, uuid4())
    checkpoint.make(shop)

    def holds(change) -> list[bool | None]:
        entry = LogEntry.objects.get(site_id=shop.pk, index=1)
        record = ConsentRecord.objects.get(site_id=shop.pk, index=1)
        change(entry, record)
        return [step.holds for step in proof.check(shop, entry, record)]

    def payload(entry, record):
        record.payload = record.payload.replace("granted", "denied", 1)

    def column(entry, record):
        record.visitor = uuid4()

    def time(entry, record):
        record.received_at = datetime(2020, 1, 1, tzinfo=UTC)

    def commitment(entry, record):
        entry.commitment = bytes(32)

    def erased(entry, record):
        record.payload = record.salt = record.visitor = None

    assert holds(lambda entry, record: None) == [True, True, True, True]
    assert holds(payload) == [False, True, True, True]
    assert holds(column) == [False, True, True, True]
    assert holds(time) == [False, True, True, True]
    assert holds(commitment) == [False, False, True, True]
    assert holds(erased) == [None, True, True, True]


def test_releases_stand_in_the_ledger_too(dana, shop, search):
    response = dana.get(f"{search}records/0/")
    assert "<h1>Release</h1>" in response.content.decode()
    assert [step.holds for step in response.context["steps"]] == [True, True, True, None]


# --- exports --------------------------------------------------------------------------------------------------------


@pytest.fixture
def exports(shop):
    return reverse("audit:exports", kwargs={"uuid": shop.uuid})


def test_an_export_is_asked_for_and_who_did_is_kept(dana, shop, exports, people):
    response = dana.post(exports, {"format": "csv", "start": "2026-11-01", "end": "2026-11-30"})
    job = Job.objects.get(kind="export")
    assert (response.status_code, job.site, job.requested_by, job.state) == (302, shop, people["dana"], "waiting")
    assert (job.params["format"], job.params["from"], job.params["to"]) == ("csv", "2026-11-01", "2026-11-30")
    event = shop.audit_events.first()
    assert (event.actor, event.verb, event.detail["format"]) == ("dana@example.net", "export.request", "csv")
    row = dana.get(f"{exports}{job.pk}/").content.decode()
    assert 'hx-trigger="every 2s"' in row
    assert dana.get(exports).status_code == 200


def test_an_export_is_made_by_the_worker_and_taken(dana, shop, foreign, exports):
    mine = answer(shop, uuid4())
    answer(foreign, uuid4())
    today = datetime.now(UTC).date().isoformat()
    dana.post(exports, {"format": "csv", "start": today, "end": today})
    registry.discover()
    assert runner.work_off() == 1
    job = Job.objects.get(kind="export")
    assert (job.state, job.result["records"]) == ("done", 1)
    rows = b"".join(dana.get(f"{exports}{job.pk}/file/").streaming_content).decode().splitlines()
    assert (len(rows), str(mine) in rows[1]) == (2, True)
    assert ("dana@example.net", "export") in shop.audit_events.values_list("actor", "verb")


def test_separator_and_checkpoint_of_an_export_are_chosen(dana, shop, exports):
    today = timezone.now().date().isoformat()
    asked = {"format": "bundle", "start": today, "end": today, "separator": ";"}
    response = dana.post(exports, {**asked, "checkpoint": "believe me"})
    assert (response.status_code, "This holds no checkpoint." in response.content.decode()) == (200, True)
    assert Job.objects.filter(kind="export").count() == 0
    point = checkpoint.make(shop)
    assert point
    assert dana.post(exports, {**asked, "checkpoint": "> " + point.note.replace("\n", "\r\n> ")}).status_code == 302
    registry.discover()
    runner.work_off()
    job = Job.objects.get(kind="export")
    assert job.state == "done", job.message
    with zipfile.ZipFile(settings.FAIRGATE_DATA / "exports" / job.result["path"]) as archive:
        assert archive.read("records.csv").startswith(b"\xef\xbb\xbfindex;id;")


def test_the_ledgers_page_tells_what_happened(dana, shop):
    record = {"rule": "L20", "for_regime": "", "signed_by": "Dr. Rau", "reason": "Agreed.", "actor": "alice"}
    append([draft_of(shop.pk, shop.uuid, "waiver", record, uuid4())])
    page = dana.get(reverse("audit:ledger", kwargs={"uuid": shop.uuid})).content.decode()
    assert "RULE L20 WAIVED at" in page
    assert "for every law, signed off by Dr. Rau. Reason given: Agreed." in page


def test_the_ledgers_page_tells_the_newest_and_leads_to_older_ones(dana, shop, monkeypatch):
    """By plain links; a restart is told on each page."""
    from consent.ledger import events

    monkeypatch.setattr(events, "PAGE", 2)
    append([draft_of(shop.pk, shop.uuid, "restart", {"reason": "An old dump."}, uuid4())])
    for rule in ("L01", "L02", "L03"):
        record = {"rule": rule, "for_regime": "", "signed_by": "Dr. Rau", "reason": "Agreed.", "actor": "alice"}
        append([draft_of(shop.pk, shop.uuid, "waiver", record, uuid4())])
    address = reverse("audit:ledger", kwargs={"uuid": shop.uuid})

    def told(page: str) -> tuple[list[str], list[str]]:
        return re.findall(r"RULE (L\d\d) WAIVED", page), re.findall(r'rel="next"\s+href="([^"]+)"', page)

    first = dana.get(address).content.decode()
    rules, [further] = told(first)
    assert rules == ["L03", "L02"]
    assert "RESTARTED at" in first
    assert "The newest" not in first
    second = dana.get(address + further).content.decode()
    assert told(second) == (["L01"], [])
    assert second.count("RESTARTED at") == 2
    assert f'href="{address}">The newest</a>' in second
    for wrong in ("-1", "x", "9" * 30, "²"):
        assert told(dana.get(address, {"before": wrong}).content.decode())[0] == ["L03", "L02"]


def test_a_reversed_period_is_told(dana, exports):
    response = dana.post(exports, {"format": "csv", "start": "2026-11-30", "end": "2026-11-01"})
    assert response.context["form"].errors == {"end": ["The end lies before the start."]}
    assert Job.objects.count() == 0


def test_a_finished_export_is_downloaded_by_its_site_only(dana, login, shop, foreign, exports, tmp_path, people):
    path = tmp_path / "out.csv"
    path.write_text("a,b\n")
    job = Job.objects.create(
        kind="export", site=shop, state="done", params={"format": "csv", "from": "2026-11-01", "to": "2026-11-02"},
        result={"path": str(path)}, run_after=datetime.now(UTC),
    )  # fmt: skip
    response = dana.get(f"{exports}{job.pk}/file/")
    assert b"".join(response.streaming_content) == b"a,b\n"
    assert response["Content-Disposition"] == 'attachment; filename="Tea shop-2026-11-01-2026-11-02.csv"'
    assert shop.audit_events.first().verb == "export.download"
    assert "hx-get" not in dana.get(f"{exports}{job.pk}/").content.decode()
    other = reverse("audit:exports", kwargs={"uuid": foreign.uuid})
    assert login("charlie").get(f"{other}{job.pk}/file/").status_code == 404
    assert login("charlie").get(f"{exports}{job.pk}/file/").status_code == 404
    path.unlink()
    assert dana.get(f"{exports}{job.pk}/file/").status_code == 404


def test_jobs_of_other_kinds_are_no_exports(dana, shop, exports):
    job = Job.objects.create(kind="scan", site=shop, state="done", run_after=datetime.now(UTC))
    assert dana.get(f"{exports}{job.pk}/").status_code == 404


def test_a_waiting_export_is_cancelled(dana, shop, exports):
    dana.post(exports, {"format": "csv", "start": "2026-11-01", "end": "2026-11-30"})
    job = Job.objects.get()
    dana.post(f"{exports}{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_every_format_has_words():
    assert set(NAMES) == set(FORMATS)
