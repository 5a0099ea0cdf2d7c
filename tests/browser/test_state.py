"""Answers are states with a name: kept whole, everywhere where a browser lets them be kept, and never made up."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from consent.publishing import slots
from tests import samples
from tests.browser.internet import Asked
from tests.browser.stage import CMP, SHOP
from tests.browser.state import stated
from tests.browser.test_core import ACCEPT, ADS, GA, REJECT, STATE, context, cookie, page, ran, small, stage, until

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser
BANNER = "#onetrust-banner-sdk"
PARTNER = "partner.example"


def many(count: int) -> dict[str, Any]:
    """A site with so many services, in four categories."""
    return small(
        services=[
            samples.service(f"service-{n}", category=f"C000{2 + n % 4}", rules=[f"t{n}.test"], cookies=[])
            for n in range(count)
        ]
    )


def late(page) -> None:
    page.wait_for_function("() => !!window.fairgate?._.decide")


def warnings(page) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "warning" else None)
    return said


@pytest.mark.parametrize("pattern", ["i % 2", "i % 3 > 0", "i % 7 == 0"])
def test_500_services_chosen_one_by_one_are_kept_and_are_what_the_record_says(stage, context, page, pattern):
    release = many(500)
    stage.release(release)
    url = stage.page()
    page.goto(url)
    page.wait_for_selector(ACCEPT)
    page.evaluate(
        f"""async () => {{
          const services = {{}};
          Object.keys(fairgate.consent().services).forEach((key, i) => {{ services[key] = Boolean({pattern}); }});
          await fairgate.set({{services}});
        }}"""
    )
    said = page.evaluate("fairgate.consent()")
    assert len(f"{STATE}={cookie(context)}") < 600
    (record,) = stage.posts()
    given = {
        kind: {key: value == "granted" for key, value in record["choices"][kind].items()} for kind in record["choices"]
    }
    assert given["services"] == said["services"]
    assert set(given["services"].values()) == {True, False}
    page.goto(url)
    late(page)
    assert page.evaluate("fairgate.consent()") == said
    assert (page.locator(BANNER).count(), len(stage.posts())) == (0, 1)
    read = stated(cookie(context), release)
    assert (read["id"], read["u"], read["services"]) == (record["id"], record["visitor"], given["services"])


def test_a_numbering_that_parted_is_understood_as_far_as_it_is_shared(stage, context, page):
    """A server that was restored from a dump gave the same numbers to something else."""
    first, more = small(), small(services=[*small()["services"], samples.service("hotjar")])
    stage.release(first)
    before = stage.numbering
    stage.release(more, number=4)
    url = stage.page(GA)
    page.goto(url)
    page.click(ACCEPT)
    until(lambda: cookie(context))
    stage.numbering = before
    stage.release(small(services=[*small()["services"], samples.service("meta-pixel")]), number=4)
    page.goto(url)
    page.wait_for_selector(BANNER)
    assert page.evaluate("fairgate.consent().services") == {
        "google-ads": True, "google-analytics": True, "meta-pixel": False, "plausible": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("variant", "act", "expected"),
    [
        ("eu_opt_in", "accept", (False, False, 1)),  # asked again, nothing granted
        ("us_optout", "accept", (False, True, 1)),  # as without an answer
        ("us_optout", "optOut", (True, False, 0)),  # it may have meant everything
    ],
)
def test_of_another_numbering_no_grant_is_made_up_and_an_objection_is_kept(
    stage, context, page, variant, act, expected
):
    stage.release(small(), variant)
    url = stage.page(GA + ADS)
    page.goto(url)
    late(page)
    page.evaluate(f"void fairgate.{act}()")
    until(lambda: cookie(context))
    stage.numbering = slots.extended({}, many(3))
    stage.release(small(), variant)
    page.goto(url)
    late(page)
    page.wait_for_timeout(300)
    answered, allowed, banners = expected
    assert page.evaluate("[fairgate.consent().answered, fairgate.allowed('google-analytics')]") == [answered, allowed]
    assert (page.locator(BANNER).count(), bool(ran(page))) == (banners, allowed)


def test_a_denied_service_that_moves_stays_denied(stage, context, page):
    stage.release(small(), "us_optout")
    url = stage.page('<script src="https://plausible.io/js/p.js"></script>')
    page.goto(url)
    late(page)
    page.evaluate("void fairgate.set({services: {plausible: false}})")
    until(lambda: cookie(context))
    moved = small(services=[*small()["services"][:2], samples.service("plausible", category="C0003")])
    stage.release(moved, "us_optout", 4)
    page.goto(url)
    late(page)
    assert page.evaluate("[fairgate.allowed('plausible'), fairgate.allowed('google-ads')]") == [False, True]
    assert ran(page) == []


def test_an_objection_of_before_that_names_what_is_gone_stays_as_it_was(stage, context, page):
    old = f"v=1&r=2&h=0a0a0a0a&id=&u=&t={int(time.time()) - 9}&g=us_optout&c=C0002:1.C0004:0&s=gone:0&p=&x=1&m=&o=1"
    context.add_cookies([{"name": STATE, "value": old, "domain": f".{SHOP}", "path": "/", "secure": True}])
    stage.release(small(), "us_optout")
    page.goto(stage.page())
    late(page)
    page.wait_for_function("fairgate.consent().answered")
    assert cookie(context) == old
    assert page.evaluate("[fairgate.allowed('google-ads'), fairgate.allowed('google-analytics')]") == [False, True]


def test_an_answer_of_before_whose_ids_are_none_stands_without_them(stage, context, page):
    old = f"v=1&r=2&h=&id=x&u=%3Cy%3E&t={int(time.time()) - 9}&g=eu_opt_in&c=C0002:1.C0004:0&s=&p=&x=0&m=&o=0"
    context.add_cookies([{"name": STATE, "value": old, "domain": f".{SHOP}", "path": "/", "secure": True}])
    stage.release(small())
    page.goto(stage.page(GA))
    until(lambda: ran(page))
    assert cookie(context).startswith("v=2&id=&u=&t=")
    page.evaluate("void fairgate.reject()")
    (record,) = until(stage.posts)
    assert (record["replaces"], record["visitor"]) == (None, None)


REFUSED = """{
  const own = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  Object.defineProperty(Document.prototype, 'cookie', {...own, set() {}});
}"""
NO_STORAGE = (
    "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }});"
)


def test_where_cookies_are_refused_the_storage_has_the_answer(stage, context):
    context.add_init_script(REFUSED)
    page = context.new_page()
    told = warnings(page)
    stage.release(small())
    url = stage.page(GA)
    page.goto(url)
    page.click(ACCEPT)
    until(lambda: stage.posts())
    assert "stored" in page.locator("#onetrust-consent-sdk").inner_text()
    assert context.cookies() == []
    assert [key for key in page.evaluate("Object.keys(localStorage)") if ".q." not in key] == [STATE]
    page.goto(url)
    until(lambda: ran(page))
    late(page)
    assert (page.locator(BANNER).count(), page.evaluate("fairgate.consent().answered")) == (0, True)
    page.evaluate("void fairgate.withdraw()")
    page.goto(url)
    late(page)
    assert page.evaluate("[fairgate.consent().answered, fairgate.allowed('google-analytics')]") == [True, False]
    assert [line for line in told if "keeps no answer" in line] == []


def test_where_nothing_is_kept_nothing_says_that_it_is(stage, context):
    context.add_init_script(REFUSED + NO_STORAGE)
    page = context.new_page()
    told = warnings(page)
    stage.release(small())
    page.goto(stage.page(GA))
    page.click(ACCEPT)
    page.wait_for_selector("#onetrust-consent-sdk >> text=Allowed")
    assert "stored" not in page.locator("#onetrust-consent-sdk").inner_text()
    page.evaluate("void fairgate.reject()")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert page.evaluate("[fairgate.consent().answered, fairgate.allowed('google-analytics')]") == [True, False]
    assert len([line for line in told if "keeps no answer" in line]) == 1
    until(lambda: any(report["items"] for report in stage.posts("reports")))
    items = [item for report in stage.posts("reports") for item in report["items"]]
    assert items == [{"kind": "unkept", "subject": "answer"}]


def test_a_cookie_that_is_kept_again_takes_the_place_of_the_storage(stage, context, page):
    stage.release(small())
    url = stage.page()
    page.goto(url)
    page.wait_for_selector(ACCEPT)
    page.evaluate(f"localStorage['{STATE}'] = 'garbage'")
    page.click(ACCEPT)
    until(lambda: cookie(context))
    assert page.evaluate(f"localStorage['{STATE}']") is None


OWNED = [
    {"name": name, "kind": kind, "lifetime": "", "lifetime_days": None, "purpose": ""}
    for name, kind in [
        ("_ga", "cookie"), ("_ga_*", "cookie"), ("__Host-ga", "cookie"), ("__Secure-ga", "cookie"), ("chip", "cookie"),
        ("gaLocal", "local"), ("gaSession*", "session"), ("gaBase", "indexeddb"),
    ]
]  # fmt: skip
WRITE = f"""async () => {{
  document.cookie = '_ga=1; Path=/; Domain={SHOP}';
  document.cookie = '_ga=2; Path=/';
  document.cookie = '_ga=3; Path=/deep';
  document.cookie = '_ga_deeper=4; Path=/deep/page';
  document.cookie = '_ga_folder=5; Path=/deep/; Domain=sub.{SHOP}';
  document.cookie = '__Host-ga=6; Path=/; Secure';
  document.cookie = '__Secure-ga=7; Path=/; Secure; Domain={SHOP}';
  document.cookie = 'chip=8; Path=/; Secure; SameSite=None; Partitioned';
  document.cookie = '__Host-chip=9; Path=/; Secure; SameSite=None; Partitioned';
  document.cookie = 'own=1; Path=/';
  document.cookie = '__Host-own=1; Path=/; Secure';
  localStorage.gaLocal = localStorage.ownLocal = 1;
  sessionStorage.gaSession1 = sessionStorage.ownSession = 1;
  for (const name of ['gaBase', 'ownBase'])
    await new Promise((done) => {{ const asked = indexedDB.open(name); asked.onsuccess = () => {{ asked.result.close(); done(); }}; }});
}}"""
LEFT = """async () => [
  document.cookie.split('; ').map((pair) => pair.split('=')[0]).filter((name) => !/^fairgate/.test(name)).sort(),
  ...[localStorage, sessionStorage].map((store) => Object.keys(store).filter((key) => !/^fairgate/.test(key)).sort()),
  (await indexedDB.databases()).map(({name}) => name).sort(),
]"""
ALL_LEFT = [
    sorted(["_ga", "_ga", "_ga", "_ga_deeper", "_ga_folder", "__Host-ga", "__Secure-ga", "chip", "__Host-chip", "own", "__Host-own"]),
    ["gaLocal", "ownLocal"], ["gaSession1", "ownSession"], ["gaBase", "ownBase"],
]  # fmt: skip
OWN_LEFT = [sorted(["own", "__Host-own"]), ["ownLocal"], ["ownSession"], ["ownBase"]]


def test_what_a_denied_service_owns_is_gone_at_the_answer_and_at_each_later_view(stage, context, page):
    owned = [*OWNED, {**OWNED[0], "name": "__Host-chip"}]
    release = small(services=[samples.service("google-analytics", cookies=owned), samples.service("google-ads")])
    host, path = f"sub.{SHOP}", "/deep/page"
    plain = f"https://{host}{path}/plain"
    stage.world.pages[(host, f"{path}/plain")] = (200, "text/html", b"<!doctype html><title>no gate</title>")
    stage.release(release)
    url = stage.page(path=path, host=host)
    # Written before the site had us.
    page.goto(plain)
    page.evaluate(WRITE)
    page.goto(url)
    page.wait_for_selector(REJECT)
    assert page.evaluate(LEFT) == ALL_LEFT  # no answer yet: nothing is taken away
    page.click(REJECT)
    until(lambda: page.evaluate(LEFT) == OWN_LEFT)
    # Written by a page that has no gate.
    page.goto(plain)
    page.evaluate(WRITE)
    assert page.evaluate(LEFT) == ALL_LEFT
    page.goto(url)
    until(lambda: page.evaluate(LEFT) == OWN_LEFT)
    # And kept where it is granted.
    page.evaluate("void fairgate.accept()")
    page.evaluate(WRITE)
    page.goto(url)
    late(page)
    page.wait_for_timeout(300)
    assert page.evaluate(LEFT) == ALL_LEFT


def test_what_two_services_share_stays_while_one_of_them_is_granted(stage, context, page):
    shared = [OWNED[0]]
    services = [samples.service(key, cookies=shared) for key in ("google-analytics", "google-ads")]
    stage.release(small(services=services))
    page.goto(stage.page())
    page.wait_for_selector(REJECT)
    page.evaluate("void fairgate.set({categories: {C0002: true}})")
    page.evaluate("document.cookie = '_ga=1'")
    page.reload()
    late(page)
    page.wait_for_timeout(200)
    assert cookie(context, "_ga") == "1"
    page.evaluate("void fairgate.reject()")
    assert cookie(context, "_ga") == ""


def test_in_a_partner_s_frame_it_is_asked_once(stage, context, page):
    stage.release(small())
    inner = stage.page(GA)
    html = f'<!doctype html><title>partner</title><iframe src="{inner}" width=800 height=600></iframe>'.encode()
    for path in ("/", "/other"):
        stage.world.pages[(PARTNER, path)] = (200, "text/html", html)
    page.goto(f"https://{PARTNER}/")
    page.frame_locator("iframe").locator(ACCEPT).click()
    until(lambda: stage.posts())
    for path in ("/other", "/"):
        page.goto(f"https://{PARTNER}{path}")
        frame = page.frames[1]
        frame.wait_for_function("() => !!window.fairgate?._.decide")
        page.wait_for_timeout(300)
        assert frame.locator(BANNER).count() == 0
        assert frame.evaluate("[fairgate.consent().answered, fairgate.allowed('google-analytics')]") == [True, True]
    (kept,) = [one for one in context.cookies() if one["name"] == STATE]
    assert (kept["sameSite"], kept["secure"], bool(kept.get("partitionKey"))) == ("None", True, True)
    # The partition's: on the site itself nobody has been asked.
    page.goto(inner)
    page.wait_for_selector(BANNER)


def http(context, stage) -> str:
    """The shop's page without TLS; returns its address. Everything is answered here: a browser lets no page without TLS
    ask this machine."""

    def answer(route) -> None:
        url = urlsplit(route.request.url)
        body = route.request.post_data_buffer or b""
        asked = Asked(route.request.method, url.hostname or "", url.path, dict(route.request.headers), body)
        stage.world.asked.append(asked)
        status, kind, body = stage.world.answer(asked)
        route.fulfill(status=status, content_type=kind, body=body, headers={"Access-Control-Allow-Origin": "*"})

    context.route("**/*", answer)
    return f"http://{SHOP}/"


def acknowledged(page) -> bool:
    """Whether nothing is on its way: what a navigation cuts off is sent again."""
    return page.evaluate("Object.keys(localStorage).every((key) => !key.includes('.q.'))")


def test_an_http_page_after_an_https_answer_asks_once(stage, context, page):
    stage.release(small())
    secure = stage.page(GA)
    plain = http(context, stage)
    page.goto(secure)
    page.click(ACCEPT)
    until(lambda: cookie(context) and acknowledged(page))
    page.goto(plain)
    page.wait_for_selector(REJECT)
    page.wait_for_timeout(1100)  # answers have a second each
    page.click(REJECT)
    until(lambda: len(stage.posts()) == 2 and acknowledged(page))
    for _ in range(2):
        page.goto(plain)
        late(page)
        page.wait_for_timeout(300)
        assert page.locator(BANNER).count() == 0
        assert page.evaluate("[fairgate.consent().answered, fairgate.allowed('C0002')]") == [True, False]
    # The newest word counts on both, whichever was asked.
    page.goto(secure)
    late(page)
    assert page.evaluate("[fairgate.consent().answered, fairgate.allowed('C0002')]") == [True, False]
    page.wait_for_timeout(1100)
    page.evaluate("fairgate.accept()")
    page.goto(plain)
    late(page)
    assert page.evaluate("fairgate.allowed('C0002')") is True
    ours = {one["name"]: one["secure"] for one in context.cookies() if one["name"].startswith("fairgate")}
    assert ours == {STATE: True, f"{STATE}_http": False}


def test_a_site_without_tls_has_the_one_cookie(stage, context, page):
    stage.release(small())
    stage.page(GA)
    plain = http(context, stage)
    page.goto(plain)
    page.click(ACCEPT)
    until(lambda: cookie(context))
    page.goto(plain)
    until(lambda: ran(page))
    assert [one["name"] for one in context.cookies() if one["name"].startswith("fairgate")] == [STATE]


def test_saying_the_same_again_makes_no_record(stage, context, page):
    stage.release(small())
    page.goto(stage.page())
    page.wait_for_selector(ACCEPT)
    page.evaluate(
        """() => {
          for (const event of ['change', 'stored', 'write']) fairgate.on(event, () => fairgate.accept());
          addEventListener('fairgate:change', () => fairgate.accept());
          for (let i = 0; i < 50; i++) fairgate.accept();
        }"""
    )
    first = page.evaluate("fairgate.accept()")
    page.wait_for_timeout(500)
    assert [body["action"] for body in stage.posts()] == ["accept_all"]
    assert first["id"] == page.evaluate("fairgate.consent().id") == stage.posts()[0]["id"]
    page.reload()
    late(page)
    page.evaluate("void fairgate.set({categories: {C0002: true}})")
    page.wait_for_timeout(300)
    assert len(stage.posts()) == 1
    # A person who says it again says it.
    page.evaluate("fairgate.open()")
    page.click("#onetrust-pc-sdk #accept-recommended-btn-handler")
    until(lambda: len(stage.posts()) == 2)


def test_listeners_that_never_agree_come_to_an_end(stage, context, page):
    stage.release(small())
    page.goto(stage.page())
    page.wait_for_selector(ACCEPT)
    told = warnings(page)
    page.evaluate(
        """() => {
          let depth = 0;
          window.deepest = 0;
          fairgate.on('change', () => {
            deepest = Math.max(deepest, ++depth);
            if (fairgate.allowed('C0002')) fairgate.reject(); else fairgate.accept();
            depth--;
          });
          fairgate.accept();
        }"""
    )
    until(lambda: len(stage.posts()) == 2)
    page.wait_for_timeout(300)
    assert [body["action"] for body in stage.posts()] == ["accept_all", "reject_all"]
    assert stage.posts()[1]["replaces"] == stage.posts()[0]["id"]
    assert (page.evaluate("deepest"), page.evaluate("fairgate.allowed('C0002')")) == (1, False)
    assert len([line for line in told if "from a listener" in line]) == 1


def test_a_wrapper_that_accepts_everything_makes_one_record_a_visitor(stage, context, page):
    stage.release(small())
    tags = (
        f'<script src="https://{CMP}/consent/{samples.SITE_UUID}/OtAutoBlock.js"></script>'
        f'<script src="https://{CMP}/scripttemplates/otSDKStub.js" data-domain-script="{samples.SITE_UUID}"></script>'
        "<script>window.runs = 0; function OptanonWrapper() { runs++; OneTrust.AllowAll(); }</script>"
    )
    url = stage.page(gate=tags)
    page.goto(url)
    until(lambda: stage.posts())
    page.wait_for_timeout(800)
    page.goto(url)
    page.wait_for_function("runs > 0")
    page.wait_for_timeout(800)
    assert [(body["action"], body["layer"]) for body in stage.posts()] == [("accept_all", "banner")]
    assert page.evaluate("runs") < 5
