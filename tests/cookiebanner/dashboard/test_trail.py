"""The page of the audit trail: its lines, who did them, and the way to older ones."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consent.trail import queries
from tests.consent.trail.test_queries import lines

pytestmark = pytest.mark.django_db


def link(body: str, words: str) -> str | None:
    """The address behind a link with these words."""
    found = re.search(rf'<a class="button"\s+href="([^"]*)">{words}<', body)
    return unescape(found[1]) if found else None


@pytest.fixture
def trail(alice, shop):
    address = reverse("dashboard:trail", kwargs={"uuid": shop.uuid})
    return lambda query="": alice.get(address + query)


def test_older_and_newer_lines_are_a_link_away(trail, shop):
    lines(shop, 200)
    first = trail()
    body = first.content.decode()
    assert (link(body, "Newer"), len(first.context["rows"])) == (None, 50)
    second = trail(link(body, "Older"))
    assert "Page 2 of" in " ".join(second.content.decode().split())
    assert second.context["rows"][0][0].pk < first.context["rows"][-1][0].pk
    back = trail(link(second.content.decode(), "Newer"))
    assert [row[0].pk for row in back.context["rows"]] == [row[0].pk for row in first.context["rows"]]


def test_one_persons_lines_stay_theirs_on_the_next_page(trail, shop):
    lines(shop, 70, "ada+shop@example.org")
    lines(shop, 70, "eve@example.org")
    body = trail("?actor=ada%2Bshop%40example.org").content.decode()
    assert "<option selected>ada+shop@example.org" in body
    older = trail(link(body, "Older"))
    assert {row[0].actor for row in older.context["rows"]} == {"ada+shop@example.org"}
    assert (len(older.context["rows"]), link(older.content.decode(), "Older")) == (20, None)


@pytest.mark.parametrize("query", ["?before=x", "?after=" + "9" * 30, "?before=-1", "?page=7", "?before=\u00b2"])
def test_an_address_that_names_no_line_shows_the_newest(trail, shop, query):
    lines(shop, 60)
    assert trail(query).context["rows"][0][0].number == trail().context["rows"][0][0].number


def test_names_beyond_the_list_are_said_to_be_missing(trail, shop, monkeypatch):
    monkeypatch.setattr(queries, "MOST_ACTORS", 3)
    for number in range(6):
        lines(shop, 1, f"actor {number}")
    body = trail("?actor=actor 5").content.decode()
    assert ("The first 3 names are listed." in body, "<option selected>actor 5" in body) == (True, True)
    monkeypatch.setattr(queries, "MOST_ACTORS", 300)
    assert "names are listed" not in trail().content.decode()


def test_a_longer_trail_asks_no_more(trail, shop):
    lines(shop, 60)
    trail()
    with CaptureQueriesContext(connection) as short:
        trail()
    lines(shop, 1_000)
    with CaptureQueriesContext(connection) as long:
        trail()
    assert len(long) == len(short)
    of_the_trail = [one["sql"] for one in long if "consent_auditevent" in one["sql"]]
    assert [sql for sql in of_the_trail if "COUNT(" in sql or "OFFSET" in sql or "DISTINCT" in sql] == []
