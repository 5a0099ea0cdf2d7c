"""Topics of each kind, and choices about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from consent.models import Site, Topic
from consent.preferences.actions import add_topic
from consent.preferences.collecting import Choice, Offer, Taken, choice_of, collect

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WORDS = {"en": {"name": "News by e-mail", "text": "We write to you about offers, twice a month."}}


def topic(site: Site, key: str = "news", kind: str = "email", basis: str = "opt_in", **more: Any) -> Topic:
    return add_topic(site, "alice@example.org", key=key, kind=kind, basis=basis, texts=more.pop("texts", WORDS), **more)


def choice(site: Site, value: str = "yes", at: str = "2026-05-01T10:00:00Z", **more: Any) -> Choice:
    fields = {"id": "c-1", "topic": "news", "value": value, "at": at, "method": "app", "wording": 1}
    return choice_of(Offer.of(site), fields | more, NOW)


def said(site: Site, *choices: Choice, now: datetime = NOW) -> list[Taken]:
    return collect(Offer.of(site), choices, now)
