"""The corpus against the DRF view, and what the records then hold."""

from __future__ import annotations

import json
from ipaddress import ip_network
from uuid import uuid4

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.test import Client, override_settings

from consent.jobs.models import Job
from consent.ledger.erasure import erase
from consent.ledger.verify import verify
from consent.models import AnsweredTotal, ConsentRecord, DailyTotal, LogEntry, Site
from cookiebanner.visitors.counts import counters
from tests import corpus
from tests.values import present


def send(client: Client, request: corpus.Request, **environ):
    headers = dict(request.headers)
    content_type = headers.pop("content-type", "")
    return client.generic(
        request.method, request.path, request.body, headers=headers, **{"CONTENT_TYPE": content_type} | environ
    )


@pytest.mark.django_db
def test_the_corpus_gets_its_answers(client):
    corpus.make_world()
    wrong, created = [], 0
    for name, request, expected in corpus.cases():
        response = send(client, request)
        problem = response.headers["Content-Type"].startswith("application/problem+json")
        body = json.loads(response.content)
        code = body["code"] if problem else None
        if (response.status_code, code) != (expected.status, expected.code):
            wrong.append((name, response.status_code, code, body))
        if problem:
            assert (body["status"], body["type"]) == (response.status_code, "about:blank")
        created += response.status_code == 201
    assert wrong == []
    assert len(corpus.cases()) >= 60
    assert LogEntry.objects.count() == ConsentRecord.objects.count() == created


@pytest.mark.django_db
def test_a_replay_gets_the_same_bytes(client):
    corpus.make_world()
    _, request, _ = corpus.cases()[0]
    first, again = send(client, request), send(client, request)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    body = first.json()
    assert sorted(body) == ["id", "index", "receipt", "received_at"]
    assert body["receipt"] == f"/api/v1/consents/{body['id']}/receipt?site={corpus.DATA['site']}"


def stored(client, name) -> tuple[dict, ConsentRecord]:
    request = next(request for case, request, _ in corpus.cases() if case == name)
    response = send(client, request)
    assert response.status_code == 201, response.content
    record = ConsentRecord.objects.get(index=response.json()["index"])
    return json.loads(present(record.payload)), record


PLACES = {
    # Brazil has a row of its own; Algeria has none, and of Bavaria no law of the table asks.
    ("BR", ""): ("BR", {"country": "BR", "how": "header"}),
    ("DZ", ""): ("*", {"country": "DZ", "how": "header"}),
    ("DE", "BY"): ("DE", {"country": "DE", "how": "header"}),
    ("US", "TX"): ("US-TX", {"country": "US", "region": "TX", "how": "header"}),
    ("T1", ""): ("*", None),  # Tor
}


@pytest.mark.django_db
@pytest.mark.parametrize(("told", "kept"), PLACES.items(), ids=lambda value: str(value))
def test_the_country_is_kept_beside_the_row_of_law(client, settings, told, kept):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    corpus.make_world()
    request = next(request for case, request, _ in corpus.cases() if case == "a first answer")
    country, region = told
    headers = request.headers | {"cf-ipcountry": country, "cf-region-code": region}
    assert send(client, corpus.Request("POST", request.path, headers, request.body)).status_code == 201
    record = ConsentRecord.objects.get()
    assert (record.jurisdiction, json.loads(present(record.payload)).get("place")) == kept


@pytest.mark.django_db
def test_what_a_record_holds(client):
    site = corpus.make_world()
    payload, record = stored(client, "a first answer")
    received = record.received_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert payload == {
        "action": "custom",
        "choices": {
            "categories": {"C0001": "granted", "C0002": "granted", "C0004": "denied"},
            "purposes": {"analytics": "granted", "email-marketing": "not_offered"},
            "services": {"ads": "denied", "counter": "granted", "shop": "granted"},
        },
        "client_time": "2026-11-21T10:00:00Z",
        "gpc": False,
        "id": str(record.record_id),
        "jurisdiction": "*",
        "jurisdiction_by": "fallback",
        "language": "en",
        "layer": "banner",
        "page": "shop.example",
        "received_at": received,
        "regime": "eu_opt_in",
        "regime_agrees": True,
        "regime_server": "eu_opt_in",
        "release": 1,
        "release_hash": site.releases.get(number=1).sha256,
        "request": bytes(LogEntry.objects.get().request_hash).hex(),
        "signals": {"gpc": False},
        "site": str(site.uuid),
        "status": "ConsentGiven",
        "type": "consent",
        "ua_family": "Chrome",
        "visitor": "5a1e0000-0000-4000-8000-0000000000bb",
    }
    assert str(record.visitor) == payload["visitor"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("case", "status", "visitor"),
    [
        ("accept_all", "ConsentGiven", True),
        ("reject_all", "ConsentRefused", False),
        ("close under opt-in", "ConsentRefused", False),
        ("withdraw", "ConsentWithdrawn", True),
        ("gpc", "ConsentRefused", False),
        ("opt_out", "ConsentRefused", True),
    ],
)
def test_only_a_grant_or_a_change_keeps_the_visitor(client, case, status, visitor):
    corpus.make_world()
    payload, record = stored(client, case)
    assert (payload["status"], "visitor" in payload, record.visitor is not None) == (status, visitor, visitor)
    assert (payload.get("control") == "OptOutFromProcess") == (case in ("gpc", "opt_out"))


