from __future__ import annotations

from datetime import date

import pytest

from consent.stats import queries
from consent.stats.models import AnsweredTotal, DailyTotal, ImpressionTotal, ShownTotal

pytestmark = pytest.mark.django_db
MON, TUE, WED = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)


def answers(site, day, action, count, jurisdiction="DE", regime="eu_opt_in"):
    DailyTotal.objects.create(
        site_id=site, day=day, release=1, regime=regime, jurisdiction=jurisdiction, language="en", action=action,
        count=count,
    )  # fmt: skip


def shown(site, day, count, jurisdiction="DE", kind="banner"):
    ImpressionTotal.objects.create(
        site_id=site, day=day, release=1, regime="eu_opt_in", jurisdiction=jurisdiction, language="en", kind=kind,
        count=count,
    )  # fmt: skip


@pytest.fixture
def week(db):
    answers(1, MON, "accept_all", 6)
    answers(1, MON, "reject_all", 3)
    answers(1, MON, "opt_out", 1, "US-CA", "us_ca")
    answers(1, WED, "custom", 2)
    answers(1, WED, "withdraw", 1)
    answers(1, WED, "import", 50)  # said to an earlier system: no answer to our banner
    shown(1, MON, 20)
    shown(1, MON, 900, kind="view")
    answers(2, MON, "accept_all", 1000)  # another site
    shown(2, MON, 1000)
    answers(1, date(2026, 11, 15), "accept_all", 1000)  # the day before


def test_days_without_answers_are_rows_too(week):
    rows = queries.by_day(1, MON, WED)
    assert [(r.name, r.accept, r.reject, r.custom, r.other, r.shown) for r in rows] == [
        ("2026-11-16", 6, 4, 0, 0, 20),
        ("2026-11-17", 0, 0, 0, 0, 0),
        ("2026-11-18", 0, 0, 2, 1, 0),
    ]


def test_by_jurisdiction_most_answers_first(week):
    rows = queries.by_column(1, MON, WED, "jurisdiction")
    assert [(r.name, r.answers, r.shown) for r in rows] == [("DE", 12, 20), ("US-CA", 1, 0)]


def test_what_was_accepted_is_over_impressions_when_there_are_any(week):
    total = queries.total(queries.by_day(1, MON, WED))
    assert (total.accept, total.shown, total.accepted_share) == (6, 20, 0.3)
    assert (total.answers, total.imported) == (13, 50)
    assert queries.AnswerTotals("x", accept=1, reject=3).accepted_share == 0.25
    assert queries.AnswerTotals("x").accepted_share is None


def test_sites_list_counts_each_site_alone(week):
    rows = queries.answers_per_site([1, 2, 3], MON, WED)
    assert {key: [row.answers for row in days] for key, days in rows.items()} == {
        1: [10, 0, 3],
        2: [1000, 0, 0],
        3: [0, 0, 0],
    }


def test_a_period_costs_two_queries(week, django_assert_num_queries):
    with django_assert_num_queries(2):
        queries.by_day(1, MON, WED)
    with django_assert_num_queries(2):
        queries.by_column(1, MON, WED, "jurisdiction")


def answered(site, day, device, layer, action, waited, gpc, asked, count):
    AnsweredTotal.objects.create(
        site_id=site, day=day, release=1, device=device, layer=layer, action=action, waited=waited, gpc=gpc,
        asked=asked, count=count,
    )  # fmt: skip


def seen(site, day, device, kind, gpc, count):
    ShownTotal.objects.create(site_id=site, day=day, release=1, device=device, kind=kind, gpc=gpc, count=count)


@pytest.fixture
def how(db):
    seen(1, MON, "phone", "banner", False, 10)
    seen(1, MON, "phone", "banner", True, 2)
    seen(1, MON, "desktop", "banner", False, 5)
    seen(1, MON, "phone", "view", False, 60)
    seen(1, WED, "desktop", "view", True, 20)
    seen(1, MON, "phone", "preferences", False, 99)
    answered(1, MON, "phone", "banner", "accept_all", "<3s", False, True, 4)
    answered(1, MON, "phone", "banner", "reject_all", "<10s", True, True, 1)
    answered(1, MON, "phone", "preferences", "custom", "<60s", False, True, 2)
    answered(1, MON, "phone", "preferences", "withdraw", "unknown", False, False, 7)  # nobody asked
    answered(1, MON, "phone", "signal", "gpc", "unknown", True, False, 3)
    answered(1, WED, "tablet", "banner", "accept_all", "unknown", False, True, 1)  # shown the day before, or lost
    seen(2, MON, "phone", "banner", False, 1000)
    answered(2, MON, "phone", "banner", "accept_all", "<1s", True, True, 1000)
    seen(1, date(2026, 11, 15), "phone", "banner", False, 1000)


def test_how_answers_came_about(how, django_assert_num_queries):
    with django_assert_num_queries(2):
        found = queries.circumstances(1, MON, WED)
    assert list(found.times.items()) == [
        ("<1s", 0), ("<3s", 4), ("<10s", 1), ("<30s", 0), ("<60s", 2), ("<300s", 0), ("more", 0), ("unknown", 1),
    ]  # fmt: skip
    # Views carried it, too, and are none of them.
    assert (found.banners, found.gpc_banners, found.gpc_share) == (17, 2, 2 / 17)
    assert queries.gpc_share(1, MON, WED) == 2 / 17
    other = queries.circumstances(1, MON, WED, release=2)
    assert (other.banners, sum(other.times.values())) == (0, 0)


def test_without_any_there_is_no_share(db):
    assert queries.gpc_share(1, MON, MON) is None
    found = queries.circumstances(1, MON, MON)
    assert (found.gpc_share, sum(found.times.values())) == (None, 0)
