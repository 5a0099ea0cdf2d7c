"""From what was seen to the report of a scan, and what differs between two reports. Pure.

A report is plain values that have a canonical form (`consent.ledger.canonical`), so that its hash can be logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consent.catalogue.known import by_key
from consent.scanner.classify import HIGH, Classifier
from consent.scanner.frontier import LeftOut
from consent.scanner.seen import BEFORE, MOMENTS, REFUSED, PageSeen, Seen, Thing
from fairgate_enforce.defaults import before_answer

Report = dict[str, Any]
FORMAT = 1
EVIDENCE = 8  # sentences of one service
STORED = ("cookie", "local", "session", "databases")
KINDS = {"local": "local storage", "session": "session storage", "databases": "database", "cookie": "cookie"}


@dataclass(slots=True)
class Course:
    """How a scan went, besides what was seen. `by`: Chromium with its version, or the page reader. `ended`: why it
    ended before every page was seen ("" = it did not). `banner`: ours, another (then `others` names it), none."""

    start: str
    begun: str
    ended_at: str
    by: str
    ended: str = ""
    banner: str = "none"
    others: list[str] = field(default_factory=list)
    regime: str = ""
    moments: list[str] = field(default_factory=list)
    robots: str = ""
    notes: list[str] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)  # moment → SHA-256 of the first page


def build(
    seen: Seen,
    pages: Sequence[PageSeen],
    left_out: LeftOut,
    course: Course,
    necessary: Iterable[str],
    terms: Mapping[str, Any],
) -> Report:
    """The report. `necessary` are the site's always active categories; `terms` those of the regime that a visitor of
    the scan had."""
    services = _services(seen, set(necessary), terms)
    hosts = [_host(thing) for thing in seen.of_kind("request") if not thing.who.key]
    stored = [_stored(thing) for thing in seen.of_kind(*STORED)]
    if seen.dropped:
        course.notes.append(f"{seen.dropped} things more were met than a report holds.")
    return {
        "format": FORMAT,
        "start": course.start, "begun": course.begun, "ended_at": course.ended_at, "by": course.by,
        "ended": course.ended, "banner": course.banner, "others": course.others, "regime": course.regime,
        "moments": course.moments, "robots": course.robots, "notes": course.notes, "pictures": course.pictures,
        "pages": [_page(page) for page in pages],
        "left_out": [
            {"why": why, "count": count, "example": left_out.examples[why]}
            for why, count in sorted(left_out.counts.items())
        ],
        "services": services, "hosts": hosts, "stored": stored,
    }  # fmt: skip


def _page(page: PageSeen) -> dict[str, Any]:
    return {
        "url": page.url, "depth": page.depth, "status": page.status, "title": page.title[:200], "why": page.why[:300],
        "elsewhere": page.elsewhere, "picture": page.picture, "requests": page.requests,
    }  # fmt: skip


def _services(seen: Seen, necessary: set[str], terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    by_key: dict[str, list[Thing]] = {}
    for thing in seen.of_kind("request", *STORED, "code"):
        if thing.who.key:
            by_key.setdefault(thing.who.key, []).append(thing)
    return [_service(key, things, seen.classifier, necessary, terms) for key, things in sorted(by_key.items())]


def _service(
    key: str, things: Sequence[Thing], classifier: Classifier, necessary: set[str], terms: Mapping[str, Any]
) -> dict[str, Any]:
    service = classifier.service(key)
    assert service is not None, "a classification names a service of the site or the catalogue"
    moments = {moment for thing in things for moment in thing.moments}
    needed = service["category"] in necessary
    sure = [thing for thing in things if thing.who.confidence == HIGH] or things
    return {
        "key": key, "name": service["name"], "category": service["category"], "filed": classifier.filed(key),
        "confidence": sure[0].who.confidence, "reason": sure[0].who.reason,
        "necessary": needed,
        "moments": _in_order(moments),
        "before": BEFORE in moments and not needed and before_answer(service, needed, terms) == "denied",
        "after_refusal": REFUSED in moments and not needed,
        "evidence": [_sentence(thing) for thing in things][:EVIDENCE],
        "pages": list(dict.fromkeys(page for thing in things for page in thing.pages))[:5],
    }  # fmt: skip


def _sentence(thing: Thing) -> str:
    if thing.kind == "request":
        frame = " (in a frame)" if thing.detail.get("frame") else ""
        return f"asks {thing.host}{frame}: {thing.examples[0] if thing.examples else ''}"[:300]
    if thing.kind == "code":
        return f"code in the page: {thing.examples[0] if thing.examples else ''}"[:300]
    return f"{KINDS[thing.kind]} {thing.name} of {thing.host}"[:300]


def _host(thing: Thing) -> dict[str, Any]:
    return {
        "host": thing.host, "moments": _in_order(thing.moments), "pages": thing.pages, "by": thing.by,
        "evidence": thing.examples, "frame": bool(thing.detail.get("frame")), "reason": thing.who.reason,
    }  # fmt: skip


def _stored(thing: Thing) -> dict[str, Any]:
    who = thing.who
    return {
        "kind": thing.kind, "name": thing.name, "host": thing.host, "moments": _in_order(thing.moments),
        "pages": thing.pages, "by": thing.by, "service": who.key, "service_name": who.name, "category": who.category,
        "confidence": who.confidence, "reason": who.reason, "detail": thing.detail,
    }  # fmt: skip


def _in_order(moments: Iterable[str]) -> list[str]:
    there = set(moments)
    return [moment for moment in MOMENTS if moment in there]


# --- two reports ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Differences:
    """What one report has that the one before has not, and the other way round: names of services, unknown hosts,
    cookies and stored names; and services that run before an answer, or after a refusal, only in the newer one."""

    services: list[str]
    services_gone: list[str]
    hosts: list[str]
    hosts_gone: list[str]
    stored: list[str]
    stored_gone: list[str]
    before: list[str]
    after_refusal: list[str]

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)


def differences(old: Report, new: Report) -> Differences:
    """What differs. Only what both could see is compared: without an answer there is nothing after a refusal."""
    services, gone = _both(_trackers(old), _trackers(new))
    hosts, hosts_gone = _both(_hosts(old), _hosts(new))
    stored, stored_gone = _both(_names(old), _names(new))
    refused = REFUSED in old["moments"] and REFUSED in new["moments"]
    return Differences(
        services, gone, hosts, hosts_gone, stored, stored_gone,
        _both(flagged(old, "before"), flagged(new, "before"))[0],
        _both(flagged(old, "after_refusal"), flagged(new, "after_refusal"))[0] if refused else [],
    )  # fmt: skip


def flagged(report: Report, name: str) -> dict[str, str]:
    """{key: name} of the services that run when they should not: `before` an answer, `after_refusal`."""
    return {one["key"]: one["name"] for one in report["services"] if one[name]}


def strangers(report: Report, moment: str) -> list[str]:
    """Hosts that nobody knows and that are asked at a moment."""
    return [one["host"] for one in report["hosts"] if moment in one["moments"]]


def unfiled(report: Report, have: Iterable[str]) -> list[dict[str, Any]]:
    """Services of our catalogue that were found and are not among those that the site has by now."""
    there = set(have)
    return [one for one in report["services"] if one["key"] not in there and one["key"] in by_key()]


def _trackers(report: Report) -> dict[str, str]:
    return {one["key"]: one["name"] for one in report["services"]}


def _hosts(report: Report) -> dict[str, str]:
    return {one["host"]: one["host"] for one in report["hosts"]}


def _names(report: Report) -> dict[str, str]:
    return {f"{one['kind']} {one['name']} {one['host']}": f"{one['name']} ({one['host']})" for one in report["stored"]}


def _both(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """(only in the new one, only in the old one), by name."""
    return sorted(new[key] for key in new.keys() - old.keys()), sorted(old[key] for key in old.keys() - new.keys())


def whole(report: Report) -> bool:
    """Whether a report can be compared: the site was reached, and nobody stopped the scan."""
    return bool(report) and any(not page["why"] for page in report["pages"]) and report["ended"] != "stopped"
