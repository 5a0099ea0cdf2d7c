"""What is benchmarked: a site of twenty services that was really published, and 299 more that share its release."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

from consent.catalogue import known
from consent.catalogue.actions import add_service
from consent.models import Host, Release, Site
from consent.sites.actions import create_site
from cookiebanner.releases.publish import publish
from tests.samples import TWENTY
from tests.values import RESPONSIBLE

HOST = "shop.example"
ORIGIN = f"https://{HOST}"


def make(sites: int = 300) -> Site:
    """The first site; the others differ in id only."""
    first = create_site([HOST], "bench", name="Bench", **RESPONSIBLE)
    for key in TWENTY:
        fact = known.by_key()[key]
        add_service(first, "bench", name=fact["name"], key=key, category=fact["category"], patterns=fact["rules"],
                    cookies=fact["cookies"], necessary_reason=fact.get("necessary_reason", ""),
                    sells_or_shares=fact["sells_or_shares"], targeted_ads=fact["targeted_ads"])  # fmt: skip
    release = publish(first, "bench", force=True)
    for _ in range(sites - 1):
        site = Site.objects.create(name="Bench", languages=first.languages)
        Host.objects.create(site=site, name=HOST)  # the same host: wrk sends one Origin
        Release.objects.create(
            site=site, number=1, sha256=release.sha256, snapshot=release.snapshot, published_by="bench",
            published_at=release.published_at,
        )  # fmt: skip
    return first


def another(like: Site) -> Site:
    """A site with the content of `like`, published by itself at the beginning of `fill`'s history."""
    from datetime import UTC, datetime, timedelta

    from bench.fill import start_day
    from consent.ledger.append import append, draft_of

    old = like.releases.order_by("number")[0]
    made = Site.objects.create(name="Bench", languages=like.languages, **RESPONSIBLE)
    Host.objects.create(site=made, name=HOST)
    at = datetime.combine(start_day(), datetime.min.time(), UTC) - timedelta(hours=1)
    Release.objects.create(
        site=made, number=1, sha256=old.sha256, snapshot=old.snapshot, published_by="bench", published_at=at
    )  # fmt: skip
    record = {"number": 1, "sha256": old.sha256}
    append([draft_of(made.pk, made.uuid, "release", record, uuid4(), release=1, release_hash=old.sha256)], at=at)
    return made


def write_bodies(folder: Path, site: Site) -> dict[str, Path]:
    """Files for answer.lua: an answer to this site, one to any site, the ids of all, and the baseline's body."""
    snapshot = json.loads(site.releases.get().snapshot)
    granted = {category["key"]: "granted" for category in snapshot["categories"]}
    body = {
        "site": str(site.uuid), "id": "@ID@", "visitor": "@VISITOR@", "replaces": None, "release": 1,
        "regime": "eu_opt_in", "language": "en", "layer": "banner", "action": "accept_all",
        "choices": {"categories": granted, "purposes": {},
                    "services": {service["key"]: "granted" for service in snapshot["services"]}},
        "signals": {"gpc": False}, "page": HOST, "client_time": "2026-11-21T10:00:00.000Z",
    }  # fmt: skip
    files = {name: folder / f"{name}.txt" for name in ("one", "many", "sites", "plain")}
    files["one"].write_text(json.dumps(body, separators=(",", ":")))
    files["many"].write_text(json.dumps(body | {"site": "@SITE@"}, separators=(",", ":")))
    files["sites"].write_text("\n".join(str(uuid) for uuid in Site.objects.values_list("uuid", flat=True)))
    plain = ("site", "id", "visitor", "replaces", "release", "regime", "language", "action", "choices")
    files["plain"].write_text(json.dumps({name: body[name] for name in plain}, separators=(",", ":")))
    return files
