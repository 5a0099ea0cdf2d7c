"""The consent records of the person who asks: found, shown, handed out behind the code, erased with a ground; and no others."""

from __future__ import annotations

import io
import json
import re
import zipfile
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from consent.answers import references, whose
from consent.ledger.append import append, draft_of
from consent.ledger.models import ConsentRecord
from consent.ledger.verify import verify
from consent.publishing.verify import verify as beside
from consent.requests import actions, records
from consent.requests.models import SubjectRequest
from cookiebanner.dashboard.views import request_records
from cookiebanner.staff import request_mails
from tests.cookiebanner.audit.test_audit import answer
from tests.cookiebanner.requests.test_walk import text_of

pytestmark = pytest.mark.django_db
ALICE = "alice@example.net"
HERS, OTHERS = UUID(int=1, version=4), UUID(int=2, version=4)


@pytest.fixture
def filled(open_shop):
    """Two answers of hers and one of another person."""
    for visitor in (HERS, OTHERS, HERS):
        answer(open_shop, visitor)
    return open_shop


def asked(site, reference: str = str(HERS), **more) -> SubjectRequest:
    given = {"kind": "erasure", "place": "US-CA", "language": "en", "email": "ada@example.com", **more}
    given |= {"channel": "telephone"} if "actor" in more else {}
    return actions.file_request(site, reference=reference, **given)


def page(alice, row) -> str:
    return f"/dashboard/{row.site.uuid}/requests/{row.number}/records/"


def sure(alice, row) -> str:
    return re.findall(r'name="sure" value="(\w+)"', alice.get(page(alice, row)).content.decode())[0]


def test_they_are_found_by_visitor_record_and_number_and_nobody_else_s(filled):
    record = {"choices": {}, "reference": references.hashed(str(filled.uuid), "ref 17")}
    [imported] = append([draft_of(filled.pk, filled.uuid, "consent", record, uuid4(), action="import")])
    mine = list(ConsentRecord.objects.filter(site_id=filled.pk, visitor=HERS).order_by("index"))
    places = [row.index for row in mine]
    for reference, found in (
        (str(HERS), places), (f" {str(HERS).upper()} ", places), (str(mine[0].record_id), places),
        ("REF 17", [imported.index]), (str(uuid4()), []), ("", []), ("ada@example.com", []),
    ):  # fmt: skip
        assert (reference, whose.of_request(asked(filled, reference, actor=ALICE))) == (reference, found)


def test_an_address_finds_nothing_before_it_is_confirmed(filled, monkeypatch):
    monkeypatch.setattr(records, "_by_address", [])
    seen = []

    @records.by_address
    def known(site, email):
        seen.append((site, email))
        return [2]

    row = asked(filled, "", kind="access")
    assert (whose.of_request(row), seen) == ([], [])
    row = actions.confirm(row)
    assert (whose.of_request(row), seen) == ([2], [(filled, "ada@example.com")])


def test_they_are_shown_and_handed_out_behind_a_code(filled, alice, visitor):
    row = asked(filled, actor=ALICE)
    shown = text_of(alice.get(page(alice, row)))
    assert ("2 records" in shown, "Goes, for good:" in shown, str(OTHERS) in shown) == (True, True, False)
    done = text_of(alice.post(page(alice, row), {"do": "hand_out", "sure": sure(alice, row)}, follow=True))
    [code] = re.findall(r"the code ([0-9A-Z]{10}) until", done)
    file = row.files.get()
    assert (file.for_person, file.media_type, file.name) == (
        True, "application/zip", f"answers-{timezone.now():%Y-%m-%d}.zip",
    )  # fmt: skip
    fetched = visitor.post(f"{request_mails.path(row)}files/{file.pk}/", {"code": code})
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as archive:
        whole = {name: archive.read(name).decode() for name in archive.namelist()}
    places = whose.of_request(row)
    assert sorted(name for name in whole if name.endswith(".json")) == [f"proofs/{place}.json" for place in places]
    assert (str(HERS) in whole["answers.html"], str(OTHERS) in "".join(whole.values())) == (True, False)
    assert json.loads(whole["records.jsonld"]) != {}


