"""robots.txt as RFC 9309 has it."""

from __future__ import annotations

import time

import pytest

from consent.scanner import robots

FILE = """
User-agent: Googlebot
Disallow: /

User-agent: other
User-agent: *
Disallow: /private   # not for anybody
Allow: /private/shown
Disallow: /*.pdf$
Disallow: /search?*q=
Crawl-delay: 2.6
Disallow:
Sitemap: https://shop.example/map.xml
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/private", False),
        ("/privateer", False),
        ("/private/shown/1", True),
        ("/a/file.pdf", False),
        ("/a/file.pdf?x", True),
        ("/search?page=1&q=tea", False),
        ("/search?page=1", True),
    ],
)
def test_the_longest_rule_that_fits_decides(path, allowed):
    assert robots.parse(FILE).allows(f"https://shop.example{path}") is allowed


def test_what_else_a_file_says_is_read():
    read = robots.parse(FILE)
    assert (read.found, read.delay, read.sitemaps) == (True, 3, ["https://shop.example/map.xml"])


def test_a_group_of_our_own_is_the_one_that_counts():
    read = robots.parse("User-agent: *\nDisallow: /\n\nUser-agent: Fairgate\nDisallow: /only-this\n")
    assert (read.allows("https://a.example/"), read.allows("https://a.example/only-this")) == (True, False)


def test_of_two_rules_alike_the_one_that_allows_wins_and_a_closed_file_forbids_all():
    assert robots.parse("User-agent: *\nDisallow: /a\nAllow: /a").allows("https://a.example/a") is True
    assert robots.Robots(closed=True).allows("https://a.example/") is False
    assert robots.Robots().allows("https://a.example/") is True


@pytest.mark.parametrize(("given", "delay"), [("soon", 0), ("-3", 0), ("1e999", 0), ("nan", 0), ("900", 30)])
def test_a_delay_is_a_few_seconds_or_none(given, delay):
    assert robots.parse(f"User-agent: *\nCrawl-delay: {given}").delay == delay


def test_a_pattern_of_many_stars_takes_no_time():
    read = robots.parse("User-agent: *\nDisallow: /" + "a*" * 200 + "b\n")
    begun = time.monotonic()
    assert read.allows("https://a.example/" + "a" * 400) is True
    assert time.monotonic() - begun < 1
