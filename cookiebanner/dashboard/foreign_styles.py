"""Style sheets of other hosts, read once by the server and put into a rehearsed page: the browser of whoever rehearses
asks those hosts for nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import escape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from consent.catalogue import known
from consent.jobs import outgoing
from consent.scanner.findings import is_own
from consent.scanner.page import NECESSARY

SHEETS = 12  # of one page
LARGEST = 400_000  # bytes of one
DEADLINE = 5.0  # seconds, for all of them together
HOPS = 2  # redirects in a row
LINK = re.compile(r"<link\b[^<>]{0,2000}>", re.IGNORECASE)
HEADERS = {"User-Agent": "Fairgate", "Accept": "text/css,*/*;q=0.1", "Accept-Encoding": "identity"}


class _Link(HTMLParser):
    """The attributes of one tag."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self.given: dict[str, str] = {}
        self.feed(tag)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.given = {name: value or "" for name, value in attrs}


def inlined(page: str, base: str, hosts: Sequence[str]) -> tuple[str, list[str]]:
    """The page with the sheets in place of their links, and which hosts' sheets are not in it."""
    wanted = {}
    for tag in LINK.findall(page):
        given = _Link(tag).given
        url = urljoin(base, given.get("href", "").strip())
        rel = given.get("rel", "").lower().split()
        host = urlsplit(url).hostname or ""
        if "stylesheet" in rel and "alternate" not in rel and host and not is_own(host, hosts) and not _waits(url):
            wanted[tag] = (url, given.get("media", ""))
    sheets = _read([url for url, _ in wanted.values()][:SHEETS])
    missing = sorted({urlsplit(url).hostname or "" for url, _ in wanted.values() if url not in sheets})
    return LINK.sub(lambda found: _style(found[0], wanted, sheets), page), missing


def _waits(url: str) -> bool:
    """Whether it is of a service that visitors are asked about, or of nothing but fonts, which are not drawn."""
    service = known.of_url(url)
    return service is not None and (service["category"] != NECESSARY or service["kind"] == "fonts")


def _style(tag: str, wanted: Mapping[str, tuple[str, str]], sheets: Mapping[str, str]) -> str:
    url, media = wanted.get(tag, ("", ""))
    if url not in sheets:
        return tag
    # Text of a style element ends at the first "</style"; in CSS "\/" is "/".
    text = re.sub(r"</(?=style)", r"<\\/", sheets[url], flags=re.IGNORECASE)
    return f'<style media="{escape(media)}">{text}</style>' if media else f"<style>{text}</style>"


def _read(urls: Sequence[str]) -> dict[str, str]:
    """URL → its text, of those that came in time and are style sheets."""
    until = time.monotonic() + DEADLINE
    unique = list(dict.fromkeys(urls))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda url: _sheet(url, until), unique))
    return {url: text for url, text in zip(unique, found, strict=True) if text is not None}


def _sheet(url: str, until: float) -> str | None:
    at = url
    try:
        for _ in range(HOPS + 1):
            left = until - time.monotonic()
            if left <= 0:
                return None
            answer = outgoing.get(at.partition("#")[0], HEADERS, deadline=left, largest=LARGEST + 1)
            if answer.status not in (301, 302, 303, 307, 308):
                break
            at = urljoin(at, answer.header("Location"))
    except (OSError, ValueError):
        return None
    sound = answer.status == 200 and len(answer.body) <= LARGEST and "css" in answer.header("Content-Type").lower()
    return _complete(answer.body.decode("utf-8-sig", "replace"), at) if sound else None


def _complete(text: str, at: str) -> str:
    """With whole addresses, and without what it imports."""
    text = re.sub(r"@import\b[^;]{0,2000};?", "", text, flags=re.IGNORECASE)

    def whole(found: re.Match[str]) -> str:
        address = found[2].strip()
        return found[0] if re.match(r"data:|#", address, re.IGNORECASE) else f'url("{urljoin(at, address)}")'

    return re.sub(r"url\(\s*([\"']?)([^\"'()\\]{1,2000})\1\s*\)", whole, text, flags=re.IGNORECASE)
