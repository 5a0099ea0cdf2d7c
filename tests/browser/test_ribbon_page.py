"""The main job, end to end: the Ribbon page with only OneTrust's host name changed to ours."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from consent.ledger.models import ConsentRecord
from tests.browser.internet import World, file_answer

ROOT = Path(__file__).resolve().parents[2]
SITE = "de507273-db36-4f1c-9575-6e6ea429f7c6"
SHOP = "ribboncommunications.com"
OURS = "consent.fairgate.test"
TRACKERS = ("googletagmanager.com", "hs-scripts.com", "insent.ai", "plausible.io", "newrelic.com", "nr-data.net")
HUBSPOT_FORMS = b"""
(function ($) {
  function allowed() {
    var groups = (window.OnetrustActiveGroups || "").indexOf(",C0004,") >= 0;
    var cookie = /groups=[^&;]*C0004%3A1/.test(document.cookie);
    return groups && cookie && !!window.hbspt;
  }
  function fill() {
    if (allowed()) $(".hubspot-form-wrapper").attr("data-form", "shown");
  }
  fill();
  var tries = 0, timer = setInterval(function () { fill(); if (++tries > 100) clearInterval(timer); }, 50);
})(jQuery);
"""


def seed() -> Path:
    """The page as handed over; a clone of the project alone has its own page with the same parts."""
    for place in (os.environ.get("FAIRGATE_SEEDS"), ROOT.parent / "shared" / "seeds"):
        page = place and Path(place) / "ribbon-privacy-page.html"
        if page and page.exists():
            return page
    return ROOT / "tests" / "browser" / "pages" / "adopted.html"


def third_party(asked):
    """As the real ones do: HubSpot's loader defines `hbspt`; the rest say that they ran."""
    from tests.browser.internet import tracker

    status, kind, body = tracker(asked)
    if asked.host == "unpkg.com" and kind == "text/javascript":
        return status, kind, body.split(b";")[0]  # a library, not a tracker: it sets no cookie
    if asked.host == "js.hs-scripts.com":
        body += b"window.hbspt = {forms: {create: function () {}}};"
    return status, kind, body


