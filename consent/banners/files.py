"""Logos and fonts that people upload: what they are is read from their bytes, and only what we know is kept. Pure.

A PNG and a WOFF2 are written anew from the parts that draw something: comments, colour profiles, a script behind the
end of the picture are not in the file that visitors get. An SVG is a document that may run code, so there is none.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from itertools import count

import brotli
from django.utils.translation import gettext

PNG, WOFF2 = "image/png", "font/woff2"
LARGEST = {PNG: 200_000, WOFF2: 300_000}  # bytes of a file
WIDEST = 2000  # pixels of a logo, either way
PIXELS = 16_000_000  # bytes of a picture when it is unpacked
UNPACKED = 4_000_000  # bytes of a font's tables
SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEPT = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"IDAT", b"IEND")
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
FONT_HEADER = struct.Struct(">4s4sIHHIIHHIIIII")
NAME = re.compile(r"[^a-z0-9]+")


class Unusable(ValueError):
    """A file that is not kept; the message says why, in words."""


@dataclass(frozen=True, slots=True)
class Clean:
    """An uploaded file as it is kept."""

    name: str
    content_type: str
    body: bytes
    width: int | None = None
    height: int | None = None

    @property
    def sha256(self) -> str:
        """Of the bytes, hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


def clean(name: str, body: bytes) -> Clean:
    """The file without what draws nothing. Its kind is what its bytes say. Raises Unusable."""
    if body.startswith(SIGNATURE):
        _bounded(body, PNG)
        width, height, written = _png(body)
        return Clean(_named(name, "png"), PNG, written, width, height)
    if body.startswith(b"wOF2"):
        _bounded(body, WOFF2)
        return Clean(_named(name, "woff2"), WOFF2, _woff2(body))
    raise Unusable(_other(body))


