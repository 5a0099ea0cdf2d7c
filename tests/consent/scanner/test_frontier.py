"""Which pages are looked at: the site's own, once each, and never without an end."""

from __future__ import annotations

from consent.scanner.frontier import ALIKE, Frontier, cleaned, shape

HOSTS = ["shop.example"]


def all_of(frontier: Frontier) -> list[str]:
    found = []
    while (one := frontier.next()) is not None:
        found.append(one[0].removeprefix("https://shop.example"))
    return found


def test_links_of_the_site_come_once_in_their_order():
    frontier = Frontier(HOSTS, 3)
    frontier.add(
        ["/a", "b#part", "b", "https://other.example/", "mailto:x@shop.example", "javascript:void 0", "//sub.shop.example/",
         "https://SHOP.example:443/a?utm_source=x", "https://user@shop.example/", "http://[bad"],
        1, "https://shop.example/dir/",
    )  # fmt: skip
    assert all_of(frontier) == ["/a", "/dir/b", "https://sub.shop.example/"]


def test_routes_in_the_fragment_are_pages_and_anchors_are_none():
    addresses = [cleaned(f"https://shop.example/app{end}") for end in ("#/inner", "#!/old", "#top", "")]
    assert (
        addresses
        == ["https://shop.example/app#/inner", "https://shop.example/app#!/old"] + ["https://shop.example/app"] * 2
    )


def test_a_calendar_has_an_end():
    frontier = Frontier(HOSTS, 100)
    for month in range(-50, 50):
        frontier.add([f"https://shop.example/calendar/{month}?view={month}x"], 1)
    assert len(all_of(frontier)) == ALIKE
    assert frontier.left_out.counts == {"pages alike: they differ in numbers only": 100 - ALIKE}


def test_pages_that_differ_in_words_are_no_calendar():
    assert shape("https://shop.example/tea") != shape("https://shop.example/coffee")
    assert shape("https://shop.example/p/12-3?b=1&a=2") == shape("https://shop.example/p/4-56?a=x&b=y")


def test_files_depth_and_links_that_end_something_are_left_out_and_said():
    frontier = Frontier(HOSTS, 1)
    base = "https://shop.example/"
    frontier.add([base + "price.PDF", base + "logout", base + "good"], 1)
    frontier.add([base + "deep"], 2)
    assert all_of(frontier) == ["/good"]
    assert frontier.left_out.examples == {
        "files, not pages": base + "price.PDF",
        "links that end something": base + "logout",
        "deeper than was asked for": base + "deep",
    }


def test_what_a_sitemap_names_comes_after_what_is_linked():
    frontier = Frontier(HOSTS, 3)
    frontier.add(["https://shop.example/map"], 1, later=True)
    frontier.add(["https://shop.example/link"], 1)
    assert all_of(frontier) == ["/link", "/map"]


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr("consent.scanner.frontier.WAITING", 10)
    frontier = Frontier(HOSTS, 3)
    frontier.add([f"https://shop.example/{'x' * number}" for number in range(1, 100)], 1)
    assert (len(all_of(frontier)), frontier.left_out.counts["more links than are remembered"]) == (10, 1)
