"""docs/data-protection.md, the cookie list that visitors read, and what a browser really keeps of ours name the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import samples
from tests.browser.test_core import STATE, context, page, small, stage, until
from tests.browser.test_stub import AUTO, stub

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser
DOCS = Path(__file__).resolve().parents[2] / "docs" / "data-protection.md"
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
LIST = '<div id="ot-sdk-cookie-policy"></div>'
OURS = "#ot-sdk-cookie-policy section:first-of-type .fg-service"


def documented() -> list[str]:
    """The names of the table, with this site's digits, as the cookie list writes them."""
    [table] = re.findall(r"## In visitors' browsers\n(.*?)\n## ", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    return sorted(name.replace("fairgate_<8 digits>", STATE).replace("…", "*") for name in names)


def kept(context, page) -> list[str]:
    """All names in the browser; of an answer that waits, the part that differs each time as `*`."""
    stored = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    names = {one["name"] for one in context.cookies()} | set(stored)
    return sorted({re.sub(r"(\.q\.).*", r"\1*", name) for name in names})


def test_docs_list_and_browser_name_the_same(stage, context, page):
    """With the signal, before an answer and after it, while our server is down: all that may be kept is kept."""
    context.add_init_script(GPC)
    stage.status = 503
    stage.release(small(level="drop_in", languages=("en",)), "us_ca")
    page.goto(stage.page(LIST, gate=AUTO + stub()))
    page.wait_for_function("window.OneTrust && OneTrust.IsAlertBoxClosed && !!fairgate._.decide")
    page.evaluate("void fairgate.accept()")
    until(lambda: f"{STATE}.r" in kept(context, page))
    page.wait_for_selector(OURS)
    listed = page.locator(f"{OURS} tbody td:first-child").all_inner_texts()
    assert sorted(listed) == kept(context, page) == documented()


def test_the_list_says_what_for_and_how_long_in_the_readers_language(stage, page):
    stage.release(small(languages=("de",)))
    page.goto(stage.page(LIST))
    page.wait_for_selector(OURS)
    assert page.locator(f"{OURS} h4").all_inner_texts() == ["Fairgate"]
    assert page.locator(f"{OURS} p").all_inner_texts() == ["Anbieter: Sample Ltd. Datenschutzerklärung"]
    rows = [row.all_inner_texts() for row in [r.locator("td") for r in page.locator(f"{OURS} tbody tr").all()]]
    assert rows == [
        [STATE, "Ihre Entscheidung; nach einem Ja auch eine Zufallszahl.", "400 Tage"],
        [f"{STATE}.q.*", "Ihre Entscheidung, noch nicht gesendet.", "Bis zum Senden"],
        [f"{STATE}.gpc", "Das Signal Ihres Browsers ist weitergegeben.", "Bis zum Löschen"],
        [f"{STATE}.r", "Welche Meldungen gesendet sind.", "Sitzung"],
    ]


def test_the_preferences_show_them_under_strictly_necessary(stage, page):
    stage.release(small())
    page.goto(stage.page())
    page.wait_for_function("!!fairgate._.decide")
    page.evaluate("void fairgate.open()")
    page.click("[data-optanongroupid=C0001] summary")
    names = page.locator("[data-optanongroupid=C0001] .fg-service tbody td:first-child")
    assert names.all_inner_texts() == [STATE, f"{STATE}.q.*", f"{STATE}.gpc", f"{STATE}.r"]
    assert page.locator("[data-optanongroupid=C0001] input").count() == 0


def test_a_release_of_before_has_no_such_row(stage, page):
    old = small()
    del old["own_cookies"]
    stage.release(old)
    page.goto(stage.page(LIST))
    page.wait_for_selector("#ot-sdk-cookie-policy h3")
    assert page.locator(OURS).count() == 0
    assert samples.SITE_UUID in page.content()
