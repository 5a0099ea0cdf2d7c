"""Release after a grant: what waited runs once, in document order, as its author wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from .guest import chromium, pages
from .vectors import blockers
from .vectors.server import SITE, TRACKER, Server

__all__ = ["chromium", "pages"]
pytestmark = pytest.mark.browser

T = f"https://{TRACKER}"


def _say(name: str, more: str = "") -> bytes:
    return f"log('{name}'+(document.currentScript?':'+document.currentScript.id:''));{more}".encode()


SCRIPTS = {
    "/a.js": _say("A"),
    "/b.js": _say("B"),
    "/c.js": _say("C"),
    "/d.js": _say("D"),
    "/e.js": _say("E"),
    "/f.js": _say("F"),
    "/h.js": _say("H"),
    "/listen.js": _say(
        "listen",
        "addEventListener('DOMContentLoaded',e=>log('window dom '+e.type));"
        "document.addEventListener('DOMContentLoaded',()=>log('dom'));"
        "addEventListener('load',{handleEvent:()=>log('load')});",
    ),
    "/write.js": _say(
        "write",
        "document.write('<p id=written>written</p><script id=w1 src=https://tracker.shop.test/w1.js><\\/script>"
        '<script id=w2>log("W2:"+document.currentScript.id)<\\/script>\')',
    ),
    "/w1.js": _say("W1"),
    "/broken.js": _say("broken", "throw new Error('its own')"),
}
HEAD = """<script>window.ran=[];window.log=x=>ran.push(x);
window.seen=[];for(const t of ['DOMContentLoaded','load'])addEventListener(t,()=>seen.push(t));</script>"""


@pytest.fixture(scope="module")
def server(pages: dict[str, str]) -> Iterator[Server]:
    files = blockers.gate_files(blockers.snapshot("snippet"))
    files |= {(TRACKER, path): ("text/javascript", body) for path, body in SCRIPTS.items()}
    server = Server(lambda path: pages.get(path), files)
    server.delays[TRACKER, "/a.js"] = 0.15
    yield server
    server.close()


@pytest.fixture
def open_page(chromium: Browser, pages: dict[str, str]) -> Iterator[Callable[..., Page]]:
    context = chromium.new_context(ignore_https_errors=True)

    def open_page(body: str, head: str = "", gate: str = blockers.GATE + blockers.SWALLOW) -> Page:
        pages["/page"] = f"<!doctype html><html><head>{gate}{HEAD}{head}</head><body><h1>x</h1>{body}</body></html>"
        tab = context.new_page()
        tab.goto(f"https://{SITE}/page")
        return tab

    yield open_page
    context.close()


def grant(tab: Page) -> None:
    tab.evaluate("fairgate.accept()")


def ran(tab: Page, count: int) -> list[str]:
    tab.wait_for_function(f"ran.length >= {count}")
    tab.wait_for_timeout(300)
    return tab.evaluate("ran")


ORDER_BODY = f"""
<script id=i>log('I:'+document.currentScript.id);window.__AGENT__=1</script>
<script id=e src="{T}/e.js"></script>
<script>var s=document.createElement('script');s.id='f';s.src='{T}/f.js';s.onload=()=>log('load f');document.body.append(s)</script>
<script id=h defer src="{T}/h.js"></script>
"""
ORDER_HEAD = f"""
<script id=a src="{T}/a.js" onload="log('load a')"></script><script id=b async src="{T}/b.js"></script>
<script id=c defer src="{T}/c.js"></script><script id=d type=module src="{T}/d.js"></script>
"""


def test_everything_runs_once_in_document_order(open_page) -> None:
    tab = open_page(ORDER_BODY, ORDER_HEAD)
    assert tab.evaluate("ran") == []
    grant(tab)
    result = ran(tab, 10)
    ordered = [x for x in result if x[0] in "AIECDH"]
    assert ordered == ["A:a", "I:i", "E:e", "C:c", "D", "H:h"]
    assert sorted(result) == sorted([*ordered, "B:b", "F:f", "load a", "load f"])
    assert tab.evaluate("seen") == ["DOMContentLoaded", "load"]
    assert tab.evaluate("document.querySelectorAll('[data-fg],[fg-held]').length") == 0


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_where_no_import_map_can_be_added_the_whole_script_waits(chromium: Browser, pages: dict[str, str]) -> None:
    gate = blockers.GATE + blockers.SWALLOW
    body = f"<script id=x>log('x');import('{T}/e.js')</script><script id=y>log('y')</script>"
    pages["/page"] = f"<!doctype html><html><head>{gate}{HEAD}</head><body>{body}</body></html>"
    context = chromium.new_context(ignore_https_errors=True, user_agent=FIREFOX)
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"https://{SITE}/page")
    assert ran(tab, 1) == ["y"]
    assert not [url for url in asked if TRACKER in url]
    grant(tab)
    assert ran(tab, 3) == ["y", "x", "E"]
    context.close()


def test_only_the_listeners_of_released_scripts_are_called(open_page) -> None:
    tab = open_page(f"<script src='{T}/listen.js'></script>")
    grant(tab)
    assert ran(tab, 4) == ["listen:", "window dom DOMContentLoaded", "dom", "load"]
    assert tab.evaluate("seen") == ["DOMContentLoaded", "load"]


def test_document_write_goes_after_the_script_that_wrote(open_page) -> None:
    tab = open_page(f"<script id=w src='{T}/write.js'></script><script id=e src='{T}/e.js'></script>")
    grant(tab)
    result = ran(tab, 4)
    assert [x for x in result if x[0] != "E"] == ["write:w", "W1:w1", "W2:w2"]
    assert result.count("E:e") == 1
    assert tab.text_content("h1") == "x"
    assert tab.evaluate("document.getElementById('w').nextElementSibling.id") == "written"


def test_a_script_that_fails_does_not_stop_the_next(open_page) -> None:
    tab = open_page(
        f"<script src='{T}/broken.js'></script><script src='{T}/gone.png'></script><script src='{T}/e.js'></script>"
    )
    grant(tab)
    assert ran(tab, 2) == ["broken:", "E:"]


def test_elements_keep_their_place_and_tell_what_the_page_set(open_page) -> None:
    tab = open_page(
        f"<iframe id=fr src='{T}/x/y/f.html' title=t></iframe><img id=im alt=''>"
        f"<script>im.onload=()=>log('image');im.src='{T}/x/z/t.gif'</script>"
        f"<style>h1{{background:url({T}/x/c/t.gif)}}</style>"
    )
    values = "[fr.src,fr.getAttribute('src'),fr.hasAttribute('src'),im.src,im.getAttribute('src')]"
    before = tab.evaluate(values)
    assert before == [f"{T}/x/y/f.html", f"{T}/x/y/f.html", True, f"{T}/x/z/t.gif", f"{T}/x/z/t.gif"]
    assert tab.evaluate("ran") == []
    grant(tab)
    assert ran(tab, 1) == ["image"]
    assert tab.evaluate(values) == before
    assert "data:fg" not in tab.content()


def test_parked_tags_run_when_all_their_categories_are_granted(open_page) -> None:
    parked = (
        "<script type='text/plain' class='optanon-category-C0004'>log('one')</script>"
        "<script type='text/plain' class='optanon-category-C0001-C0004'>log('two')</script>"
        "<script type='text/plain' class='optanon-category-C0004-C0099'>log('never')</script>"
        "<script type='text/plain' data-consent='C0004'>log('three')</script>"
        f"<script type='text/plain' class='optanon-category-C0004' src='{T}/e.js'></script>"
        f"<img alt='' class='optanon-category-C0004' data-src='/own/png' onload=\"log('image')\">"
        "<script type='text/plain' class='optanon-category-C0001'>log('necessary')</script>"
    )
    tab = open_page(parked)
    assert tab.evaluate("ran") == ["necessary"]
    grant(tab)
    result = ran(tab, 6)
    assert [x for x in result if x != "image"] == ["necessary", "one", "two", "three", "E:"]
    assert "image" in result
    tab.evaluate(
        "document.body.insertAdjacentHTML('beforeend','x');var s=document.createElement('script');s.type='text/plain';s.className='optanon-category-C0004';s.text=\"log('later')\";document.body.append(s)"
    )
    assert ran(tab, 7)[-1] == "later"


def test_a_returning_visitor_gets_parked_tags_as_the_parser_meets_them(open_page) -> None:
    tab = open_page("")
    grant(tab)
    tab.wait_for_function("document.cookie.includes('fairgate_')")
    again = open_page(
        "<script type='text/plain' class='optanon-category-C0004'>document.write('<p id=now>now</p>');log('parked')</script><script>log('next')</script>"
    )
    assert again.evaluate("ran") == ["parked", "next"]
    assert again.text_content("#now") == "now"


def test_exempt_tags_are_left_alone(open_page) -> None:
    tab = open_page(
        f"<script data-ot-ignore src='{T}/e.js'></script><script class='optanon-category-C0001' src='{T}/c.js'></script><script src='{T}/h.js'></script>"
    )
    assert tab.evaluate("ran") == ["E:", "C:"]


def test_withdrawal_stops_requests_and_deletes_what_was_stored(open_page, server: Server) -> None:
    tab = open_page("")
    grant(tab)
    tab.wait_for_function("fairgate.allowed('tracker')")
    tab.evaluate(
        "document.cookie='_ga=1;path=/';document.cookie='_ga_X=1;path=/;domain=shop.test';document.cookie='keep=1;path=/';localStorage._ga='1';localStorage.keep='1'"
    )
    assert (
        tab.evaluate(
            "new Promise(r=>{const s=document.createElement('script');s.src='https://tracker.shop.test/e.js';s.onload=()=>r(1);document.body.append(s)})"
        )
        == 1
    )
    tab.evaluate("fairgate.withdraw()")
    tab.wait_for_function("!fairgate.allowed('tracker')")
    assert tab.evaluate("document.cookie.split('; ').map(c=>c.split('=')[0]).filter(n=>/_ga|keep/.test(n))") == ["keep"]
    assert tab.evaluate("[localStorage.getItem('_ga'),localStorage.keep,localStorage.length>0]") == [None, "1", True]
    tab.evaluate("new Image().src='https://tracker.shop.test/w/w/t.gif';document.cookie='_ga=2;path=/'")
    tab.wait_for_timeout(300)
    assert server.left["w/w"] == []
    assert "_ga=" not in tab.evaluate("document.cookie")
