"""Rewrites HTML as it streams: held requests are parked, every other byte passes through as it came.

Why the tokenizer is our own: docs/decisions/0004-own-html-tokenizer.md. It finds tags, attributes, comments and raw
text as the HTML standard does (§13.2.5), in bytes, across chunk borders, in time linear in the page.

Everything between the first byte and the last is text with one character for each byte (latin-1), whatever the page's
encoding is; only what is asked of `held` is decoded. Should anything here fail, the rest of the page passes as it came.

Parked elements wait in the form that the gate itself uses (cookiebanner/banner/src/block), so the gate gives them back
when the service is granted: `data-fg` marks them, each attribute that loads is renamed to `data-fg-<name>`; a script
keeps its attributes and gets `type="text/plain"`; URLs in CSS get `data:fg,` in front. The twin for other servers is
deploy/edge/rewrite.js; both are held to tests/vectors/rewrite.json, and have their tables from html.json.
"""

from __future__ import annotations

import codecs
import logging
import re
from collections.abc import Callable
from html.entities import html5
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from fairgate_enforce.tables import TABLES, octet_set, pattern

log = logging.getLogger("fairgate.enforce")

# White space is spelled out: \s would take the vertical tab, which is part of a name in HTML.
_WS = rb"[\t\n\f\r ]"
_NAME = rb"(?:=[^\t\n\f\r />=]*+|[^\t\n\f\r />=]++)"
_QUOTED = rb"(?:\"[^\"]*+\"|'[^']*+'|[^\t\n\f\r >\"'][^\t\n\f\r >]*+|(?=>))"
# Python 3.11's possessive quantifiers: what does not fit is read once, never again.
_ATTRIBUTES = (
    rb"(?:[\t\n\f\r /]++|" + _NAME + rb"(?:" + _WS + rb"*+=" + _WS + rb"*+" + _QUOTED + rb"|(?!" + _WS + rb"*+=)))*+"
)
TAG = re.compile(rb"</?[A-Za-z][^\t\n\f\r />]*+" + _ATTRIBUTES + rb">")
TAG_NAME = re.compile(rb"</?([A-Za-z][^\t\n\f\r />]*+)")
TAG_START = re.compile(rb"</?[A-Za-z][^\t\n\f\r />]{0,99}")
ATTRIBUTE = re.compile(
    rb"[\t\n\f\r /]*+(?P<name>" + _NAME + rb")(?:" + _WS + rb"*+=" + _WS + rb"*+"
    rb"(?:\"(?P<d>[^\"]*+)\"|'(?P<s>[^']*+)'|(?P<u>[^\t\n\f\r >\"'][^\t\n\f\r >]*+)|(?=>)))?+"
)  # fmt: skip
# Where a tag's end is looked for when it is not all there yet: part → what may be skipped in it.
BEFORE, IN_NAME, AFTER, EQUALS, UNQUOTED, QUOTE, APOSTROPHE, IN_TAG = range(8)
SKIP = {
    BEFORE: re.compile(rb"[\t\n\f\r /]*+"),
    IN_NAME: re.compile(rb"[^\t\n\f\r />=]*+"),
    AFTER: re.compile(_WS + rb"*+"),
    EQUALS: re.compile(_WS + rb"*+"),
    UNQUOTED: re.compile(rb"[^\t\n\f\r >]*+"),
    QUOTE: re.compile(rb'[^"]*+'),
    APOSTROPHE: re.compile(rb"[^']*+"),
    IN_TAG: re.compile(rb"[^\t\n\f\r />]*+"),
}
COMMENT_END = re.compile(rb"--!?>")
# `<!-->` opens and closes in one, so `<!` leaves the dashes for the next match.
SCRIPT_MARK = re.compile(rb"<!(?=--)|-->|</?script(?=[\t\n\f\r />])", re.I)

