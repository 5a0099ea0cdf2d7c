"""Code that calls a held library: it waits behind it and runs after it; a no by the signal alone, or of before, is told."""

from __future__ import annotations

import json
import time

import pytest

from tests import samples
from tests.browser.stage import SHOP, Stage
from tests.browser.test_core import ADS, STATE, context, page, small, stage, until

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
LOG = "<script>window.said = []; window.say = (x) => said.push(x)</script>"
FORMS = '<script src="https://js.hsforms.net/forms/embed/v2.js"></script>'
USE = "<script>say(1); hbspt.forms.create({}); say(2)</script>"


def library(stage: Stage, code: str, *, host: str = "js.hsforms.net", path: str = "/forms/embed/v2.js") -> None:
    stage.world.pages[host, path] = (200, "text/javascript", code.encode())


@pytest.fixture
def forms(stage: Stage) -> Stage:
    library(stage, "window.hbspt = {forms: {create() { say('made') }}}; say('library')")
    stage.release(samples.snapshot(services=[samples.service("hubspot"), samples.service("plausible")]))
    return stage


def said(page, count: int = 0) -> list:
    page.wait_for_function(f"said.length >= {count}")
    page.wait_for_timeout(300)
    return page.evaluate("said")


def test_code_behind_a_held_library_that_calls_it_runs_after_it_in_order(forms, page) -> None:
    body = f"{FORMS}{USE}<script>say('of the page')</script><script>window.hbspt && say(hbspt.forms)</script>{USE}"
    page.goto(forms.page(LOG + body))
    assert said(page) == ["of the page"]
    page.evaluate("void fairgate.reject()")
    assert said(page) == ["of the page"]
    page.evaluate("void fairgate.accept()")
    assert said(page, 9) == ["of the page", "library", 1, "made", 2, {"create": None}, 1, "made", 2]


@pytest.mark.parametrize(
    "body",
    [
        f"<script>say(1); if (window.hbspt) hbspt.forms.create({{}}); say(2)</script>{FORMS}",
        f"<script async src='https://js.hsforms.net/forms/embed/v2.js'></script>{USE.replace('hbspt.', 'hbspt?.')}",
        f"{FORMS}<script>say('hbspt'); const myhbspt = (x) => say(x); myhbspt(1)</script>",
    ],
    ids=["before it", "beside one that comes when it comes", "another name"],
)
def test_what_needs_no_library_at_once_does_not_wait(forms, page, body) -> None:
    page.add_init_script("window.onerror = (m) => true")
    page.goto(forms.page(LOG + body.replace("hbspt?.", "window.hbspt?.")))
    assert len(said(page, 2)) == 2


def test_a_held_library_that_is_missed_is_reported_with_its_name(forms, context) -> None:
    page = context.new_page()
    forms.world.pages[SHOP, "/app.js"] = (200, "text/javascript", b"hbspt.forms.create({})")
    own = "<script src=/app.js></script><script>setTimeout(() => { ownName() })</script>"
    page.goto(forms.page(LOG + FORMS + own))
    found = until(lambda: [i for body in forms.posts("reports") for i in body["items"] if i["kind"] == "missing"])
    page.evaluate("setTimeout(() => hbspt.forms.create({}))")
    page.wait_for_timeout(2600)
    assert found == [{"kind": "missing", "subject": "hbspt"}]


def test_after_a_yes_nothing_is_missed(forms, context) -> None:
    page = context.new_page()
    page.goto(forms.page(LOG + FORMS))
    page.evaluate("void fairgate.accept()")
    said(page, 1)
    page.evaluate("delete window.hbspt; setTimeout(() => hbspt.forms.create({}))")
    page.wait_for_timeout(2600)
    assert [i for body in forms.posts("reports") for i in body["items"] if i["kind"] == "missing"] == []


