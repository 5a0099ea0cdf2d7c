"""Outside the tags it parks, the rewriter changes no byte, whatever the markup and wherever the chunks are cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cookiebanner.enforce.html import Rewriter


def held(url: str) -> str:
    return "tracker" if "//t.test/" in url or url.endswith("//t.test") else ""


def held_inline(code: str) -> str:
    return "agent" if "NREUM" in code else ""


def rewrite(html: bytes, size: int = 10**9) -> bytes:
    rewriter = Rewriter(held, held_inline, "https://shop.test/page")
    out = b"".join(rewriter.feed(html[i : i + size]) for i in range(0, len(html), size))
    return out + rewriter.close()


PARKED = [
    (b'<script src="https://t.test/a.js"></script>', b'<script data-fg="tracker" type="text/plain" data-fg-type="" data-fg-sync="" src="https://t.test/a.js"></script>'),
    (b"<SCRIPT async SRC=//t.test/a.js type=module></SCRIPT>", b'<SCRIPT data-fg="tracker" type="text/plain" async SRC=//t.test/a.js data-fg-type=module></SCRIPT>'),
    (b"<script\nsrc\n=\n'https://t&#46;test/a.js'>", b"<script data-fg=\"tracker\" type=\"text/plain\" data-fg-type=\"\" data-fg-sync=\"\"\nsrc\n=\n'https://t&#46;test/a.js'>"),
    (b"<img alt=x src=https://t.test/p.gif>", b'<img data-fg="tracker" alt=x data-fg-src=https://t.test/p.gif>'),
    (b'<img src="/own.png" srcset="/a.png 1x, https://t.test/p.gif 2x">', b'<img data-fg="tracker" src="/own.png" data-fg-srcset="/a.png 1x, https://t.test/p.gif 2x">'),
    (b'<iframe title="f" src="https://t.test/">x</iframe>', b'<iframe data-fg="tracker" title="f" data-fg-src="https://t.test/">x</iframe>'),
    (b'<iframe srcdoc="&lt;img src=https://t.test/x&gt;"></iframe>', b'<iframe data-fg="srcdoc" data-fg-srcdoc="&lt;img src=https://t.test/x&gt;"></iframe>'),
    (b'<link rel=preconnect href="https://t.test">', b'<link data-fg="tracker" rel=preconnect data-fg-href="https://t.test">'),
    (b'<noscript><img src="https://t.test/n"></noscript>', b'<noscript><img data-fg="tracker" data-fg-src="https://t.test/n"></noscript>'),
    (b"<video poster='//t.test/p.png' src=/v.mp4></video>", b"<video data-fg=\"tracker\" data-fg-poster='//t.test/p.png' src=/v.mp4></video>"),
    (b"<script>var NREUM={}</script>", b'<script data-fg="agent" type="text/plain" data-fg-type="" data-fg-sync="">var NREUM={}</script>'),
    (b'<base href="https://t.test/x/"><script src="a.js"></script>', b'<base href="https://t.test/x/"><script data-fg="tracker" type="text/plain" data-fg-type="" data-fg-sync="" src="a.js"></script>'),
    (b'<style>a{background:url("https://t.test/b")}</style>', b"<style>a{background:url(data:,)}</style>"),
    (b"<style>@import '//t.test/c.css';b{}</style>", b"<style>@import 'data:text/css,';b{}</style>"),
    (b'<svg><image href="https://t.test/i"/></svg>', b'<svg><image data-fg="tracker" data-fg-href="https://t.test/i"/></svg>'),
    (b"<div style=\"background:url('//t.test/b')\">", b'<div style="background:url(data:,)" data-fg-style="background:url(&#x27;//t.test/b&#x27;)">'),
]  # fmt: skip

UNTOUCHED = [
    b"<!doctype html><html><head><title>a < b > c</title><p class=\"a>b\" data-x='<script src=//t.test/>'>text",
    b"<!-- <script src='https://t.test/a.js'></script> --><p>",
    b"<!--[if lt IE 9]><script src='https://t.test/a.js'></script><![endif]-->",
    b"<!--><p>after an abruptly closed comment</p>",
    b"<textarea><script src=https://t.test/a.js></script></textarea>",
    b"<title><img src=https://t.test/a></title>",
    b"<script>document.write('<img src=\"https://t.test/p\">')</script>",
    b"<script><!-- <script> </script> --> var a = 1 </script><p>",
    b'<script type=\'application/json\'>{"u":"https://t.test/"}</script>',
    b"<a href=https://t.test/>a link is not a request</a>",
    b"<img src=https://not-t.test.example/p.gif>",
    b"<img src='https://shop.test/?u=https%3A%2F%2Ft.test%2F'>",
    b"<plaintext><script src=https://t.test/a.js></script>",
    b'<p title="unfinished > <img src=https://t.test/',
    b"< script src=https://t.test/a.js><3 </ >  <? php ?> <![CDATA[ x ]]>",
    b"\xff\xfe bytes that are no UTF-8 \x00 <b \x00>",
    b"<img src='data:image/gif;base64,AAAA'>",
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10**6])
@pytest.mark.parametrize(("before", "after"), PARKED)
def test_it_parks(before: bytes, after: bytes, size: int):
    assert rewrite(b"<p>a</p>" + before + b"<p>b</p>", size) == b"<p>a</p>" + after + b"<p>b</p>"


@pytest.mark.parametrize("size", [1, 2, 5, 10**6])
@pytest.mark.parametrize("html", UNTOUCHED)
def test_it_touches_nothing_else(html: bytes, size: int):
    assert rewrite(html, size) == html


PIECES = st.sampled_from(
    [b"<", b">", b"!--", b"-->", b"<script>", b"</script", b"<style>", b"</style>", b"<svg>", b"</svg>", b"<!--", b'"']
    + [b"'", b"=", b"/", b" ", b"a", b"<b c=", b"<textarea>", b"</textarea>", b"<iframe srcdoc=", b"<plaintext>"]
)


@given(st.lists(PIECES, max_size=40), st.integers(1, 9))
@example([b"<b c=", b'"', b">", b"<"], 1)
@settings(max_examples=400, deadline=None)
def test_any_soup_without_trackers_passes_unharmed(pieces: list[bytes], size: int):
    html = b"".join(pieces)
    assert rewrite(html, size) == html


@given(st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_the_chunks_do_not_matter(size: int):
    html = b"".join(before + b"\n<p>words</p>\n" for before, _after in PARKED[:11]) + b"".join(UNTOUCHED[:10])
    assert rewrite(html, size) == rewrite(html)


def test_a_hostile_tag_costs_linear_time():
    assert len(rewrite(b"<a " + b"=" * 300_000)) == 300_003
    assert len(rewrite(b"<a " + b"b='" * 100_000)) == 300_003
