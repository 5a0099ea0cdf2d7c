"""Publishing as the faces and the commands call it: the domain's actions with our compiler."""

from __future__ import annotations

import json
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from consent.jobs.actions import enqueue
from consent.publishing import actions, streams
from consent.publishing.models import PublishRequest, Release
from consent.sites.models import Site
from cookiebanner.releases import pictures, rendered
from cookiebanner.releases.compile import compile  # noqa: A004

SCHEDULED = "scheduled_publish"  # kinds of jobs
COMPRESS = "compress_release"


def publish(site: Site, actor: str, note: str = "", *, force: bool = False, at: datetime | None = None) -> Release:
    """See `consent.publishing.actions.publish`."""
    release = actions.publish(site, actor, compile, note, force=force, at=at)
    _followed_up(release)
    return release


def ask(site: Site, actor: str, note: str = "", publish_at: datetime | None = None) -> PublishRequest:
    """See `consent.publishing.actions.ask_to_publish`; what has a time is published by the worker then."""
    request = actions.ask_to_publish(site, actor, note, publish_at)
    if publish_at:
        enqueue(SCHEDULED, site=site, params={"request": request.pk}, run_after=publish_at)
    return request


def approve(request: PublishRequest, actor: str) -> Release | None:
    """See `consent.publishing.actions.approve`; publishes at once what has no later time. Raises Blocked and
    InvalidChange."""
    approved = actions.approve(request, actor)
    later = approved.publish_at and approved.publish_at > timezone.now()
    return None if later else publish_requested(approved)


def publish_requested(request: PublishRequest) -> Release:
    """See `consent.publishing.actions.publish_requested`."""
    release = actions.publish_requested(request, compile)
    _followed_up(release)
    return release


def rollback(site: Site, number: int, actor: str, note: str = "") -> Release:
    """See `consent.publishing.actions.rollback`."""
    release = actions.rollback(site, number, actor, compile, note)
    _followed_up(release)
    return release


def begin_material_changes(site: Site) -> Release | None:
    """See `consent.publishing.actions.begin_material_changes`."""
    release = actions.begin_material_changes(site, compile)
    if release:
        _followed_up(release)
    return release


def _followed_up(release: Release) -> None:
    """What nobody waits for: better compression, and what a browser does with a new release; findings come before
    pictures, for people wait for them."""
    if settings.FAIRGATE_BROTLI > streams.QUICK:
        enqueue(COMPRESS, site=release.site, once=True)
    rendered.ask_for(release.site, json.loads(release.snapshot))
    pictures.ask_for(release)