CODE = pattern("code")
LINK = pattern("link")
MARKS = pattern("marks")
CSS_URL = pattern("css_url")
CSS_ESCAPE = pattern("css_escape")
MENTION = pattern("mention")
IMPORTS = pattern("imports")
# Code that sends a frame elsewhere: no script can stop that, so the code itself waits.
FRAME_LOCATION = pattern("frame_location")
SCRIPT_ADDRESS = pattern("script_address")
CHARSET = pattern("charset")
KEY = re.compile(r"\w+", re.A)
ENTITY = re.compile(r"&(?:#[xX]([0-9a-fA-F]+);?|#([0-9]+);?|([A-Za-z]+)(?:;|(?![A-Za-z0-9=])))?")
BLANKS = " \t\n\f\r"  # what HTML calls white space
CONTROLS = "".join(map(chr, range(33)))  # what a URL may have around it

# What each of these is: tables.py.
LOADS = {name.encode(): tuple(word.encode() for word in words) for name, words in TABLES["loads"].items()}
LOADS_EVERYWHERE = tuple(word.encode() for word in TABLES["loads_everywhere"])
FRAMES = octet_set("frames")
LISTS = octet_set("lists")
RAW_TEXT = octet_set("raw_text")
FOREIGN = octet_set("foreign")
INTEGRATION = octet_set("integration")
BREAKOUT = octet_set("breakout")
HTML_END = BREAKOUT | octet_set("html_end")
OTHER_CHARSETS = frozenset(TABLES["other_charsets"])
OTHER_STARTS = tuple(start.encode("latin-1") for start in TABLES["other_starts"])
# A fast way over what never changes: text, end tags, start tags with harmless attributes.
_SPECIAL = b"|".join(sorted(RAW_TEXT | FOREIGN | (LOADS.keys() - {b"a"}) | {b"plaintext", b"base"}))
DULL = re.compile(
    rb"(?:[^<]++|</[A-Za-z][A-Za-z0-9]*+>|<(?!(?:" + _SPECIAL + rb")[\t\n\f\r >])[A-Za-z][A-Za-z0-9]*+"
    rb"(?:[\t\n\f\r ]++(?:class|id|href|title|role|lang|dir|rel|target|name|content|value|for|type|alt|width|height)"
    rb"=(?:\"[^\"]*+\"|'[^']*+'|[A-Za-z0-9_-]++))*+[\t\n\f\r ]*+>)++",
    re.I,
)
TAG_LIMIT: int = TABLES["tag_limit"]  # bytes of one tag; longer ones pass as they are
TEXT_LIMIT: int = TABLES["text_limit"]  # bytes of one inline script or style; longer ones pass as they are
NESTING: int = TABLES["nesting"]  # documents within srcdoc within srcdoc
STANDS: str = TABLES["stands"]  # for the & of a reference that is left alone; others for texts that hold the first
AMPERSAND = STANDS[0]


class Attribute(NamedTuple):
    name: bytes  # lower case
    raw: bytes  # between the quotes
    begin: int  # span in the tag's bytes, without leading white space
    end: int

    @property
    def stand(self) -> str:
        """What stands for the & of a reference that `value` does not resolve."""
        return stand_in(self.raw.decode("latin-1"))

    @property
    def value(self) -> str:
        """A character a byte, references to ASCII characters resolved."""
        raw = self.raw.decode("latin-1")
        return unescape(raw, stand_in(raw)) if "&" in raw else raw


def _named(tag: bytes) -> re.Match[bytes]:
    """The tag's name, as group 1. Raises ValueError for what is no tag."""
    found = TAG_NAME.match(tag)
    if found is None:
        raise ValueError("no tag")
    return found


def attributes(tag: bytes) -> list[Attribute]:
    """All attributes of a start tag in order, twins included."""
    found: list[Attribute] = []
    position = _named(tag).end()
    stop = len(tag) - 1
    while match := ATTRIBUTE.match(tag, position, stop):
        raw = match["d"] or match["s"] or match["u"] or b""
        found.append(Attribute(match["name"].lower(), raw, match.start("name"), match.end()))
        position = match.end()
    return found


