"""A page of the trail and who is in it cost the same in a short trail and in a long one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from consent.ledger import erasure
from consent.models import AuditEvent, Site, TrailHead
from consent.trail import queries
from consent.trail.actions import audit

pytestmark = pytest.mark.django_db


def lines(site: Site, count: int, actor: str = "alice", verb: str = "site.settings") -> None:
    """So many lines, with no hash, at the end of a site's trail."""
    head, _ = TrailHead.objects.get_or_create(site_id=site.pk)
    AuditEvent.objects.bulk_create(
        AuditEvent(site=site, actor=actor, verb=verb, number=head.count + 1 + n) for n in range(count)
    )
    TrailHead.objects.filter(site_id=site.pk).update(count=head.count + count)


@pytest.fixture
def site() -> Site:
    return Site.objects.create(name="Shop", languages=["en"])


def numbers(page: queries.Page) -> list[int | None]:
    return [row.number for row in page.rows]


def test_pages_go_to_the_oldest_line_and_back(site):
    lines(site, 120)
    first = queries.page(site.audit_events.all())
    second = queries.page(site.audit_events.all(), before=first.older)
    third = queries.page(site.audit_events.all(), before=second.older)
    assert [numbers(page) for page in (first, second, third)] == [
        list(range(120, 70, -1)), list(range(70, 20, -1)), list(range(20, 0, -1)),
    ]  # fmt: skip
    assert (first.newer, third.older) == (None, None)
    assert queries.page(site.audit_events.all(), after=third.newer) == second
    assert queries.page(site.audit_events.all(), after=second.newer) == first
    assert [queries.place(site, page.rows) for page in (first, second, third)] == [(1, 3), (2, 3), (3, 3)]


def test_what_is_written_meanwhile_moves_no_line_to_another_page(site):
    lines(site, 60)
    first = queries.page(site.audit_events.all())
    lines(site, 3)
    assert numbers(queries.page(site.audit_events.all(), before=first.older)) == list(range(10, 0, -1))
    assert numbers(queries.page(site.audit_events.all(), after=first.newer)) == list(range(63, 13, -1))


def test_an_empty_trail_has_one_page(site):
    page = queries.page(site.audit_events.all())
    assert (page, queries.place(site, page.rows), queries.actors(site)) == (([], None, None), (1, 1), [])


def test_actors_are_those_of_the_site_each_once(site):
    other = Site.objects.create(name="Other", languages=["en"])
    for actor in ("bob", "alice", "Z\u00fcrich", "token deploy"):
        lines(site, 3, actor)
    lines(other, 3, "charlie")
    assert sorted(queries.actors(site)) == ["Z\u00fcrich", "alice", "bob", "token deploy"]


def test_the_list_of_actors_is_bounded(site, monkeypatch):
    monkeypatch.setattr(queries, "MOST_ACTORS", 5)
    for number in range(9):
        lines(site, 2, f"actor {number}")
    assert queries.actors(site) == [f"actor {number}" for number in range(6)]


def test_refusals_are_found_among_other_lines(site):
    lines(site, 300)
    audit(site, "alice", "erasure.refuse", records=1, indexes=[4], ground="17(3)(b)", reason="proof")
    audit(site, "alice", "erasure.refuse", records=1, indexes=[5], ground="17(3)(b)", reason="proof")
    [found] = erasure.refusals(site, [4, 9])
    assert found.detail["indexes"] == [4]


def rows_read(query: QuerySet[Any]) -> int:
    """How many rows PostgreSQL touches for a query."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE consent_auditevent")
    [plan] = json.loads(query.explain(format="json", analyze=True))
    nodes, total = [plan["Plan"]], 0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", ())
        total += (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return int(total)


@pytest.mark.postgresql
def test_a_rare_actor_or_verb_in_a_long_trail_is_found_by_an_index(site):
    lines(site, 3, "bob", "site.kill")
    lines(site, 20_000)
    for wanted in ({"actor": "bob"}, {"verb": "site.kill"}):
        assert rows_read(site.audit_events.filter(**wanted).order_by("-pk")[:51]) < 20
    assert rows_read(site.audit_events.filter(actor="alice", pk__lt=10**9).order_by("-pk")[:51]) < 200
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + queries._ACTORS, [site.pk, site.pk, 500])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert ("Seq Scan" in plan, "audit_by_actor" in plan) == (False, True)


def test_a_page_counts_nothing_and_skips_nothing(site):
    lines(site, 200)
    with CaptureQueriesContext(connection) as asked:
        page = queries.page(site.audit_events.all())
        queries.place(site, queries.page(site.audit_events.all(), before=page.older).rows)
    said = " ".join(one["sql"] for one in asked)
    assert [word for word in ("COUNT(", "OFFSET", "DISTINCT") if word in said] == []
