"""Day totals of banners of a large site, as the counters would have written them, without the answers themselves."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from consent.jurisdictions import table
from consent.stats import asked
from consent.stats.actions import Answered, ShownOn, add_answered, add_asked, add_shown
from consent.stats.how import DEVICES, TIMES

ANSWERS = 10_000_000
PLACES = [id for id in table.ROWS if id not in (table.WORLD, table.EU)]  # each of them, every day
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pl", "pt")
CATEGORIES = ("C0002", "C0003", "C0004")
OF_ANSWERS = {asked.YES: 52, asked.NO: 33, asked.SOME: 12, asked.CLOSED: 3}  # per cent
OBJECTIONS = {asked.CLOSED: 70, asked.OBJECTED: 20, asked.YES: 10}


def fill(site_id: int, answers: int, last: date, days: int = 7, releases: int = 2, seed: int = 7) -> int:
    """Totals of so many answers, spread over the days before and with `last`. Returns how many rows they are."""
    chance = random.Random(seed)
    each = answers // days // len(PLACES) // len(LANGUAGES[:3]) // len(DEVICES) // releases
    rows = 0
    for number in range(days):
        day = last - timedelta(days=number)
        made = asked.rows(_events(chance, site_id, day, max(each, 1), releases))
        rows += len(made)
        add_asked(made)
        _circumstances(chance, site_id, day, answers // days, releases)
    return rows


def _events(
    chance: random.Random, site_id: int, day: date, each: int, releases: int
) -> Iterator[tuple[asked.Event, int]]:
    for place in PLACES:
        variant = table.variant_for(place)
        regime = table.regime_of(variant)
        decisions = OF_ANSWERS if table.REGIMES[regime]["model"] == "opt_in" else OBJECTIONS
        for language in chance.sample(LANGUAGES, 3):
            for device in DEVICES:
                for release in range(1, releases + 1):
                    where = (site_id, day, regime, release, "", place, language, device)
                    yield asked.Event(*where, "", asked.SHOWN), each * 2
                    for what, share in decisions.items():
                        layer = "preferences" if what == asked.SOME else "banner"
                        yield asked.Event(*where, layer, decided(what)), max(each * share // 100, 1)


def decided(what: str) -> asked.Decided:
    """A decision of this kind about three categories."""
    granted = {asked.YES: 3, asked.SOME: 1, asked.OBJECTED: 2}.get(what, 0)
    return asked.Decided(what, CATEGORIES[:granted], CATEGORIES[granted:])


def _circumstances(chance: random.Random, site_id: int, day: date, answers: int, releases: int) -> None:
    shown: dict[ShownOn, int] = {}
    came: dict[Answered, int] = {}
    for release in range(1, releases + 1):
        for device in DEVICES:
            for gpc in (False, True):
                shown[site_id, day, release, device, asked.BANNER, gpc] = answers // 3 // releases
                for action in ("accept_all", "reject_all", "custom", "close", "opt_out"):
                    for layer in ("banner", "preferences"):
                        for waited in TIMES:
                            key = (site_id, day, release, action, device, layer, waited, gpc, True)
                            came[key] = chance.randrange(1, 2 * answers // (6 * 10 * len(TIMES) * releases) + 2)
    add_shown(shown)
    add_answered(came)
