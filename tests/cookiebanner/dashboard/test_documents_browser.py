"""Documents in Chromium: pages that anybody can use on any screen, and typed text that is not lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.uncaught import uncaught
from tests.consent.policies.sample_documents import published, written
from tests.cookiebanner.dashboard.test_browser import signed_in
from tests.cookiebanner.dashboard.test_rehearsal_browser import judge

__all__ = ["signed_in", "uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXT = (
    "We keep [logs](https://shop.example/logs) for 30 days.\n\n# What we keep\n\n- names\n- dates\n\n"
    "| What | How long |\n|---|---|\n| Logs | 30 days |\n"
)
SHOTS = os.environ.get("FAIRGATE_SHOTS", "")


def shoot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_a_document_is_written_published_and_read(signed_in, live_server, shop, width, scheme):
    document = written(shop, TEXT)
    published(document)
    published(document, TEXT.replace("30", "90"), "Logs are kept longer.")
    page = signed_in(width, scheme)
    where = f"{live_server.url}/dashboard/{shop.uuid}/documents/"
    wrong = {}

    def look(address: str, name: str) -> None:
        page.goto(address)
        if found := judge(page):
            wrong[name] = found
        shoot(page, f"{name}-{width}-{scheme}")

    look(where, "list")
    look(f"{where}data/", "editor")
    page.fill("[name=text]", "We keep logs for a year.")
    page.wait_for_function("() => document.querySelector('[data-state]').textContent")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    assert page.input_value("[name=text]") == "We keep logs for a year."
    page.fill("[name=summary]", "Logs stay a year.")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_text("The draft is saved.").wait_for()
    page.reload()
    assert page.locator("[data-state]").inner_text() == ""
    look(f"{where}data/publish/", "publish")
    read = f"{live_server.url}/v1/{shop.uuid}/read/data/"
    for name, rest in (("page", ""), ("old", "1/"), ("changes", "2/changes/"), ("versions", "versions/")):
        look(f"{read}{rest}", name)
    assert wrong == {}
