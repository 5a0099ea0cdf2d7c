"""Whoever asks about their data by a confirmed address finds their choices, gets them, and has them erased."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from consent.answers import whose
from consent.ledger.verify import verify
from consent.models import ChoiceState, PendingChoice, Topic
from consent.preferences import confirming, queries, subjects
from consent.preferences import verify as beside
from consent.requests import actions
from cookiebanner.staff import person_file
from tests.consent.preferences.sample_topics import choice, said
from tests.cookiebanner.requests.test_records import asked, page, sure

pytestmark = pytest.mark.django_db
ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture
def filled(open_shop, topics):
    """Three choices of hers and one of somebody else."""
    said(
        open_shop,
        choice(open_shop, id=ADA, evidence="form 7"),
        choice(open_shop, "no", id=BOB),
        choice(open_shop, "no", "2026-05-02", id=ADA.upper(), topic="calls"),
        choice(open_shop, "yes", "2026-05-03", id=ADA, topic="calls"),
    )
    return open_shop


def test_they_are_found_by_the_confirmed_address_and_handed_out_with_their_proofs(filled) -> None:
    row = asked(filled, "", kind="access")
    assert whose.of_request(row) == []
    places = whose.of_request(actions.confirm(row))
    subject = subjects.subject_of(filled, ADA)
    assert places == sorted(one["index"] for one in queries.history(filled, subject))
    assert len(places) == 3
    _, body = person_file.zipped(filled, places)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        whole = {name: archive.read(name).decode() for name in archive.namelist()}
    proofs = [json.loads(whole[f"proofs/{place}.json"]) for place in places]
    assert [json.loads(one["record"])["action"] for one in proofs] == ["yes", "no", "yes"]
    told = json.loads(whole["choices.json"])
    assert [(one["topic"], one["value"], one["acted_at"], one["subject"]) for one in told] == [
        ("news", "yes", "2026-05-01T10:00:00.000000Z", str(subject)),
        ("calls", "no", "2026-05-02T00:00:00.000000Z", str(subject)),
        ("calls", "yes", "2026-05-03T00:00:00.000000Z", str(subject)),
    ]
    assert json.loads(whole["records.jsonld"])["@graph"] == []
    assert str(subjects.subject_of(filled, BOB)) not in str(whole)
    html = whole["answers.html"]
    assert [text in html for text in ("form 7", "We call you.", "Offers, twice a month.")] == [True, True, True]


def test_they_are_erased_from_the_request_with_what_they_led_to(filled, alice) -> None:
    news = Topic.objects.get(key="news")
    confirming.ask(filled, news, identifier=ADA, address=ADA, language="en")
    confirming.ask(filled, news, identifier="c-9", address=ADA, language="en")
    row = actions.confirm(asked(filled, ""))
    given = {"do": "erase", "ground": "ccpa_1798_105", "reason": "Asked.", "sure": sure(alice, row)}
    assert alice.post(page(alice, row), given).status_code == 302
    bob = subjects.subject_of(filled, BOB)
    assert list(ChoiceState.objects.values_list("subject", flat=True)) == [bob]
    assert list(Topic.objects.order_by("key").values_list("key", "yes", "no")) == [("calls", 0, 0), ("news", 0, 1)]
    assert (PendingChoice.objects.count(), whose.of_request(row)) == (0, [])
    wrong = [line for line in verify(filled).wrong if "day totals" not in line]  # those of the fixture are invented
    assert (wrong, beside.wrong(filled)) == ([], [])
    assert [one.status for one in said(filled, choice(filled, "no", id=ADA), choice(filled, id=BOB))] == [
        "suppressed", "older",
    ]  # fmt: skip
