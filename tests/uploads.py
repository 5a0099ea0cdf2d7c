"""Files as somebody uploads them: a PNG and a WOFF2 of any size, and parts to make bad ones of."""

from __future__ import annotations

import struct
import zlib

import brotli

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int = 120,
    height: int = 40,
    *,
    more: bytes = b"",
    rows: int | None = None,
    tail: bytes = b"",
    packed: bytes = b"",
) -> bytes:
    """A PNG of one colour; `more` stands before its data, which has `rows` lines, `tail` behind its end."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = (b"\0" + b"\xaa\x33\x55" * width) * (height if rows is None else rows)
    data = packed or zlib.compress(lines, 9)
    return SIGNATURE + chunk(b"IHDR", header) + more + chunk(b"IDAT", data) + chunk(b"IEND", b"") + tail


def woff2(
    table: bytes = bytes(100), *, metadata: bytes = b"", private: bytes = b"", flavour: bytes = b"\0\1\0\0"
) -> bytes:
    """A font of one table, whole by its container; what is in the table is no matter to us."""
    packed = brotli.compress(table)
    size = len(table)
    number = [size >> shift & 127 for shift in (28, 21, 14, 7, 0) if size >> shift or not shift]
    directory = b"\x00" + bytes([*(128 | part for part in number[:-1]), number[-1]])
    data = directory + packed
    data += bytes(-(48 + len(data)) % 4)
    at = 48 + len(data)
    header = struct.pack(
        ">4s4sIHHIIHHIIIII", b"wOF2", flavour, at + len(metadata) + len(private), 1, 0, 28 + len(table), len(packed), 1, 0,
        at if metadata else 0, len(metadata), len(metadata), at + len(metadata) if private else 0, len(private),
    )  # fmt: skip
    return header + data + metadata + private