# Service → the tag of its library and code that calls it, as the vendor's documentation shows them.
LIBRARIES = {
    "calendly": ("https://assets.calendly.com/assets/external/widget.js", "Calendly", "Calendly.initPopupWidget({})"),
    "google-maps": ("https://maps.googleapis.com/maps/api/js", "google.maps", "new google.maps.Map(document.body)"),
    "google-recaptcha": ("https://www.google.com/recaptcha/api.js", "grecaptcha", "grecaptcha.ready(() => say('ready'))"),
    "vimeo": ("https://player.vimeo.com/api/player.js", "Vimeo.Player", "new Vimeo.Player('x')"),
    "youtube": ("https://www.youtube.com/iframe_api", "YT", "new YT.Player('x')"),
    "zendesk": ("https://static.zdassets.com/ekr/snippet.js", "zE", "zE('webWidget', 'hide')"),
    "adobe-launch": ("https://assets.adobedtm.com/launch.min.js", "_satellite", "_satellite.pageBottom()"),
}  # fmt: skip


@pytest.mark.parametrize("key", LIBRARIES)
def test_libraries_that_pages_call_at_once(stage, page, key) -> None:
    address, name, code = LIBRARIES[key]
    _, _, host, path = address.split("/", 3)
    made = "function () { say('called'); return {} }"
    names = name.split(".")
    members = "ready Player Map initPopupWidget pageBottom"
    define = f"const f = {made}; '{members}'.split(' ').forEach((m) => f[m] = f);"
    define += f"window.{names[0]} = {'f' if len(names) == 1 else '{' + names[1] + ': f}'};"
    library(stage, define, host=host, path=f"/{path}")
    stage.release(samples.snapshot(services=[samples.service(key)]))
    page.goto(stage.page(f'{LOG}<script src="{address}"></script><script>{code}</script>'))
    assert said(page) == []
    page.evaluate("void fairgate.accept()")
    assert said(page, 1) == ["called"]


FALLBACK = ADS.replace("<script ", "<script onerror=\"say('fallback')\" ")


@pytest.mark.parametrize(
    ("variant", "gpc", "told"), [("us_ca", True, ["fallback"]), ("us_ca", False, []), ("eu_opt_in", True, [])]
)
def test_a_no_by_the_signal_alone_is_told_where_it_is_one(stage, context, page, variant, gpc, told) -> None:
    library(stage, "say('ran')", host="static.doubleclick.net", path="/ads.js")
    if gpc:
        context.add_init_script(GPC)
    stage.release(small(), variant=variant)
    page.goto(stage.page(LOG + FALLBACK))
    page.wait_for_timeout(900)
    assert said(page) == (told if gpc else ["ran"])


def test_the_signal_refuses_what_is_sold_and_calls_back_for_it(stage, context, page) -> None:
    context.add_init_script(GPC)
    stage.release(small(services=[samples.service("google-tag", targeted_ads=True, container=False)]), variant="us_ca")
    tag = '<script async src="https://www.googletagmanager.com/gtag/js?id=AW-1"></script>'
    page.goto(stage.page(f"{LOG}<script>window.dataLayer = window.dataLayer || []</script>{tag}"))
    page.wait_for_timeout(600)
    page.evaluate("() => { (function () { dataLayer.push(arguments) })('event', 'x', {event_callback: say}) }")
    assert said(page, 1) == ["AW-1"]


def test_a_no_of_an_earlier_gate_that_changes_nothing_is_told_in_the_same_view(stage, context, page) -> None:
    old = f"v=1&r=2&h=&id=&u=&t={int(time.time()) - 9}&g=eu_opt_in&c=C0002:0.C0004:0&s=&p=&x=0&m=&o=0"
    context.add_cookies([{"name": STATE, "value": old, "domain": f".{SHOP}", "path": "/", "secure": True}])
    stage.release(small())
    page.goto(stage.page(LOG + FALLBACK))
    assert said(page, 1) == ["fallback"]
    assert json.loads(page.evaluate("JSON.stringify(fairgate.consent().answered)")) is True
