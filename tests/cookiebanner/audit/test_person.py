"""Everything of one person: found, handed to them, erased, or refused; by those who may."""

from __future__ import annotations

import io
import json
import zipfile
from html import unescape
from uuid import uuid4

import pytest
from django.urls import reverse

from consent.answers import references
from consent.jobs import registry, runner
from consent.jobs.models import Job
from consent.ledger import erasure, verify
from consent.ledger.append import append, draft_of
from consent.ledger.models import ConsentRecord, LogEntry
from consent.sites import actions
from consent.stats.models import DailyTotal
from cookiebanner.audit import person
from tests.cookiebanner.audit.test_audit import answer

pytestmark = pytest.mark.django_db
WHY = {"erase-ground": "gdpr_17_1_b", "erase-reason": "Asked for by letter of 3 May."}


def page_of(shop, asked) -> str:
    return f"{reverse('audit:person', kwargs={'uuid': shop.uuid})}?q={asked}"


def at(shop, name) -> str:
    return reverse(f"audit:{name}", kwargs={"uuid": shop.uuid})


def words(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


@pytest.fixture
def visitor(shop):
    """Two answers of hers, with a refusal before them, and one of somebody else's."""
    visitor = uuid4()
    refusal = answer(shop, None, None, "reject_all")
    answer(shop, visitor, refusal)
    answer(shop, visitor, action="withdraw")
    answer(shop, uuid4())
    return visitor


def test_a_person_is_found_by_visitor_record_and_number(alice, shop, visitor):
    record = {"choices": {}, "reference": references.hashed(str(shop.uuid), "ref 17")}
    [outcome] = append([draft_of(shop.pk, shop.uuid, "consent", record, uuid4(), action="import")])
    refusal = ConsentRecord.objects.get(site_id=shop.pk, index=1).record_id
    for asked, found in (
        (visitor, [3, 2, 1]),
        (refusal, [3, 2, 1]),
        ("ref 17", [outcome.index]),
        ("nobody", []),
        ("", []),
        (uuid4(), []),
    ):
        assert [row.index for row in alice.get(page_of(shop, asked)).context["rows"]] == found


def test_the_page_says_what_goes_and_what_stays(alice, shop, visitor):
    Job.objects.create(kind="export", site=shop, state="done", result={"path": "x"}, run_after=shop.created_at)
    actions.change_settings(shop, "x", webhook_url="https://shop.example/hook")
    page = words(alice.get(page_of(shop, visitor)))
    assert "Goes, for good: of 3 records what was answered" in page.replace("<strong>", "").replace("</strong>", "")
    for said in (
        "1 export on this server that may hold them.",
        "What of them still waits for the webhook.",
        "record id, day and time, release, law, place, language and kind of answer",
        "what the webhook has been told already",
    ):
        assert said in page


def test_a_person_is_erased_with_ground_and_reason(alice, shop, visitor):
    sure = alice.get(page_of(shop, visitor)).context["digest"]
    response = alice.post(at(shop, "person_erase"), {"q": visitor, "sure": sure, **WHY}, follow=True)
    entry = LogEntry.objects.get(site_id=shop.pk, type="erasure")
    assert response.redirect_chain == [(reverse("audit:record", kwargs={"uuid": shop.uuid, "index": entry.index}), 302)]
    stated = json.loads(ConsentRecord.objects.get(site_id=shop.pk, index=entry.index).payload or "")
    assert (stated["indexes"], stated["ground"]) == ([1, 2, 3], "gdpr_17_1_b")
    left = ConsentRecord.objects.filter(site_id=shop.pk, type="consent").order_by("index")
    assert [row.payload is None for row in left] == [True, True, True, False]
    event = shop.audit_events.filter(verb="erasure.erase").get()
    assert event.actor == "alice@example.net"
    assert (event.detail["ground"], event.detail["reason"]) == ("gdpr_17_1_b", "Asked for by letter of 3 May.")
    assert "GDPR art. 17(1)(b): the consent was withdrawn" in words(alice.get(at(shop, "ledger")))
    assert "Nothing is kept of this person" in words(alice.get(page_of(shop, visitor)))
    DailyTotal.objects.filter(site_id=shop.pk, language="en").delete()  # the fixture's, of no records
    assert verify.verify(shop).wrong == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"sure": ""}, "Tick that you have read what goes."),
        ({"sure": "0123456789abcdef"}, person.CHANGED),
        ({"erase-ground": ""}, "This field is required."),
        ({"erase-ground": "because"}, "Select a valid choice."),
        ({"erase-reason": "ada@example.net asked"}, "The reason is kept for ever: leave ids and mail addresses out"),
    ],
)
def test_what_is_not_said_is_not_erased(alice, shop, visitor, changed, complaint):
    sure = alice.get(page_of(shop, visitor)).context["digest"]
    response = alice.post(at(shop, "person_erase"), {"q": visitor, "sure": sure, **WHY, **changed})
    assert (response.status_code, complaint in words(response)) == (200, True)
    assert not LogEntry.objects.filter(type="erasure").exists()


