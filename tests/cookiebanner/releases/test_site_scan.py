"""A site is scanned as the worker does it: all that was planted is found, traps end, and nothing of it is recorded."""

from __future__ import annotations

import re
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from consent.catalogue.actions import add_service
from consent.jobs import registry, runner
from consent.ledger import canonical
from consent.models import ConsentRecord, ImpressionTotal, LogEntry, Scan, Site
from consent.scanner import frontier, scans
from consent.scanner import pictures as pictures_of_scans
from consent.sites import snippets
from consent.sites.actions import create_site
from cookiebanner.releases import pictures, site_scan
from cookiebanner.releases.compile import digest
from cookiebanner.releases.publish import publish
from cookiebanner.visitors.delivery import first_part
from tests.cookiebanner.releases.scanned_site import PLANTED, ScannedSite, scanned_site
from tests.values import RESPONSIBLE


@pytest.fixture
def web() -> Iterator[ScannedSite]:
    with scanned_site() as made:
        yield made


@pytest.fixture
def site(transactional_db, settings, monkeypatch, tmp_path, web) -> Site:
    settings.FAIRGATE_DATA = tmp_path
    settings.FAIRGATE_PICTURES = True
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(pictures, "LOWEST", 0)
    for name, value in {
        "VIEW": 4.0,
        "LOAD": 2000,
        "COMPLETE": 500,
        "REST": 120,
        "DEADLINE": 300.0,  # only what has no end takes it
        "BYTES": 1_500_000,
    }.items():
        monkeypatch.setattr(site_scan, name, value)
    monkeypatch.setattr(frontier, "ALIKE", 2)
    made = create_site(["shop.localhost"], "alice", languages=["en"], **RESPONSIBLE)
    add_service(made, "alice", name="Counter", category="C0002", patterns=["counter.localhost"], statistics=True)
    scans.set_plan(made, "alice", start=web.address("shop"), pages=60, depth=10, delay=0)
    registry.discover()
    return made


def put_gate(web: ScannedSite, site: Site) -> None:
    """The site's published gate, first in the head of each page."""
    files = {file.name: file for file in publish(site, "alice").artifacts.all()}
    base = f"/v1/{site.uuid}"
    for name, file in files.items():
        web.files["consent", f"{base}/a/{digest(file.content.body)}/{name}"] = (file.content_type, file.content.body)
    gate = "gate.eu_opt_in.js"
    body = files[gate].content.body + files[first_part(files, gate, "en")].content.body
    web.files["consent", f"{base}/gate.js"] = (files[gate].content_type, body)
    web.head = snippets.snippet(web.address("consent", "").rstrip("/"), site.uuid)


def scanned(site: Site) -> Scan:
    made = scans.ask(site, "alice")
    with ThreadPoolExecutor(1) as aside:  # as the worker runs: in no thread that has an event loop
        aside.submit(runner.work_off, queue=registry.SCANS).result()
    made.refresh_from_db()
    assert made.status == "done", made.job and made.job.message
    return made


@pytest.mark.browser
@pytest.mark.long
def test_everything_planted_is_found_and_every_trap_ends(site, web):
    put_gate(web, site)
    begun = time.monotonic()
    scan = scanned(site)
    assert time.monotonic() - begun < site_scan.DEADLINE
    report = scan.report
    pages = {page["url"].partition(str(web.server.server_address[1]))[2]: page for page in report["pages"]}
    asked = {one["host"].removesuffix(".localhost"): one for one in report["hosts"]}
    assert (report["banner"], report["moments"], report["ended"]) == ("ours", ["before", "refused", "accepted"], "")
    # All that was planted, on its page; what waits for a yes only after one.
    assert {name: asked[name]["pages"][0].partition(".localhost:")[2].partition("/")[2] for name in PLANTED} == {
        name: path[1:] for name, path in PLANTED.items()
    }
    always = ["before", "refused", "accepted"]
    others = {name: one["moments"] for name, one in asked.items() if name not in PLANTED}
    assert others == {"waiting": ["accepted"], "10.255.255.1": always}
    # What is inside the operator's network was asked for, and never reached.
    assert [note for note in report["notes"] if not re.search(r"/(stream|download) was cut", note)] == [
        "Not reached: 10.255.255.1: 10.255.255.1 is at 10.255.255.1, which is no public address. If that is meant, list "
        "its network in FAIRGATE_OUTGOING_NETWORKS."
    ]
    assert asked["lazy"]["by"] == [f"script {web.address('shop', '/lazy')}"]
    found = {
        one["key"]: (one["moments"], one["before"], one["after_refusal"], one["filed"]) for one in report["services"]
    }
    assert found == {
        "counter": (["accepted"], False, False, True),
        "google-analytics": (always, True, True, False),
        "meta-pixel": (always, True, True, False),
    }
    kept_names = {(one["kind"], one["name"]): (one["by"], one["service"]) for one in report["stored"]}
    inline = ["a script in the page"]
    assert kept_names == {
        ("cookie", "partner"): ([f"Set-Cookie of {web.address('embed')}"], ""),
        ("cookie", "jar"): ([f"Set-Cookie of {web.address('embed')}"], ""),
        ("cookie", "_fbp"): ([f"Set-Cookie of {web.address('shop', '/promo')}"], "meta-pixel"),
        ("cookie", "_ga"): (inline, "google-analytics"),
        ("cookie", "sid"): ([f"Set-Cookie of {web.address('shop', '/promo')}"], ""),
        ("local", "seen_by"): (inline, ""),
        ("local", "visitor_number"): (inline, ""),
    }
    attributes = {one["name"]: one["detail"] for one in report["stored"] if one["host"].startswith("embed")}
    # What a page under another name may keep is None and Secure, in a jar of that page or not.
    assert {name: (one["same_site"], one["secure"], bool(one["partition"])) for name, one in attributes.items() if one} == {
        "partner": ("None", True, False), "jar": ("None", True, True),
    }  # fmt: skip
    # The traps.
    why = {path: page["why"] for path, page in pages.items() if page["why"]}
    assert why == {
        "/loop": "redirects in a circle", "/out": "leads to another site", "/account": "answers 401",
        "/download": "is a download", "/hang": "does not answer in time",
        "/busy": "kept the browser busy for 4 seconds",
    }  # fmt: skip
    assert sum(path.startswith("/calendar/") for path in pages) == 2
    assert max(web.sent.values()) < 50_000_000
    left = {one["why"]: one["example"].partition(".localhost:")[2].partition("/")[2] for one in report["left_out"]}
    assert left == {
        "lead to a page that was seen": "moved",
        "pages alike: they differ in numbers only": "calendar/0",
        "robots.txt asks not to read them": "private/x",
    }
    # Buttons were pressed for what lies behind them: nothing was sent or kept for it, and no form was.
    assert web.asked["shop", "/bought"] == web.asked["shop", "/searched"] == 0
    assert web.asked["private", "/p.gif"] == web.asked["shop", "/private/x"] == 0
    # No process of the browser had more than a gigabyte.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1_000_000
    # Nothing of it is an answer; the ledger names the report; pictures are there.
    assert ConsentRecord.objects.filter(type="consent").count() == ImpressionTotal.objects.count() == 0
    [entry] = LogEntry.objects.filter(site_id=site.pk, type="scan")
    assert (scan.entry, scan.sha256) == (entry.index, sha256(canonical.encode(report)).hexdigest())
    assert all(pictures_of_scans.path(digest).exists() for digest in scans.pictures_of(report))
    assert sum(1 for page in report["pages"] if page["picture"]) >= 20
    assert set(report["pictures"]) == {"before", "refused", "accepted"}
