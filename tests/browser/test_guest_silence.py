"""After a refusal what is held fails, as without a network; before an answer it waits."""

from __future__ import annotations

import pytest

from tests.browser.guest import T, chromium, guest, pages, ran, server

__all__ = ["chromium", "guest", "pages", "server"]
pytestmark = pytest.mark.browser

LOADER = f"""<script>function load(name) {{
  const script = document.createElement('script'); script.src = '{T}/' + name + '.js';
  script.onerror = () => log('fallback of ' + name); document.head.append(script);
  const image = new Image(); image.src = '{T}/x/' + name + '/t.gif'; image.onerror = () => log('image ' + name);
}}
load('a')</script>
<img alt="" src="{T}/x/parsed/t.gif" onerror="log('parsed image')">
<script src="{T}/b.js" onerror="log('parsed script')"></script>"""
# What else says that it failed; a picture's source, an icon and captions that nobody asked for do not.
FILMS = f"""<video muted src="{T}/x/v" onerror="log('film ' + error.code)"></video><video><source src="{T}/x/vs" onerror="log('source')"></video>
<video src=/own/png><track default src="{T}/x/t" onerror="log('track')"><track src="{T}/x/t2" onerror="log('no')"></video>
<picture><source srcset="{T}/x/p" onerror="log('no')"><img alt src=/own/png></picture><link rel=icon href="{T}/x/icon" onerror="log('no')">
<svg><image href="{T}/x/g" onerror="log('drawn')"/></svg><input type=image alt src="{T}/x/n" onerror="log('button')">
<script>document.querySelector('video').play().catch(error => log(error.name)); const sound = new Audio('{T}/x/a'); sound.onerror = () => log('sound');
const object = document.createElement('object'); object.data = '{T}/x/o'; object.onerror = () => log('object'); document.body.append(object)</script>"""
FILMS_TOLD = ["NotSupportedError", "button", "drawn", "film 4", "object", "sound", "source", "track"]
TOLD = ["fallback of a", "image a", "parsed image", "parsed script"]


def test_nothing_fails_before_an_answer_and_everything_once_after_a_no(guest) -> None:
    page = guest.open(LOADER + FILMS)
    page.wait_for_timeout(500)
    assert page.evaluate("ran") == []
    page.evaluate("fairgate.reject()")
    told = sorted([*TOLD, *FILMS_TOLD])
    assert sorted(ran(page, len(told))) == told
    page.evaluate("load('c')")
    assert sorted(ran(page, len(told) + 2)) == sorted([*told, "fallback of c", "image c"])
    assert guest.asked == []
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(700)
    names = ["a", "g", "n", "o", "p", "t", "v", "vs"]
    asked = sorted(set(guest.asked) - {f"{T}/x/icon", f"{T}/x/t2"})
    assert [address for address in asked if address.count("/") == 4] == [f"{T}/x/{name}" for name in names]


@pytest.mark.parametrize("script", ["1", "document.head.append(document.createElement('i'))"])
def test_drawing_the_banner_lets_no_picture_out(guest, server, script) -> None:
    """Drawn inside the parser's task it made the parser rest behind the next script, and what comes first then is fetched."""
    for _ in range(6):
        guest.context.clear_cookies()
        page = guest.open(f'<script>{script}</script>\n<img alt="" src="{T}/x/parsed/t.gif">')
        page.wait_for_selector("#onetrust-banner-sdk")
        page.wait_for_timeout(100)
    assert guest.asked == []


def test_a_returning_visitor_s_no_is_told_too(guest) -> None:
    guest.open("").evaluate("fairgate.reject()")
    page = guest.open(LOADER)
    assert sorted(ran(page, 4)) == TOLD
    assert guest.asked == []


@pytest.mark.parametrize(
    "before", [f"<iframe src='{T}/f'></iframe>", f"<video src='{T}/v'></video>", f"<object data='{T}/o'></object>", ""]
)
@pytest.mark.parametrize("move", ["title", "insertBefore(document.createElement('i'), document.body)"])
def test_what_waits_still_waits_on_later_views(guest, before, move) -> None:
    """The gate's own late file, and whatever a page puts beside a part of itself, comes while the parser is at work."""
    moving = f"""<script>new MutationObserver((records, observer) => {{
      if (!document.querySelector('#s')) return;
      observer.disconnect();
      document.documentElement.{move};
    }}).observe(document, {{childList: true, subtree: true}})</script>"""
    body = f"{before}<script id=s src='{T}/a.js'></script><script>'__AGENT__'; log('inline')</script><p>end"
    guest.open("").evaluate("fairgate.reject()")
    for _ in range(3):
        page = guest.open(body, moving)
        page.wait_for_timeout(300)
        assert page.evaluate("ran") == []
    page.evaluate("fairgate.accept()")
    page.wait_for_function("ran.includes('A:s')")


def test_a_yes_tells_of_no_failure(guest) -> None:
    page = guest.open(LOADER)
    page.evaluate("fairgate.accept()")
    assert sorted(ran(page, 2, 600)) == ["A:", "B:"]


