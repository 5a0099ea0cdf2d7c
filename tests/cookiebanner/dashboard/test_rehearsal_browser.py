"""A move in Chromium: the report, the rehearsal on the page itself, and nothing that leaves it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from consent.models import ConsentRecord
from consent.sites.models import Site
from tests.browser.uncaught import uncaught
from tests.consent.scanner.test_adopt import UUID
from tests.consent.scanner.test_tenant import FILES
from tests.cookiebanner.dashboard.test_browser import signed_in

__all__ = ["signed_in", "uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# What must not happen in it: the page's own code, a tracker's, a third party's picture, a jump away, a script of ours for
# somebody else.
PAGE = f"""<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>Shop</title>
<meta http-equiv="refresh" content="0;url=https://elsewhere.example/"><base href="https://elsewhere.example/">
<script src="https://cdn.cookielaw.org/consent/{UUID}/OtAutoBlock.js"></script>
<script src="https://cdn.cookielaw.org/scripttemplates/otSDKStub.js" data-domain-script="{UUID}"></script>
<script>document.title = "ran"; fetch("https://a.example/x"); top.location = "https://elsewhere.example/"</script>
<script async src="https://www.googletagmanager.com/gtm.js?id=GTM-1"></script>
<link rel="stylesheet" href="/shop.css"><link rel="stylesheet" href="http://127.0.0.1:9/cdn.css">
</head><body><h1>Our shop</h1><p>Tea, cups, and all that goes with them.</p>
<img src="https://tracker.example/p.gif" alt=""><img src="https://www.moved.example/cup.png" alt="A cup">
<iframe src="https://www.youtube.com/embed/1"></iframe>
<form action="https://a.example/"><button>Send</button></form></body></html>"""
SHOTS = os.environ.get("FAIRGATE_SHOTS", "")


def shoot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def judge(page) -> list[tuple[str, str]]:
    rules = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]}).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules] + ([("wide", "")] if wide else [])


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (768, "dark"), (360, "light")])
def test_a_move_is_rehearsed_on_the_page_and_nothing_leaves_it(
    signed_in, live_server, settings, width, scheme, tmp_path
):
    settings.FAIRGATE_URL = live_server.url
    page = signed_in(width, scheme)
    asked: list[str] = []
    records = ConsentRecord.objects.count()

    def elsewhere(route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=200, content_type="text/css", body="h1{color:teal}")

    page.context.route(lambda url: not url.startswith(live_server.url), elsewhere)
    page.on("request", lambda one: asked.append(f"{one.method} {one.url}") if "/api/" in one.url else None)
    for name, body in FILES:
        (tmp_path / name).write_bytes(body)
    page.goto(f"{live_server.url}/dashboard/move/")
    assert judge(page) == []
    shoot(page, f"form-{width}-{scheme}")
    page.fill("[name=hosts]", "moved.example")
    page.fill("[name=source]", PAGE)
    page.set_input_files("[name=documents]", [tmp_path / name for name, _ in FILES])
    page.get_by_role("button", name="Look at the page").click()
    page.get_by_text("Nothing is done yet.").wait_for()
    assert judge(page) == []
    shoot(page, f"report-{width}-{scheme}")
    page.set_viewport_size({"width": width, "height": 1700})  # the headless shell does not scroll to what a frame hides
    page.get_by_role("button", name="Rehearse it on the page").click()
    page.get_by_role("heading", name="Rehearsal").wait_for()
    inside = page.frame_locator("iframe.stage")
    inside.locator("#onetrust-accept-btn-handler").wait_for()
    assert judge(page) == []
    shoot(page, f"rehearsal-{width}-{scheme}")
    assert inside.locator("#onetrust-accept-btn-handler").inner_text() == "Alles zulassen"
    frame = page.frames[1]
    assert frame.evaluate("[document.title, origin, document.baseURI]") == ["Shop", "null", "https://moved.example/"]
    inside.locator("#onetrust-accept-btn-handler").click()
    inside.locator("#onetrust-banner-sdk").wait_for(state="hidden")
    assert frame.evaluate("[fairgate.consent().answered, document.title, window.google_tag_manager]") == [
        True,
        "Shop",
        None,
    ]
    page.get_by_role("button", name="Before", exact=True).click()
    page.get_by_text("As it was saved").wait_for()
    assert page.frame_locator("iframe.stage").locator("h1").inner_text() == "Our shop"
    assert page.frame_locator("iframe.stage").locator("#onetrust-banner-sdk").count() == 0
    shoot(page, f"before-{width}-{scheme}")
    assert set(asked) == {"https://moved.example/shop.css", "https://www.moved.example/cup.png"}
    assert (Site.objects.filter(uuid=UUID).count(), ConsentRecord.objects.count()) == (0, records)
    page.get_by_role("button", name="Make the site").click()
    page.get_by_text("is made").wait_for()
    site = Site.objects.get(uuid=UUID)
    assert site.categories.filter(key="C0009").count() == 1
    assert site.banner.texts["de"]["accept"] == "Alles zulassen"
