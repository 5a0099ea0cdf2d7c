"""Reads one HTML page: what it loads, what code it carries, what it says about itself. Pure, no network.

Broken markup is read as far as html.parser goes; nothing in a page raises.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

LOADING_RELS = frozenset({
    "stylesheet", "preload", "prefetch", "modulepreload", "preconnect", "dns-prefetch", "icon", "shortcut", "manifest",
    "apple-touch-icon",
})  # fmt: skip
# Attribute → tags it loads something in; None = in any tag (lazy loaders).
LOADING = {
    "src": frozenset({"script", "iframe", "frame", "img", "embed", "source", "video", "audio", "track", "input"}),
    "data": frozenset({"object"}),
    "poster": frozenset({"video"}),
    "background": None,
    "data-src": None,
    "data-lazy-src": None,
    "data-original": None,
    "data-blocked-src": None,
    "data-cookieblock-src": None,
    "data-cmp-src": None,
}
JAVASCRIPT = re.compile(r"(?:text|application)/(?:x-)?(?:java|ecma)script\b|module$", re.IGNORECASE)
# How consent managers mark a tag that waits, each with the names of its categories, joined by -, in group 1.
PARKED_CLASS = re.compile(r"\boptanon-category-([A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*)")
NECESSARY = "C0001"
PARKED_ATTRIBUTES = ("data-category", "data-cookiecategory", "data-cookieconsent", "data-consent")
USUAL_NAMES = {
    "functional": "C0003", "functionality": "C0003", "preferences": "C0003", "statistics": "C0002",
    "analytics": "C0002", "performance": "C0002", "marketing": "C0004", "advertising": "C0004",
    "advertisement": "C0004", "targeting": "C0004", "ads": "C0004", "social": "C0005", "social-media": "C0005",
}  # fmt: skip
IN_CODE = re.compile(
    r"""["'`](?:https?:)?(//[a-z0-9][a-z0-9.-]*\.[a-z]{2,}(?::\d+)?(?:[/?][^\s"'`<>\\]*)?)""", re.IGNORECASE
)
LOADED_IN_CODE = re.compile(r"""(?:\.src\s*=|['"]src['"]\s*,|import\s*\(|importScripts\s*\()\s*$""")
IN_CSS = re.compile(r"""(?:@import\s+|url\()\s*["']?((?:https?:)?//[^"')\s;]+)""", re.IGNORECASE)

# "© 2022 Ribbon Communications Operating Company, Inc. © 2022 …": up to the legal form, else to the end of the words.
_FORM = r"(?:Inc|Ltd|LLC|LLP|PLC|GmbH|AG|KG|SE|SA|SAS|SL|SpA|Srl|BV|NV|Limited|Corporation|Corp|Company|Co)\b\.?"
RIGHTS = re.compile(
    rf"(?:©|\([cC]\)(?=\s*\d{{4}})|[cC]opyright(?=[\s,]*(?:©|\d{{4}})))[\s,]*(?:©[\s,]*)?(?:\d{{4}}(?:\s*[-–]\s*\d{{4}})?[\s,]*)?(?:by\s+)?"
    rf"([^\W\d_][\w&'’ -]{{1,80}}?(?:,?\s+{_FORM})+|[^\W\d_][\w&'’ -]{{1,60}})"
)


@dataclass(frozen=True, slots=True)
class Request:
    """Something the page loads: where in the page, by which tag, parked under which category ("" = not parked)."""

    url: str
    line: int
    tag: str
    parked: str = ""
    noscript: bool = False
    late: bool = False  # async or defer: it runs when what follows it may have run


@dataclass(frozen=True, slots=True)
class Code:
    """Inline JavaScript (or CSS, tag "style") of the page."""

    text: str
    line: int
    tag: str = "script"
    parked: str = ""


@dataclass(slots=True)
class Page:
    """What a page holds, in document order. `mentions` are addresses in inline code that may or may not be loaded."""

    requests: list[Request] = field(default_factory=list)
    mentions: list[Request] = field(default_factory=list)
    code: list[Code] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)  # of categories, in OneTrust's classes
    domain_scripts: list[str] = field(default_factory=list)
    settings_links: list[int] = field(default_factory=list)
    links: list[tuple[str, str, int]] = field(default_factory=list)
    language: str = ""
    title: str = ""
    organization: str = ""
    rights: str = ""  # who the page's © names
    first_script: int = 0


def decode(body: bytes) -> str:
    """The text of an HTML file, by its byte order mark, its meta charset, or UTF-8; never raises."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    declared = re.search(rb"""<meta[^>]+charset\s*=\s*["']?([\w-]+)""", body[:4096], re.IGNORECASE)
    name = declared.group(1).decode("ascii") if declared else "utf-8"
    try:
        return body.decode(name if name.lower() != "utf-8" else "utf-8-sig", "replace")
    except LookupError:
        return body.decode("utf-8-sig", "replace")


