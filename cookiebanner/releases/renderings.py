"""What a release's banners look like: which pictures there are to take, and what must stand in each. Pure.

A rendering is one layer in one variant, language, form and colour scheme. Variants whose screens are alike share one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from consent.banners import arms, screen
from consent.jurisdictions import locate, table
from consent.jurisdictions.locate import Place
from cookiebanner.releases.compile import for_variant

FORMS = {"phone": (360, 740), "desktop": (1280, 800)}  # CSS pixels
LAYERS = ("banner", "preferences")
SCHEMES = ("light", "dark")
# What the banner reads of a variant's terms (banner/src/ui); the rest is no matter of looks.
SEEN = ("buttons", "close_x", "exempt", "gpc_status", "links", "model", "notices", "optout_icon", "banner")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
Snapshot = Mapping[str, Any]


class Rendering(NamedTuple):
    """What one picture shows."""

    variant: str
    language: str
    form: str
    scheme: str
    arm: str = ""  # of a test of two banners

    def words(self) -> dict[str, str]:
        """As a ledger entry names it; without a test as ever."""
        return {name: value for name, value in self._asdict().items() if value or name != "arm"}


class Text(NamedTuple):
    """What a layer says: of the first one what every visitor reads, of the preferences their head and foot."""

    title: str
    body: str
    buttons: list[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """A picture to take, of both layers, and all that it stands for; `shows` begins with the one that is taken."""

    shows: tuple[Rendering, ...]
    texts: Mapping[str, Text]  # layer → what must stand in it

    @property
    def taken(self) -> Rendering:
        return self.shows[0]


def subjects(snapshot: Snapshot, variants: Iterable[str]) -> list[Subject]:
    """The pictures to take of a release under these variants, each distinct one once, in a fixed order; with a test of
    two banners those of A, then those of B."""
    if not arms.tested(snapshot):
        return _subjects(snapshot, variants)
    variants = list(variants)
    return [one for name in arms.ARMS for one in _subjects(arms.arm(snapshot, name), variants, name)]


def _subjects(snapshot: Snapshot, variants: Iterable[str], arm: str = "") -> list[Subject]:
    groups: dict[str, list[Rendering]] = {}
    texts: dict[str, Mapping[str, Text]] = {}
    chosen = snapshot["banner"]["theme"].get("scheme", "auto")
    drawn = SCHEMES if chosen == "auto" else (chosen,)
    for language in snapshot["languages"]:
        for variant in sorted(variants, key=lambda name: (len(name), name)):
            alike = _looks(snapshot, variant, language)
            for form in FORMS:
                for scheme in SCHEMES:
                    key = json.dumps([alike, language, form, scheme if scheme in drawn else chosen], sort_keys=True)
                    groups.setdefault(key, []).append(Rendering(variant, language, form, scheme, arm))
                    if key not in texts:
                        texts[key] = {layer: expected(snapshot, variant, language, layer) for layer in LAYERS}
    return [Subject(tuple(shows), texts[key]) for key, shows in groups.items()]


def reachable(snapshot: Snapshot, today: date, located: bool, seen: Iterable[str]) -> list[str]:
    """The variants that visitors of the site can get: those of all places if places are told apart (`located`), else
    that of an unknown place; and those that were `seen` because pages name them."""
    overrides = snapshot["jurisdictions"]["overrides"]
    places = [Place()]
    if located:
        rows = (table.row(name, overrides) for name in table.ROWS if name not in (table.WORLD, table.EU))
        places += [Place(row.iso_country, row.iso_subdivision.rpartition("-")[2] or None, "header") for row in rows]
        places += [Place(country, None, "header") for country in table.EEA]
    decided = {locate.decide(place, today, overrides).variant for place in places}
    if not asks(snapshot):
        return []
    shown = {name for name, terms in snapshot["variants"].items() if terms["banner"] != "none"}
    return sorted(shown & {*decided, *seen})


def asks(snapshot: Snapshot) -> bool:
    """Whether a release asks anything: a visitor of one that does not gets no banner."""
    alone = any(purpose["category"] is None for purpose in snapshot["purposes"])
    return alone or any(not category["necessary"] for category in snapshot["categories"])


def expected(snapshot: Snapshot, variant: str, language: str, layer: str) -> Text:
    """What the release says in a layer, with its placeholders filled in."""
    shown = _screen(snapshot, language)
    words = _words(shown, snapshot, variant)
    terms = snapshot["variants"][variant]
    values = _values(shown)
    if layer == "preferences":
        return Text(words["pc_title"], _filled(words["pc_body"], values), [words[key] for key in _FOOT])
    buttons = [_filled(words["services"], values)]
    if _exempt(shown, terms):
        buttons.append(words["object"])
    buttons += [words[key] for key in ("accept", "reject", "manage") if key in terms["buttons"]]
    buttons += [words[key] for key in terms["links"] if words.get(key)]
    return Text(_filled(words["title"], values), _filled(words["body"], values), buttons)


_FOOT = ("accept", "reject", "save")


def _screen(snapshot: Snapshot, language: str) -> dict[str, Any]:
    """The screen with the names of its parts."""
    packed = screen.data(snapshot, language)
    return {name: packed[short] for name, short in screen.FORMAT["screen"].items() if short in packed}


def _words(shown: Mapping[str, Any], snapshot: Snapshot, variant: str) -> dict[str, str]:
    words = dict(shown["texts"])
    for regimes, own in shown["regime_texts"]:
        if snapshot["variants"][variant]["regime"] in regimes or variant in regimes:
            words |= own
    return words


def _values(shown: Mapping[str, Any]) -> dict[str, str]:
    """What stands in texts for their placeholders, as the banner fills them in (banner/src/ui/screen.js)."""
    *names, last = ["", *(row[2] for row in shown["categories"] if not row[1])]
    names = names[1:]
    purposes = ", ".join(names) + shown["conjunction"] + last if names else last
    count = sum(row[0] != "fairgate" for row in shown["services"])
    return {"controller": shown["controller"], "count": str(count), "purposes": purposes}


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _exempt(shown: Mapping[str, Any], terms: Mapping[str, Any]) -> bool:
    """Whether a service that waits elsewhere needs no consent here, and may be objected to."""
    names = screen.FORMAT["service"]
    rows = [dict(zip(names, row, strict=False)) for row in shown["services"]]
    return any(
        not shown["categories"][row.get("category") or 0][1] and set(row.get("exemptions") or ()) & set(terms["exempt"])
        for row in rows
    )


def _looks(snapshot: Snapshot, variant: str, language: str) -> list[Any]:
    """Whatever a variant changes in a language's screens: variants with the same are alike."""
    terms = snapshot["variants"][variant]
    before = for_variant(snapshot, variant, terms, [])
    return [
        _words(_screen(snapshot, language), snapshot, variant),
        {name: terms.get(name) for name in SEEN},
        [before[part] for part in ("categories", "services")],
    ]
