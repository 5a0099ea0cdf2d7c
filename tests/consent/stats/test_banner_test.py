"""The sequential test of two banners: how often it is wrong when they are the same, and whether it finds a difference."""

from __future__ import annotations

import random
from datetime import date, timedelta
from math import erfc, sqrt

import pytest

from consent.stats import asked
from consent.stats.actions import add_asked
from consent.stats.banner_test import ALPHA, Day, days_of, judge

SIMULATED = 250
START = date(2026, 11, 1)


def simulated(chance: random.Random, days: int, views: int, rate_a: float, rate_b: float) -> list[Day]:
    """Days of views, each drawn one of the two, as gates do it."""
    found = []
    for n in range(days):
        shown_a = sum(chance.random() < 0.5 for _ in range(views))
        yes_a = sum(chance.random() < rate_a for _ in range(shown_a))
        yes_b = sum(chance.random() < rate_b for _ in range(views - shown_a))
        found.append(Day(START + timedelta(n), shown_a, yes_a, views - shown_a, yes_b))
    return found


def significant_once(days: list[Day]) -> bool:
    """What looking every day at the usual test of two shares would find: the mistake that this test does not make."""
    sums = [0, 0, 0, 0]
    for day in days:
        sums = [total + more for total, more in zip(sums, day[1:], strict=True)]
        shown_a, yes_a, shown_b, yes_b = sums
        share = (yes_a + yes_b) / (shown_a + shown_b)
        spread = sqrt(share * (1 - share) * (1 / shown_a + 1 / shown_b))
        if spread and erfc(abs(yes_b / shown_b - yes_a / shown_a) / spread / sqrt(2)) <= ALPHA:
            return True
    return False


@pytest.mark.parametrize(("rate", "views"), [(0.3, 300), (0.05, 500), (0.9, 200)])
def test_two_that_are_the_same_are_called_different_in_at_most_five_of_a_hundred(rate, views):
    chance = random.Random(20)
    tests = [simulated(chance, 28, views, rate, rate) for _ in range(SIMULATED)]
    wrong = sum(judge(days).decided is not None for days in tests)
    assert wrong / SIMULATED <= ALPHA
    # The simulation shows what it has to: the usual test, looked at daily, is wrong three times as often and more.
    assert sum(map(significant_once, tests)) / SIMULATED > 3 * ALPHA


def test_a_difference_is_found_and_whose_it_is():
    chance = random.Random(21)
    tests = [judge(simulated(chance, 28, 600, 0.30, 0.36)) for _ in range(60)]
    assert {verdict.winner for verdict in tests} <= {"B", ""}
    assert sum(verdict.winner == "B" for verdict in tests) >= 54
    assert {judge(simulated(chance, 28, 600, 0.4, 0.3)).winner for _ in range(20)} == {"A"}


def test_the_bounds_hold_the_true_difference_on_every_day():
    chance = random.Random(22)
    missed = 0
    for _ in range(200):
        days = simulated(chance, 20, 400, 0.30, 0.34)
        seen = [judge(days[:n]) for n in range(1, 21)]
        missed += any(v.low is not None and v.high is not None and not v.low <= 0.04 <= v.high for v in seen)
    assert missed / 200 <= ALPHA


def test_it_says_nothing_of_little_and_its_p_value_never_rises():
    assert judge([]).p == judge([Day(START, 99, 0, 99, 99)]).p == 1
    days = [Day(START + timedelta(n), 100, yes, 100, 30) for n, yes in enumerate((95, 0, 0, 0, 30))]
    seen = [judge(days[:n]).p for n in range(1, 6)]
    assert seen == sorted(seen, reverse=True)
    assert seen[0] < ALPHA
    assert judge(days).decided == START


def test_more_yeses_than_banners_are_lost_impressions():
    verdict = judge([Day(START, 100, 150, 200, 60)])
    assert (verdict.yes_a, verdict.rate_a) == (100, 1)


@pytest.mark.parametrize(("one", "other", "uneven"), [(5000, 5100, False), (5000, 5600, True), (60, 10, False)])
def test_halves_that_are_none_are_told(one, other, uneven):
    assert judge([Day(START, one, 0, other, 0)]).uneven is uneven


def test_a_draw_of_halves_is_even():
    chance = random.Random(23)
    assert not any(judge(simulated(chance, 5, 300, 0.3, 0.3)).uneven for _ in range(200))


def test_days_are_those_of_the_releases_and_the_laws(db):
    def event(day: int, arm: str, release: int = 2, regime: str = "eu_opt_in", decided: asked.Decided = asked.SHOWN):
        return asked.Event(1, START + timedelta(day), regime, release, arm, "DE", "de", "phone", "banner", decided)

    yes, no = asked.Decided("yes", ("C0002",), ()), asked.Decided("no", (), ("C0002",))
    add_asked(
        asked.rows(
            [
                (event(0, "A"), 10), (event(0, "B"), 12), (event(0, "A", decided=yes), 4),
                (event(0, "B", decided=no), 5), (event(2, "B"), 7), (event(2, "B", decided=yes), 3),
                (event(0, ""), 1000), (event(0, "A", release=1), 1000), (event(0, "A", regime="us_ca"), 1000),
            ]
        )
    )  # fmt: skip
    assert days_of(1, [2, 3], ["eu_opt_in"]) == [
        Day(START, 10, 4, 12, 0),
        Day(START + timedelta(2), 0, 0, 7, 3),
    ]