@pytest.mark.django_db
def test_the_page_keeps_its_path_only_if_the_release_says_so_and_never_the_query(client, monkeypatch):
    site = corpus.make_world()
    assert stored(client, "a script in the page")[0]["page"] == "shop.example"
    corpus.release(site, 3, record_path=True)
    monkeypatch.setitem(corpus.DATA["body"], "release", 3)
    assert stored(client, "text/plain")[0]["page"] == "shop.example/basket"
    assert stored(client, "a foreign page")[0]["page"] == "shop.example"


@pytest.mark.django_db
@override_settings(FAIRGATE_RATE_LIMIT=3)
def test_the_rate_limit_counts_per_address_and_says_when_to_come_back(client):
    corpus.make_world()
    _, request, _ = corpus.cases()[0]
    answers = [send(client, request, REMOTE_ADDR="203.0.113.7") for _ in range(4)]
    assert [a.status_code for a in answers] == [201, 200, 200, 429]
    assert (answers[3].json()["code"], 1 <= int(answers[3]["Retry-After"]) <= 61) == ("rate_limited", True)
    assert send(client, request, REMOTE_ADDR="203.0.113.8").status_code == 200
    spoofed = send(client, request, REMOTE_ADDR="203.0.113.7", HTTP_X_FORWARDED_FOR="203.0.113.99")
    assert spoofed.status_code == 429


@pytest.mark.django_db
def test_a_browser_may_read_the_answer_of_its_own_site_only(client):
    corpus.make_world()
    cases = {name: request for name, request, _ in corpus.cases()}
    assert send(client, cases["a first answer"])["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Access-Control-Allow-Origin" not in send(client, cases["a foreign origin"])


@pytest.mark.django_db
def test_a_site_switched_off_still_takes_answers(client):
    from django.utils import timezone

    site = corpus.make_world()
    site.killed_at = timezone.now()
    site.save()
    assert stored(client, "a first answer")[0]["status"] == "ConsentGiven"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("gone"), 503, "unavailable"),
        (InterfaceError("closed"), 503, "unavailable"),
        (IntegrityError("another writer"), 503, "unavailable"),
        (DataError("too long"), 422, "unstorable"),
        (ValueError("NUL"), 422, "unstorable"),
        (AttributeError("a bug"), 500, "internal"),
    ],
    ids=repr,
)
def test_what_could_not_be_stored_is_told_so_that_a_browser_knows_whether_to_send_it_again(
    client, monkeypatch, error, status, code
):
    def broken(drafts):
        raise error

    corpus.make_world()
    monkeypatch.setattr("consent.answers.intake.record", broken)
    answer = send(client, corpus.cases()[0][1])
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Retry-After" in answer) == (status == 503)


@pytest.mark.django_db
def test_what_was_tried_out_is_in_the_log_in_no_total_and_in_nobodys_name(client):
    site = corpus.make_world()
    stored(client, "a first answer")
    counters.flush()
    counted = lambda: (list(DailyTotal.objects.values()), list(AnsweredTotal.objects.values()))  # noqa: E731
    before = counted()
    payload, record = stored(client, "on the testing script, of any host")
    counters.flush()
    assert counted() == before
    assert (record.action, record.visitor, record.replaces) == ("test", None, None)
    assert (payload["test"], payload["status"]) == ("custom", "ConsentUnknown")
    assert payload["choices"]["categories"] == {"C0001": "granted", "C0002": "granted", "C0004": "denied"}
    erase(site, record_id=record.record_id, actor="x", reason="asked for")
    assert verify(site).wrong == []


@pytest.mark.django_db
def test_an_objection_that_was_tried_out_is_announced_to_nobody(client):
    site = corpus.make_world()
    Site.objects.filter(pk=site.pk).update(webhook_url="https://hook.example/")
    request = next(request for name, request, _ in corpus.cases() if name == "on the testing script, of any host")
    body = json.loads(request.body) | {"regime": "us_ca", "action": "opt_out"}
    headers = {"origin": "https://staging.example"}
    for test, jobs in ((True, 0), (None, 1)):
        body |= {"id": str(uuid4()), "test": test}
        if test is None:
            headers = {"origin": "https://shop.example"}
        answer = client.post("/api/v1/consents", json.dumps(body), "application/json", headers=headers)
        assert (answer.status_code, Job.objects.count()) == (201, jobs)