class Rewriter:
    """Feed it chunks, get chunks back; `close()` gives the rest.

    Neither raises: after an error, which `failed` then holds and which is logged once, all that has not been given out
    passes as it came.

    `held(url)` names the service that an absolute or protocol-relative URL belongs to when it must wait, else "".
    `held_inline(code)` does the same for the text of an inline script. `granted(key)` says whether a category or
    service that the page's author wrote on an element is granted. `base` is the page's address, `charset` the label of
    its encoding if the server says one; else the page's own <meta> may.
    """

    def __init__(
        self,
        held: Callable[[str], str],
        held_inline: Callable[[str], str] = lambda code: "",
        base: str = "",
        granted: Callable[[str], bool] = lambda key: True,
        depth: int = 0,
        charset: str = "",
    ) -> None:
        self.held = held
        self.held_inline = held_inline
        self.charset = charset.lower()
        self.base = base
        self.granted = granted
        self.depth = depth
        self.nested = depth > 0  # the whole tells of errors
        self.parked = 0
        self.based = False
        self.failed: Exception | None = None
        self.received = 0
        self.buffer = bytearray()
        self.at = 0  # where the unfinished token begins
        self.seen = 0  # where looking for its end goes on
        self.out: list[bytes] = []
        self.state: Callable[[bool], bool] = self._beginning
        self.part = -1  # of an unfinished tag
        self.long = b""  # `<name` or `</name` of a tag too long to rewrite
        self.raw = b""  # name of the raw-text element that we are in
        self.script = b""  # an inline script's start tag, kept until its text is known
        self.kind = ""  # its type
        self.escaped = self.double = False  # in a script: after <!--, after <!-- <script
        self.inner: Rewriter | None = None  # of a <noscript>
        self.scriptless = False  # in one
        self.stack: list[bytes] = []  # foreign elements and the integration points in them
        self.css = False  # in an <svg><style>
        self.excess = False  # in a style or script too long to judge

    def feed(self, chunk: bytes) -> bytes:
        """The bytes that are certain by now."""
        self.received += len(chunk)
        self.buffer += chunk
        return self._run(final=False)

    def close(self) -> bytes:
        """What is left, as it came."""
        return self._run(final=True)

    def rest(self) -> bytes:
        """All that was received and not given out, without judging any more of it; from now on everything passes."""
        inner, self.inner = self.inner, None
        pieces = [*self.out, self.script, inner.rest() if inner else b"", bytes(self.buffer[self.at :])]
        self.out, self.script, self.state = [], b"", self._plain
        self.buffer.clear()
        self.at = self.seen = 0
        return b"".join(pieces)

    def _run(self, final: bool) -> bytes:
        before = (self.at, 0, b"")
        try:
            going = True
            while going and self.at < len(self.buffer):
                before = (self.at, len(self.out), self.script)
                going = self.state(final)
        except Exception as error:  # whatever it is, it must cost no byte of the page
            # A step that failed has done nothing.
            self.at, made, self.script = before
            del self.out[made:]
            self._fail(error)
            return self.rest()
        if final:
            if self.inner:
                self.out.append(self.inner.feed(bytes(self.buffer[self.at :])) + self.inner.close())
                self.parked += self.inner.parked
                self._listen(self.inner)
                self.inner = None
            else:
                self.out += [self.script, bytes(self.buffer[self.at :])]
            self.script = b""
            self.at = len(self.buffer)
        # A bytearray forgets its beginning without copying the rest.
        del self.buffer[: self.at]
        self.seen = max(0, self.seen - self.at)
        self.at = 0
        rewritten, self.out = b"".join(self.out), []
        return rewritten

    def _emit(self, end: int, instead: bytes | None = None) -> bool:
        """The token up to `end` is done."""
        self.out.append(bytes(self.buffer[self.at : end]) if instead is None else instead)
        self.at = self.seen = end
        return True

    def _fail(self, error: Exception) -> None:
        self.failed = error
        if not self.nested:
            log.error("The rest of %s goes out as it came: the rewriter failed.", self.base or "a page", exc_info=error)

    def _listen(self, inner: Rewriter) -> None:
        """When the rewriter of a part has failed, so has the whole."""
        if inner.failed and not self.failed:
            self.state = self._plain
            self._fail(inner.failed)

    @property
    def foreign(self) -> bool:
        return bool(self.stack) and self.stack[-1] in FOREIGN

    # --- states: each returns False when it needs more bytes ---------------------------------------------------------
    def _beginning(self, final: bool) -> bool:
        head = bytes(self.buffer[:6])
        starts = (codecs.BOM_UTF8, *OTHER_STARTS)
        if len(head) < 6 and not final and any(start.startswith(head) and start != head for start in starts):
            return False
        if head.startswith(codecs.BOM_UTF8):
            self.charset = "utf-8"
        # A mark outdoes what the server says.
        if self.charset in OTHER_CHARSETS or head.startswith(OTHER_STARTS):
            self.state = self._plain
        else:
            self.state = self._text
        return True

    def _text(self, final: bool) -> bool:
        buffer, at = self.buffer, self.at
        if self.part >= 0:
            return self._tag(final)
        if not self.stack and (dull := DULL.match(buffer, at)):
            return self._emit(dull.end())
        start = buffer.find(b"<", max(at, self.seen))
        if start != at:
            end = start if start > 0 else len(buffer)
            if not self.css:
                return self._emit(end)
            if self.excess or end - at >= TEXT_LIMIT:
                self.excess = start < 0
                return self._emit(end)
            if start < 0 and not final:
                self.seen = end
                return False
            return self._emit(end, self._sheet(bytes(buffer[at:end])))
        self.excess = False
        head = bytes(buffer[at : at + 9])
        second = head[1:2]
        if second.isalpha() or (second == b"/" and head[2:3].isalpha()):
            return self._tag(final)
        if len(head) < 3 and not final:
            return False
        if second == b"!" and (head.startswith(b"<!--") or (b"<!--".startswith(head) and not final)):
            if len(head) < 6 and not final and b">" not in head:
                return False
            if abrupt := re.match(rb"<!--(?:>|->)", head):
                return self._emit(at + abrupt.end())
            self.state = self._comment
            return self._emit(at + 4)
        if second == b"!" and self.foreign and b"<![CDATA[".startswith(head):
            if len(head) < 9:
                return False
            self.state = self._cdata
            return self._emit(at + 9)
        if second in (b"!", b"?", b"/"):
            self.state = self._bogus
            return self._emit(at + 2)
        return self._emit(at + 1)

    def _until(self, match: re.Match[bytes] | None, kept: int) -> bool:
        """Passes everything up to the end of `match`, or all but the last `kept` bytes."""
        if match:
            self.state = self._text
            return self._emit(match.end())
        end = len(self.buffer) - kept
        return end > self.at and self._emit(end)

    def _comment(self, final: bool) -> bool:
        return self._until(COMMENT_END.search(self.buffer, self.at), 3)

    def _cdata(self, final: bool) -> bool:
        end = self.buffer.find(b"]]>", max(self.at, self.seen - 2))
        stop = end if end >= 0 else len(self.buffer)
        certain = stop if end >= 0 or final else stop - 2
        if self.css and not self.excess and certain - self.at < TEXT_LIMIT:
            if end < 0 and not final:
                self.seen = stop
                return False
            self.state = self._text
            return self._emit(stop, self._sheet(bytes(self.buffer[self.at : stop])))
        self.excess = self.css and end < 0
        return self._until(re.compile(rb"\]\]>").search(self.buffer, self.at), 2)

    def _bogus(self, final: bool) -> bool:
        return self._until(re.compile(rb">").search(self.buffer, self.at), 0)

    def _plain(self, final: bool) -> bool:
        return self._emit(len(self.buffer))

    def _tag(self, final: bool) -> bool:
        """A tag begins at `at`."""
        if self.part < 0:
            if (whole := TAG.match(self.buffer, self.at)) and whole.end() - self.at <= TAG_LIMIT:
                return self._whole(whole.end())
            self.part, self.seen = IN_TAG, self.at + 2
        end = self._tag_end()
        if (len(self.buffer) if end < 0 else end) - self.at > TAG_LIMIT:
            self.long = TAG_START.match(self.buffer, self.at)[0].lower()  # type: ignore[index]
            if end >= 0:
                return self._end_long(end)
            self.state = self._long
            return self._emit(len(self.buffer))
        if end < 0:
            return False
        self.part = -1
        return self._whole(end)

    def _long(self, final: bool) -> bool:
        end = self._tag_end()
        if end < 0:
            return self._emit(len(self.buffer))
        return self._end_long(end)

    def _end_long(self, end: int) -> bool:
        """A tag too long to judge is over; it opens or closes its element all the same."""
        self.part, self.state = -1, self._text
        start, self.long = self.long, b""
        self._emit(end)
        if start.startswith(b"</"):
            self._leave(start[2:])
        else:
            self._enter(start[1:], start + b">")
        return True

    def _tag_end(self) -> int:
        """The position after the tag's `>`, -1 when it has not come. Never looks at a byte twice."""
        buffer, part, here = self.buffer, self.part, self.seen
        while True:
            here = SKIP[part].match(buffer, here).end()  # type: ignore[union-attr]  # every pattern matches ""
            if here >= len(buffer):
                break
            letter = buffer[here : here + 1]
            if part in (QUOTE, APOSTROPHE):
                part, here = BEFORE, here + 1
            elif letter == b">":
                return here + 1
            elif part == BEFORE:
                part, here = IN_NAME, here + 1  # a first "=" belongs to the name
            elif part == IN_NAME:
                part = AFTER if letter not in b"/=" else BEFORE
                if letter == b"=":
                    part, here = EQUALS, here + 1
            elif part == AFTER:
                part = BEFORE
                if letter == b"=":
                    part, here = EQUALS, here + 1
            elif part == EQUALS:
                quote = {b'"': QUOTE, b"'": APOSTROPHE}.get(bytes(letter))
                part, here = (quote, here + 1) if quote else (UNQUOTED, here)
            else:
                part = BEFORE
        self.part, self.seen = part, here
        return -1

    def _raw(self, final: bool) -> bool:
        """Text of a script, style, noscript … up to its end tag."""
        buffer = self.buffer
        end = self._script_end() if self.raw == b"script" else self._raw_end()
        keep = (self.script or self.raw == b"style") and not self.excess
        if keep and (end if end >= 0 else self.seen) - self.at >= TEXT_LIMIT:
            # Too long a script or style passes as it is.
            self.out.append(self.script)
            self.script, keep, self.excess = b"", False, True
        if end < 0:
            # Only what may be the beginning of the end tag stays.
            if keep or self.seen <= self.at:
                return False
            self._part(self.seen)
            return True
        name, self.raw, self.state = self.raw, b"", self._text
        self.escaped = self.double = self.excess = False
        if self.inner:
            self._part(end)
            inner, self.inner = self.inner, None
            self.out.append(inner.close())
            self.parked += inner.parked
            self._listen(inner)
            return True
        text = bytes(buffer[self.at : end])
        if keep and name == b"style":
            text = self._sheet(text)
        elif keep:
            tag, self.script = self.script, b""
            service = self._judge_code(text)
            text = (self._park(tag, attributes(tag), service) if service else tag) + text
        return self._emit(end, text)

    def _part(self, end: int) -> None:
        """Passes raw text up to `end`, through the rewriter of a <noscript> if we are in one."""
        part = bytes(self.buffer[self.at : end])
        if self.inner:
            part = self.inner.feed(part)
            if self.inner.failed:
                self._listen(self.inner)
        self._emit(end, part)

    def _raw_end(self) -> int:
        end = re.compile(rb"</" + re.escape(self.raw) + rb"(?=[\t\n\f\r />])", re.I).search(self.buffer, self.seen)
        self.seen = max(self.seen, len(self.buffer) - len(self.raw) - 2)
        return end.start() if end else -1

    def _script_end(self) -> int:
        """Where `</script` ends the element, minding `<!-- <script> </script> -->` (script data double escaped)."""
        for mark in SCRIPT_MARK.finditer(self.buffer, self.seen):
            self.seen = mark.end()
            word = mark[0].lower()
            if word == b"<!":
                self.escaped = True
            elif word == b"-->":
                self.escaped = self.double = False
            elif word == b"<script":
                self.double = self.double or self.escaped
            elif self.double:
                self.double = False
            else:
                return mark.start()
        self.seen = max(self.seen, len(self.buffer) - 8)
        return -1

    # --- tags ---------------------------------------------------------------------------------------------------------
    def _whole(self, end: int) -> bool:
        """A tag is there in full."""
        tag = bytes(self.buffer[self.at : end])
        name = _named(tag)[1].lower()
        if tag.startswith(b"</"):
            self._leave(name)
            return self._emit(end)
        self._emit(end, b"")
        self.script = b""
        made = self._start(name, tag)
        if not self.script:
            self.out.append(made)
        return True

    def _leave(self, name: bytes) -> None:
        self.css = False
        if name in self.stack:
            while self.stack.pop() != name:
                pass
        elif name in HTML_END:
            while self.foreign:
                self.stack.pop()

    def _enter(self, name: bytes, tag: bytes) -> None:
        """What a start tag does to what follows it."""
        closed = bool(name in FOREIGN or self.stack) and _closed(tag)
        if self.foreign and name in BREAKOUT:
            while self.foreign:
                self.stack.pop()
            self.css = False
        elif self.foreign and name in INTEGRATION:
            if not closed:
                self.stack.append(name)
            return
        if name in FOREIGN:
            if not closed:
                self.stack.append(name)
        elif self.foreign:
            self.css = self.css or (name == b"style" and not closed)
        elif name == b"plaintext":
            self.state = self._plain
        elif name in RAW_TEXT and not (name == b"noscript" and self.scriptless):
            self.raw, self.state = name, self._raw
            if name == b"noscript":
                # A browser that runs scripts reads its content as text, one that does not as markup.
                self.inner = self._another(self.depth)
                self.inner.scriptless = True

    def _another(self, depth: int) -> Rewriter:
        """One for a part of this page."""
        made = Rewriter(self.held, self.held_inline, self.base, self.granted, depth, self.charset)
        made.state, made.nested = made._text, True
        return made

    def _start(self, name: bytes, tag: bytes) -> bytes:
        self._enter(name, tag)
        if name == b"meta" and not self.charset and not self.nested:
            self._declare(attributes(tag))
        if name == b"base" and not self.stack and not self.based:
            found = next((a.value for a in attributes(tag) if a.name == b"href"), None)
            if found is not None:
                self.based, self.base = True, self._absolute(found)
            return tag
        lower = tag.lower()
        if name not in LOADS and b"style" not in lower and not any(word in lower for word in LOADS_EVERYWHERE):
            return tag
        own = attributes(tag)
        first: dict[bytes, Attribute] = {}
        for attribute in own:
            first.setdefault(attribute.name, attribute)
        if b"data-ot-ignore" in first:
            return tag
        wanted = self._wanted(first)
        if name == b"script":
            return self._start_script(tag, own, first, wanted)
        if name == b"link" and not (b"rel" in first and LINK.search(first[b"rel"].value)):
            return self._change(tag, own, first, [], "")
        held: list[tuple[bytes, str]] = []
        for key in (*LOADS.get(name, ()), *LOADS_EVERYWHERE):
            if key in first:
                service = wanted or self._judge(name, first[key])
                if service:
                    held.append((key, service))
        return self._change(tag, own, first, [key for key, _ in held], held[0][1] if held else "")

    def _declare(self, own: list[Attribute]) -> None:
        """What a <meta> says of the encoding. UTF-16 there means UTF-8: a page in UTF-16 could not say so."""
        first = {attribute.name: attribute.value for attribute in reversed(own)}
        found = CHARSET.search(first.get(b"content", "")) if b"http-equiv" in first else None
        label = first.get(b"charset", found[1] if found else "").strip(BLANKS).lower()
        if label in OTHER_CHARSETS and not label.startswith(("utf", "unicode", "ucs", "iso-10646", "csunicode")):
            self.state = self._plain
        self.charset = label

    def _start_script(self, tag: bytes, own: list[Attribute], first: dict[bytes, Attribute], wanted: str) -> bytes:
        kind = first[b"type"].value.strip(BLANKS) if b"type" in first else ""
        if not CODE.match(kind):
            return tag
        keys = LOADS[b"script"][1:] if self.foreign else LOADS[b"script"]
        source = next((first[key] for key in keys if key in first), None)
        service = wanted or (self._judge(b"script", source) if source else "")
        if service:
            return self._park(tag, own, service, source if self.foreign else None)
        if not source and not self.foreign:
            self.script, self.kind = tag, kind.lower()
        return tag

    def _wanted(self, first: dict[bytes, Attribute]) -> str:
        """What the page's author wrote on the element and is not granted, "" for nothing."""
        if b"data-consent" in first:
            keys = re.findall(r"[^\t\n\f\r ,]+", first[b"data-consent"].value) or [""]
            stand = first[b"data-consent"].stand
        elif b"class" in first and (found := MARKS.findall(first[b"class"].value)):
            keys, stand = [key for ids in found for key in KEY.findall(ids) or [""]], AMPERSAND
        else:
            return ""
        key = next((key or "marked" for key in keys if not self.granted(self._decoded(key))), "")
        return key.replace(stand, AMPERSAND)

    def _decoded(self, octets: str) -> str:
        """Text of the page for those who know nothing of bytes."""
        if octets.isascii():
            return octets
        try:
            return octets.encode("latin-1").decode(self.charset or "utf-8", "replace")
        except LookupError:
            return octets.encode("latin-1").decode("utf-8", "replace")

    def _held(self, url: str) -> str:
        """`held` for a URL of the page: the name as it is written into the page."""
        return self.held(self._decoded(url)).encode().decode("latin-1")

    def _judge(self, name: bytes, attribute: Attribute) -> str:
        """The service that one attribute would call on, "" for none."""
        value = attribute.value
        if attribute.name in LISTS:
            candidates = filter(None, re.split(r"[\t\n\f\r ,]+", value))
            return next((key for key in map(self._held, map(self._absolute, candidates)) if key), "")
        if name in FRAMES and SCRIPT_ADDRESS.match(_clean(value)):
            return self._mentioned(unquote_to_bytes(value.encode("latin-1")).decode("latin-1"))
        return self.holds(value)

    def holds(self, url: str) -> str:
        """The service that a URL of the page, relative or not, must wait for, "" when it may load."""
        return self._held(self._absolute(url)) if _clean(url) else ""

    def _judge_code(self, text: bytes) -> str:
        """The service whose code an inline script is or statically imports."""
        code = text.decode("latin-1")
        if service := self.held_inline(self._decoded(code)):
            return service.encode().decode("latin-1")
        if self.kind == "speculationrules":
            return self._mentioned(code)
        urls = FRAME_LOCATION.findall(code)
        if self.kind == "module":
            urls += [url for dynamic, url in IMPORTS.findall(code) if not dynamic]
        return next((key for key in map(self.holds, urls) if key), "")

    def _mentioned(self, text: str) -> str:
        return next((key for key in map(self._held, MENTION.findall(text.replace("\\", ""))) if key), "")

    def _absolute(self, url: str) -> str:
        url = _clean(url)
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|[/\\]{2}", url):
            return url
        origin = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]*[^/\\?#]*|[/\\]{2}[^/\\?#]*", self.base)
        if not origin:
            return url
        path = re.split(r"[?#]", self.base[origin.end() :])[0]
        if url[:1] in ("/", "\\"):
            path = ""
        elif url[:1] not in ("?", "#", ""):
            path = path[: path.rfind("/") + 1] or "/"
        return origin[0] + path + url

    # --- changes ------------------------------------------------------------------------------------------------------
    def _sheet(self, text: bytes) -> bytes:
        return self._freeze(text.decode("latin-1")).encode("latin-1")

    def _freeze(self, css: str) -> str:
        """CSS whose held URLs load nothing, so that the gate can undo it."""

        def said(match: re.Match[str]) -> str:
            return chr(int(match[1], 16) & 0xFFFF) if match[1] else match[2] or ""

        def cold(match: re.Match[str]) -> str:
            url = CSS_ESCAPE.sub(said, match[2]).strip(BLANKS)
            # A string without `url()` is an address when it looks like a whole one.
            if not (match[1][1:] or re.match(r"\w+:|//", url, re.A)) or not self._held(self._absolute(url)):
                return match[0]
            self.parked += 1
            return f"{match[1]}data:fg,{match[2]}"

        return CSS_URL.sub(cold, css)

    def _document(self, text: str) -> str:
        """The HTML of a srcdoc."""
        inner = self._another(self.depth + 1)
        made = inner.feed(text.encode("latin-1")) + inner.close()
        if inner.failed:
            raise inner.failed
        self.parked += inner.parked
        return made.decode("latin-1") if inner.parked else text

    def _change(
        self, tag: bytes, own: list[Attribute], first: dict[bytes, Attribute], parked: list[bytes], service: str
    ) -> bytes:
        """The tag with its style and srcdoc made safe and its held attributes renamed."""
        edits: list[tuple[int, int, bytes]] = []
        for key, fix in ((b"style", self._freeze), (b"srcdoc", self._document)):
            if key not in first or (key == b"srcdoc" and self.depth >= NESTING):
                continue
            attribute = first[key]
            before, stand = attribute.value, attribute.stand
            if not stand:
                continue
            after = fix(before)
            if after != before:
                new = key + b'="' + escape(after, stand).encode("latin-1") + b'"'
                edits.append((attribute.begin, attribute.end, new))
        if parked:
            self.parked += 1
            # Twins too: without the first the second would count.
            edits += [(a.begin, a.begin, b"data-fg-") for a in own if a.name in parked]
            edits.append(_mark(tag, service))
        return _edited(tag, edits)

    def _park(self, tag: bytes, own: list[Attribute], service: str, svg: Attribute | None = None) -> bytes:
        """A script's tag: it keeps its attributes and loses its type.

        `svg`: the address of an SVG script. Chromium asks for it whatever the type is, so it becomes the `src` of the
        HTML script that the gate makes of a script that has begun.
        """
        self.parked += 1
        edits = [(a.begin, a.begin, b"data-fg-") for a in own if a.name == b"type"]
        more = b' type="text/plain"' + (b"" if edits else b' data-fg-type=""')
        more += b"" if any(a.name == b"async" for a in own) else b' data-fg-sync=""'
        if svg:
            more += b' data-fg-begun=""'
            edits += [
                (a.begin, a.begin + len(a.name), b"src") if a is svg else (a.begin, a.begin, b"data-fg-")
                for a in own
                if a.name in LOADS[b"script"]
            ]
        return _edited(tag, [*edits, _mark(tag, service, more)])


def _mark(tag: bytes, service: str, more: bytes = b"") -> tuple[int, int, bytes]:
    end = _named(tag).end()
    return end, end, b' data-fg="' + escape(service).encode("latin-1") + b'"' + more


def _edited(text: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for begin, end, new in sorted(edits):
        pieces += [text[position:begin], new]
        position = end
    return b"".join([*pieces, text[position:]])


def _clean(url: str) -> str:
    """A URL without what every reader of it takes away first."""
    return re.sub(r"[\t\n\r]", "", url).strip(CONTROLS)


def _closed(tag: bytes) -> bool:
    """Whether a tag closes itself; in `<svg a=b/>` the slash belongs to the value."""
    if not tag.endswith(b"/>"):
        return False
    own = attributes(tag)
    return not own or own[-1].end < len(tag) - 1


def stand_in(raw: str) -> str:
    """A character that can stand for & because it is not in the text; "" when there is none."""
    return next((stand for stand in STANDS if stand not in raw), "")


def unescape(raw: str, stand: str = AMPERSAND) -> str:
    """An attribute's text (a character per byte) with the references to ASCII characters resolved. All others stay as
    they are, their & as `stand`, so that `escape` gives back the same bytes whatever the page's encoding is. A text
    that holds `stand` already comes back as it is."""

    def resolve(match: re.Match[str]) -> str:
        whole, hexadecimal, decimal, name = match[0], match[1], match[2], match[3]
        if name:
            found = html5.get(name + (";" if whole.endswith(";") else ""), "")
        else:
            digits = (hexadecimal or decimal or "").lstrip("0")
            number = int(digits or "0", 16 if hexadecimal else 10) if len(digits) < 8 else 0
            found = chr(number) if 0 < number < 128 else ""
        # A carriage return in an attribute's text is none any more once a parser has read it.
        kept = len(found) == 1 and found < "\x80" and found not in STANDS and found != "\r"
        return found if kept else stand + whole[1:]

    return raw if not stand or stand in raw else ENTITY.sub(resolve, raw)


def escape(text: str, stand: str = AMPERSAND) -> str:
    """The reverse of `unescape`, for an attribute in double quotes."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace(stand, "&")
