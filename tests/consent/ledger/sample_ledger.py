"""A site with a small ledger of everything: releases, answers, erasures, checkpoints, full tiles."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.utils import timezone

from consent.ledger import canonical, checkpoint, erasure, kept
from consent.ledger.append import Draft, append, draft_of
from consent.models import Release, Site
from tests.values import present


def make_site(name: str = "Shop") -> Site:
    site = Site.objects.create(name=name)
    text = canonical.encode({"site": {"uuid": str(site.uuid)}}).decode()
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    now = timezone.now()
    Release.objects.create(
        site=site, number=1, sha256=sha256, snapshot=text, published_by="alice@example.org", published_at=now
    )
    append([draft_of(site.pk, site.uuid, "release", {"number": 1}, uuid.uuid4(), release=1, release_hash=sha256)])
    return site


def answer(site: Site, **more: Any) -> Draft:
    columns: dict[str, Any] = {
        "record_id": uuid.uuid4(), "request_hash": uuid.uuid4().bytes * 2, "release": 1, "release_hash": "ab" * 32,
        "regime": "eu_opt_in", "jurisdiction": "DE", "language": "de", "action": "accept_all",
        "visitor": uuid.uuid4(), "record": {"status": "ConsentGiven", "choices": {"categories": {"C0001": "granted"}}},
    }  # fmt: skip
    return Draft(site.pk, str(site.uuid), "consent", **columns | more)


def full_ledger() -> Site:
    site = make_site()
    first = append([answer(site) for _ in range(300)])
    checkpoint.make(site)
    chained = answer(site, replaces=uuid.uuid4())
    append([chained, *(answer(site, action="reject_all", visitor=None) for _ in range(20))])
    erasure.erase(site, record_id=chained.record_id, actor="alice@example.org", reason="asked")
    append([answer(site, replaces=uuid.uuid4())])
    kept.keep(
        str(site.uuid), present(checkpoint.make(site)).note
    )  # a test's transaction never commits, so it is kept here
    assert {outcome.status for outcome in first} == {"created"}
    return site
