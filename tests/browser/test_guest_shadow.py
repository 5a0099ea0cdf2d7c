"""What stands in open shadow roots, of components and of declared ones, works as what stands in the page: links that open
the preferences, places for links and lists, modals, popovers."""

from __future__ import annotations

import pytest

from tests.browser.shop import clickable

pytestmark = pytest.mark.browser

ROOT, BANNER, CENTER = "#onetrust-consent-sdk", "#onetrust-banner-sdk", "#onetrust-pc-sdk"
ACCEPT, REJECT = "#onetrust-accept-btn-handler", "#onetrust-reject-all-handler"
LINK = "<p>Foot <span class=ot-sdk-show-settings id=link>Cookies</span>"


def define(html: str, name: str = "x-part") -> str:
    """A component that holds this."""
    return f"""<script>customElements.define('{name}', class extends HTMLElement {{ connectedCallback() {{
      this.attachShadow({{mode: 'open'}}).innerHTML = `{html}` }} }})</script>"""


# Where a piece of a page may stand: each as (head, body).
STANDS = {
    "component": lambda html: (define(html), "<x-part></x-part>"),
    "component in a component": lambda html: (define("<b><x-part></x-part></b>", "x-outer") + define(html), "<x-outer>"),
    "declared": lambda html: ("", f"<div><template shadowrootmode=open>{html}</template></div>"),
    "declared in a declared one": lambda html: (
        "",
        "<div><template shadowrootmode=open><section><template shadowrootmode=open><span>"
        f"<template shadowrootmode=open>{html}</template></span></template></section></template></div>",
    ),
    "upgraded later": lambda html: (
        "",
        "<x-part></x-part>" + define(html).replace("<script>", "<script>addEventListener('load',()=>setTimeout(()=>{").replace(
            "</script>", "},900))</script>"
        ),
    ),
}  # fmt: skip
everywhere = pytest.mark.parametrize("stand", STANDS)
# Of the first element that a selector finds, through shadow roots.
DEEP = """(s) => { const find = (root) => { const own = root.querySelector(s); if (own) return own;
  for (const e of root.querySelectorAll('*')) { const f = e.shadowRoot && find(e.shadowRoot); if (f) return f } };
  return find(document) }"""


def answered(page):
    page.click(REJECT)
    page.click(".fg-done button")


@everywhere
def test_a_link_opens_the_preferences_by_mouse_and_by_keyboard(visit, stand):
    head, body = STANDS[stand](LINK)
    page = visit(head=head, body=body)
    answered(page)
    page.wait_for_timeout(1200)
    page.locator("#link").click()
    page.wait_for_selector(CENTER, state="visible")
    page.click("#close-pc-btn-handler")
    page.wait_for_selector(CENTER, state="hidden")
    page.evaluate("document.activeElement.blur()")
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("fairgate._.focused().id") == "link":
            break
    assert page.evaluate("[fairgate._.focused().id, fairgate._.focused().getAttribute('role')]") == ["link", "button"]
    page.keyboard.press("Enter")
    page.wait_for_selector(CENTER, state="visible")


@everywhere
def test_a_link_of_the_page_is_the_way_back_and_needs_no_button_of_ours(visit, stand):
    head, body = STANDS[stand](LINK)
    page = visit(head=head, body=body)
    page.wait_for_timeout(1200)
    answered(page)
    page.wait_for_timeout(300)
    assert page.locator("#ot-sdk-btn-floating").count() == 0
    page.evaluate("(" + DEEP + ")('#link').remove()")
    page.reload()
    page.wait_for_function("fairgate._.findDeep")
    page.wait_for_timeout(1200)
    assert page.locator("#ot-sdk-btn-floating").count() == (1 if stand == "upgraded later" else 0)


def test_a_closed_root_is_nobodys_and_the_button_comes(visit):
    page = visit(head=define(LINK).replace("'open'", "'closed'"), body="<x-part></x-part>")
    answered(page)
    page.wait_for_selector("#ot-sdk-btn-floating")