def test_they_are_erased_after_a_look_with_a_ground_and_both_logs_say_so(filled, alice):
    row = asked(filled, actor=ALICE)
    given = {"do": "erase", "ground": "ccpa_1798_105", "reason": "The person asked for it."}
    html = alice.get(page(alice, row)).content.decode()
    assert ('value="ccpa_1798_105" selected' in html, "The person asked for it." in html) == (True, True)
    response = alice.post(page(alice, row), {**given, "sure": sure(alice, row)}, follow=True)
    assert "2 consent records erased." in text_of(response)
    assert list(ConsentRecord.objects.filter(site_id=filled.pk, visitor=OTHERS).values_list("payload", flat=True)) != [
        None
    ]
    assert ConsentRecord.objects.filter(site_id=filled.pk, visitor=HERS).count() == 0
    entry = ConsentRecord.objects.get(site_id=filled.pk, type="erasure")
    said = json.loads(entry.payload or "")
    assert (said["ground"], said["why"], row.number in str(said)) == ("ccpa_1798_105", "request", False)
    assert row.events.filter(text=f"2 consent records erased (ledger entry {entry.index}).", actor=ALICE).count() == 1
    assert "No record is found" in text_of(alice.get(page(alice, row)))
    wrong = [line for line in verify(filled).wrong if "The total of" not in line]  # those of the fixture are invented
    assert (wrong, beside(filled).wrong) == ([], [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sure": ""}, "There are other records"), ({"sure": "0123456789abcdef"}, "There are other records"),
        ({"ground": ""}, "Under which law"), ({"ground": "because"}, "Under which law"), ({"reason": ""}, "Reason"),
        ({"reason": "by ada@example.com"}, "kept for ever"), ({"reason": "as NUMBER says"}, "number out of it"),
    ],
)  # fmt: skip
def test_nothing_is_erased_without_a_look_a_ground_and_a_reason_that_names_nobody(filled, alice, change, words):
    row = asked(filled, actor=ALICE)
    given = {"do": "erase", "ground": "ccpa_1798_105", "reason": "Asked.", "sure": sure(alice, row)}
    change = {name: value.replace("NUMBER", row.number.lower()) for name, value in change.items()}
    response = alice.post(page(alice, row), {**given, **change})
    assert (response.status_code, words in text_of(response)) == (200, True)
    assert ConsentRecord.objects.filter(site_id=filled.pk, visitor=HERS).count() == 2


def test_who_asks_must_be_known_and_the_request_open(filled, alice):
    given = {"ground": "other", "reason": "Asked."}
    unsure = asked(filled, kind="opt_out")  # open at once, and nobody is verified for it
    ended = asked(filled, actor=ALICE)
    token = sure(alice, ended)
    actions.close(ended, "complied", "Done.", ALICE)
    for row, words in ((unsure, "The address is not confirmed"), (ended, "This request is not open")):
        for do in ("erase", "hand_out"):
            said = text_of(alice.post(page(alice, row), {**given, "do": do, "sure": token}))
            assert (do, words in said) == (do, True)
    assert ConsentRecord.objects.filter(site_id=filled.pk, visitor=HERS).count() == 2
    assert [row.files.count() for row in (unsure, ended)] == [0, 0]


def test_many_are_erased_by_the_worker(filled, alice, monkeypatch):
    monkeypatch.setattr(request_records, "AT_ONCE", 1)
    row = asked(filled, actor=ALICE)
    given = {"do": "erase", "ground": "ccpa_1798_105", "reason": "Asked.", "sure": sure(alice, row)}
    response = alice.post(page(alice, row), given)
    job = filled.jobs.get(kind="erase")
    assert response["Location"] == f"/audit/{filled.uuid}/erasures/{job.pk}/"
    assert row.events.filter(text="2 consent records erased.").count() == 1


def test_another_site_s_request_shows_nothing(filled, foreign, alice):
    row = asked(foreign, actor="x")
    address = f"/dashboard/{filled.uuid}/requests/{row.number}/records/"
    assert (alice.get(address).status_code, alice.post(address, {"do": "erase"}).status_code) == (404, 404)
