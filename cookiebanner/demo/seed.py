"""The demo's site and 90 days of believable history, written through the same code as real answers."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction

from consent.answers import intake, schema
from consent.answers.published import PublishedRelease, PublishedSite
from consent.catalogue.actions import add_service
from consent.jurisdictions import locate, table
from consent.ledger.append import Draft, append
from consent.models import LogHead, Site
from consent.sites.actions import change_settings, create_site, saw
from consent.stats import asked
from consent.stats.actions import Answered, Shown, ShownOn, add_answered, add_asked, add_impressions, add_shown
from consent.stats.how import How, device_class, how
from cookiebanner.demo.trackers import TRACKERS
from cookiebanner.demo.views import DEMO_SITE
from cookiebanner.releases.publish import publish
from cookiebanner.staff.accounts import DEMO_EMAIL
from cookiebanner.visitors.published import published

DAYS = 90
HOURS = (7, 9, 11, 13, 15, 17, 19, 20, 21, 22)
PLACES = {
    "DE": 30, "FR": 14, "GB": 13, "US-CA": 10, "US-TX": 6, "ES": 6, "NL": 5, "IT": 4, "CH": 3, "JP": 3, "BR": 3,
    "CA-QC": 2, "US-VA": 1,
}  # fmt: skip
PHONES = ["iPhone Version/19.0 Mobile Safari/604.1", "Android 17 Chrome/156.0 Mobile Safari/537.36"]
LANGUAGE = {"DE": "de", "CH": "de", "FR": "fr", "CA-QC": "fr", "ES": "es"}
PURPOSES = {
    "analytics": "Counts visits and pages, to see which teas people look for.",
    "ads": "Remembers which teas you look at, to show them to you elsewhere.",
    "chat": "Opens a chat with our tea people.",
    "video": "Plays our brewing videos.",
}


@dataclass
class Counts:
    """What gates of one day would have been counted for beside their answers."""

    shown: Counter[Shown] = field(default_factory=Counter)
    shown_on: Counter[ShownOn] = field(default_factory=Counter)
    came: Counter[Answered] = field(default_factory=Counter)
    events: Counter[asked.Event] = field(default_factory=Counter)

    def add(
        self, chance: random.Random, shown: asked.Event, action: str, came: How, decided: asked.Decided | None
    ) -> None:
        """An answer, and the views and banners before it."""
        views, banners = chance.choice((2, 3, 4)), chance.choice((1, 1, 2))
        site, day, release = shown.site_id, shown.day, shown.release
        for kind, count in (("view", views), ("banner", banners)):
            self.shown[site, day, release, shown.regime, shown.place, shown.language, kind] += count
            self.shown_on[site, day, release, shown.device, kind, came.gpc] += count
        self.came[(site, day, release, action, *came)] += 1
        self.events[shown] += banners
        if decided:
            self.events[shown._replace(layer=came.layer, decided=decided)] += 1

    def write(self) -> None:
        add_impressions(self.shown)
        add_shown(self.shown_on)
        add_answered(self.came)
        add_asked(asked.rows(self.events.items()))


def person(password: str) -> None:
    """The demo's login, an owner everywhere; refused outside demo mode."""
    user, _ = get_user_model().objects.get_or_create(username="demo", defaults={"email": DEMO_EMAIL})
    user.is_superuser = user.is_staff = True
    user.set_password(password)
    user.save()


def site() -> Site:
    """The shop's site, made the first time."""
    found = Site.objects.filter(uuid=DEMO_SITE).first()
    if found:
        return found
    made = create_site(["127.0.0.1", "localhost"], "demo", uuid=DEMO_SITE, name="Leaf & Kettle (demo)")
    change_settings(
        made,
        "demo",
        controller="Leaf & Kettle Ltd",
        controller_contact="privacy@leafandkettle.example",
        policy_url="https://leafandkettle.example/privacy",
        imprint_url="https://leafandkettle.example/imprint",
    )
    for label, (name, category, cookie, _did) in TRACKERS.items():
        add_service(
            made,
            "demo",
            name=name,
            category=category,
            patterns=[f"{label}.localhost"],
            cookies=[{"name": cookie, "lifetime": "12 months", "lifetime_days": 365, "purpose": PURPOSES[label]}],
            company=name,
            description=PURPOSES[label],
            statistics=label == "analytics",
            sells_or_shares=label == "ads",
            targeted_ads=label == "ads",
        )
    return made


