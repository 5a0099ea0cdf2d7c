"""What the worker does for releases: pictures of their banners."""

from __future__ import annotations

from typing import Any

from consent.jobs.registry import PICTURES, handler
from consent.jobs.runner import Run
from consent.publishing import pictures as kept
from consent.publishing.models import Release
from cookiebanner.releases import pictures


@handler(pictures.KIND, queue=PICTURES)
def take(run: Run) -> dict[str, Any]:
    """Takes a release's pictures, and declares void what an earlier version logged as such."""
    release = Release.objects.select_related("site").get(site=run.job.site, number=run.params["release"])
    kept.void_blank(release.site, "pictures")
    if why := pictures.unavailable() or pictures.nothing_to_see(release):
        return {"taken": 0, "why": why}
    record = pictures.log(release, lambda done, total, words: run.progress(done, total, message=words))
    return {"taken": len(record["pictures"]), "missing": len(record["missing"])}
