"""Verbs of scans: how a site is scanned, when, what becomes of the report, who is told, which services are filed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid5

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from consent.catalogue import known
from consent.catalogue.actions import COOKIE_FIELDS, FACTS, add_service, delete_service
from consent.catalogue.models import Service
from consent.common import InvalidChange, check
from consent.jobs import actions as jobs
from consent.jobs import outgoing
from consent.jobs.models import Job
from consent.ledger import canonical
from consent.ledger.append import append_unless_stopped, draft_of
from consent.ledger.models import LogEntry
from consent.notices.actions import recipients, wanted
from consent.notices.kinds import DASHBOARD
from consent.notices.kinds import MAIL as BY_MAIL
from consent.scanner import pictures
from consent.scanner.crawl import Plan
from consent.scanner.findings import is_own
from consent.scanner.models import Scan, ScanPlan
from consent.scanner.report import Report, differences, flagged, whole
from consent.scanner.seen import BEFORE
from consent.sites.models import Site
from consent.sites.queries import locked
from consent.trail.actions import audit

KIND, MAIL = "scan", "mail.scan"
KEPT = 12  # scans of a site; what is older goes, with its pictures
UNNAMED = timedelta(days=2)  # how long a picture may wait for its report; a scan is over long before
PERIODS = {ScanPlan.Schedule.WEEKLY: timedelta(days=7), ScanPlan.Schedule.MONTHLY: timedelta(days=30)}
PLAN_FIELDS = ("start", "pages", "depth", "delay", "obey_robots", "schedule")
NOTICES = ("new_tracker", "before_answer", "after_refusal")


# --- the plan ---------------------------------------------------------------------------------------------------------


def plan_of(site: Site) -> ScanPlan:
    """The site's plan, or what holds without one."""
    return ScanPlan.objects.filter(site=site).first() or ScanPlan(site=site)


def start_of(plan: ScanPlan) -> str:
    """Where a scan begins; "" for a site without hosts."""
    host = plan.site.hosts.order_by("pk").values_list("name", flat=True).first()
    return plan.start or (f"https://{host}/" if host else "")


@transaction.atomic
def set_plan(site: Site, actor: str, **fields: Any) -> ScanPlan:
    """Changes what is given of the plan (`PLAN_FIELDS`). Raises InvalidChange, also for a start that is not the
    site's, or at an address that may not be reached."""
    site = locked(site)
    plan = plan_of(site)
    if unknown := set(fields) - set(PLAN_FIELDS):
        raise InvalidChange(f"A scan's plan has no {', '.join(sorted(unknown))}.")
    for field, value in fields.items():
        setattr(plan, field, value)
    if plan.start:
        _check_start(plan.start, list(site.hosts.values_list("name", flat=True)))
    check(plan)
    plan.save()
    audit(site, actor, "scan.plan", **fields)
    return plan


def _check_start(start: str, hosts: list[str]) -> None:
    try:
        outgoing.check(start)
    except outgoing.ForbiddenAddress as error:
        raise InvalidChange(str(error)) from None
    if not is_own(urlsplit(start).hostname or "", hosts):
        raise InvalidChange(
            gettext("%(start)s is not on a host of this site, which has %(hosts)s.")
            % {"start": start, "hosts": ", ".join(hosts) or "none"}
        )


# --- the course of a scan ---------------------------------------------------------------------------------------------


@transaction.atomic
def ask(site: Site, actor: str, requested_by: Any = None) -> Scan:
    """Queues a scan by the site's plan; one that waits or runs is enough. Raises InvalidChange for a site without a
    host. `actor` "" is the schedule."""
    site = locked(site)
    last = site.scans.select_related("job").defer("report").first()
    if last and last.going_on:
        return last
    plan = plan_of(site)
    start = start_of(plan)
    if not start:
        raise InvalidChange(gettext("The site has no host yet: there is nothing to look at."))
    kept = {field: getattr(plan, field) for field in PLAN_FIELDS} | {"start": start}
    made = Scan.objects.create(site=site, plan=kept, actor=actor)
    made.job = jobs.enqueue(KIND, site=site, params={"scan": made.pk}, requested_by=requested_by)
    made.save(update_fields=["job"])
    audit(site, actor or "schedule", "scan.start", start=start)
    return made


@transaction.atomic
def stop(scan: Scan, actor: str) -> None:
    """Ends a scan: one that waits never begins, one that runs keeps what it has seen."""
    site = locked(scan.site)
    job = scan.job
    if not scan.going_on or job is None:
        return
    Scan.objects.filter(pk=scan.pk).update(stop_asked=True)
    if job.state == Job.Status.WAITING:
        jobs.cancel(job)
    audit(site, actor, "scan.stop")


