"""What the worker does for the ledger by itself: partitions ahead, signed heads, retention."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from consent.jobs.models import Job
from consent.jobs.registry import DAY, DELIVERIES, handler
from consent.jobs.runner import Lost, Run, ShuttingDown
from consent.ledger import anchors, checkpoint, erasure, partitions, retention
from consent.ledger.append import Stopped
from consent.sites.models import Site

log = logging.getLogger("fairgate.jobs")
PATIENCE = 3
ERASE, RETENTION = "erase", "ledger_retention"
WHOLE = timedelta(days=30)  # so often all answers are read anew, whatever the passes before have found


@handler("ledger_partitions", every=DAY)
def make_partitions(run: Run) -> dict[str, Any]:
    return {"made": partitions.make()}


@handler("ledger_checkpoints", every=60.0)
def make_checkpoints(run: Run) -> dict[str, Any]:
    """A signed head for each log that has grown."""
    return {"made": checkpoint.make_all()}


@handler(RETENTION, every=DAY, kept=WHOLE.total_seconds())  # the next pass goes by the last
def retain(run: Run) -> dict[str, Any]:
    """Erases what need not be kept any longer, see `retention.retain`: of most days only what has become due since the
    pass before, which left its time here as its result. Stopped logs are left alone, and read whole the next time; a
    site that fails stops no other."""
    begun, terms = timezone.now(), retention.terms_digest()
    last = _last_pass(terms)
    whole_at = begun if last is None else datetime.fromisoformat(last["whole_at"])
    erased, left, failed = 0, [], []
    sites = list(Site.objects.order_by("pk"))
    for done, site in enumerate(sites):
        run.progress(done, len(sites))
        since = None if last is None or site.pk in last["left"] else datetime.fromisoformat(last["at"])
        try:
            erased += retention.retain(site, begun, actor="retention", since=since).count
        except Stopped:
            left.append(site.pk)
        except (Lost, ShuttingDown):
            raise
        except Exception as error:
            log.exception("Retention of site %s failed.", site.uuid)
            left.append(site.pk)
            failed.append(f"{site.name}: {type(error).__name__}: {error}")
    result = {"erased": erased, "at": begun.isoformat(), "whole_at": whole_at.isoformat(), "terms": terms, "left": left}
    if failed:  # it is tried again, and seen; what was done need not be done again
        run.own_row().update(result=result)
        raise RuntimeError("; ".join(failed[:5]))
    return result


def _last_pass(terms: str) -> dict[str, Any] | None:
    """The result of the last pass, when the next one may go by it."""
    passes = Job.objects.filter(kind=RETENTION, result__terms=terms).order_by("-id")
    last = passes.values_list("result", flat=True).first()
    return last if last and datetime.fromisoformat(last["whole_at"]) > timezone.now() - WHOLE else None


@handler("ledger_anchors", every=DAY, queue=DELIVERIES)
def anchor(run: Run) -> dict[str, Any]:
    """Takes the newest checkpoint of each log to every place of FAIRGATE_ANCHORS. One that fails stops no other, and
    is left alone for the rest of the run once it has failed `PATIENCE` times in a row; the job fails at the end, so
    that it is tried again and seen."""
    kept, failed = 0, []
    misses: Counter[str] = Counter()
    for site in Site.objects.order_by("pk"):
        try:
            point = checkpoint.make(site)
        except Stopped:
            continue
        if point is None:
            continue
        run.progress(kept)
        for method, target in anchors.places():
            if misses[target] >= PATIENCE:
                continue
            try:
                anchors.anchor(site, point, method, target)
                kept += 1
                misses[target] = 0
            except anchors.Failed as error:
                failed.append(str(error))
                misses[target] += 1
    if failed:
        raise RuntimeError("; ".join(failed[:5]))
    return {"anchored": kept}


@handler(ERASE)
def erase(run: Run) -> dict[str, Any]:
    """An erasure of so many records that nobody waits for it. `params`: indexes, reason, ground, actor."""
    site = run.job.site
    if site is None:
        raise ValueError("An erasure belongs to a site.")
    given = {name: str(run.params[name]) for name in ("reason", "ground", "actor")}
    done = erasure.erase_indexes(site, run.params["indexes"], progress=run.progress, **given)
    return {"records": done.count, "entries": done.entries, "exports": done.exports}