def unused(name: str, taken: Collection[str]) -> str:
    """The name, with a number where another file has it."""
    stem, _, ending = name.rpartition(".")
    numbered = (f"{stem}-{number}.{ending}" for number in count(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def _bounded(body: bytes, kind: str) -> None:
    if len(body) > LARGEST[kind]:
        raise Unusable(
            gettext("The file has %(kilobytes)s kB; %(most)s kB is the most.")
            % {"kilobytes": len(body) // 1000, "most": LARGEST[kind] // 1000}
        )


def _named(name: str, ending: str) -> str:
    """A name that an address and a style sheet can hold."""
    bare = name.rpartition("/")[2].rpartition("\\")[2].rpartition(".")[0].lower()
    stem = NAME.sub("-", bare).strip("-")[:40].strip("-")
    return f"{stem or 'file'}.{ending}"


def _other(body: bytes) -> str:
    """Why it is neither."""
    start = body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")):
        return gettext("An SVG can hold code. Save the logo as a PNG, twice as large as it is shown.")
    if start.startswith((b"\xff\xd8", b"gif8", b"riff", b"bm")):
        return gettext("That is a picture, and no PNG. Save it as a PNG.")
    if start.startswith((b"\x00\x01\x00\x00", b"otto", b"true", b"woff", b"ttcf")):
        return gettext("That is a font, and no WOFF2. Browsers load WOFF2 fastest; font tools convert to it.")
    return gettext("That is neither a PNG nor a WOFF2.")


def _png(body: bytes) -> tuple[int, int, bytes]:
    """Width, height, and the picture written anew. Raises Unusable for what is no whole, plain PNG."""
    chunks: list[tuple[bytes, bytes]] = []
    at = len(SIGNATURE)
    while True:
        head = body[at : at + 8]
        if len(head) < 8:
            raise Unusable(gettext("The PNG is cut off."))
        length, kind = struct.unpack(">I4s", head)
        data, crc = body[at + 8 : at + 8 + length], body[at + 8 + length : at + 12 + length]
        if len(data) != length or len(crc) != 4:
            raise Unusable(gettext("The PNG is cut off."))
        if zlib.crc32(kind + data) != struct.unpack(">I", crc)[0]:
            raise Unusable(gettext("The PNG is damaged."))
        if kind == b"acTL":
            raise Unusable(gettext("The PNG moves; a logo stands still."))
        if kind not in KEPT and kind[:1].isupper():
            raise Unusable(gettext("The PNG has parts that no browser knows."))
        if kind in KEPT:
            chunks.append((kind, data))
        at += 12 + length
        if kind == b"IEND":
            break
    width, height = _header(chunks)
    _pixels(chunks, width, height)
    written = b"".join(
        struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return width, height, SIGNATURE + written


def _header(chunks: list[tuple[bytes, bytes]]) -> tuple[int, int]:
    """Width and height. Raises Unusable."""
    kinds = [kind for kind, _ in chunks]
    if kinds[0] != b"IHDR" or kinds.count(b"IHDR") != 1 or len(chunks[0][1]) != 13:
        raise Unusable(gettext("The PNG has no header."))
    width, height, depth, colour, packed, filtered, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth not in DEPTHS.get(colour, ()) or packed or filtered or interlaced > 1:
        raise Unusable(gettext("The PNG is of a kind that there is not."))
    if not 0 < width <= WIDEST or not 0 < height <= WIDEST:
        raise Unusable(
            gettext("The logo has %(width)s × %(height)s pixels; %(most)s either way is the most.")
            % {"width": width, "height": height, "most": WIDEST}
        )
    if colour == 3 and b"PLTE" not in kinds:
        raise Unusable(gettext("The PNG has no palette."))
    return width, height


def _pixels(chunks: list[tuple[bytes, bytes]], width: int, height: int) -> None:
    """Raises Unusable unless the picture's data unpacks to all of its pixels, and to no more."""
    depth, colour, interlaced = chunks[0][1][8], chunks[0][1][9], chunks[0][1][12]
    line = (width * CHANNELS[colour] * depth + 7) // 8 + 1
    unpacker = zlib.decompressobj()
    try:
        size = len(unpacker.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"), PIXELS + 1))
    except zlib.error:
        raise Unusable(gettext("The PNG is damaged.")) from None
    # What is interlaced has a few more bytes, one a line of each pass.
    whole = size == line * height if not interlaced else size >= (line - 1) * height
    if size > PIXELS or not unpacker.eof or unpacker.unused_data or not whole:
        raise Unusable(gettext("The PNG is damaged, or too large when it is unpacked."))


def _woff2(body: bytes) -> bytes:
    """The font without metadata and private data. Raises Unusable for what is no whole WOFF2 (W3C, WOFF 2.0 §4)."""
    if len(body) < FONT_HEADER.size:
        raise Unusable(gettext("The font is cut off."))
    (_, flavour, length, tables, reserved, total, packed, major, minor, *_) = FONT_HEADER.unpack_from(body)
    if flavour == b"ttcf":
        raise Unusable(gettext("That is a collection of fonts; upload one of them."))
    if length != len(body) or not tables or reserved or not packed:
        raise Unusable(gettext("The font is damaged."))
    start = _directory(body, tables)
    data = body[start : start + packed]
    if len(data) != packed:
        raise Unusable(gettext("The font is cut off."))
    unpacker = brotli.Decompressor()
    try:
        size = len(unpacker.process(data, output_buffer_limit=UNPACKED + 1))
    except brotli.error:
        raise Unusable(gettext("The font is damaged.")) from None
    if size > UNPACKED or not unpacker.is_finished():
        raise Unusable(gettext("The font is damaged, or too large when it is unpacked."))
    end = start + packed
    written = body[FONT_HEADER.size : end] + bytes(-end % 4)
    header = FONT_HEADER.pack(
        b"wOF2", flavour, FONT_HEADER.size + len(written), tables, 0, total, packed, major, minor, 0, 0, 0, 0, 0
    )
    return header + written


def _directory(body: bytes, tables: int) -> int:
    """Where a font's data begins: behind the directory, whose rows have one to eleven bytes. Raises Unusable."""
    at = FONT_HEADER.size
    try:
        for _ in range(tables):
            flags = body[at]
            at += 5 if flags & 63 == 63 else 1
            version = flags >> 6
            is_outline = flags & 63 in (10, 11)
            at = _past_number(body, at)
            # Only outlines are changed when their version is 0, and all else when it is not.
            if (version == 0) if is_outline else version:
                at = _past_number(body, at)
    except IndexError:
        raise Unusable(gettext("The font is cut off.")) from None
    return at


def _past_number(body: bytes, at: int) -> int:
    """Behind a number of the kind that has a bit in each byte for "more follow". Raises Unusable and IndexError."""
    for place in range(at, at + 5):
        if body[place] < 128:
            return place + 1
    raise Unusable(gettext("The font is damaged."))