def test_what_came_meanwhile_is_shown_before_it_goes(alice, shop, visitor):
    sure = alice.get(page_of(shop, visitor)).context["digest"]
    answer(shop, visitor)
    response = alice.post(at(shop, "person_erase"), {"q": visitor, "sure": sure, **WHY})
    assert (person.CHANGED in words(response), response.context["count"]) == (True, 4)


def test_many_records_are_erased_by_the_worker_which_tells_how_far_it_is(alice, shop, visitor, monkeypatch):
    monkeypatch.setattr(person, "AT_ONCE", 2)
    monkeypatch.setattr(erasure, "BATCH", 2)
    sure = alice.get(page_of(shop, visitor)).context["digest"]
    response = alice.post(at(shop, "person_erase"), {"q": visitor, "sure": sure, **WHY})
    job = Job.objects.get(kind="erase")
    assert str(visitor) not in json.dumps(job.params)  # a job's row names places in the log
    assert 'hx-trigger="every 2s"' in alice.get(response["Location"]).content.decode()
    registry.discover()
    runner.work_off(periodic=False)
    job.refresh_from_db()
    assert (job.state, job.result["records"], len(job.result["entries"])) == ("done", 3, 2)
    state = words(alice.get(response["Location"], headers={"HX-Request": "true"}))
    assert "3 records erased." in state
    assert "hx-trigger" not in state


def test_a_refusal_is_kept_with_its_ground_and_stands_beside_the_records(alice, dana, shop, visitor):
    given = {"q": visitor, "refuse-ground": "17(3)(e)", "refuse-reason": "A claim is pending."}
    assert alice.post(at(shop, "person_refuse"), given | {"refuse-ground": "17(3)(z)"}).status_code == 200
    assert alice.post(at(shop, "person_refuse"), given | {"refuse-reason": ""}).status_code == 200
    assert not shop.audit_events.filter(verb="erasure.refuse").exists()
    assert alice.post(at(shop, "person_refuse"), given).status_code == 302
    detail = shop.audit_events.get(verb="erasure.refuse").detail
    assert detail == {"records": 3, "indexes": [1, 2, 3], "ground": "17(3)(e)", "reason": "A claim is pending."}
    for page in (page_of(shop, visitor), f"{at(shop, 'search')}records/2/"):
        assert "GDPR art. 17(3)(e)" in words(dana.get(page))
    assert "GDPR art." not in words(dana.get(f"{at(shop, 'search')}records/4/"))
    assert "establish, exercise or defend legal claims" in words(alice.get(f"/dashboard/{shop.uuid}/trail/"))


def test_who_may_read_records_may_not_erase_them(dana, login, shop, visitor):
    page = dana.get(page_of(shop, visitor))
    assert (page.status_code, 'id="erase"' in page.content.decode()) == (200, False)
    for client in (dana, login("bob"), login("vera")):
        sure = person.digest(person.places(shop, str(visitor)))
        assert client.post(at(shop, "person_erase"), {"q": visitor, "sure": sure, **WHY}).status_code == 403
        refused = {"q": visitor, "refuse-ground": "17(3)(e)", "refuse-reason": "x"}
        assert client.post(at(shop, "person_refuse"), refused).status_code == 403
    assert not LogEntry.objects.filter(type="erasure").exists()
    assert not shop.audit_events.filter(verb="erasure.refuse").exists()


def test_a_person_gets_their_records_to_read_and_to_prove(dana, shop, visitor):
    response = dana.post(at(shop, "person_file"), {"q": visitor})
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        names = set(archive.namelist())
        graph = json.loads(archive.read("records.jsonld"))["@graph"]
        page = archive.read("answers.html").decode()
        proof = json.loads(archive.read("proofs/2.json"))
    proofs = {f"proofs/{n}.{kind}" for n in (1, 2, 3) for kind in ("json", "txt")}
    assert names == proofs | {"README.txt", "records.jsonld", "answers.html"}
    assert [one["fairgate:index"] for one in graph] == [1, 2, 3]
    assert (proof["index"], json.loads(proof["record"])["visitor"]) == (2, str(visitor))
    assert page.count("<article>") == 3
    assert str(visitor) in page
    event = shop.audit_events.filter(verb="export").get()
    assert (event.actor, event.detail["format"], event.detail["records"]) == ("dana@example.net", "person", 3)
    assert str(visitor) not in json.dumps(event.detail)


def test_the_page_of_nobody_has_nothing_to_hand_out(dana, shop):
    assert dana.post(at(shop, "person_file"), {"q": uuid4()}).status_code == 302
    assert not shop.audit_events.filter(verb="export").exists()


@pytest.fixture
def dana(login):
    return login("dana")
