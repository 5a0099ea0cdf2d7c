"""A shop with one service of each kind, and a visitor anywhere on earth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from consent.catalogue.actions import add_service
from consent.models import Site
from consent.sites.actions import create_site
from cookiebanner.releases.publish import publish
from tests.browser.internet import World

SHOP, OURS = "shop.test", "consent.test"
KINDS = ("chat", "stats", "counted", "ads", "sale", "health")
SERVICES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("chat", "C0003", {}),
    ("stats", "C0002", {"statistics": True, "exempt_in": ["GB"]}),
    ("counted", "C0002", {"statistics": True, "exempt_in": ["GB"], "exemption_confirmed": ["GB"]}),
    ("ads", "C0004", {"targeted_ads": True}),
    ("sale", "C0004", {"sells_or_shares": True}),
    ("health", "C0005", {"sensitive": True}),
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<script>window.dataLayer = [];</script>
<script src="https://{ours}/v1/{uuid}/gate.js"></script>
<meta http-equiv="Content-Security-Policy" content="script-src-attr 'unsafe-inline'"><script type="text/plain">--></script>
<script>
window.dataLayer.push({{event: "page"}});
for (const kind of {kinds}) {{
  const script = document.createElement("script");
  script.src = "https://" + kind + ".vendor.test/t.js";
  document.head.append(script);
}}
</script>{head}</head><body><h1>Shop</h1><p>Things.</p></body></html>"""
GTM = '<script async src="https://www.googletagmanager.com/gtm.js?id=GTM-SHOP"></script>'


def open_shop(world: World, live_server_url: str, head: str = "", gtm: bool = False, **settings: Any) -> Site:
    """Publishes the shop's site and puts its page on the air."""
    usual: dict[str, Any] = {
        "controller": "Shop Ltd", "policy_url": f"https://{SHOP}/privacy", "imprint_url": f"https://{SHOP}/imprint",
        "controller_contact": "privacy@shop.test",
    }  # fmt: skip
    site = create_site(SHOP, "test", **usual | settings)
    for key, category, facts in SERVICES:
        add_service(site, "test", name=key, category=category, patterns=[f"{key}.vendor.test"], **facts)
    if gtm:
        add_service(
            site, "test", name="Google Tag Manager", category="C0004", patterns=["googletagmanager.com/gtm.js"],
            container=True, adapter="google",
        )  # fmt: skip
    publish(site, "test")
    world.upstream[OURS] = live_server_url
    page = PAGE.format(ours=OURS, uuid=site.uuid, kinds=json.dumps(KINDS), head=head)
    world.pages[(SHOP, "/")] = (200, "text/html; charset=utf-8", page.encode())
    return site


@contextmanager
def visitor(
    browser: Browser, world: World, place: str, gpc: bool = False, days: float = 0, cookies: list | None = None
) -> Iterator[Page]:
    """A fresh visitor in `place` (`US-CA`, `DE`, "" = nobody knows) whose clock is `days` ahead."""
    country, _, state = place.partition("-")
    world.extra_headers[OURS] = {"cf-ipcountry": country or "XX"} | ({"cf-region-code": state} if state else {})
    context: BrowserContext = browser.new_context(
        ignore_https_errors=True, locale="en-US", extra_http_headers={"Sec-GPC": "1"} if gpc else {}
    )
    if cookies:
        context.add_cookies(cookies)
    if gpc:
        context.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})")
    if days:
        context.add_init_script(
            f"{{ const now = Date.now; Date.now = () => now() + {days} * 86400000;"
            " const D = Date; window.Date = class extends D {"
            " constructor(...a) { a.length ? super(...a) : super(D.now()); } }; }"
        )
    page = context.new_page()
    try:
        visit(page)
        yield page
    finally:
        context.close()


def visit(page: Page) -> None:
    page.goto(f"https://{SHOP}/")
    page.wait_for_function("window.fairgate && window.fairgate.ready")
    page.evaluate("() => window.fairgate.ready.then(() => 0)")
    page.wait_for_timeout(250)


def ran(page: Page) -> set[str]:
    """The kinds whose script was executed in this page."""
    said = page.evaluate("window.__ran || []")
    return {text.split(".")[0] for text in said} & set(KINDS)


def layer(page: Page) -> list:
    """The dataLayer as plain JSON; gtag's `arguments` as lists."""
    return page.evaluate("Array.from(window.dataLayer, one => 'length' in one ? Array.from(one) : one)")
