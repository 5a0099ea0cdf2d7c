"""The Numbers page: what it shows of what was counted, beside what, and its CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from bench import numbers as totals
from consent.stats import asked
from consent.stats.actions import add_asked
from consent.stats.numbers import BY
from cookiebanner.dashboard import number_charts
from cookiebanner.dashboard.number_charts import Value

pytestmark = pytest.mark.django_db


def count(site, day: date, release: int, what: str, number: int, place: str = "DE") -> None:
    decided = asked.SHOWN if what == "banner" else totals.decided(what)
    layer = "" if what == "banner" else "banner"
    add_asked(
        asked.rows(
            [(asked.Event(site.pk, day, "eu_opt_in", release, "", place, "de", "phone", layer, decided), number)]
        )
    )


@pytest.fixture
def counted(shop, foreign):
    today = timezone.now().date()
    for day, release, banners, yes in ((today, 2, 40, 10), (today - timedelta(days=7), 1, 100, 50)):
        count(shop, day, release, "banner", banners)
        count(shop, day, release, "yes", yes)
        count(shop, day, release, "no", 10)
    count(foreign, today, 1, "banner", 987654)
    return today


def page(client, site, **given):
    return client.get(reverse("dashboard:numbers", kwargs={"uuid": site.uuid}), given)


def test_a_site_without_banners_says_so(alice, shop):
    body = page(alice, shop).content.decode()
    assert "No banners in these days" in body
    assert "They are counted from the first banner" in body
    assert "<dd>–<small>" in body


def test_figures_of_a_period(alice, shop, counted):
    found = page(alice, shop, days=7)
    body = found.content.decode()
    whole = found.context["one"].whole
    assert (whole.banners, whole.yes, whole.no, whole.unanswered) == (40, 10, 10, 20)
    assert "<dd>25%<small>said yes to everything," in body
    assert f"{counted.day} {counted:%b} {counted.year}: 25% of 40 banners" in body
    assert "987,654" not in body


@pytest.mark.parametrize("by", BY)
def test_every_dimension_has_a_chart_and_a_table(alice, shop, counted, by):
    found = page(alice, shop, by=by)
    drawn = str(found.context["chart"])
    assert (drawn.count('<g class="point series-one"'), drawn.count('<rect class="series-one"')) == {
        "day": (2, 0), "place": (0, 1), "law": (0, 1), "language": (0, 1), "device": (0, 1), "layer": (0, 1),
        "release": (0, 2), "arm": (0, 1),
    }[by]  # fmt: skip
    rows = found.context["rows"]
    shown = sum(cell["row"].banners for row in rows for cell in row["cells"])
    assert (by, shown) == (by, 0 if by == "layer" else 140)
    assert found.context["one"].whole.banners == 140


def test_two_releases_stand_beside_each_other(alice, shop, counted):
    found = page(alice, shop, release=2, release2=1, by="place")
    one, two = found.context["sides"]
    assert (one.whole.opt_in_rate, two.whole.opt_in_rate) == (0.25, 0.5)
    [row] = found.context["rows"]
    assert (row["name"], [cell["rate"] for cell in row["cells"]]) == ("Germany", [0.25, 0.5])


def test_two_periods_stand_beside_each_other_by_their_days(alice, shop, counted):
    before = counted - timedelta(days=7)
    found = page(
        alice,
        shop,
        **{"from": counted - timedelta(days=1), "to": counted, "from2": before - timedelta(days=1), "to2": before},
    )
    rows = found.context["rows"]
    assert [[cell["row"].banners for cell in row["cells"]] for row in rows] == [[40, 100], [0, 0]]
    assert [cell["row"].name for cell in rows[0]["cells"]] == [counted.isoformat(), before.isoformat()]  # newest first


def test_a_link_compares_with_the_days_before(alice, shop, counted):
    found = page(alice, shop, days=7, by="place", release=2)
    [query] = re.findall(r'href="\?([^"]+)">Compare with the days before', found.content.decode())
    one, two = alice.get(f"{found.request['PATH_INFO']}?{unescape(query)}").context["sides"]
    assert (one.chosen.last, (one.chosen.last - one.chosen.first).days) == (counted, 6)
    assert two.chosen == one.chosen._replace(
        first=one.chosen.first - timedelta(days=7), last=one.chosen.last - timedelta(days=7)
    )
    assert (one.chosen.release, one.whole.banners) == (2, 40)


def test_other_laws_have_other_figures(alice, shop, counted):
    body = page(alice, shop, law="object").content.decode()
    assert "<dt>Opt-in rate</dt>" not in body
    assert "<dt>Refused or objected</dt>" in body


@pytest.mark.parametrize(
    "given",
    [
        {"from": "yesterday", "to": "9999-99-99"},
        {"from": "0001-01-01", "to": "9999-12-31"},
        {"law": "mars", "by": "shoe size", "release": "١", "release2": "x"},
        {"release": "9" * 30},
        {"from2": "2026-01-01", "to2": "2020-01-01"},
    ],
)
def test_an_address_without_sense_is_answered(alice, shop, counted, given):
    assert page(alice, shop, **given).status_code == 200
    assert alice.get(reverse("dashboard:numbers_csv", kwargs={"uuid": shop.uuid}), given).status_code == 200


def test_the_csv_is_the_table(alice, shop, counted):
    url = reverse("dashboard:numbers_csv", kwargs={"uuid": shop.uuid})
    response = alice.get(url, {"by": "release", "days": 30})
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [(row["release"], row["banners"], row["yes"], row["unanswered"], row["opt_in_rate"]) for row in rows] == [
        ("1", "100", "50", "40", "0.500000"),
        ("2", "40", "10", "20", "0.250000"),
    ]
    assert [(row["C0002_granted"], row["C0004_denied"]) for row in rows] == [("50", "10"), ("10", "10")]
    assert response["Content-Disposition"].startswith('attachment; filename="numbers-by-release-')


def test_a_busy_site_costs_no_more_queries(alice, shop, django_assert_max_num_queries):
    """How long that takes is measured: (i) of docs/performance.md."""
    assert totals.fill(shop.pk, 10_000, timezone.now().date(), days=2) > 5_000
    with django_assert_max_num_queries(12):
        found = page(alice, shop, days=7, by="place")
    assert sum(cell["row"].banners for row in found.context["rows"] for cell in row["cells"]) > 0


def test_no_line_is_drawn_over_days_without_a_share():
    days = [
        Value("1", 0.5, "a"),
        Value("2", 0.4, "b"),
        Value("3", None, "c"),
        Value("4", 0.2, "d"),
        Value("5", 0.1, "e"),
    ]
    drawn = str(number_charts.line("<Rate>", [days]))
    assert (drawn.count("<path"), drawn.count("<g class"), "&lt;Rate&gt;" in drawn) == (2, 4, True)
    assert (str(number_charts.line("x", [])).count("<path"), str(number_charts.bars("x", [])).count("<dd")) == (0, 0)
