"""Cookies from a CSV file: good rows are kept, bad ones told with their line."""

from typing import Any

import pytest

from consent.catalogue import cookie_csv
from consent.catalogue.actions import add_service, merge_cookies
from consent.catalogue.cookie_csv import BadRow, CookieRow
from consent.common import InvalidChange
from consent.models import AuditEvent
from consent.sites.actions import create_site
from tests.values import present

SERVICES = {"counter": "Counter", "ad-net": "Ad Net"}
FILE = """Service,Name,Kind,Lifetime,Description,description:DE
Counter,_c,,13 months,Counts visits.,"Zählt, wie oft"
ad-net,ad.*,Local storage,unlimited,"Two
lines",
nobody,_x,,,,
Counter,,cookie,1 day,,
Counter,_y,cache,,,

Counter,*,,,,
COUNTER,_c,cookie,,,
Counter,LONG,,,,
"""


def test_good_rows_are_kept_and_bad_ones_told():
    good, bad = cookie_csv.read("\ufeff" + FILE.replace("LONG", "x" * 201), SERVICES, ["en", "de"])
    assert good == [
        CookieRow(2, "counter", {"name": "_c", "kind": "cookie", "lifetime": "13 months", "lifetime_days": 395,
                                 "purpose": "Counts visits.", "texts": {"de": "Zählt, wie oft"}}),
        CookieRow(4, "ad-net", {"name": "ad.*", "kind": "local", "lifetime": "unlimited", "lifetime_days": None,
                                "purpose": "Two\nlines"}),
    ]  # fmt: skip
    assert bad == [
        BadRow(5, "The site has no service 'nobody'."),
        BadRow(6, "It has no name."),
        BadRow(7, "'cache' is no kind; use cookie, local, session or indexeddb."),
        BadRow(9, "A cookie called '*' would stand for every cookie; name at least its beginning."),
        BadRow(10, "It is the same cookie as in line 2."),
        BadRow(11, "Its name has more than 200 letters."),
    ]


def test_a_file_of_one_service_needs_no_column_for_it_and_may_have_semicolons():
    good, bad = cookie_csv.read("name;lifetime\n_c;session\n_d\n", SERVICES, ["en"], "counter")
    values = [(row.service, row.values["name"], row.values.get("lifetime_days")) for row in good]
    assert (values, bad) == ([("counter", "_c", 0), ("counter", "_d", None)], [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "one of them must be name"),
        ("a,b\n1,2", "one of them must be name"),
        ("name,description:fr\n_c,x", "no column description:fr; there are description, description:de"),
        ("name,name,service\n", "name is there twice"),
        ("name\n_c", "needs a column service"),
    ],
)
def test_another_file_is_refused_in_words(text, says):
    with pytest.raises(ValueError, match=says):
        cookie_csv.read(text, SERVICES, ["de"])


def test_a_file_without_end_is_cut():
    good, bad = cookie_csv.read("name\n" + "\n".join(f"c{n}" for n in range(5010)), SERVICES, [], "counter")
    assert (len(good), bad) == (5000, [BadRow(5002, "The file has more than 5,000 rows; the rest is left out.")])


@pytest.mark.django_db
def test_merging_changes_what_is_given_and_keeps_the_rest():
    site = create_site("shop.example", "x")
    old = {"name": "_c", "lifetime": "1 day", "lifetime_days": 1, "purpose": "Old.", "texts": {"fr": "Vieux."}}
    service = add_service(site, "x", name="Counter", category="C0002", cookies=[old, "_kept"])
    new: list[dict[str, Any]] = [
        {"name": "_c", "kind": "cookie", "purpose": "New.", "texts": {"de": "Neu."}},
        {"name": "_n", "kind": "local"},
    ]
    assert merge_cookies(site, {"counter": new}, "alice") == (1, 1)
    assert list(service.cookies.values_list("name", "kind", "lifetime_days", "purpose", "texts")) == [
        ("_c", "cookie", 1, "New.", {"de": "Neu.", "fr": "Vieux."}),
        ("_kept", "cookie", None, "", {}),
        ("_n", "local", None, "", {}),
    ]
    assert present(AuditEvent.objects.first()).verb == "service.update"
    assert merge_cookies(site, {"counter": new}, "alice") == (0, 0)
    with pytest.raises(InvalidChange, match="more than 500"):
        merge_cookies(site, {"counter": [{"name": "_z", "texts": {"de": "x" * 501}}]}, "alice")
    assert service.cookies.count() == 3
