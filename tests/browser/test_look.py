"""How the banner looks on screens, in schemes and at font sizes that nobody of us chose."""

from __future__ import annotations

import pytest

from consent.banners.actions import LAYOUTS
from tests.browser.shop import URL, open_shop

pytestmark = pytest.mark.browser

BANNER, MANAGE = "#onetrust-banner-sdk", "#onetrust-pc-btn-handler"
PLACES = [(layout, position) for layout, positions in LAYOUTS.items() for position in positions]
WIDTHS = (320, 360, 390, 412, 480, 481, 768)


@pytest.fixture
def visit(chromium, world):
    """visit(**shop options and `context` options) → a page on the shop with the banner open.

    `reader` is the font size in px that the reader chose in the browser.
    """
    contexts = []

    def visit(context=None, reader=16, **options):
        open_shop(world, "eu_opt_in", **options)
        contexts.append(chromium.new_context(ignore_https_errors=True, **(context or {})))
        page = contexts[-1].new_page()
        if reader != 16:
            chrome = contexts[-1].new_cdp_session(page)
            chrome.send("Page.enable")
            chrome.send("Page.setFontSizes", {"fontSizes": {"standard": reader, "fixed": reader}})
        page.goto(URL)
        page.wait_for_selector(BANNER, state="visible")
        return page

    yield visit
    for made in contexts:
        made.close()


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize(("layout", "position"), PLACES)
def test_every_layout_is_inside_every_small_screen(visit, layout, position, lang):
    page = visit(lang=lang, layout=layout, position=position)
    outside = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 640})
        box = page.locator(BANNER).bounding_box()
        left, right, top, bottom = box["x"], width - box["x"] - box["width"], box["y"], 640 - box["y"] - box["height"]
        if min(left, right, top, bottom) < 0:
            outside.append((width, box))
        if layout == "bar":
            edge = top if position == "top" else bottom
            assert (left, right, edge) == (0, 0, 0), width
        elif width <= 480:
            assert abs(left - right) <= 1, width
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    assert outside == []


@pytest.mark.parametrize("reader", [12, 16, 32], ids=lambda size: f"reader's {size}px")
def test_text_follows_the_readers_font_size_and_not_the_pages(visit, reader):
    page = visit(reader=reader, head="<style>html{font-size:10px} body{font-size:9px}</style>")
    style = "getComputedStyle(document.querySelector('#onetrust-accept-btn-handler'))"
    assert page.evaluate(f"parseFloat({style}.fontSize)") == reader * 0.9375
    assert page.locator(BANNER).bounding_box()["y"] >= 0
    for button in ("accept-btn", "reject-all", "pc-btn"):
        at = page.locator(f"#onetrust-{button}-handler").bounding_box()
        assert at["y"] >= 0 and at["y"] + at["height"] <= page.viewport_size["height"], button


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("accent", "background", "ink"),
    [("#ffcc00", "rgb(255, 204, 0)", "rgb(0, 0, 0)"), ("#0050a0", "rgb(0, 80, 160)", "rgb(255, 255, 255)")],
)
def test_buttons_have_the_brands_colour_and_an_ink_that_can_be_read(visit, accent, background, ink, scheme):
    page = visit(context={"color_scheme": scheme}, theme={"accent": accent})
    for button in ("accept-btn", "reject-all"):
        style = f"getComputedStyle(document.querySelector('#onetrust-{button}-handler'))"
        assert page.evaluate(f"[{style}.backgroundColor, {style}.color]") == [background, ink], button


def test_a_finger_leaves_no_hover_behind(visit):
    shadow = "getComputedStyle(document.querySelector('#onetrust-pc-btn-handler')).boxShadow"
    touch = visit(context={"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 700}})
    touch.hover(MANAGE)
    assert touch.evaluate(shadow) == "none"
    mouse = visit()
    mouse.hover(MANAGE)
    assert mouse.evaluate(shadow) != "none"


READ = """(root) => { const rgb = (c) => c.match(/[\\d.]+/g).map(Number), out = [];
  const light = (c) => rgb(c).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const under = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] !== 0) return c } return 'rgb(255, 255, 255)' };
  for (const e of document.querySelectorAll(root + ' *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(under(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) out.push([e.id || e.className || e.localName, e.textContent.slice(0, 20), ratio]);
  }
  return out }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["#235a8c", "#ffcc00", "#ffffff", "#000000"])
def test_every_word_can_be_read(visit, accent, scheme):
    page = visit(context={"color_scheme": scheme}, theme={"accent": accent})
    assert page.evaluate(READ, BANNER) == []
    page.click(MANAGE)
    page.evaluate("document.querySelectorAll('#onetrust-pc-sdk details').forEach((d) => { d.open = true })")
    assert page.evaluate(READ, "#onetrust-pc-sdk") == []
    page.click(".save-preference-btn-handler")
    page.wait_for_selector(".fg-done:not(:empty)")
    assert page.evaluate(READ, "#onetrust-consent-sdk") == []


@pytest.mark.parametrize("lang", ["el", "ga", "he", "hu", "ja", "ro", "uk"])
@pytest.mark.parametrize("width", [360, 1440])
def test_no_button_is_cut_in_other_languages(visit, lang, width):
    page = visit(lang=lang, languages=(lang,), context={"viewport": {"width": width, "height": 800}})
    assert page.locator(BANNER).evaluate("e => getComputedStyle(e).direction") == ("rtl" if lang == "he" else "ltr")
    cut = page.locator(f"{BANNER} button").evaluate_all(
        "all => all.filter((e) => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight).map((e) => e.innerText)"
    )
    assert cut == []
    box = page.locator(BANNER).bounding_box()
    assert 0 <= box["x"] <= width - box["width"]
