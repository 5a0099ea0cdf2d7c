"""What the worker does with a browser: pictures of banners, what is found when they are drawn, scans of sites."""

from __future__ import annotations

import threading
from typing import Any

from django.db.models import Q
from django.utils import timezone

from consent.catalogue import cookie_db
from consent.common import InvalidChange
from consent.jobs.actions import enqueue
from consent.jobs.registry import DAY, FOREVER, PICTURES, SCANS, handler
from consent.jobs.runner import Run
from consent.notices.actions import open_subjects
from consent.publishing import contents, material_changes, rendered
from consent.publishing import pictures as kept
from consent.publishing.actions import Blocked, NeedsApproval, end_request
from consent.publishing.models import PublishRequest, Release
from consent.scanner import scans
from consent.scanner.classify import Classifier
from consent.scanner.crawl import Crawl, Plan, reader
from consent.scanner.models import Scan
from consent.scanner.report import Course, build
from consent.scanner.seen import Seen
from consent.watch.conditions import material_change
from consent.watch.jobs import WATCH
from cookiebanner.releases import live_page, pictures, publish, site_scan
from cookiebanner.releases import rendered as drawer

BEGIN = "begin_material_changes"
MINUTE = 60.0


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
        why = error.why if isinstance(error, Blocked) else str(error).splitlines()[0]
        end_request(request, "schedule", why, failed=True)
        return {"why": str(error)}


@handler("material_changes", every=10 * MINUTE)
def look_for_material_changes(run: Run) -> dict[str, Any]:
    """Begins what is due, in a job a site: what goes wrong on one holds up no other. Of what something is in the way,
    the site's people are told."""
    begun = waiting = 0
    for site in material_changes.sites():
        due = material_changes.due(site)
        if due and due.hindrance:
            waiting += 1
            if not set(due.names) <= open_subjects(site, material_change.__name__):
                enqueue(WATCH, once=True)
        elif due:
            begun += 1
            enqueue(BEGIN, site=site, once=True)
    return {"begun": begun, "waiting": waiting}


@handler(BEGIN)
def begin_material_changes(run: Run) -> dict[str, Any]:
    """Publishes the release that asks again."""
    assert run.job.site is not None, "a material change is a site's"
    try:
        release = publish.begin_material_changes(run.job.site)
    except InvalidChange as error:  # another release came between: the next look sees what is left to do
        return {"why": str(error)}
    return {"release": release.number} if release else {"why": "it has begun, or waits"}


@handler(publish.COMPRESS, queue=PICTURES)
def compress(run: Run) -> dict[str, Any]:
    """Compresses a release's files well, which a publish does quickly, and keeps less of those before it."""
    assert run.job.site is not None, "a release is a site's"
    return {"compressed": contents.compress_well(run.job.site), "apart": contents.take_apart(run.job.site)}


@handler("free_contents", every=DAY)
def free(run: Run) -> dict[str, Any]:
    """Deletes what no release holds any more."""
    return {"freed": contents.free()}


@handler(pictures.KIND, queue=PICTURES, kept=FOREVER)  # one a release, which stays too; its page says what came of it
def take(run: Run) -> dict[str, Any]:
    """Takes a release's pictures, and declares void what an earlier version logged as such."""
    release = Release.objects.select_related("site").get(site=run.job.site, number=run.params["release"])
    kept.void_blank(release.site, "pictures")
    if why := pictures.unavailable() or pictures.nothing_to_see(release):
        return {"taken": 0, "why": why}
    record = pictures.log(release, lambda done, total, words: run.progress(done, total, message=words))
    return {"taken": len(record["pictures"]), "missing": len(record["missing"])}


@handler(rendered.KIND, queue=PICTURES, stays=Q(result__has_key="findings"))  # a rollback asks for old ones
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


@handler(scans.KIND, queue=SCANS, stays=Q(pk__in=Scan.objects.filter(job__isnull=False).values("job")))
def scan(run: Run) -> dict[str, Any]:
    """Looks at a site and keeps the report; without a browser its pages are only read. When somebody stops it, what was
    seen until then is the report."""
    one = Scan.objects.select_related("site").filter(pk=run.params["scan"], finished_at=None).first()
    if one is None:
        return {"why": "it is over, or gone"}
    plan = scans.plan_for(one)
    seen = Seen(Classifier(scans.services_of(one.site), plan.hosts, cookie_db.kept()))
    course = Course(plan.start, _now(), "", "the page reader")
    halted = threading.Event()

    def progress(done: int, total: int, words: str) -> None:
        run.progress(done, total, message=words)
        if scans.stop_asked(one):
            halted.set()

    if why := pictures.unavailable():
        crawl = _read_alone(plan, seen, course, progress, halted)
        course.notes.append(f"No browser looked: {why}.")
    else:
        crawl = pictures.aside(
            lambda tell, stop: site_scan.scan(plan, seen, course, tell, lambda: stop.is_set() or halted.is_set()),
            progress,
        )
    course.ended_at = _now()
    necessary = one.site.categories.filter(necessary=True).values_list("key", flat=True)
    report = build(seen, crawl.pages, crawl.frontier.left_out, course, necessary, live_page.terms_of(course.regime))
    made = scans.finish(one, report)
    return {"pages": len(report["pages"]), "sha256": made.sha256}


def _read_alone(plan: Plan, seen: Seen, course: Course, progress: pictures.Progress, halted: threading.Event) -> Crawl:
    """The walk without a browser."""
    crawl = Crawl(plan, lambda: "stopped" if halted.is_set() else "")
    crawl.run(reader(seen, plan, course), progress)
    if course.others and course.banner == "none":
        course.banner = "another"
    course.robots, course.ended = crawl.robots_words, crawl.ended
    return crawl


def _now() -> str:
    return timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