def stop_asked(scan: Scan) -> bool:
    """Whether somebody has asked to end it, as the database says now."""
    return Scan.objects.filter(pk=scan.pk, stop_asked=True).exists()


def plan_for(scan: Scan) -> Plan:
    """What the walk needs to know of a scan's plan."""
    hosts = list(scan.site.hosts.order_by("pk").values_list("name", flat=True))
    given = scan.plan
    return Plan(
        given["start"],
        hosts,
        given["pages"],
        given["depth"],
        given["delay"],
        given["obey_robots"],
        str(scan.site.uuid),
    )


def services_of(site: Site) -> list[dict[str, Any]]:
    """The draft's services, as the cascade and the defaults take them."""
    rows = site.services.select_related("category").prefetch_related("rules", "cookies", "overrides")
    return [
        {field: getattr(row, field) for field in FACTS}
        | {
            "key": row.key,
            "category": row.category.key,
            "rules": [rule.pattern for rule in row.rules.all()],
            "cookies": [{"name": cookie.name, "kind": cookie.kind} for cookie in row.cookies.all()],
            "overrides": {one.regime: {"state": one.state} for one in row.overrides.all()},
        }
        for row in rows
    ]


def finish(scan: Scan, report: Report) -> Scan:
    """Keeps a report, logs its hash in the ledger, and queues the mails to those who want one. A second time is the
    first."""
    scan.refresh_from_db()
    if scan.finished_at:
        return scan
    site = scan.site
    body = canonical.encode(report)
    scan.report, scan.sha256 = report, sha256(body).hexdigest()
    with transaction.atomic():
        scan.entry = _log(scan, report)
        scan.finished_at = timezone.now()
        scan.save(update_fields=["report", "sha256", "entry", "finished_at"])
        if whole(report) and any(news_of(site, scan)):
            for person in recipients(site):
                if any(news_for(site, person, scan, BY_MAIL)):
                    jobs.enqueue(MAIL, site=site, params={"scan": scan.pk, "user": person.pk})
    forget_old(site)
    return scan


def _log(scan: Scan, report: Report) -> int | None:
    """The index of the entry that names the report; None while the ledger takes none."""
    record = {
        "report": scan.sha256, "start": report["start"].partition("?")[0], "by": report["by"],
        "pages": len(report["pages"]), "complete": not report["ended"], "banner": report["banner"],
        "moments": report["moments"], "services": len(report["services"]),
        "before": len(flagged(report, "before")), "after_refusal": len(flagged(report, "after_refusal")),
    }  # fmt: skip
    site = scan.site
    id = uuid5(site.uuid, f"scan/{scan.pk}")
    return append_unless_stopped(draft_of(site.pk, site.uuid, LogEntry.Type.SCAN, record, id))


def forget_old(site: Site) -> int:
    """Takes the oldest scans away; returns how many. Their pictures go with the next `sweep`."""
    old = list(site.scans.values_list("pk", flat=True)[KEPT:])
    Scan.objects.filter(pk__in=old).delete()
    return len(old)


def sweep() -> int:
    """Takes the pictures away that no report names; returns how many. Once a day for all sites: equal pages of two
    sites are one file, so that the reports of all must be asked."""
    # First: a scan that goes on keeps its pictures before its report names them.
    found = pictures.older_than(UNNAMED)
    if not found:
        return 0
    reports = Scan.objects.exclude(sha256="").values_list("report__pages", "report__pictures")
    for pages, others in reports.iterator(chunk_size=100):
        found -= pictures_of({"pages": pages or (), "pictures": others or {}})
    found &= pictures.older_than(UNNAMED)  # without what a scan has kept anew meanwhile
    pictures.delete(found)
    return len(found)


def pictures_of(report: Mapping[str, Any]) -> set[str]:
    """The pictures that a report names."""
    found = {page["picture"] for page in report.get("pages", ())} | set(report.get("pictures", {}).values())
    return found - {""}


def schedule() -> int:
    """Queues the scans that are due by their sites' plans; returns how many."""
    made, now = 0, timezone.now()
    plans = ScanPlan.objects.exclude(schedule=ScanPlan.Schedule.OFF).select_related("site")
    for plan in plans.annotate(last=Max("site__scans__created_at")):
        due = plan.last is None or now - plan.last >= PERIODS[ScanPlan.Schedule(plan.schedule)]
        if due and start_of(plan):
            ask(plan.site, "")
            made += 1
    return made


# --- news -------------------------------------------------------------------------------------------------------------


class News(NamedTuple):
    """What a scan found that somebody should look at, in names."""

    new_tracker: list[str]
    before_answer: list[str]
    after_refusal: list[str]