@everywhere
def test_places_for_links_and_lists_are_filled_and_look_like_ours(visit, stand):
    if stand == "upgraded later":
        stand = "component"
    head, body = STANDS[stand]("<div data-fairgate-links></div><div id=ot-sdk-cookie-policy></div>")
    page = visit(variant="us_ca", wait="", head=head, body=body)
    page.wait_for_function(f"({DEEP})('[data-fairgate-links] button')")
    at = f"({DEEP})('[data-fairgate-links] button')"
    assert page.evaluate(f"getComputedStyle({at}).textDecorationLine") == "underline"
    page.wait_for_function(f"({DEEP})('#ot-sdk-cookie-policy table')")
    assert page.locator("#ot-sdk-btn-floating").count() == 0
    page.locator("[data-fairgate-links] button").first.click()
    page.wait_for_selector(CENTER, state="visible")


MODAL = "<style>button{color:red}dialog{margin:0 0 auto auto}</style><dialog id=d><p>A</p><button id=in>in</button></dialog>"


@everywhere
def test_a_modal_in_a_shadow_root_and_our_banner_are_both_usable(visit, stand):
    head, body = STANDS[stand](MODAL)
    page = visit(head=head, body=body)
    plain = page.locator(ACCEPT).bounding_box()
    page.wait_for_timeout(1200)
    markup = page.evaluate(f"({DEEP})('dialog').innerHTML")
    page.evaluate(
        f"{{ const d = ({DEEP})('#d'); d.querySelector('#in').onclick = () => {{ window.pressed = 1 }}; d.showModal() }}"
    )
    page.wait_for_function(f"({DEEP})('#onetrust-consent-sdk').parentNode.id === 'd'")
    assert page.locator(ACCEPT).bounding_box() == plain
    assert page.locator(ACCEPT).evaluate("e => getComputedStyle(e).color") != "rgb(255, 0, 0)"
    page.locator("#in").click()
    assert page.evaluate("window.pressed") == 1
    for _ in range(9):
        page.keyboard.press("Tab")
        if page.evaluate("fairgate._.focused().id") == REJECT[1:]:
            break
    page.wait_for_timeout(450)
    page.keyboard.press("Enter")
    page.wait_for_function("fairgate.consent().answered")
    page.evaluate(f"({DEEP})('#d').close()")
    page.wait_for_function("document.querySelector('#onetrust-consent-sdk')?.parentNode === document.documentElement")
    assert page.evaluate(f"({DEEP})('dialog').innerHTML") == markup
    assert page.evaluate(f"({DEEP})('dialog').getRootNode().adoptedStyleSheets.length") == 0
    assert page.errors == []


def test_the_preference_center_opens_over_a_modal_in_a_shadow_root(visit):
    head, body = STANDS["component"](MODAL)
    page = visit(head=head, body=body)
    page.evaluate(f"({DEEP})('#d').showModal()")
    page.wait_for_function(f"({DEEP})('#onetrust-consent-sdk').parentNode.id === 'd'")
    page.wait_for_timeout(450)
    page.locator("#onetrust-pc-btn-handler").click()
    page.locator(CENTER).wait_for(state="visible")
    page.wait_for_timeout(450)
    page.locator("#accept-recommended-btn-handler").click()
    page.wait_for_function("fairgate.consent().answered")
    assert page.evaluate(f"({DEEP})('#d').open")


def test_a_component_that_is_taken_away_with_its_modal_leaves_the_banner(visit):
    head, body = STANDS["component in a component"](MODAL)
    page = visit(head=head, body=body)
    page.evaluate(f"({DEEP})('#d').showModal()")
    page.wait_for_function(f"({DEEP})('#onetrust-consent-sdk').parentNode.id === 'd'")
    page.evaluate("document.querySelector('x-outer').remove()")
    page.wait_for_function("document.querySelector('#onetrust-consent-sdk')?.parentNode === document.documentElement")
    assert clickable(page, ACCEPT)


