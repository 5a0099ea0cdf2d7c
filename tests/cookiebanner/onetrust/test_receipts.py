"""Receipts in OneTrust's own form, as page code posts them to the address that GetDomainData() names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from consent.answers import references
from consent.models import AnsweredTotal, ConsentRecord, DailyTotal
from cookiebanner.visitors.counts import counters
from tests import corpus
from tests.values import present

pytestmark = pytest.mark.django_db
NUMBER = "8c1d7a52-0b6e-4f3a-9d21-5e7f0a3b2c41"
PATH = "/request/v1/consentreceipts"
BODY: dict[str, Any] = {
    "requestInformation": "eyJhbGciOi.opaque.token", "identifier": NUMBER, "identifierType": "Cookie Unique Id",
    "isAnonymous": True, "test": False, "customPayload": {"Interaction": 2, "AddDefaultInteraction": False},
    "purposes": [
        {"Id": "C0001", "TransactionType": "NO_CHOICE"}, {"Id": "C0002", "TransactionType": "OPT_OUT"},
        {"Id": "C0004", "TransactionType": "CONFIRMED"},
        {"Id": "b2c1d4e8-1111-4222-8333-944455566677", "TransactionType": "NOTGIVEN"},
    ],
    "dsDataElements": {"InteractionType": "Banner", "Country": "DE", "UserAgent": "Mozilla/5.0", "ConsentModel": "opt-in"},
}  # fmt: skip


def post(client, origin="https://shop.example", **changes):
    return client.post(PATH, json.dumps(BODY | changes), "application/json", headers={"Origin": origin})


def test_one_is_recorded_as_what_it_is(client):
    site = corpus.make_world()
    first, again = post(client), post(client)
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    row = ConsentRecord.objects.get()
    payload = json.loads(present(row.payload))
    assert (row.action, row.visitor, payload["status"]) == ("receipt", None, "ConsentUnknown")
    assert payload["choices"]["categories"] == {
        "C0001": "granted", "C0002": "denied", "C0004": "granted", "SPD_BG": "not_offered",
    }  # fmt: skip
    assert {*payload["choices"]["services"].values()} == {"not_offered"}
    assert payload["receipt"] == {one["Id"]: one["TransactionType"] for one in BODY["purposes"]}
    assert all(word not in present(row.payload) for word in (NUMBER, "Mozilla", "opaque"))
    assert [one.index for one in references.found(site, NUMBER)] == [row.index]
    assert first["Access-Control-Allow-Origin"] == "https://shop.example"
    page = client.get(first.json()["receipt"], headers={"Accept": "text/html"}).content.decode()
    assert "A page sent a receipt of its own, in another system&#x27;s form." in page
    counters.flush()
    assert AnsweredTotal.objects.count() == 0


def test_a_test_is_marked_as_one(client):
    corpus.make_world()
    assert post(client, test=True).status_code == 201
    record = ConsentRecord.objects.get()
    assert (record.action, json.loads(present(record.payload))["test"]) == ("test", "receipt")
    assert DailyTotal.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "invalid_json"),
        (json.dumps({"purposes": [{"Id": "", "TransactionType": "CONFIRMED"}]}), 400, "invalid_field"),
        (json.dumps({"purposes": [{"Id": "x", "TransactionType": "sì"}]}), 400, "invalid_field"),
        (json.dumps({"purposes": [{"Id": "x", "TransactionType": "A"}] * 101}), 400, "invalid_field"),
        (json.dumps({"identifier": "\u202e"}), 400, "invalid_field"),
    ],
)
def test_what_is_none_is_refused(client, body, status, code):
    corpus.make_world()
    got = client.post(PATH, body, "text/plain", headers={"Origin": "https://shop.example"})
    assert (got.status_code, got.json()["code"]) == (status, code)


def test_it_comes_from_a_page_of_a_site(client):
    corpus.make_world()
    assert [post(client, origin).status_code for origin in ("https://evil.example", "https://other.example")] == [
        404,
        404,
    ]
    assert client.post(PATH, json.dumps(BODY), "application/json").status_code == 403
    assert client.get(PATH).status_code == 405
    assert ConsentRecord.objects.count() == 0