def newest(site: Site) -> Scan | None:
    """The newest scan with a report that says something of the site."""
    return next(_comparable(site.scans.all(), 1), None)


def newest_two(site: Site) -> tuple[Scan | None, Scan | None]:
    """The newest scan with a report that says something of the site, and the one before it. One query as a rule."""
    found = _comparable(site.scans.all(), 2)
    return next(found, None), next(found, None)


def earlier(scan: Scan) -> Scan | None:
    """The one before it that it can be compared with."""
    return next(_comparable(Scan.objects.filter(site=scan.site, pk__lt=scan.pk), 1), None)


def _comparable(rows: QuerySet[Scan], number: int) -> Iterator[Scan]:
    """The scans whose reports are whole, the newest first; read so many at a time, since a report may be large."""
    done = rows.filter(finished_at__isnull=False)
    for start in range(0, KEPT, number):
        batch = list(done[start : start + number])
        yield from (one for one in batch if whole(one.report))
        if len(batch) < number:
            return


def news_of(site: Site, scan: Scan) -> News:
    """What of a scan's findings still is one: what was filed since is no new tracker any more. A first scan has
    nothing to compare with."""
    return _news(scan, earlier(scan), lambda: set(site.services.values_list("key", flat=True)))


def _news(scan: Scan, before: Scan | None, services: Callable[[], Collection[str]]) -> News:
    report = scan.report
    new: list[str] = []
    if before:
        found = differences(before.report, report)
        have = services()
        filed = {one["name"] for one in report["services"] if one["key"] in have}
        new = [name for name in found.services if name not in filed] + found.hosts
    asked = [one["host"] for one in report["hosts"] if BEFORE in one["moments"]]
    early = sorted(flagged(report, "before").values())
    if asked:
        early.append(f"{len(asked)} unknown host{'' if len(asked) == 1 else 's'}")
    return News(new, early, sorted(flagged(report, "after_refusal").values()))


def news_for(site: Site, user: Any, scan: Scan | None, channel: str = DASHBOARD) -> News:
    """What of the newest scan a person wants to be told in this way."""
    return News([], [], []) if scan is None else _chosen(site, user, news_of(site, scan), channel)


def latest_news(site: Site, user: Any, services: Collection[str]) -> tuple[Scan | None, News]:
    """The newest scan, and what of it a person wants to be told on the dashboard; `services` are the keys of the
    draft's. Two queries as a rule."""
    scan, before = newest_two(site)
    if scan is None:
        return None, News([], [], [])
    return scan, _chosen(site, user, _news(scan, before, lambda: services), DASHBOARD)


def _chosen(site: Site, user: Any, found: News, channel: str) -> News:
    kinds = wanted(site, user, channel)
    return News(*(rows if name in kinds else [] for name, rows in zip(NOTICES, found, strict=True)))


# --- filing -----------------------------------------------------------------------------------------------------------


class Choice(NamedTuple):
    """What somebody decided of one thing found: `key` of our catalogue, or "" and the `host` of a stranger."""

    category: str
    key: str = ""
    host: str = ""
    name: str = ""


@transaction.atomic
def file_services(site: Site, actor: str, choices: Iterable[Choice]) -> list[Service]:
    """Adds what was chosen to the draft, all or nothing. Raises InvalidChange: every one needs a category."""
    added = []
    for choice in choices:
        called = choice.name or choice.host or choice.key
        if not choice.category:
            raise InvalidChange(gettext("Choose a category for %(called)s.") % {"called": called})
        if choice.key:
            added.append(_add_known(site, actor, choice))
        else:
            added.append(
                add_service(site, actor, name=called, category=choice.category, patterns=[choice.host], cookies=[])
            )
    return added


def _add_known(site: Site, actor: str, choice: Choice) -> Service:
    entry: Mapping[str, Any] | None = known.by_key().get(choice.key)
    if entry is None:
        raise InvalidChange(gettext("Our catalogue has no %(key)s.") % {"key": choice.key})
    facts = {field: entry[field] for field in FACTS if field in entry}
    cookies = [{field: cookie[field] for field in COOKIE_FIELDS} for cookie in entry["cookies"]]
    return add_service(
        site, actor, key=choice.key, category=choice.category, patterns=entry["rules"], cookies=cookies, **facts
    )


@transaction.atomic
def take_back(site: Site, actor: str, keys: Iterable[str]) -> int:
    """Takes services out of the draft that were just filed; returns how many were still there."""
    rows = list(site.services.filter(key__in=list(keys)))
    for row in rows:
        delete_service(row, actor)
    return len(rows)
