"""Reports of scans that met what a test says, and scans that ended with one."""

from __future__ import annotations

from typing import Any

from consent.jobs.models import Job
from consent.jurisdictions import table
from consent.models import Scan, Site
from consent.scanner import report as reports
from consent.scanner import scans
from consent.scanner.classify import Classifier
from consent.scanner.frontier import LeftOut
from consent.scanner.report import Course
from consent.scanner.seen import ACCEPTED, BEFORE, REFUSED, Asked, PageSeen, Seen
from tests.values import present

HOSTS = ["shop.example"]
PAGE = "https://shop.example/"
OWN = {
    "key": "chat", "name": "Chat", "category": "C0001", "rules": ["chat.example"], "cookies": [], "inline": [],
}  # fmt: skip


def made(*requests: tuple[str, str], regime: str = "eu_opt_in", **course: Any) -> dict[str, Any]:
    """The report of a scan that met these (address, moment)."""
    found = Seen(Classifier([OWN], HOSTS))
    for url, moment in requests:
        found.request(Asked(url, "script", "markup"), PAGE, moment)
    given = {"moments": [BEFORE, REFUSED, ACCEPTED], "banner": "ours", **course}
    walk = Course(PAGE, "2026-11-30T00:00:00Z", "2026-11-30T00:01:00Z", "Chromium 1", **given)
    return reports.build(found, [PageSeen(PAGE, title="é")], LeftOut(), walk, ["C0001"], table.variants()[regime])


HOTJAR = "https://static.hotjar.com/c.js"
META = "https://connect.facebook.net/x/fbevents.js"
CHAT = "https://chat.example/c.js"


def finished(site: Site, report: dict[str, Any]) -> Scan:
    """A scan that was asked for and has ended with this report."""
    one = scans.ask(site, "alice@example.net")
    Job.objects.filter(pk=present(one.job_id)).update(state=Job.Status.DONE)
    return scans.finish(one, report)
