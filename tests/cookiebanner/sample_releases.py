"""A site with a release whose artifacts are tiny and known, made without publishing."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from consent.models import Artifact, Content, Host, Release, Site
from consent.publishing import streams

FIRST_EN, FIRST_DE = b";window.en='A choice';" * 9, ";window.de='Eine Wahl für Sie';".encode() * 9
GATES = ("eu_opt_in", "us_ca", "notice_only")


def site(host: str = "shop.example", **fields: Any) -> Site:
    made = Site.objects.create(name=host, languages=["en", "de"], **fields)
    Host.objects.create(site=made, name=host)
    return made


def release(of: Site, number: int = 1, overrides: dict | None = None, **more: bytes) -> Release:
    """Release `number` with a gate per regime, ui.en.js, and `more` (name with _ for . → body)."""
    snapshot = {
        "site": {"uuid": str(of.uuid), "name": of.name, "hosts": [h.name for h in of.hosts.all()],
                 "policy_url": "https://shop.example/privacy"},
        "languages": of.languages,
        "jurisdictions": {"version": "t", "overrides": overrides or {}},
    }  # fmt: skip
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"))
    made = Release.objects.create(
        site=of, number=number, sha256=hashlib.sha256(f"{number}{text}".encode()).hexdigest(), snapshot=text,
        published_by="alice@example.org", published_at=datetime.now(UTC),
    )  # fmt: skip
    bodies = {f"gate.{regime}.js": f"/* {regime} release {number} {of.uuid} */".encode() * 40 for regime in GATES}
    bodies["ui.en.js"] = b"/* ui */" * 200
    bodies |= {name.replace("__", "."): body for name, body in more.items()}
    for name, body in bodies.items():
        artifact(made, name, body)
    return made


def artifact(of: Release, name: str, body: bytes, content_type: str = "text/javascript; charset=utf-8") -> Artifact:
    """A file of a release; its bytes are stored once, whatever has them already."""
    stored = {"size": len(body), "brotli": streams.to_brotli(body, 5), "effort": 11}
    held, _ = Content.objects.get_or_create(pk=hashlib.sha256(body).hexdigest(), defaults=stored)
    return Artifact.objects.create(release=of, name=name, content_type=content_type, content=held)


def with_first(languages: tuple[str, ...] = ("en", "de")) -> Site:
    """A site whose first layers are there in two languages, and one of them for California in its own words."""
    made = site()
    made.languages = list(languages)
    bodies: dict[str, Any] = {
        "first__en__js": FIRST_EN, "first__de__js": FIRST_DE, "first__en@us_ca__js": FIRST_EN + b";window.ca=1",
    }  # fmt: skip
    release(made, **bodies)
    return made