def lay_out(world: World, fairgate: str, page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    path = "/company/company-policies/policies/privacy-policy"
    changed = html.replace("https://cdn.cookielaw.org", f"https://{OURS}")
    assert changed.count(OURS) == 2
    world.upstream[OURS] = fairgate
    world.tracker = third_party
    world.pages[(SHOP, "/favicon.ico")] = (200, "image/gif", b"")  # asked for when a page names no icon
    world.pages[(SHOP, path)] = (200, "text/html; charset=utf-8", changed.encode())
    for kind, attribute, what in (("script", "src", "text/javascript"), ("link", "href", "text/css")):
        for local in re.findall(rf'<{kind}\b[^>]*\b{attribute}="(/[^"?]*)[^"]*"', html):
            world.pages[(SHOP, local)] = (200, what, b"")
    for local in re.findall(r'(?:src|data-src|srcset)="(/[^"?]+\.(?:png|jpe?g|svg|gif|webp|ico))', html):
        world.pages[(SHOP, local)] = (200, "image/gif", world.tracker_pixel if hasattr(world, "tracker_pixel") else b"")
    modules = ROOT / "node_modules"
    world.pages[(SHOP, "/core/assets/vendor/jquery/jquery.min.js")] = file_answer(modules / "jquery/dist/jquery.min.js")
    world.pages[(SHOP, "/core/assets/vendor/underscore/underscore-min.js")] = file_answer(
        modules / "underscore/underscore-min.js"
    )
    world.pages[(SHOP, "/modules/custom/ribbon_mods/js/hubspot_forms.js")] = (200, "text/javascript", HUBSPOT_FORMS)


@pytest.fixture
def tab(chromium, world):
    context = chromium.new_context(ignore_https_errors=True, locale="en-US")
    page = context.new_page()
    page.console = []
    page.on("console", lambda message: page.console.append((message.type, message.text)))
    page.on("pageerror", lambda error: page.console.append(("error", str(error))))
    yield page
    context.close()


URL = f"https://{SHOP}/company/company-policies/policies/privacy-policy"


def ran(page) -> dict:
    """What tracker code did on the page: scripts that ran, New Relic's inline agent, HubSpot's global."""
    return page.evaluate(
        "({scripts: (window.__ran || []).slice(), nr: typeof NREUM !== 'undefined' && !!NREUM.init, hbspt: !!window.hbspt})"
    )


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_ribbon_page_from_first_visit_to_regulator(live_server, world, tab, tmp_path):
    call_command("adopt", str(seed()), host=[SHOP], publish=True)
    lay_out(world, live_server.url, seed())

    tab.goto(URL)
    tab.wait_for_selector("#onetrust-banner-sdk", state="visible")
    tab.wait_for_timeout(500)
    assert ran(tab) == {
        "scripts": ["unpkg.com/material-components-web@latest/dist/material-components-web.min.js"],
        "nr": False,
        "hbspt": False,
    }
    assert [u for u in world.requests_to(*TRACKERS) if "hs-scripts" not in u and "plausible" not in u] == []
    assert ConsentRecord.objects.filter(type="consent").count() == 0
    assert tab.context.cookies(URL) == []

    # Reject: the record has no visitor, the trackers stay silent, also on the next visit, and nobody asks again.
    tab.click("#onetrust-reject-all-handler")
    tab.wait_for_selector("#onetrust-banner-sdk", state="hidden")
    wait_for_records(tab, 1)
    refusal = ConsentRecord.objects.get(type="consent")
    assert (refusal.action, refusal.visitor) == ("reject_all", None)
    before = len(world.asked)
    tab.reload()
    tab.wait_for_timeout(1500)
    assert not tab.is_visible("#onetrust-banner-sdk")
    assert ran(tab)["nr"] is False and ran(tab)["hbspt"] is False
    assert [s for s in ran(tab)["scripts"] if not s.startswith("unpkg.com")] == []
    assert len([a for a in world.asked[before:] if a.method == "POST" and a.host == OURS and "consents" in a.path]) == 0

    # The two spans of the page open the preference center, by keyboard and by mouse, and keep their text.
    spans = tab.locator(".optanon-show-settings")
    assert [spans.nth(i).inner_text().strip() for i in range(spans.count())] == ["Cookie Preference Center"] * 2
    spans.nth(1).focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#onetrust-pc-sdk", state="visible")
    tab.keyboard.press("Escape")
    tab.wait_for_selector("#onetrust-pc-sdk", state="hidden")
    spans.nth(0).click()
    tab.wait_for_selector("#onetrust-pc-sdk", state="visible")
    asked_before_accept = len(world.asked)
    tab.click("#accept-recommended-btn-handler")
    wait_for_records(tab, 2)
    tab.wait_for_function("window.hbspt && (window.__ran || []).length >= 5")
    tab.wait_for_timeout(800)
    scripts = ran(tab)["scripts"]
    hosts = sorted({s.split("/")[0] for s in scripts if not s.startswith("unpkg.com")})
    assert [h for h in hosts if h != "js-agent.newrelic.com"] == [
        "js.hs-scripts.com",
        "plausible.io",
        "ribboncommunicationsinc.widget.insent.ai",
        "www.googletagmanager.com",
    ]
    assert sorted(scripts) == sorted(set(scripts)), "each once"
    assert ran(tab)["nr"] is True
    tab.wait_for_selector('.hubspot-form-wrapper[data-form="shown"]', state="attached")
    assert [a for a in world.asked[asked_before_accept:] if a.host == SHOP and world.answer(a)[0] == 404] == []

    # Next visit: everything runs in the page's own way, once, and no banner.
    tab.reload()
    tab.wait_for_function("window.hbspt && window.NREUM")
    tab.wait_for_timeout(1200)
    again = ran(tab)["scripts"]
    assert sorted(again) == sorted(set(again))
    assert not tab.is_visible("#onetrust-banner-sdk")
    assert [text for kind, text in tab.console if kind == "error"] == []
    assert [
        a.path for a in world.asked if a.host == SHOP and world.answer(a)[0] == 404 and "favicon" not in a.path
    ] == []

    # The regulator's file and the proof.
    out = tmp_path / "answers.csv"
    call_command("export", site=SITE, **{"from": "2020-01-01", "to": "2100-01-01"}, format="csv", out=str(out))
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert [row["action"] for row in rows if row["action"]] == ["reject_all", "accept_all"]
    call_command("verify_ledger", site=SITE)
    spoil_one_byte()
    with pytest.raises((CommandError, SystemExit)):
        call_command("verify_ledger", site=SITE)


def wait_for_records(page, count: int) -> None:
    for _ in range(100):
        if ConsentRecord.objects.filter(type="consent").count() == count:
            return
        page.wait_for_timeout(100)
    raise AssertionError([json.dumps(text) for text in page.console])


def spoil_one_byte() -> None:
    """What somebody with the database's password could do: triggers off, one byte of one record changed."""
    table = ConsentRecord._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(f"UPDATE {table} SET payload = replace(payload, 'reject_all', 'rejekt_all')")
