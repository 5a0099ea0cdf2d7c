"""Which pages a sitemap names (sitemaps.org), plain or as gzip. Pure: bytes come in.

Addresses are cut out of the text: sitemaps in the wild are often no XML, and nothing in one is expanded.
"""

from __future__ import annotations

import html
import re
import zlib
from typing import NamedTuple

LARGEST = 20_000_000  # bytes after unpacking; the rest is not read
MOST = 5_000  # addresses of one file
_LOC = re.compile(rb"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]{1,2000}?)\s*(?:\]\]>)?\s*</loc>", re.IGNORECASE)
_INDEX = re.compile(rb"<(?:\w+:)?sitemapindex[\s>]", re.IGNORECASE)


class Sitemap(NamedTuple):
    """What a file names: more sitemaps, when it is an index of them, else pages."""

    is_index: bool
    urls: list[str]


def looks_like_one(url: str) -> bool:
    """Whether an address is probably a sitemap's, by its ending."""
    return re.search(r"\.xml(\.gz)?$", url.partition("?")[0].partition("#")[0], re.IGNORECASE) is not None


def parse(body: bytes) -> Sitemap:
    """Reads a sitemap; what is none names nothing."""
    text = unpacked(body)
    urls = []
    for found in _LOC.finditer(text):
        urls.append(html.unescape(found[1].decode("utf-8", "replace")))
        if len(urls) == MOST:
            break
    return Sitemap(_INDEX.search(text[:10_000]) is not None, list(dict.fromkeys(urls)))


def unpacked(body: bytes) -> bytes:
    """The bytes, unpacked when they are gzip, at most LARGEST of them: a small file may hold gigabytes."""
    if not body.startswith(b"\x1f\x8b"):
        return body[:LARGEST]
    try:
        return zlib.decompressobj(wbits=31).decompress(body, LARGEST)
    except zlib.error:
        return b""
