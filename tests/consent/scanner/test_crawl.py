"""The walk over a site, with the reader that needs no browser: bounds, robots.txt, sitemaps, traps."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator

import pytest

from consent.jobs import outgoing
from consent.scanner import crawl as crawling
from consent.scanner.classify import Classifier
from consent.scanner.crawl import Crawl, Plan, reader
from consent.scanner.report import Course
from consent.scanner.seen import Seen
from tests.cookiebanner.releases.scanned_site import ScannedSite, scanned_site

HOSTS = ["shop.localhost"]


@pytest.fixture
def web(settings, monkeypatch) -> Iterator[ScannedSite]:
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(crawling, "DEADLINE", 1.0)
    with scanned_site() as made:
        yield made


def walked(web: ScannedSite, path: str = "/", **plan) -> tuple[Crawl, Seen, Course]:
    given = Plan(web.address("shop", path), HOSTS, **{"pages": 60, "depth": 10, "delay": 0, **plan})
    seen, course = Seen(Classifier([], HOSTS)), Course(given.start, "", "", "the page reader")
    crawl = Crawl(given)
    crawl.run(reader(seen, given, course))
    return crawl, seen, course


def paths(web: ScannedSite, crawl: Crawl) -> list[str]:
    start = web.address("shop", "")
    return [page.url.removeprefix(start) for page in crawl.pages]


def test_without_a_browser_pages_are_read_and_every_trap_ends(web):
    crawl, seen, _ = walked(web)
    why = {page.url.removeprefix(web.address("shop", "")): page.why for page in crawl.pages if page.why}
    assert why == {
        "/loop": "more than 5 redirects in a row", "/out": "leads to another site", "/account": "answers 401",
        "/download": "is no page", "/hang": "shop.localhost had not answered in full after 1 seconds.",
    }  # fmt: skip
    named = {thing.host for thing in seen.of_kind("request")}
    assert {f"{name}.localhost" for name in ("markup", "embed", "styled", "deep")} <= named
    assert {thing.name for thing in seen.of_kind("code")} == {"meta-pixel"}
    kept = {(thing.name, thing.detail["http_only"], thing.detail["days"]) for thing in seen.of_kind("cookie")}
    assert kept == {("_fbp", False, 90), ("sid", True, 0)}
    assert sum(path.startswith("/calendar/") for path in paths(web, crawl)) == 5


def test_what_robots_txt_forbids_is_not_asked_for_unless_it_is_not_obeyed(web):
    crawl, _, _ = walked(web)
    assert (web.asked["shop", "/private/x"], crawl.robots_words) == (0, "robots.txt has 1 rule for us; it is obeyed.")
    crawl, _, _ = walked(web, obey_robots=False)
    assert (web.asked["shop", "/private/x"], web.asked["shop", "/robots.txt"]) == (1, 2)
    assert crawl.robots_words == "robots.txt has 1 rule for us; it is not obeyed, as you asked."


def test_pages_and_depth_are_bounds(web):
    crawl, _, _ = walked(web, pages=3)
    assert (len(crawl.pages), crawl.ended) == (3, "pages")
    crawl, _, _ = walked(web, depth=0)
    assert (paths(web, crawl), crawl.ended) == (["/"], "")


def test_a_scan_waits_between_pages(web):
    begun = time.monotonic()
    walked(web, "/topic-hazel", pages=2, delay=0.4)
    assert 0.4 <= time.monotonic() - begun < 5


def test_a_sitemap_is_a_start_and_an_index_of_them_too(web):
    pages = f"<urlset><url><loc>{web.address('shop', '/lazy')}</loc></url><url><loc>https://other.example/</loc></url></urlset>"
    web.files["shop", "/two.xml.gz"] = ("application/gzip", gzip.compress(pages.encode()))
    index = f"<sitemapindex><loc>{web.address('shop', '/two.xml.gz')}</loc><loc>{web.address('shop', '/map.xml')}</loc><loc>{web.address('outside', '/x.xml')}</loc></sitemapindex>"
    web.files["shop", "/map.xml"] = ("text/xml", index.encode())
    crawl, _, _ = walked(web, "/map.xml", depth=0)
    assert paths(web, crawl) == ["/lazy"]
    assert (web.asked["outside", "/x.xml"], web.asked["shop", "/map.xml"]) == (0, 1)


def test_sitemaps_of_robots_txt_come_when_no_link_is_left(web):
    web.files["shop", "/robots.txt"] = ("text/plain", f"Sitemap: {web.address('shop', '/map.xml')}".encode())
    web.files["shop", "/map.xml"] = ("text/xml", f"<loc>{web.address('shop', '/app/more')}</loc>".encode())
    crawl, _, _ = walked(web, "/topic-hazel")
    assert paths(web, crawl) == ["/topic-hazel", "/topic-rowan", "/app/more"]


def test_a_robots_txt_that_fails_closes_the_site(web):
    web.special["shop", "/robots.txt"] = lambda handler: handler.send_error(503)
    crawl, _, _ = walked(web)
    assert (crawl.pages, crawl.frontier.left_out.counts["robots.txt asks not to read them"]) == ([], 1)


def test_somebody_can_end_it(web):
    given = Plan(web.address("shop"), HOSTS, 60, 10, 0)
    seen, course = Seen(Classifier([], HOSTS)), Course(given.start, "", "", "")
    crawl = Crawl(given, lambda: "stopped" if len(crawl.pages) == 2 else "")
    crawl.run(reader(seen, given, course))
    assert (len(crawl.pages), crawl.ended) == (2, "stopped")


def test_another_banner_is_named(web):
    web.files["shop", "/x"] = ("text/html", b'<script src="https://consent.cookiebot.com/uc.js"></script>')
    _, _, course = walked(web, "/x")
    assert course.others == ["cookiebot.com"]


def test_addresses_inside_are_not_read_also_not_behind_a_redirect(web, settings, monkeypatch):
    """The address that a name stands for is judged; that a redirect leads there changes nothing."""
    web.special["shop", "/inside"] = lambda handler: (
        handler.send_response(302), handler.send_header("Location", "http://169.254.169.254/latest"), handler.end_headers(),
    )  # fmt: skip
    with pytest.raises(outgoing.ForbiddenAddress):
        crawling.fetch(web.address("shop", "/inside"), largest=100)
    settings.FAIRGATE_OUTGOING_NETWORKS = []
    crawl, _, _ = walked(web)
    [page] = crawl.pages
    assert ("which is no public address" in page.why, sum(web.asked.values())) == (True, 1)


def test_a_file_is_cut_where_it_may_not_be_longer(web):
    answer = crawling.fetch(web.address("shop", "/stream"), largest=100_000)
    assert (answer.status, len(answer.body)) == (200, 100_000)
