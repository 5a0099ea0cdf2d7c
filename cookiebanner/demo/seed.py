"""The demo's site and 90 days of believable history, written through the same code as real answers."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
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
from consent.stats.actions import Answered, ShownOn, add_answered, add_impressions, add_shown
from consent.stats.how import device_class, how
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
LANGUAGE = {"DE": "de", "CH": "de", "FR": "fr", "CA-QC": "fr", "ES": "es"}
PURPOSES = {
    "analytics": "Counts visits and pages, to see which teas people look for.",
    "ads": "Remembers which teas you look at, to show them to you elsewhere.",
    "chat": "Opens a chat with our tea people.",
    "video": "Plays our brewing videos.",
}


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
        shown: Counter[tuple[Any, ...]] = Counter()
        shown_on: Counter[ShownOn] = Counter()
        came: Counter[Answered] = Counter()
        busy = (70 + number * 0.6) * (0.7 if day.weekday() > 4 else 1) * chance.uniform(0.85, 1.15)
        with transaction.atomic():
            for hour in HOURS:
                drafts = [
                    answer(chance, known, release, yes, shown, shown_on, came, day)
                    for _ in range(round(busy / len(HOURS)))
                ]
                at = datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), UTC)
                if at < datetime.now(UTC):
                    append(drafts, at=at)
                    written += len(drafts)
        add_impressions(shown)
        add_shown(shown_on)
        add_answered(came)
        progress(number + 1, DAYS)
    # A site with ninety days of answers is one whose gate was seen.
    saw({(shop.pk, "127.0.0.1"): (shop.level, release.number)}, datetime.combine(day, time(HOURS[-1]), UTC))
    return written


def answer(
    chance: random.Random,
    shop: PublishedSite,
    release: PublishedRelease,
    yes: list[tuple[UUID, UUID, str]],
    shown: Counter[tuple[Any, ...]],
    shown_on: Counter[ShownOn],
    came: Counter[Answered],
    day: Any,
) -> Draft:
    """One visitor's answer, as a browser would send it."""

    def new_id() -> UUID:
        return UUID(int=chance.getrandbits(128), version=4)

    [place] = chance.choices(list(PLACES), weights=list(PLACES.values()))
    visitor: UUID | None = None
    replaces: UUID | None = None
    granted: set[str] = set()
    if yes and chance.random() < 0.02:
        record, visitor, place = yes.pop(chance.randrange(len(yes)))
        replaces, action = record, "withdraw"
    elif table.terms(table.variant_for(place))["model"] == "opt_in":
        [action] = chance.choices(["accept_all", "reject_all", "custom"], weights=[48, 39, 13])
    else:
        [action] = chance.choices(["accept_all", "opt_out", "gpc"], weights=[72, 16, 12])
    optional = [key for key, necessary in release.categories.items() if not necessary]
    if action == "accept_all":
        granted = set(optional)
    elif action in ("custom", "opt_out"):
        granted = {key for key in optional if key != "C0004" and chance.random() < 0.55}
    elif action == "gpc":
        granted = set(optional) - {"C0004"}
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
    agent = chance.choice(["Firefox/153.0", "Chrome/156.0 Safari/537.36", "Version/19.0 Safari/605.1.15", "Edg/156.0"])
    key = (shop.id, day, release.number, regime, place, language)
    views, banners = chance.choice((2, 3, 4)), chance.choice((1, 1, 2))
    shown[(*key, "view")] += views
    shown[(*key, "banner")] += banners
    device, gpc = device_class(agent), action == "gpc"
    shown_on[shop.id, day, release.number, device, "view", gpc] += views
    shown_on[shop.id, day, release.number, device, "banner", gpc] += banners
    came[(shop.id, day, release.number, action, *how(device, body["layer"], replaces is None, None, gpc))] += 1
    made = schema.decode(json.dumps(body).encode())
    where = locate.Place(row.iso_country or None, row.iso_subdivision.rpartition("-")[2] or None, "header")
    return intake.draft(
        made, shop, release, decision, origin_host="127.0.0.1", user_agent=agent, sent=["gpc"] * gpc, place=where
    )
