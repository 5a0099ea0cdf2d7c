"""Rewrites HTML as it streams: held requests are parked, every other byte passes through as it came.

A tokenizer of our own, because none that is kept fits: html.parser and html5lib lose the original bytes (quotes,
case, entities, broken markup), lxml and selectolax build a tree of the whole page, and lol-html, which does just this,
has no maintained Python package. What is needed is small: find tags, attributes, comments and raw text as the HTML
standard does (§13.2.5), in bytes, across chunk borders.

Parked elements are marked as the gate itself marks them (banner/src/block/hold.js): `data-fg`, each attribute that
loads renamed to `data-fg-<name>`; a script keeps its attributes and gets `type="text/plain"`. The gate puts them back
when the service is granted.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urljoin

# Python 3.11's possessive quantifiers keep these linear on hostile input.
_NAME = rb"(?:=[^\s/>=]*+|[^\s/>=]++)"
_VALUE = rb"(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+|(?=>))"
TAG = re.compile(rb"</?[A-Za-z][^\s/>]*+(?:[\s/]++|" + _NAME + rb"(?:\s*+=\s*+" + _VALUE + rb"|(?!\s*+=)))*+>")
TAG_NAME = re.compile(rb"</?([A-Za-z][^\s/>]*+)")
ATTRIBUTE = re.compile(
    rb"[\s/]*+(?P<name>"
    + _NAME
    + rb")(?:\s*+=\s*+(?:\"(?P<d>[^\"]*+)\"|'(?P<s>[^']*+)'|(?P<u>[^\s>\"'][^\s>]*+)|(?=>)))?+"
)
COMMENT_END = re.compile(rb"--!?>")
SCRIPT_MARK = re.compile(rb"<!--|-->|</?script(?=[\s/>])", re.I)
CSS_URL = re.compile(rb"url\(\s*(\"[^\"]*\"|'[^']*'|[^)\"'\s]+)\s*\)|@import\s+(\"[^\"]*\"|'[^']*')", re.I)

RAW_TEXT = {b"script", b"style", b"textarea", b"title", b"xmp", b"noembed", b"noframes", b"iframe"}
FOREIGN = {b"svg", b"math"}
# Start tags that end foreign content (HTML standard §13.2.6.5), so that an unclosed <svg> harms nothing.
BREAKOUT = set(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta "
    b"nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
# What each element loads from.
LOADS = {
    b"script": (b"src", b"href", b"xlink:href"),
    b"iframe": (b"src", b"srcdoc"),
    b"frame": (b"src",),
    b"img": (b"src", b"srcset"),
    b"image": (b"href", b"xlink:href"),
    b"feimage": (b"href", b"xlink:href"),
    b"use": (b"href", b"xlink:href"),
    b"source": (b"src", b"srcset"),
    b"video": (b"src", b"poster"),
    b"audio": (b"src",),
    b"track": (b"src",),
    b"embed": (b"src",),
    b"object": (b"data",),
    b"input": (b"src",),
    b"link": (b"href", b"imagesrcset"),
    b"a": (b"ping",),
    b"area": (b"ping",),
    b"body": (b"background",),
    b"table": (b"background",),
    b"td": (b"background",),
    b"th": (b"background",),
}
LISTS = {b"srcset", b"imagesrcset", b"ping"}
HELD_TAG_LIMIT = 256 * 1024  # bytes of one unfinished tag
HELD_SCRIPT_LIMIT = 1024 * 1024  # bytes of one inline script kept back to look for a signature


class Attribute(NamedTuple):
    name: bytes  # lower case
    value: str  # decoded
    begin: int  # span in the tag's bytes, without leading white space
    end: int


def attributes(tag: bytes) -> list[Attribute]:
    """The attributes of a start tag in order; of twins only the first counts, as in browsers."""
    found: list[Attribute] = []
    seen: set[bytes] = set()
    position = TAG_NAME.match(tag).end()  # type: ignore[union-attr] - callers pass tags
    stop = len(tag) - 1
    while position < stop:
        match = ATTRIBUTE.match(tag, position, stop)
        if not match or match.end() == position:
            break
        name = match["name"].lower()
        raw = match["d"] or match["s"] or match["u"] or b""
        if name not in seen:
            seen.add(name)
            value = html.unescape(raw.decode("utf-8", "surrogateescape"))
            found.append(Attribute(name, value, match.start("name"), match.end()))
        position = match.end()
    return found


class Rewriter:
    """Feed it chunks, get chunks back; `close()` gives the rest.

    `held(url)` names the service that an absolute or protocol-relative URL belongs to when it must wait, else "".
    `held_inline(code)` does the same for the text of an inline script.
    """

    def __init__(self, held: Callable[[str], str], held_inline: Callable[[str], str] = lambda code: "", base: str = ""):
        self.held = held
        self.held_inline = held_inline
        self.base = base
        self.buffer = b""
        self.raw = b""  # name of the raw-text element that we are in
        self.in_comment = False
        self.plain = False  # after <plaintext>
        self.foreign = 0
        self.script: bytes = b""  # an inline script's start tag, kept until its text is known
        self.parked = 0

    def feed(self, chunk: bytes) -> bytes:
        """The bytes that are certain by now."""
        self.buffer += chunk
        return self._run(final=False)

    def close(self) -> bytes:
        """What is left, as it came."""
        return self._run(final=True)

    def _run(self, final: bool) -> bytes:
        out: list[bytes] = []
        while self.buffer:
            step = self._step(final)
            if step is None:
                break
            out.append(step)
        if final:
            out += [self.script, self.buffer]
            self.script = self.buffer = b""
        return b"".join(out)

    def _take(self, size: int) -> bytes:
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def _step(self, final: bool) -> bytes | None:
        """One token's bytes, or None when more input is needed."""
        if self.plain:
            return self._take(len(self.buffer))
        if self.in_comment:
            return self._comment()
        if self.raw:
            return self._raw_text()
        start = self.buffer.find(b"<")
        if start:
            return self._take(start if start > 0 else len(self.buffer))
        if self.buffer.startswith(b"<!--"):
            if len(self.buffer) < 7 and not final:
                return None
            abrupt = re.match(rb"<!--(?:>|->)", self.buffer)
            if abrupt:
                return self._take(abrupt.end())
            self.in_comment = True
            return self._take(4)
        if len(self.buffer) < 4 and not final:
            return None
        if re.match(rb"<[!?]|</[^A-Za-z]", self.buffer):
            end = self.buffer.find(b">")
            return self._take(end + 1) if end >= 0 else self._unfinished()
        if not re.match(rb"</?[A-Za-z]", self.buffer):
            return self._take(1)
        tag = TAG.match(self.buffer)
        if not tag:
            return self._unfinished()
        return self._tag(self._take(tag.end()))

    def _unfinished(self) -> bytes | None:
        return self._take(1) if len(self.buffer) > HELD_TAG_LIMIT else None

    def _comment(self) -> bytes | None:
        end = COMMENT_END.search(self.buffer)
        if end:
            self.in_comment = False
            return self._take(end.end())
        return self._take(len(self.buffer) - 3) if len(self.buffer) > 3 else None

    def _raw_text(self) -> bytes | None:
        """Text of a script, style … up to its end tag; scripts and styles are judged as a whole."""
        end = self._script_end() if self.raw == b"script" else self._plain_end()
        if end < 0:
            if (self.script or self.raw == b"style") and len(self.buffer) < HELD_SCRIPT_LIMIT:
                return None
            kept = 16 if self.raw != b"script" else 32
            # A script's end depends on what stands before it; let it go only when it is too long to judge.
            if (self.raw == b"script" or len(self.buffer) <= kept) and len(self.buffer) < HELD_SCRIPT_LIMIT:
                return None
            tag, self.script = self.script, b""
            return tag + self._take(len(self.buffer) - kept)
        text = self._take(end)
        name, self.raw = self.raw, b""
        if name == b"style":
            return self._css(text)
        tag, self.script = self.script, b""
        service = tag and self.held_inline(text.decode("utf-8", "replace"))
        if not service:
            return tag + text
        self.parked += 1
        return self._park(tag, attributes(tag), [], service) + text

    def _plain_end(self) -> int:
        match = re.search(rb"</" + re.escape(self.raw) + rb"(?=[\s/>])", self.buffer, re.I)
        return match.start() if match else -1

    def _script_end(self) -> int:
        """Where `</script` ends the element, minding `<!-- <script> </script> -->` (script data double escaped)."""
        escaped = double = False
        for mark in SCRIPT_MARK.finditer(self.buffer):
            word = mark[0].lower()
            if word == b"<!--":
                escaped = True
            elif word == b"-->":
                escaped = double = False
            elif word == b"<script":
                double = double or escaped
            elif double:
                double = False
            else:
                return mark.start()
        return -1

    def _css(self, text: bytes) -> bytes:
        def neutral(match: re.Match[bytes]) -> bytes:
            quoted = (match[1] or match[2]).strip(b"\"'")
            if not self.held(self._absolute(quoted.decode("utf-8", "replace"))):
                return match[0]
            self.parked += 1
            return b"url(data:,)" if match[1] else b"@import 'data:text/css,'"

        return CSS_URL.sub(neutral, text)

    def _absolute(self, url: str) -> str:
        url = re.sub(r"[\t\n\r]", "", url).strip()
        if not self.base or url.startswith("//") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", url):
            return url
        try:
            return urljoin(self.base, url)
        except ValueError:
            return url

    def _service_of(self, attribute: Attribute) -> str:
        """The service that one attribute would call on, "" for none."""
        if attribute.name == b"srcdoc":
            inner = Rewriter(self.held, self.held_inline, self.base)
            inner.feed(attribute.value.encode("utf-8", "surrogateescape"))
            inner.close()
            return "srcdoc" if inner.parked else ""
        if attribute.name in LISTS:
            candidates = re.split(r"[\s,]+", attribute.value)
            return next((key for key in map(self.held, map(self._absolute, filter(None, candidates))) if key), "")
        return self.held(self._absolute(attribute.value))

    def _tag(self, tag: bytes) -> bytes:
        name = TAG_NAME.match(tag)[1].lower()  # type: ignore[index] - TAG matched
        closing = tag.startswith(b"</")
        if closing:
            if name in FOREIGN and self.foreign:
                self.foreign -= 1
            return tag
        if name in FOREIGN:
            self.foreign += not tag.endswith(b"/>")
            return tag
        if name in BREAKOUT:
            self.foreign = 0
        if name == b"plaintext":
            self.plain = True
            return tag
        if name == b"base" and not self.foreign:
            self.base = next((self._absolute(a.value) for a in attributes(tag) if a.name == b"href"), self.base)
            return tag
        if name in RAW_TEXT and not self.foreign:
            self.raw = name
        if name not in LOADS and b"style" not in tag.lower():
            return tag
        own = attributes(tag)
        loading = [a for a in own if a.name in LOADS.get(name, ())]
        found = [(a, service) for a in loading if (service := self._service_of(a))]
        styled = next((a for a in own if a.name == b"style" and b"url" in a.name + a.value.lower().encode()), None)
        if styled and (clean := self._css(styled.value.encode())) != styled.value.encode():
            return self._restyle(tag, styled, clean)
        if found:
            self.parked += 1
            return self._park(tag, own, [a for a, _service in found], found[0][1])
        if name == b"script" and self.raw and not any(a.name == b"src" for a in own):
            self.script = tag
            return b""
        return tag

    @staticmethod
    def _restyle(tag: bytes, style: Attribute, clean: bytes) -> bytes:
        kept = html.escape(style.value).encode("utf-8", "surrogateescape")
        new = b'style="' + html.escape(clean.decode("utf-8", "replace")).encode() + b'" data-fg-style="' + kept + b'"'
        return tag[: style.begin] + new + tag[style.end :]

    @staticmethod
    def _park(tag: bytes, own: list[Attribute], parked: list[Attribute], service: str) -> bytes:
        """The tag with its loading attributes renamed. A script keeps them and loses its type, as in the gate."""
        name = TAG_NAME.match(tag)
        assert name
        script = name[1].lower() == b"script"
        renamed = [a for a in own if (a.name == b"type" if script else a in parked)]
        pieces: list[bytes] = []
        position = 0
        for attribute in renamed:
            pieces += [tag[position : attribute.begin], b"data-fg-", tag[attribute.begin : attribute.end]]
            position = attribute.end
        whole = b"".join([*pieces, tag[position:]])
        mark = b' data-fg="' + html.escape(service).encode() + b'"'
        if script:
            mark += b' type="text/plain"' + (b"" if renamed else b' data-fg-type=""')
            mark += b"" if any(a.name == b"async" for a in own) else b' data-fg-sync=""'
        return whole[: name.end()] + mark + whole[name.end() :]
