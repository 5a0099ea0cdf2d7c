"""People's requests by the API: filed, found, read, given on, put off, answered; lists and replays hold nothing of anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from consent.models import AuditEvent, IdempotencyKey, RequestEvent, SubjectRequest
from consent.requests import actions
from tests.cookiebanner.staff.conftest import an_address, work  # noqa: F401

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ADA = {"name": "Lovelace", "email": "ada@example.com", "details": "Countess", "agent": "Bea", "reference": "r-17"}
FILED = {"channel": "telephone", "received": "2026-11-28", "kind": "access", "place": "DE", "language": "de", **ADA}
HERS = ("Lovelace", "ada@", "Countess", "Bea", "r-17", "Dear Ada")


def test_one_is_filed_read_put_off_answered_and_taken_as_evidence(program, shop, people):
    mine = program("requests")
    with time_machine.travel(NOW):
        made = mine.post("requests", FILED)
        number = made.json()["number"]
        assert (made.status_code, made["Location"]) == (201, f"{mine.at}requests/{number}")
        row = {"status": "open", "law": "gdpr", "due": "2026-12-28", "overdue": False, "owner": None, "outcome": ""}
        assert {name: made.json()[name] for name in row} == row
        assert mine.post(f"requests/{number}/notes", {"text": "She called twice"}).status_code == 201
        assert mine.post(f"requests/{number}/extend", {"reason": "Paper"}).json()["due"] == "2027-02-28"
        again = mine.post(f"requests/{number}/extend", {"reason": "Paper"})
        assert (again.status_code, again.json()["code"], again["Content-Type"]) == (
            422, "refused", "application/problem+json",
        )  # fmt: skip
        answer = {"outcome": "partly", "because": "exempt", "text": "Dear Ada, here."}
        groundless = {"outcome": "denied", "text": "No."}
        assert mine.post(f"requests/{number}/answer", groundless).status_code == 422
        closed = mine.post(f"requests/{number}/answer", answer)
        assert (closed.status_code, closed.json()["status"], closed.json()["keep_until"]) == (
            200,
            "closed",
            "2029-11-30",
        )
        work()
        read = mine.get(f"requests/{number.lower()}")
        evidence = mine.get(f"requests/{number}/evidence").json()
    assert {name: read.json()[name] for name in ADA} == ADA
    assert [(line["kind"], line["text"]) for line in read.json()["log"]][1:4] == [
        ("note", "She called twice"), ("status", "Extended until 2027-02-28: Paper"), ("mail", "Dear Ada, here."),
    ]  # fmt: skip
    assert mine.get(f"requests/{number}", If_None_Match=read["ETag"]).status_code == 304
    assert (evidence["number"], evidence["person"]["name"], evidence["in_time"], evidence["ledger"]) == (
        number, "Lovelace", True, {"received": 1, "extended": 2, "answered": 3},
    )  # fmt: skip
    assert ("She called" in str(evidence), "Dear Ada, here." in str(evidence)) == (False, True)
    subjects = {message.subject for message in mail.outbox if message.to == ["ada@example.com"]}
    assert subjects == {
        f"Wir haben Ihre Anfrage {number}", f"Ihre Anfrage {number} dauert länger", f"Die Antwort auf Ihre Anfrage {number}",
    }  # fmt: skip
    lines = AuditEvent.objects.filter(site=shop, verb__startswith="request.").order_by("number")
    assert list(lines.values_list("verb", flat=True)) == [
        "request.file", "request.extend", "request.close", "request.export",
    ]  # fmt: skip
    assert {line.actor.partition(" (")[0] for line in lines} == {"CI"}


def test_lists_filter_and_page_and_hold_nothing_of_anybody(program, shop, people):
    mine = program("requests")
    with time_machine.travel(NOW - timedelta(days=60)):
        late = mine.post("requests", {**FILED, "received": "2026-10-01"}).json()["number"]
    with time_machine.travel(NOW):
        mine.post("requests", {**FILED, "kind": "erasure", "email": ""})
        third = mine.post("requests", FILED).json()["number"]
        actions.assign(SubjectRequest.objects.get(number=third), people["alice"], "x")
        first = mine.get("requests?limit=2")
        rest = mine.get(first.json()["next"])
        assert [len(page.json()["items"]) for page in (first, rest)] == [2, 1]
        assert (first.json()["items"][0]["number"], rest.json()["next"]) == (third, None)
        assert [word for word in HERS if word in first.content.decode()] == []

        def found(query: str) -> int:
            return len(mine.get(f"requests?{query}").json()["items"])

        queries = ("overdue=true", "kind=erasure", "status=open", "status=closed", "owner=nobody",
                   "owner=alice@example.net", f"search={late[2:7].lower()}", "search=ADA@example.com", "search=ada")  # fmt: skip
        assert [found(query) for query in queries] == [1, 1, 3, 0, 2, 1, 1, 2, 0]
        assert mine.get("requests?colour=red").status_code == 400


def test_a_replay_files_once_and_keeps_nothing_of_the_person(program, shop):
    mine = program("requests")
    with time_machine.travel(NOW):
        one, two = (mine.post("requests", FILED, Idempotency_Key="k1") for _ in range(2))
        number = one.json()["number"]
        answer = {"outcome": "complied", "text": "Dear Ada"}
        three, four = (mine.post(f"requests/{number}/answer", answer, Idempotency_Key="k2") for _ in range(2))
    assert (one.json(), three.json()) == (two.json(), four.json())
    assert (two["Idempotency-Replayed"], SubjectRequest.objects.count()) == ("true", 1)
    assert RequestEvent.objects.filter(text="Dear Ada").count() == 1
    kept = str(list(IdempotencyKey.objects.values_list()))
    assert [word for word in HERS if word in kept] == []


def test_it_is_given_only_to_who_may_and_to_what_was_read(program, shop, people):
    mine = program("requests")
    number = mine.post("requests", {**FILED, "received": "2026-11-28"}).json()["number"]
    path = f"requests/{number}"
    assert mine.ask("PATCH", path, {"owner": None}).status_code == 428
    assert mine.ask("PATCH", path, {"owner": None}, If_Match='"x"').status_code == 412
    assert mine.change("PATCH", path, {"owner": people["vera"].pk}).status_code == 422
    assert mine.change("PATCH", path, {"owner": people["charlie"].pk}).status_code == 422
    assert mine.change("PATCH", path, {"owner": people["alice"].pk}).json()["owner"] == "alice@example.net"


def test_nonsense_is_refused_with_a_pointer(program, shop):
    mine = program("requests")
    for wrong, pointer in (
        ({"channel": "form"}, "#/channel"), ({"kind": "ransom"}, "#/kind"), ({"place": "Mars"}, "#/place"),
        ({"language": "tlh"}, "#/language"), ({"email": "ada"}, "#/email"), ({"nick": "x"}, "#/nick"),
    ):  # fmt: skip
        refused = mine.post("requests", {**FILED, **wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, pointer)
    assert mine.post("requests", {**FILED, "received": "2999-01-01"}).json()["code"] == "refused"
    assert mine.get("requests/AAAA-AAAA").status_code == 404
    assert SubjectRequest.objects.count() == 0


def test_other_systems_ask_whom_they_must_not_write_to_and_nothing_is_kept(program, shop, foreign):
    mine = program("requests")
    actions.suppress(shop, "Ada@example.com", "x")
    actions.suppress(foreign, "bea@example.com", "x")
    asked = {"emails": ["bea@example.com", "ADA@example.com", "carl@example.com", "ada@example.com"]}
    for _ in range(2):
        answer = mine.post("suppressed", asked, Idempotency_Key="k")
        assert (answer.status_code, answer.json()) == (200, {"suppressed": [1, 3]})
    assert [
        word for word in ("ada", "bea", "carl") if word in str(list(IdempotencyKey.objects.values_list())).lower()
    ] == []
    assert mine.post("suppressed", {"emails": ["x"] * 2}).status_code == 400
    assert mine.post("suppressed", {"emails": ["a@example.com"] * 1001}).status_code == 400
