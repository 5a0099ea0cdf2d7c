"""When a notice is true. Each condition reads what is there, and writes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_noop

from consent.catalogue import inbox
from consent.common import months_later
from consent.jurisdictions import history
from consent.ledger import anchors
from consent.ledger.models import Anchor, LogEntry, LogHead
from consent.notices.actions import Found
from consent.preferences import queries as preferences
from consent.publishing import material_changes
from consent.publishing.queries import current_release
from consent.sites.actions import SIGHTINGS_PER_SITE
from consent.sites.models import Site, Webhook
from consent.stats import queries as stats
from consent.stats.actions import REPORTS_PER_SITE
from consent.stats.models import GateReport

WEEK = timedelta(days=7)
LEAST = 200  # answers of a week that say something
DROP = 0.8  # of the share before; less is a drop
SURE = 4.0  # standard errors: chance alone comes so far once in 30,000 weeks
UNANCHORED = timedelta(days=3)  # anchors are tried daily
AHEAD = timedelta(days=31)
MOST_HOSTS = 50


def opt_in_drop(site: Site) -> Iterator[Found]:
    """The share of answers that accepted all, of the last seven whole days against the 28 before."""
    end = timezone.now().date() - timedelta(days=1)
    now = stats.total(stats.by_day(site.pk, end - timedelta(days=6), end))
    before = stats.total(stats.by_day(site.pk, end - timedelta(days=34), end - timedelta(days=7)))
    if min(now.answers, before.answers) < LEAST:
        return
    new, old = now.accept / now.answers, before.accept / before.answers
    both = (now.accept + before.accept) / (now.answers + before.answers)
    error = math.sqrt(both * (1 - both) * (1 / now.answers + 1 / before.answers))
    if new < DROP * old and old - new > SURE * error:
        yield Found("opt_in_drop", "", {"now": round(new, 4), "before": round(old, 4)})


def gate_unseen(site: Site) -> Iterator[Found]:
    """A published site whose gate nobody has reported for a week."""
    release = current_release(site)
    if release is None or site.killed_at or release.published_at > timezone.now() - WEEK:
        return
    last = site.sightings.order_by("-last_seen").values_list("last_seen", flat=True).first()
    if last is None or last < timezone.now() - WEEK:
        yield Found("gate_unseen", "", {"since": _day(last)} if last else {})


def new_host(site: Site) -> Iterator[Found]:
    """Unknown hosts of the last week that wait for somebody."""
    rows = site.gate_reports.filter(
        kind=GateReport.Kind.UNKNOWN_HOST, dismissed_at=None, first_seen__gt=timezone.now() - WEEK
    )
    hosts = list(rows.order_by("-count", "subject").values_list("subject", flat=True)[: 2 * MOST_HOSTS])
    if not hosts:  # nearly every site on nearly every day
        return
    table = inbox.table_of(site)
    waiting = [host for host in hosts if not inbox.covered(table, host)]
    yield from (Found("new_host", host, {}) for host in waiting[:MOST_HOSTS])


def not_anchored(site: Site) -> Iterator[Found]:
    """A log that has grown since the last checkpoint that was kept outside, days ago."""
    if not anchors.places():
        return
    last = Anchor.objects.filter(site_id=site.pk).order_by("-size").first()
    size = LogHead.objects.filter(pk=site.pk).values_list("size", flat=True).first() or 0
    kept = last.size if last else 0
    day = LogEntry.objects.filter(site_id=site.pk, index=kept).values_list("day", flat=True).first()
    if size > kept and day and day < (timezone.now() - UNANCHORED).date():
        yield Found("not_anchored", "", {"since": _day(last.at)} if last else {})


def law_starts(site: Site) -> Iterator[Found]:
    """Laws that begin within a month, with the site's corrections."""
    today = timezone.now().date()
    own = {one.jurisdiction: {"fields": one.fields, "reason": one.reason} for one in site.jurisdiction_overrides.all()}
    for start in history.starts(today, own):
        if start.day <= (today + AHEAD).isoformat():
            yield Found("law_starts", start.key, {"name": start.name, "day": start.day, "what": start.what})


def list_full(site: Site) -> Iterator[Found]:
    """Lists of a site that hold as much as they may."""
    if stats.reports_full(site.pk):
        yield Found("list_full", gettext_noop("unknown hosts"), {"most": REPORTS_PER_SITE})
    if site.sightings.count() >= SIGHTINGS_PER_SITE:
        yield Found("list_full", gettext_noop("hosts where the gate was seen"), {"most": SIGHTINGS_PER_SITE})


def webhook_paused(site: Site) -> Iterator[Found]:
    """The webhook has failed too often."""
    hook = Webhook.objects.filter(site=site).first()
    if site.webhook_url and hook and hook.paused_at:
        yield Found("webhook_paused", "", {"since": _day(hook.paused_at)})


def cpni_notice(site: Site) -> Iterator[Found]:
    """Topics of CPNI of which people must get the notice again: now, in the rest of this month, in the next one. Each
    month is told of by itself, although people of the one before may still wait."""
    now = timezone.now()
    for topic in filter(preferences.has_notices, site.topics.all()):
        start = now
        for end in (_end_of_month(now, 0), _end_of_month(now, 1)):
            if count := preferences.notices_due(topic, end, start):
                detail = {"topic": topic.key, "count": count, "day": _day(end), "due": False}
                yield Found("cpni_notice", f"{topic.key} {end:%Y-%m}", detail)
            start = end
        if count := preferences.notices_due(topic, now):
            yield Found("cpni_notice", topic.key, {"topic": topic.key, "count": count, "day": _day(now), "due": True})


def _end_of_month(now: datetime, months: int) -> datetime:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return months_later(first, months + 1) - timedelta(microseconds=1)


def material_change(site: Site) -> Iterator[Found]:
    """Material changes of documents that have taken effect, and that can't begin by themselves."""
    due = material_changes.due(site)
    if due and due.hindrance:
        for name, version in zip(due.names, due.versions, strict=True):
            yield Found(
                "material_change", name, {"title": version.title, "number": version.number, "why": due.hindrance}
            )


def _day(at: datetime) -> str:
    return f"{at:%-d %B %Y}"


CONDITIONS: dict[str, Callable[[Site], Iterator[Found]]] = {
    one.__name__: one
    for one in (
        opt_in_drop,
        gate_unseen,
        new_host,
        not_anchored,
        law_starts,
        list_full,
        webhook_paused,
        cpni_notice,
        material_change,
    )  # fmt: skip
}


def of(site: Site) -> list[Found]:
    """All that is true of a site now."""
    return [found for condition in CONDITIONS.values() for found in condition(site)]
