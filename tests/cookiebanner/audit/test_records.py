"""Records by what they say, a page at a time, each with an address that stays, and in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.urls import reverse

from consent.ledger import search
from consent.ledger.append import append, draft_of
from consent.ledger.models import ConsentRecord
from cookiebanner.templatetags.fairgate import ENTRIES
from tests.cookiebanner.audit.test_audit import answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana(login):
    return login("dana")


@pytest.fixture
def at(shop):
    return reverse("audit:search", kwargs={"uuid": shop.uuid})


def entry(shop, type: str, **columns) -> None:
    append([draft_of(shop.pk, shop.uuid, type, {"reason": "x"}, uuid4(), **columns)])


def found(client, at, **asked) -> list[int]:
    return [row.index for row in client.get(at, asked).context["rows"]]


def test_answers_come_first_and_other_entries_when_they_are_asked_for(dana, shop, at):
    answer(shop)
    for _ in range(30):
        entry(shop, "pictures")
    answer(shop, action="reject_all")
    assert found(dana, at) == [32, 1]
    assert found(dana, at, kind="pictures") == list(range(31, 1, -1))
    assert found(dana, at, kind="release") == [0]
    assert found(dana, at, kind="all") == list(range(32, -1, -1))
    assert found(dana, at, kind="action:reject_all") == [32]
    assert found(dana, at, kind="action:close") == []


def test_records_are_found_by_place_release_and_day(dana, shop, at):
    answer(shop)
    append([draft_of(shop.pk, shop.uuid, "consent", {"choices": {}}, uuid4(), action="close", jurisdiction="FR")])
    today = datetime.now(UTC).date()
    assert found(dana, at, place="FR") == [2]
    assert found(dana, at, place="DE") == [1]
    assert found(dana, at, release="1") == [1]
    assert found(dana, at, release="2") == []
    assert found(dana, at, start=today, end=today) == [2, 1]
    assert found(dana, at, start=today, place="DE") == [1]
    assert found(dana, at, end=today - timedelta(days=1)) == []
    assert found(dana, at, start=today + timedelta(days=1)) == []
    assert found(dana, at, kind="release", start=today, end=today) == [0]
    assert found(dana, at, kind="release", end=today - timedelta(days=1)) == []


@pytest.mark.parametrize(
    "asked",
    [{"start": "2026-05-02", "end": "2026-05-01"}, {"end": "9999-12-31"}, {"start": "x"}, {"kind": "x"},
     {"place": "XX"}, {"release": "-1"}, {"before": "x"}, {"release": "9" * 30}],
)  # fmt: skip
def test_a_question_that_is_none_is_told(dana, at, shop, asked):
    answer(shop)
    response = dana.get(at, asked)
    assert (response.status_code, response.context["rows"]) == (200, [])
    assert response.context["problem"] == "Something in the form is not right."


def test_pages_follow_each_other_without_a_gap_and_keep_the_question(dana, shop, at, monkeypatch):
    monkeypatch.setattr(search, "PAGE", 3)
    for number in range(8):
        answer(shop, action="reject_all" if number % 2 else "accept_all")
    seen, address = [], f"{at}?kind=action:accept_all&place=DE"
    while address:
        page = dana.get(address)
        seen.append([row.index for row in page.context["rows"]])
        answer(shop)  # what comes meanwhile moves no page
        address = f"{at}?{page.context['further']}" if page.context["page"].older else ""
    assert seen == [[7, 5, 3], [1]]


def test_a_search_reads_a_stretch_of_the_log_and_says_where_it_stopped(dana, shop, at, monkeypatch):
    monkeypatch.setattr(search, "WINDOW", 4)
    answer(shop, action="close")
    for _ in range(6):
        answer(shop)
    response = dana.get(at, {"kind": "action:close"})
    assert (response.context["rows"], response.context["page"].read_to) == ([], 4)
    assert "Look further back, before entry 4" in " ".join(response.content.decode().split())
    assert found(dana, at, kind="action:close", before="4") == [1]


def test_where_a_clock_was_put_right_every_day_is_still_found(dana, shop, at):
    ahead = datetime.now(UTC) + timedelta(days=3)
    append([draft_of(shop.pk, shop.uuid, "consent", {"choices": {}}, uuid4(), action="close")], at=ahead)
    assert found(dana, at, start=ahead.date()) == [1]
    assert search.span(shop.pk, search.Query(start=ahead.date()), 9) == (1, 2)
    entry(shop, "clock_repair")
    assert search.span(shop.pk, search.Query(start=ahead.date()), 9) == (0, 9)


def test_a_records_address_by_its_id_stays(dana, login, shop, foreign):
    record_id = answer(shop, uuid4())
    stays = reverse("audit:record_by_id", kwargs={"uuid": shop.uuid, "key": record_id})
    assert dana.get(stays)["Location"] == reverse("audit:record", kwargs={"uuid": shop.uuid, "index": 1})
    assert dana.get(stays.replace(str(record_id), str(uuid4()))).status_code == 404
    other = reverse("audit:record_by_id", kwargs={"uuid": foreign.uuid, "key": record_id})
    assert (dana.get(other).status_code, login("charlie").get(other).status_code) == (404, 404)


def test_a_record_is_told_in_the_words_that_stood_there(dana, shop, at):
    answer(shop, uuid4())
    response = dana.get(f"{at}records/1/")
    page = " ".join(unescape(response.content.decode()).split())
    assert "somebody in Germany (known from a trusted proxy's header) answered under" in page
    assert "by release 1. Asked in German. Answer: <strong>accepted all</strong>, in the banner." in page
    asked = response.context["asked"]
    assert [part for part, _ in asked][:5] == ["Heading", "Text", "Button", "Button", "Button"]
    assert [text for part, text in asked if part == "Button"] == [
        "Alle akzeptieren",
        "Alle ablehnen",
        "Auswahl anpassen",
    ]
    assert "{" not in "".join(text for _, text in asked)  # placeholders are filled, as they were on the page
    assert [one["necessary"] for one in response.context["offered"]][:2] == [True, False]


def test_a_record_in_a_language_that_its_release_has_not_quotes_nothing(dana, shop, at):
    append(
        [
            draft_of(
                shop.pk, shop.uuid, "consent", {"choices": {}}, uuid4(), action="receipt", release=1, regime="eu_opt_in"
            )
        ]
    )
    response = dana.get(f"{at}records/1/")
    assert (response.status_code, response.context.get("asked")) == (200, None)


def test_every_kind_of_entry_has_a_name():
    kinds = {value for value, _ in ConsentRecord._meta.get_field("type").choices or ()}
    assert set(ENTRIES) == kinds - {"consent"}
