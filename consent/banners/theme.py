"""Colours: two palettes from one accent, readable whatever the accent is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ACCENT = "#235a8c"
HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
LIGHT = {"bg": "#ffffff", "fg": "#1b1e23", "mut": "#545b66", "line": "#8a919c", "hair": "#d5d9df"}
DARK = {"bg": "#1c1f24", "fg": "#f1f3f5", "mut": "#b4bbc5", "line": "#7d8590", "hair": "#3b4048"}
SCHEMES = ("auto", "light", "dark")
Rgb = tuple[int, int, int]


def parse(colour: str) -> Rgb:
    """`#rgb` or `#rrggbb` → (r, g, b). Raises ValueError in words."""
    match = HEX.fullmatch(colour.strip())
    if not match:
        raise ValueError(f"{colour!r} is not a colour like #235a8c.")
    digits = match[1] if len(match[1]) == 6 else "".join(c * 2 for c in match[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio, 1 to 21."""
    a, b = _luminance(parse(one)), _luminance(parse(other))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def palettes(theme: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """(light, dark) as {bg, fg, mut, line, hair, ac, on, ed}, in the order of ui/index.js.

    `ac` is the accent, and stays the site's own colour: `on`, the text on it, is black or white, whichever is read
    better; `ed`, the edge of what is filled with it (WCAG 1.4.11), is the accent moved until it stands out at 3:1.
    A background or text of the site's own goes to the scheme it is light or dark enough for; text that cannot be read
    there (7:1, less weighty words 4.5:1) is moved until it can.
    """
    light, dark = dict(LIGHT), dict(DARK)
    own_background = _colour(theme.get("background"))
    if own_background:
        (light if contrast(own_background, "#000000") >= contrast(own_background, "#ffffff") else dark)["bg"] = (
            own_background
        )
    if own_text := _colour(theme.get("text")):
        for palette in (light, dark):
            if contrast(own_text, palette["bg"]) >= 7:
                palette["fg"] = own_text
    accent = _colour(theme.get("accent")) or ACCENT
    for palette in (light, dark):
        palette["fg"] = _readable(palette["fg"], palette["bg"], 7)
        palette["mut"] = _readable(palette["mut"], palette["bg"], 4.5)
        palette["line"] = _readable(palette["line"], palette["bg"], 3)
        palette["ac"] = accent
        palette["on"] = "#ffffff" if contrast("#ffffff", accent) >= 4.5 else "#000000"
        palette["ed"] = _readable(accent, palette["bg"], 3)
    return light, dark


def clean(theme: Mapping[str, Any]) -> dict[str, Any]:
    """The theme as it is stored. Raises ValueError in words for an unknown token or a value that is no colour."""
    found: dict[str, Any] = {}
    for key, value in theme.items():
        if value in ("", None):
            continue
        if key in ("accent", "background", "text"):
            parse(str(value))
            found[key] = str(value).strip().lower()
        elif key == "radius":
            if not str(value).isdigit() or int(value) > 32:
                raise ValueError("The radius is a number of pixels from 0 to 32.")
            found[key] = int(value)
        elif key == "scheme":
            if value not in SCHEMES:
                raise ValueError(f"The scheme is one of {', '.join(SCHEMES)}.")
            found[key] = value
        else:
            raise ValueError(f"{key!r} is not a theme token; there are accent, background, text, radius and scheme.")
    return found


def _colour(value: Any) -> str:
    return value.strip().lower() if isinstance(value, str) and HEX.fullmatch(value.strip()) else ""


def _readable(colour: str, background: str, ratio: float) -> str:
    """The colour, moved towards black or white until it reaches the ratio on that background."""
    target = max("#000000", "#ffffff", key=lambda end: contrast(end, background))
    start, end = parse(colour), parse(target)
    for step in range(0, 101, 4):
        mixed = "#{:02x}{:02x}{:02x}".format(
            *(round(a + (b - a) * step / 100) for a, b in zip(start, end, strict=True))
        )
        if contrast(mixed, background) >= ratio:
            return mixed
    return target


def _luminance(rgb: Rgb) -> float:
    red, green, blue = ((c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
