"""A scan walked through on the dashboard in Chromium: by role and label, by keyboard alone, on three screens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from consent.catalogue.actions import add_service
from consent.jobs.models import Job
from consent.scanner import scans
from consent.scanner.seen import ACCEPTED, BEFORE, REFUSED
from tests.browser.uncaught import uncaught
from tests.consent.scanner.sample_scans import CHAT, HOTJAR, META, finished, made
from tests.cookiebanner.dashboard.test_browser import signed_in
from tests.values import present

__all__ = ["signed_in", "uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("FAIRGATE_SCREENSHOTS", "")  # a folder: whoever wants to look


@pytest.fixture(autouse=True)
def data(settings, tmp_path) -> None:
    settings.FAIRGATE_DATA = tmp_path


def report() -> dict[str, Any]:
    """A report with something in each part."""
    found = made(
        (HOTJAR, BEFORE), (META, REFUSED), (META, ACCEPTED), (CHAT, BEFORE), ("https://far.example/pixel.gif?v=1", BEFORE),
        ("https://a-host-with-a-very-long-name.of-somebody.whom-nobody-knows.example/" + "path/" * 30, ACCEPTED),
    )  # fmt: skip
    found["stored"] = [{
        "kind": kind, "name": name, "host": ".shop.example", "moments": ["before", "refused"], "pages": ["https://shop.example/"],
        "by": ["Set-Cookie of https://shop.example/"], "service": service, "service_name": service, "category": "",
        "confidence": "", "reason": "Nothing that we have knows it.", "detail": detail,
    } for kind, name, service, detail in (
        ("cookie", "_fbp", "Meta Pixel", {"path": "/", "days": 90, "http_only": False, "secure": True, "same_site": "Lax"}),
        ("local", "visitor_number_" + "x" * 80, "", {}),
    )]  # fmt: skip
    found["pages"][0] |= {"url": "https://shop.example/" + "a" * 120, "title": "A page with a long name " * 5}
    found["left_out"] = [
        {"why": "pages alike: they differ in numbers only", "count": 12, "example": "https://shop.example/1"}
    ]
    found["robots"] = "robots.txt has 1 rule for us; it is obeyed."
    return found


def look(page: Any, name: str) -> None:
    """Nothing is wrong for a screen reader, nothing is wider than the screen, nothing was complained of."""
    rules = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.complaints == []
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(1440, "light"), (768, "dark"), (360, "light")] + [(1440, "dark"), (360, "dark")] * bool(SHOTS),
)
def test_a_report_is_read_and_filed_on_every_screen(signed_in, live_server, shop, width, scheme):
    add_service(shop, "alice", name="Chat", key="chat", category="C0003", patterns=["chat.example"])
    finished(shop, made((HOTJAR, BEFORE)))
    scan = finished(shop, report())
    page = signed_in(width, scheme)
    page.goto(live_server.url + reverse("dashboard:scans", kwargs={"uuid": shop.uuid}))
    look(page, f"scans-{width}-{scheme}")
    page.goto(live_server.url + reverse("dashboard:overview", kwargs={"uuid": shop.uuid}))
    page.get_by_role("link", name="See the report of the last scan").click()
    assert page.url.endswith(reverse("dashboard:scan", kwargs={"uuid": shop.uuid, "scan": scan.pk}))
    page.evaluate("document.querySelectorAll('main details').forEach((fold) => { fold.open = true })")
    look(page, f"scan-{width}-{scheme}")
    page.get_by_label("far.example").first.check()
    page.get_by_role("combobox", name="Category of far.example").select_option("C0004")
    page.get_by_role("button", name="File what is ticked").click()
    page.get_by_text("In the draft now:").wait_for()
    assert set(shop.services.values_list("key", flat=True)) == {
        "adverts",
        "chat",
        "counter",
        "far-example",
        "hotjar",
        "meta-pixel",
    }
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("3 services out of the draft again.").wait_for()
    assert set(shop.services.values_list("key", flat=True)) == {"adverts", "chat", "counter"}


def test_a_scan_is_started_watched_and_filed_by_keyboard(signed_in, live_server, shop):
    page = signed_in(1440, "light")
    page.goto(live_server.url + reverse("dashboard:scans", kwargs={"uuid": shop.uuid}))
    press(page, "Scan now")
    page.get_by_text("It begins when the worker has time.").wait_for()
    look(page, "scan-waiting")
    scan = shop.scans.get()
    Job.objects.filter(pk=present(scan.job_id)).update(
        state=Job.Status.RUNNING, done=2, total=9, message="https://shop.example/a"
    )
    page.get_by_text("Page 3 of about 9").wait_for()
    look(page, "scan-running")
    # In this order, as the worker does: a page that asks in between would be told of a scan that ended without a report.
    scans.finish(scan, report())
    Job.objects.filter(pk=present(scan.job_id)).update(state=Job.Status.DONE)
    press(page, "File what is ticked")  # the page has come anew by itself
    page.get_by_text("In the draft now:").wait_for()
    press(page, "Undo")
    page.get_by_text("2 services out of the draft again.").wait_for()
    assert page.complaints == []


def press(page: Any, name: str) -> None:
    """Tab to a button, then Enter."""
    page.get_by_role("button", name=name).wait_for()
    page.evaluate("document.activeElement.blur()")
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.replace(/\\s+/g, ' ').trim()") == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} is not reached by Tab.")
