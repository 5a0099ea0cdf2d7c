"""Topics of each kind, and choices about them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from consent.models import ChoiceImport, ConsentRecord, Site, Topic
from consent.preferences.actions import add_topic
from consent.preferences.collecting import Choice, Offer, Taken, choice_of, collect
from tests.values import present

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WORDS = {"en": {"name": "News by e-mail", "text": "We write to you about offers, twice a month."}}


def topic(site: Site, key: str = "news", kind: str = "email", basis: str = "opt_in", **more: Any) -> Topic:
    return add_topic(site, "alice@example.org", key=key, kind=kind, basis=basis, texts=more.pop("texts", WORDS), **more)


def choice(site: Site, value: str = "yes", at: str = "2026-05-01T10:00:00Z", **more: Any) -> Choice:
    fields = {"id": "c-1", "topic": "news", "value": value, "at": at, "method": "app", "wording": 1}
    return choice_of(Offer.of(site), fields | more, NOW)


def said_by(site: Site) -> UUID:
    """The subject of somebody who said yes to `topic`."""
    one = choice(site)
    said(site, one)
    return one.subject


def imported(site: Site, name: str = "old.csv") -> ChoiceImport:
    """An import that has ended; its file is gone."""
    now = datetime.now(UTC)
    return ChoiceImport.objects.create(
        site=site, name=name, format="csv", source="CRM", size=9, by="x", finished_at=now
    )


def record_at(site: Site, index: int | None) -> dict[str, Any]:
    """What was committed to at a place of the log."""
    return json.loads(present(ConsentRecord.objects.get(site_id=site.pk, index=present(index)).payload))


def said(site: Site, *choices: Choice, now: datetime = NOW) -> list[Taken]:
    return collect(Offer.of(site), choices, now)
