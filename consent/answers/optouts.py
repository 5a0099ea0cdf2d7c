"""Opt-outs are told to the site's own systems: queued with the answer, delivered by a job (`consent.answers.jobs`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import Max, Min

from consent.answers.schema import OPT_OUTS
from consent.jobs.actions import enqueue
from consent.jobs.models import Job
from consent.jurisdictions.table import REGIMES, regime_of
from consent.ledger.append import Draft, Outcome
from consent.ledger.models import ConsentRecord, LogEntry
from consent.sites.models import Site

KIND = "optout_webhook"


def is_optout(draft: Draft) -> bool:
    """Whether an answer objects to something that the law would have let run: under opt-out and notice regimes any
    refusal, under opt-in regimes only an explicit opt-out or the signal."""
    if draft.type != "consent":
        return False
    if draft.action in OPT_OUTS:
        return True
    terms = REGIMES.get(regime_of(draft.regime))
    if terms is None or terms["model"] == "opt_in":
        return False
    if draft.action in ("reject_all", "withdraw"):
        return True
    kinds = draft.record["choices"].values()
    return draft.action == "custom" and any("denied" in kind.values() for kind in kinds)


def of_listening_sites(drafts: Iterable[Draft]) -> list[Draft]:
    """The opt-outs among these answers whose site has a webhook. One query if there are opt-outs, else none."""
    found = [draft for draft in drafts if is_optout(draft)]
    if not found:
        return found
    sites = Site.objects.filter(pk__in={draft.site_id for draft in found}).exclude(webhook_url="")
    listening = set(sites.values_list("pk", flat=True))
    return [draft for draft in found if draft.site_id in listening]


def waiting(site: Site) -> int:
    """How many opt-outs the site's webhook has still to be told of."""
    rows = Job.objects.filter(kind=KIND, site=site, state__in=(Job.Status.WAITING, Job.Status.RUNNING))
    return sum(len(params.get("indexes", ())) for params in rows.values_list("params", flat=True).iterator())


def announce(optouts: Iterable[Draft], drafts: Sequence[Draft], outcomes: Sequence[Outcome]) -> None:
    """Queues one delivery per site for the opt-outs that were new. Call it in the transaction that stored them.

    The job's row holds their indexes in the site's log and nothing of theirs: what is sent is read from the records
    when it is sent (`events`), so that an erased one is not.
    """
    new = {id(draft): outcome for draft, outcome in zip(drafts, outcomes, strict=True) if outcome.status == "created"}
    indexes: dict[int, list[int]] = {}
    for draft in optouts:
        outcome = new.get(id(draft))
        if outcome and outcome.index is not None:
            indexes.setdefault(draft.site_id, []).append(outcome.index)
    for site in Site.objects.filter(pk__in=indexes):
        enqueue(KIND, site=site, params={"indexes": indexes[site.pk]})


def events(site_id: int, indexes: Sequence[int]) -> list[dict[str, Any]]:
    """What is told of the opt-outs at these indexes of a site's log, in order; nothing of those that were erased."""
    days = LogEntry.objects.filter(site_id=site_id, index__in=indexes).aggregate(first=Min("day"), last=Max("day"))
    if days["first"] is None:
        return []
    # The days lead PostgreSQL to the partitions that can hold the records.
    begin = datetime.combine(days["first"], time.min, UTC)
    end = datetime.combine(days["last"], time.min, UTC) + timedelta(days=1)
    records = ConsentRecord.objects.filter(
        site_id=site_id, index__in=indexes, received_at__gte=begin, received_at__lt=end, payload__isnull=False
    )
    return [_event(record) for record in records.order_by("index")]


def _event(record: ConsentRecord) -> dict[str, Any]:
    payload = json.loads(record.payload or "{}")
    return {
        "id": str(record.record_id),
        "index": record.index,
        "received_at": record.received_at.astimezone(UTC).isoformat(),
        "action": record.action,
        "regime": record.regime,
        "jurisdiction": record.jurisdiction,
        "visitor": str(record.visitor) if record.visitor else None,
        "replaces": str(record.replaces) if record.replaces else None,
        "gpc": bool(payload.get("gpc")),
        "signals": sorted(payload.get("signals", {}).get("acted_on", {})),
        "choices": payload["choices"],
    }