def read(text: str) -> Page:
    """Reads the HTML of a page."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.noscript = 0
        self.parked = ""  # by an enclosing element
        self.inside: tuple[str, dict[str, str], int] | None = None  # an open script, style or title
        self.text: list[str] = []
        self.link: tuple[str, int] | None = None
        self.label: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in reversed(attrs)}  # the first of two wins, as in browsers
        line = self.getpos()[0]
        page = self.page
        if tag == "html":
            page.language = page.language or attributes.get("lang", "").strip()
        elif tag == "noscript":
            self.noscript += 1
        elif tag == "a":
            self.link, self.label = (attributes.get("href", ""), line), []
        elif tag in ("script", "style", "title"):
            self.inside, self.text = (tag, attributes, line), []
        elif tag == "meta" and attributes.get("property") == "og:site_name":
            page.organization = page.organization or attributes.get("content", "").strip()
        if tag == "script":
            page.first_script = page.first_script or line
            if given := attributes.get("data-domain-script", "").strip():
                page.domain_scripts.append(given)
        for joined in PARKED_CLASS.findall(attributes.get("class", "")):
            page.ids |= set(joined.split("-"))
        classes = attributes.get("class", "").split()
        if {"optanon-show-settings", "ot-sdk-show-settings", "optanon-toggle-display"} & set(classes):
            page.settings_links.append(line)
        self._loads(tag, attributes, line)

    def _loads(self, tag: str, attributes: dict[str, str], line: int) -> None:
        parked = parked_under(tag, attributes)
        urls = [
            attributes[name] for name, tags in LOADING.items() if name in attributes and (tags is None or tag in tags)
        ]
        if tag == "link" and LOADING_RELS & set(attributes.get("rel", "").lower().split()):
            urls.append(attributes.get("href", ""))
        for name in ("srcset", "data-srcset", "imagesrcset"):
            urls += [part.split()[0] for part in attributes.get(name, "").split(",") if part.split()]
        urls += IN_CSS.findall(attributes.get("style", ""))
        for url in dict.fromkeys(url.strip() for url in urls if url.strip()):
            late = tag == "script" and ("async" in attributes or "defer" in attributes)
            self.page.requests.append(Request(url, line, tag, parked, self.noscript > 0, late))

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.text.append(data)
        if self.link:
            self.label.append(data)
        if not self.inside and not self.page.rights and (found := RIGHTS.search(data)):
            self.page.rights = " ".join(found[1].split()).rstrip(" ,")

    def handle_endtag(self, tag: str) -> None:
        if tag == "noscript":
            self.noscript = max(0, self.noscript - 1)
        elif tag == "a" and self.link:
            self.page.links.append((self.link[0], " ".join("".join(self.label).split()), self.link[1]))
            self.link = None
        elif self.inside and tag == self.inside[0]:
            self._ends()

    def close(self) -> None:
        super().close()
        if self.inside:
            self._ends()

    def _ends(self) -> None:
        assert self.inside
        tag, attributes, line = self.inside
        text, self.inside = "".join(self.text), None
        if tag == "title":
            self.page.title = self.page.title or " ".join(html.unescape(text).split())
        elif tag == "style":
            self.page.requests += [Request(url, line, tag) for url in IN_CSS.findall(text)]
        elif not text.strip() or "src" in attributes:
            return
        elif attributes.get("type", "").strip().lower() == "application/ld+json":
            self.page.organization = self.page.organization or _organization(text)
        else:
            parked = parked_under(tag, attributes)
            if parked or not attributes.get("type") or JAVASCRIPT.match(attributes["type"].strip()):
                self.page.code.append(Code(text, line, tag, parked))
                self._mentions(text.replace("\\/", "/"), line, parked)

    def _mentions(self, code: str, line: int, parked: str) -> None:
        for found in IN_CODE.finditer(code):
            loaded = LOADED_IN_CODE.search(code[max(0, found.start() - 40) : found.start()])
            at = line + code.count("\n", 0, found.start())
            request = Request("https:" + found.group(1), at, "script", parked)
            (self.page.requests if loaded else self.page.mentions).append(request)


def parked_under(tag: str, attributes: dict[str, str]) -> str:
    """The category that a tag waits for by another consent manager's marks; "" when it runs at once.

    OneTrust's keys are taken as they are; the words of others only when they are usual names of our optional
    categories: that something is necessary is for the site's owner to say, with the reason.
    """
    if found := PARKED_CLASS.search(attributes.get("class", "")):
        keys = found.group(1).split("-")  # it waits for all of them, so for an optional one if there is any
        return next((key for key in keys if key != NECESSARY), keys[0])[:40]
    if tag == "script" and attributes.get("type", "").strip().lower() != "text/plain":
        return ""
    if tag not in ("script", "iframe") or (tag == "iframe" and "src" in attributes):
        return ""
    for name in PARKED_ATTRIBUTES:
        for word in re.split(r"[,\s]+", attributes.get(name, "").strip().lower()):
            if key := USUAL_NAMES.get(word):
                return key
    return ""


def _organization(text: str) -> str:
    """The name of the schema.org Organization in a JSON-LD block."""
    try:
        nodes: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        return ""
    while nodes:
        node = nodes.pop(0)
        if isinstance(node, list):
            nodes += node
        elif isinstance(node, dict):
            kind, name = node.get("@type"), node.get("name")
            if isinstance(name, str) and {"Organization", "Corporation"} & set(
                kind if isinstance(kind, list) else [kind]
            ):
                return name.strip()
            nodes += [value for key, value in node.items() if key == "@graph"]
    return ""
