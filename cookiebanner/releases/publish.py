"""Publishing as the faces and the commands call it: the domain's actions with our compiler."""

from __future__ import annotations

import json
from datetime import datetime

from consent.publishing import actions
from consent.publishing.models import Release
from consent.sites.models import Site
from cookiebanner.releases import pictures, rendered
from cookiebanner.releases.compile import compile  # noqa: A004


def publish(site: Site, actor: str, note: str = "", *, force: bool = False, at: datetime | None = None) -> Release:
    """See `consent.publishing.actions.publish`."""
    release = actions.publish(site, actor, compile, note, force=force, at=at)
    _drawn(release)
    return release


def rollback(site: Site, number: int, actor: str, note: str = "") -> Release:
    """See `consent.publishing.actions.rollback`."""
    release = actions.rollback(site, number, actor, compile, note)
    _drawn(release)
    return release


def _drawn(release: Release) -> None:
    """What a browser does with a new release; findings come before pictures, for people wait for them."""
    rendered.ask_for(release.site, json.loads(release.snapshot))
    pictures.ask_for(release)
