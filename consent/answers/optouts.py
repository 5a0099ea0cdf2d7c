"""Opt-outs are told to the site's own systems: queued with the answer, delivered by a job (`consent.answers.jobs`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from consent.jobs.actions import enqueue
from consent.jobs.models import Job
from consent.jurisdictions.table import REGIMES, regime_of
from consent.ledger.append import Draft, Outcome
from consent.sites.models import Site

KIND = "optout_webhook"


def is_optout(draft: Draft) -> bool:
    """Whether an answer objects to something that the law would have let run: under opt-out and notice regimes any
    refusal, under opt-in regimes only an explicit opt-out or the signal."""
    if draft.type != "consent":
        return False
    if draft.action in ("opt_out", "gpc"):
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
    rows = Job.objects.filter(kind=KIND, site=site, state__in=(Job.State.WAITING, Job.State.RUNNING))
    return sum(len(params.get("indexes", ())) for params in rows.values_list("params", flat=True).iterator())


def announce(optouts: Iterable[Draft], drafts: Sequence[Draft], outcomes: Sequence[Outcome]) -> None:
    """Queues the opt-outs that were new, by their place in the log only: what is told of them is read when it is sent.
    Call it in the transaction that stored them."""
    new = {id(draft): outcome for draft, outcome in zip(drafts, outcomes, strict=True) if outcome.status == "created"}
    found: dict[int, list[int]] = {}
    for draft in optouts:
        outcome = new.get(id(draft))
        if outcome and outcome.index is not None:
            found.setdefault(draft.site_id, []).append(outcome.index)
    for site in Site.objects.filter(pk__in=found):
        enqueue(KIND, site=site, params={"indexes": found[site.pk]})
