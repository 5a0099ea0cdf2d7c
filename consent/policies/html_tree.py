"""HTML of a page → a small tree of what is in it. Pure, tolerant, bounded in depth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

DEEPEST = 120  # elements inside each other; what lies deeper counts as lying there
VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
}  # fmt: skip
# What is no text of a page.
UNREAD = {
    "script", "style", "noscript", "template", "head", "svg", "math", "object", "canvas", "audio", "video", "iframe",
}  # fmt: skip
# Scripts, styles, comments, declarations, processing instructions. The standard library's parser looks for the end of
# each that has none through the whole page, and again for the next.
_UNSEEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|<[!?][^>]*(?:>|\Z)", re.S | re.I)
_ENDED_BY = {
    "li": ({"li"}, {"ul", "ol"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
    "tr": ({"tr", "td", "th"}, {"table"}),
    "td": ({"td", "th"}, {"tr", "table"}),
    "th": ({"td", "th"}, {"tr", "table"}),
}
BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main",
    "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip


@dataclass
class Element:
    """An element with what is in it, in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def elements(self) -> Iterator[Element]:
        """Itself and all elements in it, in the order of the page."""
        waiting: list[Element] = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += [child for child in reversed(one.children) if isinstance(child, Element)]

    def text(self) -> str:
        """All text in it, blanks joined."""
        words = [child for one in self.elements() if one.tag not in UNREAD
                 for child in one.children if isinstance(child, str)]  # fmt: skip
        return " ".join(" ".join(words).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("html")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS and any(one.tag == "p" for one in self.open):
            self._close("p", BLOCKS - {"p"})
        if tag in _ENDED_BY:
            ended, inside = _ENDED_BY[tag]
            for name in ended:
                self._close(name, inside)
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(made)
        if tag not in VOID and len(self.open) < DEEPEST:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID and self.open[-1].tag == tag and len(self.open) > 1 and tag in ("svg", "path"):
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        self._close(tag, {"table"} if tag not in ("table", "body", "html") else set())

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def _close(self, tag: str, not_beyond: set[str]) -> None:
        for place in range(len(self.open) - 1, 0, -1):
            if self.open[place].tag == tag:
                del self.open[place:]
                return
            if self.open[place].tag in not_beyond:
                return


def read(html: str) -> Element:
    """The page's root."""
    reader = _Reader()
    reader.feed(_UNSEEN.sub("", html))
    reader.close()
    return reader.root
