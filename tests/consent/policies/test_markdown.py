"""Whatever a text holds, its HTML is made of a few elements and attributes, and loads nothing."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from consent.policies import markdown

ELEMENTS = {
    "p", "h2", "h3", "h4", "h5", "h6", "em", "strong", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "br",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {("a", "href"), ("a", "title"), ("ol", "start"), ("code", "class")} | {
    (f"h{level}", "id") for level in range(2, 7)
}
NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a <b onclick=x>b</b> <!-- <i> --> <?php ?> <![CDATA[x]]>",
    "[a](javascript:alert(1)) [b](JAVASCRIPT:x) [c](java&#115;cript:x) [d](java\tscript:x) [e](&#1;javascript:x)",
    "[a](data:text/html,x) [b](vbscript:x) [c](file:///etc/passwd) [d](//evil.example) [e](/path) [f](path) [g](#)",
    '<javascript:alert(1)> <data:x,y> [a][1]\n\n[1]: javascript:alert(1) "t"',
    "![x](javascript:alert(1)) ![y](https://track.example/p.gif) ![<b>](data:image/svg+xml,x)",
    '[a](https://a.example "\\" onmouseover=alert(1) x=\\"") ![" onload="x](https://a.example)',
    '```html" onclick="x\n</code></pre><script>\n```',
    '# <svg onload=x>\n\n## `a`" id="login"\n\n# \n\n####### x',
    "| <td> | b |\n|:-:|--:|\n| [x](javascript:y) | <i> |",
    "> " * 300 + "deep\n\n" + "- " * 300 + "deep",
    "&lt;script&gt; &#60;script&#62; \u202ejavascript:x [\u200bx](\u200bjavascript:x)",
    '[a](https://a.example/"><script>)',
]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.elements: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.found += [(tag, name, value or "") for name, value in attrs]

    def handle_comment(self, data):
        self.elements.add("!--")

    def handle_decl(self, decl):
        self.elements.add("!")

    handle_pi = unknown_decl = handle_decl


def tags(html: str) -> Tags:
    found = Tags()
    found.feed(html)
    found.close()
    return found


@pytest.mark.parametrize("text", [*NASTY, "\n\n".join(NASTY)])
def test_nothing_but_what_a_text_needs_comes_out(text):
    found = tags(markdown.to_html(text))
    assert found.elements - ELEMENTS == set()
    assert {(tag, name) for tag, name, _ in found.found} - ATTRIBUTES == set()
    for _, name, value in found.found:
        if name == "href":
            assert value.startswith(("https://", "http://", "mailto:", "tel:", "#s-", "#x")), value
        if name == "id":
            assert value.startswith("s-")


def test_the_harness_sees_what_would_be_wrong():
    assert tags("<p onclick=x><script>").elements - ELEMENTS == {"script"}
    assert ("p", "onclick", "x") in tags("<p onclick=x>").found


def test_what_a_text_needs_is_there():
    html = markdown.to_html(
        "# One\n\nA *b* **c** `d` [e](https://e.example) <mailto:x@y.example> [t](tel:+1) [up](#s-one)\n\n"
        "1. a\n2. b\n\n- c\n\n> d\n\n## One\n\n| h |\n|--|\n| 1 |\n\n![A chart](https://c.example/x.png)"
    )
    assert html == (
        '<h2 id="s-one">One</h2>\n<p>A <em>b</em> <strong>c</strong> <code>d</code> <a href="https://e.example">e</a> '
        '<a href="mailto:x@y.example">mailto:x@y.example</a> <a href="tel:+1">t</a> <a href="#s-one">up</a></p>\n<ol>\n'
        "<li>a</li>\n<li>b</li>\n</ol>\n<ul>\n<li>c</li>\n</ul>\n<blockquote>\n<p>d</p>\n</blockquote>\n"
        '<h3 id="s-one-2">One</h3>\n<table>\n<thead>\n<tr>\n<th>h</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n'
        "</tr>\n</tbody>\n</table>\n<p>A chart</p>\n"
    )


def test_links_that_lead_nowhere_are_named_once():
    text = "[a](/terms) [b](/terms) [c](javascript:x) [d](https://d.example) [e](#s-one) <ftp://e.example>"
    assert markdown.refused_links(text) == ["/terms", "javascript:x", "ftp://e.example"]


def test_the_file_of_a_text_is_what_its_digest_is_of():
    assert markdown.file_of("Terms", "\nOne.\n\n") == "# Terms\n\nOne.\n"
    assert markdown.digest("Terms", "One.") == "8e6f6cc9c8394da63549b6f3c52bb208fabc375a80c0a4e8685bc2fbb65c2129"


def test_paragraphs_are_words_without_marks_and_links_with_their_places():
    text = "# A *b*\n\nSee [us](https://a.example), <https://b.example>,\n[c](#s-d).\n\n- one\n- two\n\n    code  x\n"
    assert markdown.paragraphs(text) == [
        "A b", "See us (https://a.example), https://b.example, c.", "one", "two", "code x",
    ]  # fmt: skip
