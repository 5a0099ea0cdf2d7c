"""What was found when a content was drawn in a browser. Who draws is a face's matter
(`cookiebanner/releases/rendered.py`); here are the findings by content, so that a publish of what is known to be bad is
refused.

A content is a snapshot without its sign-offs: these change what is allowed, not what is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext

from consent.banners import reviews
from consent.banners.models import TextReview
from consent.jobs.actions import enqueue
from consent.jobs.models import Job
from consent.publishing import lint
from consent.publishing.lint import Finding
from consent.publishing.snapshot import Snapshot, canonical, sha256_of
from consent.sites.models import Site

KIND = "rendered"
MOST = 10  # drawings of one content that are looked at


def content(snapshot: Snapshot) -> str:
    """The name of what is drawn."""
    return sha256_of(canonical({**snapshot, "waivers": []}))


def ask(site: Site, snapshot: Snapshot) -> Job:
    """Queues the drawing of a content; one that waits for it, or is at it, is enough."""
    params = {"content": content(snapshot)}
    running = site.jobs.filter(kind=KIND, params=params, state=Job.Status.RUNNING).first()
    return running or enqueue(KIND, site=site, params=params, once=True)


def jobs(site: Site, snapshot: Snapshot) -> list[Job]:
    """The drawings of a content, whatever their state, the newest first."""
    return list(site.jobs.filter(kind=KIND, params={"content": content(snapshot)}).order_by("-pk")[:MOST])


def jobs_of_each(site: Site, snapshots: Sequence[Snapshot]) -> list[list[Job]]:
    """`jobs` of several contents, read at once."""
    wanted = [{"content": content(snapshot)} for snapshot in snapshots]
    found = list(site.jobs.filter(kind=KIND, params__in=wanted).order_by("-pk")[: MOST * len(wanted)])
    return [[job for job in found if job.params == params] for params in wanted]


def known(site: Site, snapshot: Snapshot) -> bool:
    """Whether a drawing of a content came to an end."""
    return _result(jobs(site, snapshot)) is not None


def check(
    site: Site,
    snapshot: Snapshot,
    waivers: Sequence[Mapping[str, str]] | None = None,
    drawings: Sequence[Job] | None = None,
    signed: Mapping[str, TextReview] | None = None,
) -> list[Finding]:
    """`lint.check` with what a snapshot does not say: what drawing this content has found (what is not drawn yet is not
    waited for), and which of our words nobody has read. Whoever has read them already gives its `jobs` (`drawings`)
    and the site's reviews in force (`signed`)."""
    signed = reviews.in_force(site) if signed is None else signed
    found = findings(site, snapshot, drawings)
    return lint.check(snapshot, waivers, [*found, *lint.machine_made(snapshot, signed)])


def findings(site: Site, snapshot: Snapshot, drawings: Sequence[Job] | None = None) -> list[Finding]:
    """What the newest finished drawing of a content found; [] when there is none. It is kept in English: sentences
    without values are told in the language of whoever asks."""
    result = _result(jobs(site, snapshot) if drawings is None else drawings)
    rows = result["findings"] if result else []
    return [Finding(**row | {part: gettext(row[part]) for part in ("message", "fix")}) for row in rows]


def result_of(found: list[Finding], **more: Any) -> dict[str, Any]:
    """The result of the job that has drawn."""
    return {"findings": [asdict(finding) for finding in found], **more}


def _result(drawings: Sequence[Job]) -> dict[str, Any] | None:
    done = (one.result for one in drawings if one.state == Job.Status.DONE)
    return next((result for result in done if "findings" in result), None)