def history(shop: Site, progress: Callable[[int, int], None]) -> int:
    """Ninety days of answers, once; returns how many were written (0 when there are some already)."""
    if LogHead.objects.filter(site_id=shop.pk, size__gt=0).exists():
        return 0
    chance = random.Random(2026)  # noqa: S311 - a story, not a secret
    first = datetime.now(UTC).date() - timedelta(days=DAYS)
    publish(shop, "demo", "First release", at=datetime.combine(first, time(6), UTC))
    published.clear()
    known, release = published.find(shop.uuid, 1)
    assert known and release
    yes: list[tuple[UUID, UUID, str]] = []  # records that may be withdrawn later: (record, visitor, place)
    written = 0
    day = first
    for number in range(DAYS):
        day = first + timedelta(days=number)
        counts = Counts()
        busy = (70 + number * 0.6) * (0.7 if day.weekday() > 4 else 1) * chance.uniform(0.85, 1.15)
        with transaction.atomic():
            for hour in HOURS:
                drafts = [answer(chance, known, release, yes, counts, day) for _ in range(round(busy / len(HOURS)))]
                at = datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), UTC)
                if at < datetime.now(UTC):
                    append(drafts, at=at)
                    written += len(drafts)
        counts.write()
        progress(number + 1, DAYS)
    # A site with ninety days of answers is one whose gate was seen.
    saw({(shop.pk, "127.0.0.1"): (shop.level, release.number)}, datetime.combine(day, time(HOURS[-1]), UTC))
    return written


def grants(chance: random.Random, action: str, optional: list[str]) -> set[str]:
    """The categories that an answer says yes to."""
    if action == "accept_all":
        return set(optional)
    if action in ("custom", "opt_out"):
        return {key for key in optional if key != "C0004" and chance.random() < 0.55}
    return set(optional) - {"C0004"} if action == "gpc" else set()


def answer(
    chance: random.Random,
    shop: PublishedSite,
    release: PublishedRelease,
    yes: list[tuple[UUID, UUID, str]],
    counts: Counts,
    day: Any,
) -> Draft:
    """One visitor's answer, as a browser would send it."""

    def new_id() -> UUID:
        return UUID(int=chance.getrandbits(128), version=4)

    [place] = chance.choices(list(PLACES), weights=list(PLACES.values()))
    visitor: UUID | None = None
    replaces: UUID | None = None
    if yes and chance.random() < 0.02:
        record, visitor, place = yes.pop(chance.randrange(len(yes)))
        replaces, action = record, "withdraw"
    elif table.terms(table.variant_for(place))["model"] == "opt_in":
        [action] = chance.choices(["accept_all", "reject_all", "custom"], weights=[48, 39, 13])
    else:
        [action] = chance.choices(["accept_all", "opt_out", "gpc"], weights=[72, 16, 12])
    optional = [key for key, necessary in release.categories.items() if not necessary]
    granted = grants(chance, action, optional)
    if granted and action != "gpc":
        visitor = new_id()
    regime = table.variant_for(place)
    language = LANGUAGE.get(place, "en")
    record = new_id()
    if action == "accept_all" and visitor:
        yes.append((record, visitor, place))
    vector = {k: "granted" if needed or k in granted else "denied" for k, needed in release.categories.items()}
    body = {
        "site": str(shop.uuid),
        "id": str(record),
        "visitor": str(visitor) if visitor else None,
        "replaces": str(replaces) if replaces else None,
        "release": release.number,
        "regime": regime,
        "language": language,
        "layer": "preferences" if action in ("custom", "withdraw") else "banner",
        "action": action,
        "choices": {"categories": vector, "purposes": {}, "services": {}},
        "signals": {"gpc": action == "gpc"},
        "page": "127.0.0.1",
        "client_time": None,
    }
    row = table.row(place)
    decision = locate.Decision(place, row.preset, regime, "header")
    agent = chance.choice(
        ["Firefox/153.0", "Chrome/156.0 Safari/537.36", "Version/19.0 Safari/605.1.15", "Edg/156.0", *PHONES]
    )
    gpc = action == "gpc"
    device = device_class(agent)
    came = how(device, body["layer"], replaces is None, round(chance.lognormvariate(8.6, 1.1)), gpc)
    shown = asked.Event(
        shop.id, day, table.regime_of(regime), release.number, "", place, language, device, "", asked.SHOWN
    )
    decided = None
    if came.asked and not gpc:
        choices = {"categories": vector, "purposes": {}, "services": {}}
        decided = asked.decided(action, choices, (optional, (), ()), action in schema.OPT_OUTS)
    counts.add(chance, shown, action, came, decided)
    made = schema.decode(json.dumps(body).encode())
    where = locate.Place(row.iso_country or None, row.iso_subdivision.rpartition("-")[2] or None, "header")
    draft, _ = intake.draft(
        made, shop, release, decision, origin_host="127.0.0.1", user_agent=agent, sent=["gpc"] * gpc, place=where
    )
    return draft