def test_who_changes_his_mind_gets_what_failed(guest) -> None:
    page = guest.open(LOADER)
    page.evaluate("fairgate.reject()")
    assert sorted(ran(page, 4)) == TOLD
    page.evaluate("fairgate.accept()")
    assert sorted(ran(page, 6)) == sorted([*TOLD, "A:", "B:"])


# Vendors' public snippets make these queues; `{T}` stands for their hosts.
GTAG = f"""<script>window.dataLayer = window.dataLayer || []; function gtag() {{ dataLayer.push(arguments) }}
gtag('js', new Date()); gtag('config', 'G-1', {{event_callback: () => log('not an event')}});</script>
<script async src="{T}/www.googletagmanager.com/gtag/js.js?id=G-1"></script>"""
SEND = "gtag('event', 'click', {event_callback: (id) => log(['gone on', id]), event_timeout: 2000})"


def test_a_link_that_waits_for_its_event_goes_on_after_a_no_and_never_before(guest) -> None:
    page = guest.open(GTAG)
    page.evaluate(SEND)
    page.wait_for_timeout(500)
    assert page.evaluate("ran") == []
    page.evaluate("fairgate.reject()")
    assert ran(page, 1) == [["gone on", "G-1"]]
    page.evaluate(SEND)
    page.evaluate(SEND)
    assert ran(page, 3, 500) == [["gone on", "G-1"]] * 3
    assert guest.asked == []


# What the library does with the queue that it finds, and with calls after that.
LIBRARY = """const take = (call) => { const o = call[2] || call; const f = o.event_callback || o.eventCallback;
  if (f && call[0] !== 'config') { log('library'); f('G-1') } };
const queued = [...dataLayer]; dataLayer.push = (...calls) => calls.forEach(take); queued.forEach(take); log('library is there');"""


def test_a_callback_is_called_by_the_page_s_refusal_or_by_the_library_and_never_by_both(guest, server) -> None:
    path = "/www.googletagmanager.com/gtag/js.js"
    server.files["tracker.shop.test", path] = ("text/javascript", LIBRARY.encode())
    page = guest.open(GTAG)
    page.evaluate(SEND)
    page.evaluate("fairgate.reject()")
    assert ran(page, 1) == [["gone on", "G-1"]]
    page.evaluate("fairgate.accept()")
    assert ran(page, 2, 500)[1:] == ["library", "library is there"]
    page.evaluate(SEND)
    assert ran(page, 5, 500)[3:] == ["library", ["gone on", "G-1"]]
    guest.context.clear_cookies()
    page = guest.open(GTAG)
    page.evaluate(SEND)
    page.evaluate("fairgate.accept()")
    assert ran(page, 3, 500) == ["library", ["gone on", "G-1"], "library is there"]
    del server.files["tracker.shop.test", path]


def test_options_that_a_page_uses_again_keep_their_callback(guest) -> None:
    page = guest.open(GTAG)
    page.evaluate("fairgate.reject()")
    page.evaluate(
        "() => { const o = {event_callback: () => log('again')}; gtag('event', 'a', o); gtag('event', 'b', o) }"
    )
    assert ran(page, 2, 400) == ["again", "again"]


def test_without_a_held_library_a_callback_is_not_called(guest) -> None:
    page = guest.open("<script>window.dataLayer = []; function gtag() { dataLayer.push(arguments) }</script>")
    page.evaluate("fairgate.reject()")
    page.evaluate(SEND)
    page.wait_for_timeout(500)
    assert page.evaluate("ran") == []


