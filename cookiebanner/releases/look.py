"""A banner's draft → the site's part of the style sheet, which stands behind what every site has. Pure.

What a site does not use weighs nothing on it: a layout is a file of `static/banner/`, and a gate carries the chosen
ones. Colours are no part of it, for they follow the visitor's scheme (`consent.banners.theme.palettes`). `~` and a
backtick stand for what banner/src/ui/first.js writes in their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from consent.banners import css as rules
from consent.banners import theme
from cookiebanner import env

PLAIN = ("card", "bottom-left")  # what the banner is without any of it
ROOT = ".fg:not(#_)"
LOGO = 32  # CSS pixels of height


def css(banner: Mapping[str, Any]) -> str:
    """The rules that a release's banner adds; "" when it looks as ours does. Raises RejectedRules."""
    chosen = banner["theme"]
    found = [] if (banner["layout"], banner["position"]) == PLAIN else [layout(banner["layout"])]
    found += [layout(name) for name in ("compact", "stacked") if name in (chosen.get("density"), chosen.get("buttons"))]
    if chosen.get("backdrop") == "dim" and banner["layout"] == "center":
        found.append(layout("backdrop"))
    if any("ln" in palette for palette in theme.palettes(chosen)):
        found.append(layout("colours"))
    if "button_radius" in chosen:
        found.append(f"~:is(.fg-b,.fg-q){{border-radius:{chosen['button_radius']}px}}")
    files = banner.get("files", {})
    family = theme.FONTS.get(chosen.get("font", ""))
    if own := files.get(chosen.get("font_file")):
        family = f"fg-own,{family or theme.FONTS['system']}"
        address = url(chosen["font_file"], own)
        found.append(f"@font-face{{font-family:fg-own;src:{address};font-display:swap}}")
    if family:
        found.append(f"{ROOT}{{font-family:{family}}}")
    if shown := files.get(chosen.get("logo")):
        found.append(_logo(url(chosen["logo"], shown), shown, chosen.get("logo_height", LOGO)))
    addresses = {file["name"]: url(sha256, file)[4:-1] for sha256, file in files.items()}
    return "".join(found) + rules.packed(banner.get("css", ""), addresses)


def file_name(sha256: str, file: Mapping[str, Any]) -> str:
    """What a release calls an uploaded file."""
    return f"{sha256[:8]}.{file['name']}"


def url(sha256: str, file: Mapping[str, Any]) -> str:
    """Where a release has an uploaded file, for a style sheet."""
    return f"url(`{sha256[:16]}/{file_name(sha256, file)})"


def _logo(address: str, file: Mapping[str, Any], height: int) -> str:
    """Above the title, for the eye only: who is responsible stands in the text."""
    width = max(1, round(file["width"] * height / file["height"]))
    return (
        f'~#onetrust-policy:before{{content:"";display:block;width:{width}px;max-width:100%;height:{height}px;'
        f"margin-bottom:12px;background:{address} 0/contain no-repeat}}"
        ".fg[dir=rtl]:not(#_) #onetrust-policy:before{background-position:100%}"
        "@media(max-height:420px){~#onetrust-policy:before{display:none}}"
    )


@cache
def layout(name: str) -> str:
    """A layout's rules, as `npm run build` wrote them; "" for one that there is not."""
    path = env.FILES / "static" / "banner" / f"layout.{name}.css"
    return path.read_text().strip() if path.exists() else ""
