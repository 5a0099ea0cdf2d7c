"""The cascade: the surest source first, each answer with its reason, and no category for what nobody knows."""

from __future__ import annotations

from consent.catalogue import known
from consent.catalogue.cookie_db import CookieEntry
from consent.scanner.classify import Classification, Classifier, Stored

HOSTS = ["shop.example"]
OWN = {
    "key": "counter", "name": "Counter", "category": "C0002", "rules": ["counter.example", "google-analytics.com/own"],
    "cookies": [{"name": "_c*"}, {"name": "uid (counter.example)"}, {"name": "_ga"}], "inline": ["counter.start("],
}  # fmt: skip
DATABASE = [
    CookieEntry("Hotjar", "Analytics", "exact_name", "", "", 1),
    CookieEntry("Nobody Inc", "Marketing", "nobody_*", "", "", 1),
    CookieEntry("Nobody Inc", "Functional", "nobody_x", "", "", 1),
    CookieEntry("Somebody Else", "Functional", "_fbp", "", "", 1),
    CookieEntry("Everything", "Marketing", "n*", "", "", 1),
]


def classifier(*cookies: CookieEntry) -> Classifier:
    return Classifier([OWN], HOSTS, cookies)


def stored(name: str, host: str = "shop.example", **more) -> Classification:
    return classifier(*DATABASE).of_stored(Stored("cookie", name, host, **more))


def test_the_sites_own_service_comes_before_the_catalogue():
    one = classifier()
    assert one.of_url("https://www.google-analytics.com/own/x", "shop.example").key == "counter"
    assert one.of_url("https://www.google-analytics.com/collect?v=1", "shop.example").key == "google-analytics"
    assert stored("_ga") == Classification("counter", "Counter", "C0002", "high", "Your service names it.")


def test_the_catalogue_names_by_pattern_by_cookie_and_by_marker():
    found = classifier().of_url("https://connect.facebook.net/en_US/fbevents.js", "shop.example")
    assert (found.key, found.category, found.confidence) == ("meta-pixel", "C0004", "high")
    assert (stored("_fbp").key, stored("_fbp").confidence) == ("meta-pixel", "high")
    marks = [(who.key, mark) for who, mark in classifier().of_code("fbq('init', '1'); counter.start(2)")]
    assert marks == [("counter", "counter.start("), ("meta-pixel", "fbq('init'")]


def test_a_cookie_of_a_host_in_brackets_is_one_of_that_host_only():
    assert stored("uid", "counter.example").key == "counter"
    assert stored("uid").key == ""


def test_the_database_names_by_its_exact_name_then_by_a_wildcard():
    exact, wild = stored("exact_name"), stored("nobody_else")
    hotjar = known.by_key()["hotjar"]
    assert (exact.key, exact.category, exact.confidence) == ("hotjar", hotjar["category"], "medium")
    assert (wild.key, wild.name, wild.category) == ("", "Nobody Inc", "C0004")
    assert wild.reason == "The Open Cookie Database names nobody_*: Nobody Inc, Marketing."
    # "Functional" is what works and what is nice to have: it says nothing.
    assert (stored("nobody_x").name, stored("nobody_x").category) == ("Nobody Inc", "")
    assert stored("nothing") == Classification()


def test_the_host_of_a_cookie_tells_when_its_name_does_not():
    found = stored("zz", ".hotjar.com")
    assert (found.key, found.confidence) == ("hotjar", "medium")


def test_attributes_suggest_and_say_so():
    session = stored("sid", days=0, http_only=True, length=4)
    assert (session.key, session.category, session.confidence) == ("", "", "low")
    third = stored("zz", "far.example", days=400, length=32)
    assert (third.key, third.category, third.confidence) == ("", "C0004", "low")
    assert (
        stored("zz", "far.example", days=400, length=3)
        == stored("zz", "far.example", days=1, length=32)
        == Classification()
    )


def test_what_nobody_knows_has_no_category():
    assert classifier().of_url("https://far.example/x.js", "shop.example") == Classification()
    assert classifier().of_url("https://cdn.shop.example/x.js", "shop.example") == Classification()