QUEUE = "window.{0} = window.{0} || function () {{ ({0}.q = {0}.q || []).push(arguments) }};"
# Vendor → its snippet, the host of its library, a call with a callback, calls whose functions are none.
VENDORS = {
    "Google Tag Manager": ("window.dataLayer = [];", "www.googletagmanager.com/gtm", "dataLayer.push({event: 'x', eventCallback: DONE, eventTimeout: 9})", "dataLayer.push({event: 'x', f: NOT})"),
    "Google Analytics": (QUEUE.format("ga"), "www.google-analytics.com/analytics", "ga('send', 'event', 'a', 'b', {hitCallback: DONE})", "ga(NOT); ga('create', 'UA-1', {hitCallback: NOT})"),
    "Plausible": (QUEUE.format("plausible"), "plausible.io/script", "plausible('Signup', {callback: DONE})", "plausible('Signup', {props: {f: NOT}})"),
    "Yandex Metrica": ("window.ym = function () { (ym.a = ym.a || []).push(arguments) };", "mc.yandex.ru/tag", "ym(1, 'reachGoal', 'a', {}, DONE, {})", "ym(1, 'getClientID', NOT)"),
    "Matomo": ("window._paq = [];", "matomo.cloud/matomo", "_paq.push(['trackEvent', 'a', 'b', 'c', 1, {}, DONE])", "_paq.push([NOT])"),
    "Pinterest": ("window.pintrk = function () { pintrk.queue.push([...arguments]) }; pintrk.queue = [];", "s.pinimg.com/ct/core", "pintrk('track', 'lead', {}, DONE)", "pintrk('load', 'x', {f: NOT})"),
    "Segment": ("window.analytics = []; analytics.track = (...a) => analytics.push(['track', ...a]); analytics.ready = (...a) => analytics.push(['ready', ...a]);", "cdn.segment.com/analytics", "analytics.track('a', {}, {}, DONE)", "analytics.ready(NOT)"),
    "RudderStack": ("window.rudderanalytics = [];", "cdn.rudderlabs.com/x", "rudderanalytics.push(['page', 'a', DONE])", "rudderanalytics.push(['ready', NOT])"),
    "Mixpanel": ("window.mixpanel = [];", "cdn.mxpnl.com/libs/mixpanel", "mixpanel.push(['track', 'a', {}, DONE])", "mixpanel.push(['track_links', '#nav', 'a', NOT])"),
    "Klaviyo": ("window._learnq = [];", "static.klaviyo.com/onsite", "_learnq.push(['track', 'a', {}, DONE])", "_learnq.push(['account', 'x', NOT])"),
}  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_a_vendor_documents_as_a_call_s_callback_is_called_once_after_a_no(guest, vendor: str) -> None:
    snippet, library, call, none = VENDORS[vendor]
    done, never = "() => log('done')", "() => log('never')"
    call, none = call.replace("DONE", done), none.replace("NOT", never)
    page = guest.open(f"<script>{snippet}</script><script async src='{T}/{library}.js'></script>")
    page.evaluate(f"() => {{ {none}; {call} }}")
    page.wait_for_timeout(300)
    assert page.evaluate("ran") == []
    page.evaluate("fairgate.reject()")
    assert ran(page, 1, 400) == ["done"]
    page.evaluate(f"() => {{ {call}; {none} }}")
    assert ran(page, 2, 400) == ["done", "done"]


OPTIMIZE = """<style>.async-hide { opacity: 0 !important }</style><script>(function (a, s, y, n, c, h) {
s.className += ' ' + y; h.end = function () { s.className = s.className.replace(RegExp(' ?' + y), '') };
(a[n] = a[n] || []).hide = h; setTimeout(function () { h.end() }, c) })
(window, document.documentElement, 'async-hide', 'dataLayer', 9000, {});</script>"""


def hidden_by(name: str) -> str:
    return f"<script>const s = document.createElement('style'); s.id = '{name}'; s.textContent = 'body {{ opacity: 0 !important }}'; document.head.append(s)</script>"


HIDING = {
    "Google Optimize": (OPTIMIZE, "www.googleoptimize.com/optimize"),
    "VWO": (hidden_by("_vis_opt_path_hides"), "dev.visualwebsiteoptimizer.com/j"),
    "Adobe Target": (hidden_by("at-body-style"), "assets.adobedtm.com/launch"),
    "Adobe Web SDK": (hidden_by("alloy-prehiding"), "cdn1.adoberesources.net/alloy"),
    "Kameleoon": (hidden_by("kameleoonLoadingStyleSheet"), "x.kameleoon.eu/kameleoon"),
    "Convert": (hidden_by("convert_hide_body"), "cdn-4.convertexperiments.com/js/1"),
}
SEEN = """() => getComputedStyle(document.body).opacity * getComputedStyle(document.documentElement).opacity"""


@pytest.mark.parametrize("tool", HIDING)
def test_a_page_that_hides_until_a_held_library_comes_is_shown(guest, tool: str) -> None:
    snippet, library = HIDING[tool]
    script = f"<script async src='{T}/{library}.js'></script>"
    assert guest.bare("", snippet).evaluate(SEEN) == 0
    page = guest.open("", snippet + script)
    page.wait_for_function(f"({SEEN})() === 1", timeout=3000)
    page.evaluate("fairgate.reject()")
    page = guest.open("", snippet + script)
    page.wait_for_function(f"({SEEN})() === 1", timeout=3000)
    # What runs shows the page itself.
    page.evaluate("fairgate.accept()")
    page = guest.open("", snippet + script)
    page.wait_for_timeout(700)
    assert page.evaluate(SEEN) == 0


@pytest.mark.parametrize("slow", ["late", "ui"])
@pytest.mark.parametrize("answered", [False, True])
def test_the_banner_s_files_may_come_in_any_order(guest, slow, answered) -> None:
    said = []
    guest.context.on("console", lambda message: said.append(message.text))
    if answered:
        guest.open("").evaluate("fairgate.reject()")

    def delay(route) -> None:
        guest.context.pages[-1].wait_for_timeout(400)
        route.continue_()

    guest.context.route(f"**/{slow}*.js", delay)
    frames = "".join(f'<iframe width=300 height=200 src="{T}/f{n}"></iframe>' for n in range(3))
    page = guest.open(frames)
    for n in range(3):
        page.frame_locator("iframe").nth(n).locator(".fg-hold").wait_for()
    assert [line for line in said if "TypeError" in line] == []