POPOVER = "<div popover={} id=pop style='position:fixed;inset:0;width:100%;height:100%;margin:0'><button id=in style='position:fixed;top:0;right:0'>in</button></div>"


@pytest.mark.parametrize("kind", ["auto", "manual"])
@pytest.mark.parametrize("stand", ["page", "component", "component in a component"])
def test_a_popover_over_the_banner_leaves_both_usable(visit, stand, kind):
    html = POPOVER.format(kind)
    head, body = STANDS[stand](html) if stand != "page" else ("", html)
    page = visit(head=head, body=body)
    page.evaluate(
        f"{{ const p = ({DEEP})('#pop'); p.querySelector('button').onclick = () => {{ window.pressed = 1 }}; p.showPopover() }}"
    )
    page.wait_for_function("document.querySelector('#onetrust-consent-sdk').matches(':popover-open')")
    assert clickable(page, ACCEPT)
    page.locator("#in").click()
    assert page.evaluate("window.pressed") == 1
    page.locator(REJECT).focus()
    # Another one comes while the banner has the focus.
    page.evaluate(f"{{ const p = ({DEEP})('#pop'); p.hidePopover(); p.showPopover() }}")
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement.id") == REJECT[1:]
    assert clickable(page, ACCEPT)
    page.keyboard.press("Enter")
    page.wait_for_function("fairgate.consent().answered")


def test_a_popover_that_was_open_before_us_does_not_hide_the_banner(visit):
    page = visit(body=POPOVER.format("manual") + "<script>document.getElementById('pop').showPopover()</script>")
    page.wait_for_function("document.querySelector('#onetrust-consent-sdk').matches(':popover-open')")
    assert clickable(page, ACCEPT)


def test_a_page_that_lays_itself_over_us_again_and_again_is_not_fought_for_ever(visit):
    page = visit(body=POPOVER.format("manual"))
    page.evaluate(
        """() => { window.n = 0; const r = document.querySelector('#onetrust-consent-sdk'), p = document.querySelector('#pop');
        r.addEventListener('toggle', () => { window.n++; p.hidePopover(); p.showPopover() }); p.showPopover() }"""
    )
    page.wait_for_timeout(3000)
    first = page.evaluate("n")
    assert 0 < first < 200
    page.wait_for_timeout(500)
    assert page.evaluate("n") == first


@pytest.mark.parametrize(
    "fight",
    [
        "new MutationObserver(() => { n++; if (d.lastChild !== last) d.append(last) }).observe(d, {childList: true})",
        "new MutationObserver(() => { n++; const r = d.querySelector('#onetrust-consent-sdk'); if (r) document.body.append(r) })"
        ".observe(d, {childList: true})",
    ],
    ids=["keeps something last", "moves us out"],
)
def test_a_page_that_fights_for_its_modal_is_not_fought_for_ever(visit, fight):
    page = visit(body="<dialog id=d><button>in</button><i id=last>last</i></dialog>")
    page.evaluate(f"() => {{ window.n = 0; {fight}; d.showModal() }}")
    page.wait_for_timeout(700)
    first = page.evaluate("n")
    assert 0 < first < 400
    page.wait_for_timeout(300)
    assert page.evaluate("n") == first


def test_a_page_of_many_roots_that_changes_all_the_time_pays_little(visit):
    """A thousand components and as many changes: what we do about them takes less than 50 ms of each second."""
    page = visit(head=define(LINK), body="".join("<x-part></x-part>" for _ in range(1000)))
    page.wait_for_timeout(1000)
    spent = page.evaluate(
        """async () => { let spent = 0; const find = fairgate._.findDeep;
        fairgate._.findDeep = (s) => { const at = performance.now(); try { return find(s) } finally { spent += performance.now() - at } };
        for (let i = 0; i < 50; i++) { document.body.append(Object.assign(document.createElement('p'), {textContent: i}));
          await new Promise((r) => setTimeout(r, 20)) }
        return spent }"""
    )
    assert spent < 250
