"""html.json, as Python reads it: what html.py, deploy/edge/rewrite.js and the gate know alike.

`loads`: what each element loads from (a stray <image> in HTML is an <img>); `loads_everywhere`: on any element.
`gate_holds_everywhere`: the gate does not tell elements apart for these, since nothing loads from them on the others.
`documents`: HTML in an attribute.
`frames` run a `data:` or `javascript:` address; `lists` hold several addresses. `raw_text` is read up to its end tag;
`integration`: in these, inside `foreign` content, HTML begins again; `breakout`: tags that end foreign content (HTML
standard §13.2.6.5), so that an unclosed <svg> harms nothing, and `html_end`: end tags that no foreign element has.
`other_charsets`: encodings in which a "<" is not the one byte that begins a tag, and those that browsers refuse to read
(the labels of the Encoding standard, and the UTF-32 that it lacks), `other_starts` how a text in them begins.
`dropped`: headers that describe the page before it was rewritten; `untouched`: statuses that have no page.
"""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

TABLES: dict[str, Any] = json.loads(resources.files(__package__).joinpath("html.json").read_text(encoding="utf-8"))


def octet_set(name: str) -> frozenset[bytes]:
    """A list of names, for what is compared with the bytes of a page."""
    return frozenset(word.encode() for word in TABLES[name])


def pattern(name: str) -> re.Pattern[str]:
    """A regular expression, over text with one character for each byte."""
    source, flags = TABLES["patterns"][name]
    return re.compile(source, re.ASCII | (re.IGNORECASE if "i" in flags else re.NOFLAG))
