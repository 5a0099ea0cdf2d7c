"""What an answer decided, and how one event is counted in every dimension."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from consent.stats import asked
from consent.stats.actions import add_asked
from consent.stats.models import AskedTotal
from consent.stats.numbers import Chosen, Outcome, categories_of, counted_since, median_bucket, outcomes, total

MON, TUE, WED = (date(2026, 11, n) for n in (16, 17, 18))
OPTIONAL = (("C0002", "C0004"), ("mail",), ("shop",))


def choices(c2: str, c4: str, mail: str = "not_offered", shop: str = "") -> dict[str, dict[str, str]]:
    categories = {"C0001": "granted", "C0002": c2, "C0004": c4}
    return {"categories": categories, "purposes": {"mail": mail}, "services": {"shop": shop or c2, "pay": "granted"}}


YES, NO, NONE = "granted", "denied", "not_offered"


@pytest.mark.parametrize(
    ("action", "given", "what", "granted", "denied"),
    [
        ("accept_all", choices(YES, YES), "yes", ("C0002", "C0004"), ()),
        ("custom", choices(YES, YES), "yes", ("C0002", "C0004"), ()),  # all switched on by hand
        ("custom", choices(YES, YES, NO), "some", ("C0002", "C0004"), ()),  # a purpose of its own refused
        ("custom", choices(YES, YES, shop=NO), "some", ("C0002", "C0004"), ()),  # one service refused
        ("custom", choices(NO, YES), "some", ("C0004",), ("C0002",)),
        ("custom", choices(NO, NO), "no", (), ("C0002", "C0004")),
        ("custom", choices(NO, NO, shop=YES), "some", (), ("C0002", "C0004")),
        ("reject_all", choices(NO, NO), "no", (), ("C0002", "C0004")),
        ("reject_all", choices(NONE, NO), "no", (), ("C0004",)),
        ("close", choices(NO, NO), "closed", (), ("C0002", "C0004")),
        ("close", choices(YES, YES), "closed", ("C0002", "C0004"), ()),  # an opt-out law's defaults
    ],
)
def test_what_was_decided_is_what_the_answer_says(action, given, what, granted, denied):
    assert asked.decided(action, given, OPTIONAL, False) == (what, granted, denied)


def test_an_objection_is_one_whatever_it_leaves():
    assert asked.decided("opt_out", choices(YES, NO), OPTIONAL, True) == ("objected", ("C0002",), ("C0004",))


def event(day=MON, place="DE", language="de", device="phone", layer="", decided=asked.SHOWN, **changes):
    fields: dict[str, Any] = {"regime": "eu_opt_in", "release": 1, "arm": ""} | changes
    return asked.Event(
        1, day, fields["regime"], fields["release"], fields["arm"], place, language, device, layer, decided
    )


def test_an_event_is_counted_once_in_each_dimension():
    part = asked.Decided("some", ("C0002",), ("C0004",))
    made = asked.rows([(event(), 3), (event(layer="banner", decided=part), 2)])
    assert {(by, name, what): count for (_, by, _, name, _, _, _, what), count in made.items()} == {
        **{(by, name, "banner"): 3 for by, name in (("all", ""), ("place", "DE"), ("language", "de"), ("device", "phone"))},
        **{
            (by, name, what): 2
            for by, name in (
                ("all", ""), ("place", "DE"), ("language", "de"), ("device", "phone"), ("layer", "banner")
            )
            for what in ("some", "+C0002", "-C0004")
        },
    }  # fmt: skip


ALL = asked.Decided("yes", ("C0002", "C0004"), ())
PART = asked.Decided("some", ("C0002",), ("C0004",))
NOTHING = asked.Decided("no", (), ("C0002", "C0004"))


@pytest.fixture
def week(db):
    add_asked(
        asked.rows(
            [
                (event(MON), 100), (event(MON, layer="banner", decided=ALL), 30),
                (event(MON, layer="preferences", decided=PART), 10), (event(MON, layer="banner", decided=NOTHING), 20),
                (event(WED, "FR", "fr", "desktop"), 50),
                (event(WED, "FR", "fr", "desktop", layer="banner", decided=ALL), 20),
                (event(WED, "FR", "fr", "desktop", release=2), 10),
                (event(WED, "FR", "fr", "desktop", layer="banner", decided=NOTHING, release=2), 4),
                (event(WED, "US-CA", "en", "desktop", regime="us_ca"), 1000),
                (event(WED, "US-CA", "en", "desktop", layer="banner", regime="us_ca",
                       decided=asked.Decided("objected", ("C0002",), ("C0004",))), 100),
                (event(date(2026, 11, 15)), 7777),  # before
            ]
        )
    )  # fmt: skip
    other = Counter({(2, *key[1:]): count for key, count in asked.rows([(event(MON), 999)]).items()})
    add_asked(other)
    add_asked(asked.rows([(event(MON), 1)]))  # a later flush of the same


CHOSEN = Chosen(MON, WED, ("eu_opt_in",))


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("day", [("2026-11-18", 60, 20, 24), ("2026-11-17", 0, 0, 0), ("2026-11-16", 101, 30, 60)]),
        ("place", [("DE", 101, 30, 60), ("FR", 60, 20, 24)]),
        ("law", [("eu_opt_in", 161, 50, 84)]),
        ("language", [("de", 101, 30, 60), ("fr", 60, 20, 24)]),
        ("device", [("phone", 101, 30, 60), ("desktop", 60, 20, 24)]),
        ("layer", [("banner", 0, 50, 74), ("preferences", 0, 0, 10)]),
        ("release", [("1", 151, 50, 80), ("2", 10, 0, 4)]),
        ("arm", [("", 161, 50, 84)]),
    ],
)
def test_rows_of_each_dimension(week, django_assert_num_queries, by, rows):
    with django_assert_num_queries(1):
        found = outcomes(1, CHOSEN, by)
    assert [(row.name, row.banners, row.yes, row.decisions) for row in found] == rows


def test_one_release_and_all_laws(week):
    assert [row.banners for row in outcomes(1, CHOSEN._replace(release=2), "law")] == [10]
    both = total(outcomes(1, CHOSEN._replace(regimes=None), "law"))
    assert (both.banners, both.objected, both.refused_rate) == (1161, 100, (24 + 100) / 1161)
    assert (counted_since(1), counted_since(3)) == (date(2026, 11, 15), None)


def test_rates_say_of_what(week):
    whole = total(outcomes(1, CHOSEN, "place"))
    assert (whole.opt_in_rate, whole.yes_of_decisions) == (50 / 161, 50 / 84)
    assert (whole.unanswered, whole.unanswered_share) == (77, 77 / 161)
    assert categories_of(whole) == ["C0002", "C0004"]
    assert (whole.category_rate("C0002"), whole.category_rate("C0004")) == (60 / 84, 50 / 84)
    assert whole.category_rate("C0003") is None


def test_lost_impressions_make_no_rate_over_a_hundred():
    row = Outcome("x", banners=3, yes=4, no=1)
    assert (row.opt_in_rate, row.unanswered) == (0.8, 0)
    assert Outcome("x", yes=4).opt_in_rate is None


@pytest.mark.parametrize(
    ("times", "middle"),
    [
        ({}, None),
        ({"unknown": 9}, None),
        ({"<1s": 1, "<3s": 1, "<10s": 1, "unknown": 50}, "<3s"),
        ({"<1s": 2, "more": 2}, "more"),  # the upper one of two
        ({"more": 1}, "more"),
    ],
)
def test_the_median_is_a_bucket(times, middle):
    assert median_bucket(times) == middle


def test_a_second_site_is_its_own(week):
    assert AskedTotal.objects.filter(site_id=2, by="all").get().count == 999
    assert total(outcomes(2, CHOSEN, "day")).banners == 999
