"""A site with a release whose artifacts are tiny and known, made without publishing."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import brotli

from consent.models import Artifact, Host, Release, Site
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
        Artifact.objects.create(
            release=made, name=name, content_type="text/javascript; charset=utf-8", body=body,
            sha256=hashlib.sha256(body).hexdigest(), gzip=gzip.compress(body), brotli=brotli.compress(body),
        )  # fmt: skip
    return made


def with_first(languages: tuple[str, ...] = ("en", "de")) -> Site:
    """A site whose first layers are there in two languages, and one of them for California in its own words."""
    made = site()
    made.languages = list(languages)
    bodies: dict[str, Any] = {
        "first__en__js": FIRST_EN, "first__de__js": FIRST_DE, "first__en@us_ca__js": FIRST_EN + b";window.ca=1",
    }  # fmt: skip
    for artifact in Artifact.objects.filter(release=release(made, **bodies)):
        body = bytes(artifact.body)
        artifact.gzip, artifact.brotli = streams.to_gzip(body), streams.to_brotli(body, 5)
        artifact.save()
    return made
