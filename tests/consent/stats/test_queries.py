from __future__ import annotations

from datetime import date

import pytest

from consent.stats import queries
from consent.stats.models import DailyTotal, ImpressionTotal

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


def test_opt_in_rate_is_over_impressions_when_there_are_any(week):
    total = queries.total(queries.by_day(1, MON, WED))
    assert (total.accept, total.shown, total.opt_in_rate) == (6, 20, 0.3)
    assert queries.Row("x", accept=1, reject=3).opt_in_rate == 0.25
    assert queries.Row("x").opt_in_rate is None


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
