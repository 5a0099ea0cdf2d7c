"""The pixels of a PNG: what a test of a picture looks at."""

from __future__ import annotations

import struct
import zlib

Pixel = tuple[int, int, int]


def pixels(png: bytes) -> list[list[Pixel]]:
    """Rows of (red, green, blue). Reads what Chromium writes: eight bits a channel, no interlace."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", png[16:29])
    assert (depth, interlace, colour in (2, 6)) == (8, 0, True)
    channels = 3 if colour == 2 else 4
    raw, data, at = b"", b"", 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    raw = zlib.decompress(data)
    stride, rows, before = width * channels, [], bytes(width * channels)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        _unfilter(kind, line, before, channels)
        before = bytes(line)
        rows.append([(line[x], line[x + 1], line[x + 2]) for x in range(0, stride, channels)])
    return rows


def _unfilter(kind: int, line: bytearray, above: bytes, step: int) -> None:
    """PNG's five filters (ISO/IEC 15948, 9.2), in place."""
    for x in range(len(line)):
        left = line[x - step] if x >= step else 0
        corner = above[x - step] if x >= step else 0
        if kind == 1:
            line[x] = (line[x] + left) & 255
        elif kind == 2:
            line[x] = (line[x] + above[x]) & 255
        elif kind == 3:
            line[x] = (line[x] + (left + above[x]) // 2) & 255
        elif kind == 4:
            estimate = left + above[x] - corner
            nearest = min((left, above[x], corner), key=lambda value: abs(estimate - value))
            line[x] = (line[x] + nearest) & 255
