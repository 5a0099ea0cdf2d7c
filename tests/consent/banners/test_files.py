"""What is uploaded is what it says it is, small, and without anything that draws nothing; everything else is refused."""

from __future__ import annotations

import zlib

import pytest

from consent.banners import files
from tests.uploads import SIGNATURE, chunk, png, woff2

SCRIPT = b"<script>alert(1)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_a_png_is_kept_with_its_size_and_a_name_for_addresses():
    found = files.clean("C:\\Logos\\Tee & Mehr (2).PNG", png(120, 40))
    assert (found.name, found.content_type, found.width, found.height) == ("tee-mehr-2.png", "image/png", 120, 40)
    assert found.body == png(120, 40)


def test_what_draws_nothing_is_taken_out_of_a_png():
    """A polyglot is a picture and something else; only the picture is left."""
    given = png(more=chunk(b"tEXt", b"Comment\0" + SCRIPT) + chunk(b"iCCP", SCRIPT), tail=SCRIPT + b"PK\x03\x04")
    assert files.clean("logo.png", given).body == png()


def test_what_draws_nothing_is_taken_out_of_a_font():
    found = files.clean("Brand Sans.woff2", woff2(metadata=SCRIPT, private=SCRIPT + b"!"))
    assert (found.name, found.content_type, found.body) == ("brand-sans.woff2", "font/woff2", woff2())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (SVG, "An SVG can hold code"),
        (b"\xef\xbb\xbf\n  <svg onload=alert(1)>", "An SVG can hold code"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "no PNG"),
        (b"GIF89a/*", "no PNG"),
        (b"\x00\x01\x00\x00" + bytes(50), "no WOFF2"),
        (b"OTTO" + bytes(50), "no WOFF2"),
        (b"<!doctype html>" + SCRIPT, "neither"),
        (b"", "neither"),
        (SIGNATURE, "cut off"),
        (png()[:-20], "cut off"),
        (SIGNATURE + b"\xff\xff\xff\xffIHDR", "cut off"),
        (png().replace(b"IDAT", b"IDAU", 1), "damaged"),
        (SIGNATURE + chunk(b"IDAT", b"") + chunk(b"IEND", b""), "no header"),
        (SIGNATURE + chunk(b"IHDR", bytes(13)) + chunk(b"IEND", b""), "of a kind that there is not"),
        (SIGNATURE + chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\x03\0\0\0") + chunk(b"IEND", b""), "no palette"),
        (png(more=chunk(b"acTL", bytes(8))), "moves"),
        (png(more=chunk(b"EVIL", SCRIPT)), "no browser knows"),
        (png(2001, 1), "2000 either way"),
        (png(10, 10, rows=9), "damaged, or too large"),
        (png(10, 10, rows=11), "damaged, or too large"),
        (png(10, 10, packed=b"nonsense"), "damaged"),
        # A bomb: 60 MB that are packed into 60 kB.
        (png(2000, 2000, packed=zlib.compress(bytes(60_000_000), 9)), "too large when it is unpacked"),
        (png(more=chunk(b"tEXt", bytes(200_001))), "kB is the most"),
        (woff2()[:60], "damaged"),
        (woff2()[:20], "cut off"),
        (woff2() + SCRIPT, "damaged"),
        (woff2(flavour=b"ttcf"), "collection"),
        (woff2().replace(b"wOF2", b"wOFF", 1), "no WOFF2"),
        (woff2(bytes(5_000_000)), "too large when it is unpacked"),
    ],
)
def test_what_is_hostile_or_something_else_is_refused_in_words(body, says):
    with pytest.raises(files.Unusable, match=says):
        files.clean("logo.png", body)


def test_a_name_that_is_taken_gets_a_number():
    assert files.unused("logo.png", {"logo.png", "logo-2.png"}) == "logo-3.png"
    assert files.unused("logo.png", {"font.woff2"}) == "logo.png"
