"""What the worker does for releases: pictures of their banners, and what is found when they are drawn."""

from __future__ import annotations

from typing import Any

from consent.common import InvalidChange
from consent.jobs.registry import PICTURES, handler
from consent.jobs.runner import Run
from consent.publishing import pictures as kept
from consent.publishing import rendered
from consent.publishing.actions import NeedsApproval, end_request
from consent.publishing.models import PublishRequest, Release
from cookiebanner.releases import pictures, publish
from cookiebanner.releases import rendered as drawer


@handler(publish.SCHEDULED)
def publish_at_its_time(run: Run) -> dict[str, Any]:
    """Publishes what was asked for this time; what can't be published then ends with the reason. What still waits for
    an approval goes on waiting."""
    request = PublishRequest.objects.select_related("site").filter(pk=run.params["request"], ended_at=None).first()
    if request is None:
        return {"why": "it was published, withdrawn or declined"}
    try:
        return {"release": publish.publish_requested(request).number}
    except NeedsApproval as error:
        return {"why": str(error)}
    except InvalidChange as error:
        end_request(request, "schedule", str(error).splitlines()[0], failed=True)
        return {"why": str(error)}


@handler(pictures.KIND, queue=PICTURES)
def take(run: Run) -> dict[str, Any]:
    """Takes a release's pictures, and declares void what an earlier version logged as such."""
    release = Release.objects.select_related("site").get(site=run.job.site, number=run.params["release"])
    kept.void_blank(release.site, "pictures")
    if why := pictures.unavailable() or pictures.nothing_to_see(release):
        return {"taken": 0, "why": why}
    record = pictures.log(release, lambda done, total, words: run.progress(done, total, message=words))
    return {"taken": len(record["pictures"]), "missing": len(record["missing"])}


@handler(rendered.KIND, queue=PICTURES)
def draw(run: Run) -> dict[str, Any]:
    """Draws a content and keeps what was found; says why when it can't."""
    site = run.job.site
    assert site is not None, "a drawing is of a site"
    snapshot = drawer.wanted(site, run.params["content"])
    if snapshot is None:
        return {"why": "the draft has changed since"}
    if why := pictures.unavailable():
        return {"why": why}
    return drawer.draw(site, snapshot, lambda done, total, words: run.progress(done, total, message=words))
