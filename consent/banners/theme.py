"""Colours: two palettes from one accent, readable whatever the accent is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

ACCENT = "#235a8c"
HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
LIGHT = {"bg": "#ffffff", "fg": "#1b1e23", "mut": "#545b66", "line": "#8a919c", "hair": "#d5d9df"}
DARK = {"bg": "#1c1f24", "fg": "#f1f3f5", "mut": "#b4bbc5", "line": "#7d8590", "hair": "#3b4048"}
SCHEMES = ("auto", "light", "dark")
# Colours of the site's own; each may have another value in the dark, as `dark_accent`.
COLOURS = ("accent", "button", "background", "text", "border", "link", "focus")
LENGTHS = {"radius": (0, 32), "button_radius": (0, 32), "logo_height": (16, 96)}  # CSS pixels
FONTS = {
    "system": "system-ui, sans-serif",
    "sans": "Arial, Helvetica, sans-serif",
    "humanist": "Verdana, 'DejaVu Sans', sans-serif",
    "serif": "Georgia, 'Times New Roman', serif",
    "mono": "ui-monospace, Menlo, Consolas, monospace",
}
# What has names; the first is what no token means.
CHOICES: dict[str, tuple[str, ...]] = {
    "scheme": SCHEMES,
    "density": ("roomy", "compact"),
    "font": tuple(FONTS),
    "order": ("accept", "reject"),
    "style": ("filled", "outline"),
    "buttons": ("beside", "stacked"),
    "backdrop": ("none", "dim"),
}
FILES = {"logo": "image/png", "font_file": "font/woff2"}  # SHA-256 of an uploaded file of this kind
SHA256 = re.compile(r"[0-9a-f]{64}")
TOKENS = (*COLOURS, *(f"dark_{name}" for name in COLOURS), *LENGTHS, *CHOICES, *FILES)
Rgb = tuple[int, int, int]


def parse(colour: str) -> Rgb:
    """`#rgb` or `#rrggbb` → (r, g, b). Raises ValueError in words."""
    match = HEX.fullmatch(colour.strip())
    if not match:
        raise ValueError(gettext("%(colour)r is not a colour like #235a8c.") % {"colour": colour})
    digits = match[1] if len(match[1]) == 6 else "".join(c * 2 for c in match[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio, 1 to 21."""
    a, b = _luminance(parse(one)), _luminance(parse(other))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def palettes(theme: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """(light, dark) as {bg, fg, mut, line, hair, ac, on, ed}, in the order of ui/first.js.

    `ac` fills the buttons, and stays the site's own colour: `on`, the text on it, is black or white, whichever is read
    better; `ed`, the edge of what is filled with it (WCAG 1.4.11), is the colour moved until it stands out at 3:1.
    Where it differs from what those say, {fo, ln, sw, so, se} follow: the focus, links, and fill, ink and edge of a
    switch. Text, links and the focus are moved until they can be told from the background. A background without a twin
    goes to the scheme that it is light or dark enough for.
    """
    light, dark = _palette(theme, LIGHT, dark=False), _palette(theme, DARK, dark=True)
    more = [_more(theme, palette, dark=palette is dark) for palette in (light, dark)]
    if all(one == _plain(palette) for one, palette in zip(more, (light, dark), strict=True)):
        return light, dark
    return light | more[0], dark | more[1]


def _own(theme: Mapping[str, Any], name: str, dark: bool) -> str:
    """The site's own colour of that name in a scheme; "" without one."""
    return (_colour(theme.get(f"dark_{name}")) if dark else "") or _colour(theme.get(name))


def _palette(theme: Mapping[str, Any], ours: Mapping[str, str], *, dark: bool) -> dict[str, str]:
    """The colours that every banner has, in one scheme."""
    found = dict(ours)
    background = _colour(theme.get("background"))
    is_dark = bool(background) and contrast(background, "#ffffff") > contrast(background, "#000000")
    if dark and _colour(theme.get("dark_background")):
        found["bg"] = _colour(theme["dark_background"])
    elif background and is_dark == dark:
        found["bg"] = background
    # A text of the other scheme's is no text here.
    if (text := _own(theme, "text", dark)) and contrast(text, found["bg"]) >= 3:
        found["fg"] = text
    for name, ratio in (("fg", 7), ("mut", 4.5), ("line", 3)):
        found[name] = _readable(found[name], found["bg"], ratio)
    found["hair"] = _own(theme, "border", dark) or found["hair"]
    button = _own(theme, "button", dark) or _own(theme, "accent", dark) or ACCENT
    found |= _filled(button, found["bg"])
    return found | {"ac": found["bg"], "on": found["fg"]} if theme.get("style") == "outline" else found


def _plain(palette: Mapping[str, str]) -> dict[str, str]:
    """What the further colours are where nobody chose any."""
    return {"fo": palette["ed"], "ln": "currentcolor", "sw": palette["ac"], "so": palette["on"], "se": palette["ed"]}


def _more(theme: Mapping[str, Any], palette: Mapping[str, str], *, dark: bool) -> dict[str, str]:
    """The further colours of one scheme."""
    accent = _own(theme, "accent", dark) or ACCENT
    switch = dict(zip(("sw", "so", "se"), _filled(accent, palette["bg"]).values(), strict=True))
    found = _plain(palette) | switch
    if focus := _own(theme, "focus", dark):
        found["fo"] = _readable(focus, palette["bg"], 3)
    if link := _own(theme, "link", dark):
        found["ln"] = _readable(link, palette["bg"], 4.5)
    return found


def _filled(colour: str, background: str) -> dict[str, str]:
    """Fill, ink and edge of what has this colour."""
    ink = "#ffffff" if contrast("#ffffff", colour) >= 4.5 else "#000000"
    return {"ac": colour, "on": ink, "ed": _readable(colour, background, 3)}


MOVED = {"text": ("fg", "bg", 7), "link": ("ln", "bg", 4.5), "focus": ("fo", "bg", 3)}


def adapted(theme: Mapping[str, Any]) -> list[str]:
    """What was done so that the site's colours can be read, in sentences."""
    found = []
    for scheme, palette in zip(("light", "dark"), palettes(theme), strict=True):
        for name, (place, on, ratio) in MOVED.items():
            own = _colour(theme.get(name if scheme == "light" else f"dark_{name}"))
            if own and place in palette and contrast(own, palette[on]) < ratio:
                found.append(
                    gettext(
                        "In the %(scheme)s scheme the %(name)s %(own)s has %(ratio).1f:1 on %(ground)s; "
                        "%(used)s is used."
                    )
                    % {
                        "scheme": scheme,
                        "name": name,
                        "own": own,
                        "ratio": contrast(own, palette[on]),
                        "ground": palette[on],
                        "used": palette[place],
                    }
                )
    return found


def faults(theme: Mapping[str, Any]) -> dict[str, str]:
    """{token: what is wrong with it, in words}; {} for a theme that may be stored."""
    found = {}
    for key, value in theme.items():
        if value in ("", None):
            continue
        try:
            _clean(key, value)
        except ValueError as error:
            found[key] = str(error)
    return found


def clean(theme: Mapping[str, Any]) -> dict[str, Any]:
    """The theme as it is stored: without what says nothing. Raises ValueError in words for an unknown token or a value
    that is no colour."""
    cleaned = {key: _clean(key, value) for key, value in theme.items() if value not in ("", None)}
    # The first scheme is kept, as it always was: a content keeps its hash.
    return {key: value for key, value in cleaned.items() if key == "scheme" or value != CHOICES.get(key, (None,))[0]}


def _clean(key: str, value: Any) -> Any:
    """A token's value as it is stored. Raises ValueError in words."""
    if key.removeprefix("dark_") in COLOURS:
        parse(str(value))
        return str(value).strip().lower()
    if key in LENGTHS:
        least, most = LENGTHS[key]
        if not str(value).isdigit() or not least <= int(value) <= most:
            raise ValueError(
                gettext("The %(token)s is a number of pixels from %(least)s to %(most)s.")
                % {"token": key.replace("_", " "), "least": least, "most": most}
            )
        return int(value)
    if key in CHOICES:
        if value not in CHOICES[key]:
            raise ValueError(
                gettext("The %(key)s is one of %(choices)s.") % {"key": key, "choices": ", ".join(CHOICES[key])}
            )
        return value
    if key in FILES:
        if not SHA256.fullmatch(str(value)):
            raise ValueError(gettext("The %(token)s is no uploaded file.") % {"token": key.replace("_", " ")})
        return str(value)
    raise ValueError(f"{key!r} is not a theme token; there are {', '.join(TOKENS)}.")


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
