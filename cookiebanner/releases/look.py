"""A banner's draft → the site's part of the style sheet, which stands behind what every site has. Pure.

What a site does not use weighs nothing on it: a layout is a file of `static/banner/`, and a gate carries the chosen
ones. Colours are no part of it, for they follow the visitor's scheme (`consent.banners.theme.palettes`). `~` and a
backtick stand for what banner/src/ui/first.js writes in their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from consent.banners import theme
from cookiebanner import env

PLAIN = ("card", "bottom-left")  # what the banner is without any of it
ROOT = ".fg:not(#_)"


def css(banner: Mapping[str, Any]) -> str:
    """The rules that a release's banner adds; "" when it looks as ours does."""
    chosen = banner["theme"]
    found = [] if (banner["layout"], banner["position"]) == PLAIN else [layout(banner["layout"])]
    found += [layout(name) for name in ("compact", "stacked") if name in (chosen.get("density"), chosen.get("buttons"))]
    if chosen.get("backdrop") == "dim" and banner["layout"] == "center":
        found.append(layout("backdrop"))
    if any("ln" in palette for palette in theme.palettes(chosen)):
        found.append(layout("colours"))
    if "button_radius" in chosen:
        found.append(f"~:is(.fg-b,.fg-q){{border-radius:{chosen['button_radius']}px}}")
    if family := theme.FONTS.get(chosen.get("font", "")):
        found.append(f"{ROOT}{{font-family:{family}}}")
    return "".join(found)


@cache
def layout(name: str) -> str:
    """A layout's rules, as `npm run build` wrote them; "" for one that there is not."""
    path = env.FILES / "static" / "banner" / f"layout.{name}.css"
    return path.read_text().strip() if path.exists() else ""
