"""Banners made bad on purpose, drawn and measured: each is found by its rule, and by no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent.publishing.lint.finding import Finding
from cookiebanner.releases import measures, visual_rules
from cookiebanner.releases.visual_rules import View

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser):
    """One for all: each test fills it anew."""
    made = browser.new_page()
    yield made
    made.close()


VIEW = View("banner", "en", 0, "")
STYLE = """
  :root { color-scheme: light dark }
  #onetrust-banner-sdk { position: fixed; inset: auto 0 0; padding: 16px; background: #fff; color: #222; font: 16px sans-serif }
  #group { display: grid; grid-template-columns: 1fr 1fr; gap: 8px }
  button { min-height: 44px; padding: 8px; border: 2px solid #235a8c; background: #235a8c; color: #fff; font: 600 16px sans-serif }
  button:focus-visible { outline: 3px solid #235a8c; outline-offset: 2px }
"""
ACCEPT, REJECT, MANAGE = "#onetrust-accept-btn-handler", "#onetrust-reject-all-handler", "#onetrust-pc-btn-handler"
BUTTONS = {
    "accept": '<button id="onetrust-accept-btn-handler">Accept all</button>',
    "reject": '<button id="onetrust-reject-all-handler">Reject all</button>',
    "manage": '<button id="onetrust-pc-btn-handler">Manage</button>',
}


def html(
    style: str = "", order: tuple[str, ...] = ("accept", "reject", "manage"), end: str = "", **buttons: str
) -> str:
    shown = "".join({**BUTTONS, **buttons}[name] for name in order)
    return (
        f"<!doctype html><html lang=en><style>{STYLE}{style}</style><body><h1>A shop</h1>"
        '<div id="onetrust-banner-sdk" role="dialog" aria-label="Cookies"><p>We would like to use cookies. '
        f'<a href="https://shop.test/privacy">Privacy policy</a></p><div id="group">{shown}</div></div>{end}</body></html>'
    )


def judged(page, content: str) -> list[Finding]:
    """What is found on one page, on a phone and on a desktop."""
    page.set_content(content)
    found, by_width = [], {}
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": measures.WIDTHS[width]})
        measures.settle(page)
        measured = measures.layer(page, "banner")
        assert measured is not None
        by_width[width] = measured
        view = replace(VIEW, width=width, scheme="light")
        found += [(finding, view) for finding in visual_rules.judge(measured, view)]
        if width == 320:
            met = measures.keyboard(page, "banner")
            found += [(finding, view) for finding in visual_rules.keyboard(measured, met, view)]
            measures.rest(page, "banner")
    found += [(finding, VIEW) for finding in visual_rules.consistent(by_width, replace(VIEW, scheme="light"))]
    return visual_rules.merged(found)


BAD = {
    "no way to refuse": (html(order=("accept", "manage")), {("L01", "block", "reject")}),
    "a refusal that can't be seen": (html(f"{REJECT} {{ opacity: 0 }}"), {("L01", "block", "reject")}),
    "a refusal off the screen": (
        html(f"{REJECT} {{ position: fixed; left: -4000px; width: 140px }}" f"{ACCEPT} {{ width: 140px }}"),
        {("L02", "block", "reject reach"), ("L30", "block", "reject focus covered")},
    ),
    "a refusal to scroll to": (
        html(
            "#group { height: 56px; overflow: auto; grid-template-columns: 1fr }",
            order=("accept", "manage", "reject"),
        ),
        {("L02", "block", "reject reach"), ("L02", "warn", "manage scrolled"), ("L30", "block", "order")},
    ),
    "something over the refusal": (
        html(end=f'<div style="position:fixed;right:0;bottom:0;width:50%;height:130px;background:#eee"></div>'
                 f"<style>{MANAGE} {{ grid-column: 1 }}</style>"),
        {("L02", "block", "reject reach"), ("L30", "block", "reject focus covered")},
    ),
    "a smaller refusal": (
        html(f"{REJECT} {{ justify-self: start; font-size: 12px; font-weight: 400 }}"),
        {("L03", "block", "accept reject alike")},
    ),
    "a link for a refusal": (
        html(reject='<a href="#" id="onetrust-reject-all-handler">Reject all</a>',
             style=f"{REJECT} {{ display: grid; place-items: center; border: 2px solid #235a8c; background: #235a8c; color: #fff;"
                   "padding: 8px; font: 600 16px sans-serif; min-height: 44px; box-sizing: border-box }"
                   f"{REJECT}:focus-visible {{ outline: 3px solid #235a8c; outline-offset: 2px }}"),
        {("L03", "block", "accept reject alike")},
    ),
    "buttons for needles": (
        html("button { min-height: 0; padding: 0; line-height: 12px; font-size: 12px }"),
        {("L03", "block", f"{name} small") for name in BUTTONS},
    ),
    "buttons for thumbs that aim": (
        html("button { min-height: 32px; padding: 2px }"), {("L03", "warn", f"{name} not large") for name in BUTTONS},
    ),
    "pale words on a button": (
        html(f"{REJECT} {{ color: #6d97ba }}"), {("L04", "block", "reject light contrast")},
    ),
    "pale words": (html("p { color: #aaa; } p a { color: #222 }"), {("L04", "block", "text light contrast")}),
    "words that fade": (html("p { opacity: 0.4 }"), {("L04", "block", "text light contrast")}),
    "only accept is filled": (
        html(f"{REJECT} {{ background: none; color: #235a8c }}"), {("L04", "block", "fill light")},
    ),
    "accept stands out": (
        html(f"{REJECT} {{ background: #f4f4f4; border-color: #767676; color: #222 }}"), {("L04", "block", "fill light")},
    ),
    "accept is green": (
        html(f"{ACCEPT} {{ background: #006338; border-color: #006338 }}"), {("L32", "warn", "colour light")},
    ),
    "a button nobody sees the edge of": (
        html(f"{MANAGE} {{ background: #fff; border-color: #eee; color: #222 }}"), {("L04", "warn", "manage light edge")},
    ),
    "no dialog": (html().replace('role="dialog"', ""), {("L30", "block", "named")}),
    "no name": (html().replace('aria-label="Cookies"', ""), {("L30", "block", "named")}),
    "a refusal without Tab": (
        html(reject='<button id="onetrust-reject-all-handler" tabindex="-1">Reject all</button>'),
        {("L30", "block", "reject keyboard")},
    ),
    "focus unseen": (
        html("button:focus-visible { outline: none }"), {("L30", "block", f"{name} light focus") for name in BUTTONS},
    ),
    "focus hardly seen": (
        html("button:focus-visible { outline: 3px solid #eee }"),
        {("L30", "block", f"{name} light focus") for name in BUTTONS},
    ),
    "accept and reject apart": (html(order=("accept", "manage", "reject")), {("L30", "block", "order")}),
    "another order on a phone": (
        html(f"@media (max-width: 400px) {{ #group {{ grid-template-columns: 1fr }} {REJECT} {{ order: 3 }} }}"),
        {("L31", "block", "order of choices")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ["good", *BAD])
def test_a_bad_banner_is_found_by_its_rule(page, name):
    content, wanted = BAD.get(name, (html(), set()))
    found = judged(page, content)
    assert {(one.rule, one.severity, one.subject.removeprefix("banner ")) for one in found} == wanted, found


def test_what_is_measured_in_an_open_shadow_root_is_the_same(page):
    """As a banner under another root, and colours in any way of writing."""
    content, wanted = BAD["only accept is filled"]
    page.set_content(content.replace("#235a8c", "oklch(45% 0.1 250)"))
    before = measures.layer(page, "banner")
    page.evaluate("""() => { const host = document.createElement('div'); document.body.append(host);
      const root = host.attachShadow({ mode: 'open' }); root.append(document.querySelector('style').cloneNode(true));
      root.append(document.querySelector('#onetrust-banner-sdk')) }""")
    assert before is not None and before["choices"]["accept"]["fill_contrast"] > 4
    assert measures.layer(page, "banner") == before


def test_one_finding_says_where_it_was_first_and_in_how_many_places(page):
    [found] = judged(page, BAD["only accept is filled"][0])
    assert found.message == "Only the accept button is filled (banner, en, 320 px, light; the same in 1 more)."
    assert (found.field, found.can_be_signed_off) == ("banner accent", True)
