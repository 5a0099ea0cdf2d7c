"""What the worker does for the ledger by itself: partitions ahead, signed heads, retention."""

from __future__ import annotations

from collections import Counter
from typing import Any

from consent.jobs.registry import DELIVERIES, handler
from consent.jobs.runner import Run
from consent.ledger import anchors, checkpoint, erasure, partitions
from consent.ledger.append import Stopped
from consent.sites.models import Site

DAY = 86_400.0
PATIENCE = 3
ERASE = "erase"


@handler("ledger_partitions", every=DAY)
def make_partitions(run: Run) -> dict[str, Any]:
    return {"made": partitions.make()}


@handler("ledger_checkpoints", every=60.0)
def make_checkpoints(run: Run) -> dict[str, Any]:
    """A signed head for each log that has grown."""
    return {"made": checkpoint.make_all()}


@handler("ledger_retention", every=DAY)
def retain(run: Run) -> dict[str, Any]:
    """Erases what need not be kept any longer, see `erasure.retain`. Stopped logs are left alone."""
    erased = 0
    sites = list(Site.objects.order_by("pk"))
    for done, site in enumerate(sites):
        run.progress(done, len(sites))
        try:
            erased += erasure.retain(site, actor="retention").count
        except Stopped:
            continue
    return {"erased": erased}


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
