"""Outside the tags it parks, the rewriter changes no byte, whatever the markup and wherever the chunks are cut."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fairgate_enforce.html import TAG_LIMIT, TEXT_LIMIT, Rewriter, escape, unescape
from fairgate_enforce.policy import Rules
from tests.packages.enforce.vectors import PAGE, RELEASE, REWRITES

POLICY = Rules(RELEASE, "eu_opt_in").for_visitor(None, False, "shop.test")


def rewriter() -> Rewriter:
    return Rewriter(POLICY.held, POLICY.held_inline, PAGE, POLICY.is_granted)


def rewrite(html: bytes, size: int = 10**9) -> bytes:
    made = rewriter()
    out = b"".join(made.feed(html[i : i + size]) for i in range(0, len(html), size))
    return out + made.close()


@pytest.mark.parametrize(("before", "after"), [pytest.param(b, a, id=name) for name, b, a in REWRITES])
def test_the_vectors(before: bytes, after: bytes):
    for size in (1, 2, 3, 5, 7, 11, 10**6):
        assert rewrite(before, size) == after
    # Once parked it stays as it is.
    assert rewrite(after) == after


PIECES = st.sampled_from(
    [b"<", b">", b"!--", b"-->", b"<script>", b"</script", b"<style>", b"</style>", b"<svg>", b"</svg>", b"<!--", b'"']
    + [b"'", b"=", b"/", b" ", b"a", b"<b c=", b"<textarea>", b"</textarea>", b"<iframe srcdoc=", b"<plaintext>"]
    + [b"<noscript>", b"</noscript>", b"<![CDATA[", b"]]>", b"<title>", b"<p class=x>", b"&quot;", b"&amp;lt;", b"\xff"]
)
LOADS = st.sampled_from(
    [b"<img src=//t.test/a>", b'<script src="//t.test/a"></script>', b"<style>a{b:url(//t.test/)}</style>", b"NREUM"]
)


@given(st.lists(PIECES, max_size=40), st.integers(1, 9))
@example([b"<b c=", b'"', b">", b"<"], 1)
@settings(max_examples=400, deadline=None)
def test_any_soup_without_trackers_passes_unharmed(pieces: list[bytes], size: int):
    html = b"".join(pieces)
    assert rewrite(html, size) == html


@given(st.lists(PIECES | LOADS, max_size=40), st.integers(1, 9))
@settings(max_examples=400, deadline=None)
def test_any_soup_with_trackers_is_the_same_without_the_marks_wherever_it_is_cut(pieces: list[bytes], size: int):
    html = b"".join(pieces)
    made = rewrite(html, size)
    assert made == rewrite(html)
    if b"srcdoc" not in html:
        marks = rb' data-fg="\w+"| type="text/plain"| data-fg-(?:type|sync)=""|data-fg-(?=\w)|data:fg,'
        assert re.sub(marks, b"", made) == html


@pytest.mark.parametrize(
    "html",
    [
        b"<a " * 70_000, b"<a b='" * 40_000, b"<a " + b"=" * 300_000, b"<p " + b"a=b " * 70_000, b"<" * 100_000,
        b"<!--" * 70_000, b"<script>" + b"<!--<script " * 30_000, b"<svg>" * 30_000, b"</a" * 70_000,
        b"<style>" + b"url(" * 70_000, b"<noscript>" * 30_000, b"<svg><style>" + b"x<" * 50_000,
        b"<iframe/srcdoc=" * 20_000 + b">", b"&" * 100_000, b"<img style=" + b"&" * 100_000 + b">",
        b"<img srcset='" + b"a," * 30_000 + b"'>", b"<x>" * 100_000, b"<![CDATA[" * 30_000, b"<img>" + b"\x00" * 300_000,
        b"<script>frames[" + b"frames[" * 90_000 + b"</script>", b"<script>f.contentWindow.location" + b" " * 300_000 + b"</script>",
        b"<script type=module>import" + b" " * 300_000 + b"</script>",
        b"<script type=speculationrules>" + b"a" * 300_000 + b"</script>",
        b"<meta http-equiv content='charset=" + b" " * 300_000 + b"'>",
    ],
    ids=lambda html: html[:30].decode(),
)  # fmt: skip
def test_a_hostile_page_costs_linear_time(html: bytes):
    # Quadratic time would be minutes.
    for size in (10**9, 500):
        begun = time.process_time()
        assert rewrite(html, size) == html
        assert time.process_time() - begun < 15


def test_what_is_too_long_to_judge_passes_as_it_is():
    image = b"<img src=//t.test/a>"
    after = rewrite(image)
    for long in (
        b'<script data-a="' + b"x" * 2 * TAG_LIMIT + b'" src=//t.test/a>"' + image + b'"</script>',
        b"<script>NREUM" + b"x" * 2 * TEXT_LIMIT + b"<!-- <script> </script> " + image + b"</script>",
        b"<style>a{b:url(//t.test/)}" + b" " * 2 * TEXT_LIMIT + b"</style>",
    ):
        assert rewrite(long + image, 4096) == long + after


def test_little_is_kept_back():
    made = rewriter()
    page = b"<p>some words</p>\n" * 1000
    assert len(made.feed(page)) > len(page) - 20
    assert len(made.feed(b"<script src=/own.js>" + b"var a;" * 1000)) > 6000


def test_documents_in_documents_in_documents_end_somewhere():
    html = "<img src=//t.test/a>"
    for _ in range(12):
        html = '<iframe srcdoc="' + html.replace("&", "&amp;").replace('"', "&quot;") + '"></iframe>'
    assert rewrite(html.encode()) == html.encode()


@given(st.text(st.characters(max_codepoint=255) | st.sampled_from("&;#xamplt\"'"), max_size=60))
@settings(max_examples=300, deadline=None)
def test_references_come_back_as_they_were(raw: str):
    once = unescape(raw)
    if "\x1a" not in raw:
        assert unescape(escape(once)) == once


IMAGE, HELD = b"<img src=//t.test/a>", b'<img data-fg="tracker" data-fg-src=//t.test/a>'
SHEET = b"<style>a{b:url(//t.test/a)} c{d:url(//t.test/b)}</style>"


@pytest.mark.parametrize("size", [1, 2, 5, 13, 10**9])
@pytest.mark.parametrize("good", range(9))
def test_after_an_error_the_rest_of_the_page_passes_as_it_came_and_it_is_told_once(good, size, caplog):
    calls = iter(["tracker"] * good)
    made = Rewriter(lambda url: next(calls), base=PAGE)  # StopIteration is an error like any other
    parts = [
        (IMAGE, HELD, 1),
        (b"<noscript>" + IMAGE + b"<p>", b"<noscript>" + HELD + b"<p>", 1),
        (IMAGE + b"</noscript>", HELD + b"</noscript>", 1),
        (SHEET, SHEET.replace(b"//", b"data:fg,//"), 2),
        (b"<iframe srcdoc='" + IMAGE + b"'>", b'<iframe srcdoc="' + HELD.replace(b'"', b"&quot;") + b'">', 1),
        (b"</iframe><svg>" + SHEET, b"</iframe><svg>" + SHEET.replace(b"//", b"data:fg,//"), 2),
    ]
    page, expected, budget = b"", b"", good
    for before, after, asks in parts:
        page += before
        budget -= asks
        expected += after if budget >= 0 else before
    # Of a style sheet that can't be judged to its end nothing is parked, and so on: a step is done or not begun.
    if budget < 0:
        whole = [asks for _, _, asks in parts]
        done, rest = 0, good
        while done < len(parts) and rest >= whole[done]:
            rest -= whole[done]
            done += 1
        expected = b"".join(after for _, after, _ in parts[:done]) + b"".join(before for before, _, _ in parts[done:])
    out = b"".join(made.feed(page[i : i + size]) for i in range(0, len(page), size)) + made.close()
    assert out == expected
    assert isinstance(made.failed, StopIteration) is (budget < 0)
    assert len(caplog.records) == (budget < 0)


@pytest.mark.parametrize("cut", range(0, 200, 3))
def test_all_that_was_kept_back_is_there_when_somebody_must_give_up(cut):
    page = (
        b"<p>" + IMAGE + b"<noscript><b>" + IMAGE + b"</noscript><script>var a</script>" + SHEET + b"<!-- a --" + IMAGE
    )
    made = rewriter()
    out = made.feed(page[:cut])
    assert len(out.replace(b' data-fg="tracker"', b"").replace(b"data-fg-", b"").replace(b"data:fg,", b"")) <= cut
    out += made.rest() + made.feed(page[cut:]) + made.close()
    assert out.replace(b' data-fg="tracker"', b"").replace(b"data-fg-", b"").replace(b"data:fg,", b"") == page


@pytest.mark.parametrize("charset", ["windows-1252", "shift_jis", "gb18030", "euc-kr", "utf-8", "no-such-thing"])
def test_no_byte_of_any_encoding_is_changed(charset):
    every = bytes(range(1, 256)).translate(None, b"<>\"'=&")
    before = b'<img alt="' + every + b'" data-consent="C0004 ' + every + b"\" src='//t.test/" + every + b"'>"
    made = Rewriter(POLICY.held, POLICY.held_inline, PAGE, POLICY.is_granted, charset=charset)
    after = made.feed(before) + made.close()
    assert made.failed is None
    assert re.sub(rb' data-fg="[^"]*"|data-fg-(?=src)', b"", after) == before


@pytest.mark.parametrize(
    ("page", "parked"),
    [
        ("<img src=//t.test/a>".encode("utf-16"), False),
        ("<img src=//t.test/a>".encode("utf-16-be") + b"<img src=//t.test/a>", True),  # nothing says it is UTF-16
        (b"\xfe\xff" + "㱡".encode("utf-16-be") + IMAGE, False),
        (b"<meta charset=iso-2022-jp>" + IMAGE, False),
        (b"<meta http-equiv=content-type content='text/html; charset=ISO-2022-JP'>" + IMAGE, False),
        (b"\xef\xbb\xbf<meta charset=iso-2022-jp>" + IMAGE, True),
        (b"<meta charset=utf-16>" + IMAGE, True),  # which is read as UTF-8
        (b"<meta charset=shift_jis><p title='\x83\x5c'>" + IMAGE, True),
        (b"<meta name=x content='charset=iso-2022-jp'>" + IMAGE, True),
    ],
)
def test_pages_whose_tags_are_no_ascii_pass(page, parked):
    for size in (1, 2, 10**9):
        assert rewrite(page, size) == (page.replace(IMAGE, HELD) if parked else page)


def test_names_beyond_ascii_are_read_in_the_pages_own_encoding():
    asked: list[str] = []

    def held(url: str) -> str:
        asked.append(url)
        return ""

    for charset in ("utf-8", "windows-1252"):
        made = Rewriter(held, base=PAGE, charset=charset)
        made.feed(b"<img src='//b\xfccher.test/'>" if charset != "utf-8" else "<img src='//bücher.test/'>".encode())
    assert asked == ["//bücher.test/"] * 2
