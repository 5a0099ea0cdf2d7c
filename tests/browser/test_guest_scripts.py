"""Held scripts rest: every reader is given the author's tag, every way of copying one is held too, and each runs once."""

from __future__ import annotations

import pytest

from tests.browser.guest import JQUERY, T, chromium, guest, pages, ran, server
from tests.browser.vectors.server import SITE, TRACKER

__all__ = ["chromium", "guest", "pages", "server"]
pytestmark = pytest.mark.browser

TAGS = f"""<script id=a src="{T}/a.js"></script><script id=b async src="{T}/b.js" data-x="1"></script>
<script id=c defer src='{T}/c.js'></script><script id=d type=module src="{T}/d.js"></script>
<div><script id=e type="text/javascript" src="{T}/e.js"></script></div>
<script id=i>window.__AGENT__=1;log('I')</script>
<script>var s=document.createElement('script');s.id='f';s.src='{T}/f.js';document.body.append(s)</script>
<script id=own>log('own')</script>"""
READ = """JSON.stringify([...document.body.querySelectorAll('script')].map(el => [
  el.outerHTML, el.type, el.src, el.async, el.defer, el.getAttributeNames(), el.hasAttribute('type'), el.cloneNode(true).outerHTML,
  el.matches('[type]'), new XMLSerializer().serializeToString(el)]))
  + [...document.body.children].filter(el => el.id !== 'onetrust-consent-sdk').map(el => el.outerHTML)"""


def test_every_reader_is_given_what_the_author_wrote(guest) -> None:
    bare = guest.bare(TAGS)
    ran(bare, 8)
    guest.asked.clear()
    page = guest.open(TAGS)
    page.wait_for_load_state()
    assert page.evaluate(READ) == bare.evaluate(READ)
    assert page.evaluate("ran") == ["own"]
    assert guest.asked == []
    page.evaluate("fairgate.accept()")
    assert sorted(ran(page, 8)) == ["A:a", "B:b", "C:c", "D", "E:e", "F:f", "I", "own"]
    assert page.evaluate(READ) == bare.evaluate(READ)


def test_a_script_behind_reads_a_held_one_as_written(guest) -> None:
    body = f"<script id=a src='{T}/a.js'></script><script>log(document.getElementById('a').outerHTML)</script>"
    assert guest.open(body).evaluate("ran") == [f'<script id="a" src="{T}/a.js"></script>']


COPIES = {
    "attribute by attribute": "for (const a of old.attributes) copy.setAttribute(a.name, a.value); copy.textContent = old.textContent;",
    "attribute nodes": "for (const a of [...old.attributes]) copy.setAttributeNode(a.cloneNode()); copy.text = old.text;",
    "properties": "if (old.src) copy.src = old.src; copy.type = old.type; copy.id = old.id; copy.append(old.textContent);",
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize(
    "tag", [f"<script id=a src='{T}/a.js'></script>", "<script id=a>window.__AGENT__=1;log('A:a')</script>"]
)
def test_a_copy_runs_once_after_a_yes(guest, how: str, tag: str) -> None:
    """As Turbo activates the scripts of a page that it has put in the place of the last."""
    page = guest.open(tag)
    page.evaluate(
        "(make) => { const old = document.getElementById('a'), copy = document.createElement('script');"
        "new Function('old', 'copy', make)(old, copy); old.replaceWith(copy); }",
        COPIES[how],
    )
    page.wait_for_timeout(100)
    assert (page.evaluate("ran"), guest.asked) == ([], [])
    page.evaluate("fairgate.accept()")
    assert ran(page, 1) == ["A:a"]


WAYS = {
    "attributes": "$('<script>', {src: url}).appendTo('body')",
    "element": "{ const s = document.createElement('script'); s.src = url; $('body').append(s) }",
    "markup": "$('body').append(`<script src=\"${url}\"><\\/script>`)",
    "getScript": "$.getScript(url)",
    "raw": "{ const s = document.createElement('script'); s.src = url; document.body.appendChild(s) }",
    "clone": "{ const s = document.createElement('script'); s.src = url; document.body.append(s.cloneNode(true)) }",
    "fragment": 'document.body.append(document.createRange().createContextualFragment(`<b><script src="${url}"><\\/script></b>`))',
    "template": "document.body.append(document.querySelector('template').content.cloneNode(true))",
    "imported": "document.body.append(document.importNode(document.querySelector('template').content, true))",
    "late source": "{ const s = document.createElement('script'); document.body.append(s); s.src = url }",
    "moved": "{ const s = document.createElement('script'); s.src = url; document.head.append(s); document.body.append(s) }",
    "written over": "{ const s = document.createElement('script'); s.src = url; document.body.append(s); s.setAttribute('src', url) }",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_script_that_code_adds_runs_as_often_as_without_us(guest, way: str) -> None:
    code = f"(() => {{ const url = '{T}/a.js'; {WAYS[way]} }})()"
    body = f"<template><b><script src='{T}/a.js'></script></b></template>"
    bare = guest.bare(body, JQUERY)
    bare.evaluate(code)
    expected = ran(bare, 1)
    guest.asked.clear()
    page = guest.open(body, JQUERY)
    page.evaluate(code)
    page.wait_for_timeout(200)
    assert (page.evaluate("ran"), guest.asked) == ([], [])
    page.evaluate("fairgate.accept()")
    assert ran(page, 1) == expected
    assert page.evaluate("thrown") == []


RESTART = {
    "appended text": "el.append('')",
    "text again": "el.firstChild && el.firstChild.splitText(3)",
    "text beside": "el.firstChild ? el.firstChild.after(' ') : el.prepend('')",
    "moved": "el.parentNode.insertBefore(el, el.nextSibling)",
    "the same source": "el.src && el.setAttribute('src', el.getAttribute('src'))",
    "its type": "el.type = 'text/javascript'",
    "a copy beside it": "el.after(el.cloneNode(true))",
}


@pytest.mark.parametrize("way", RESTART)
def test_nothing_wakes_a_resting_script_before_a_yes(guest, way: str) -> None:
    page = guest.open(f"<script id=a src='{T}/a.js'></script><script id=i>window.__AGENT__=1;log('I')</script><p>x</p>")
    page.evaluate(f"for (const el of document.querySelectorAll('#a,#i')) {{ {RESTART[way]} }}")
    page.wait_for_timeout(200)
    assert (page.evaluate("ran"), guest.asked) == ([], [])
    page.evaluate("fairgate.accept()")
    each = 2 if way == "a copy beside it" else 1
    assert sorted(ran(page, 2 * each)) == ["A:a"] * each + ["I"] * each


def test_written_scripts_rest_as_they_were_written(guest) -> None:
    written = f'<script id="a" src="{T}/a.js"></script><script id="i" type="text/javascript">window.__AGENT__=1;log("I")</script><script id="o">log("own")</script>'
    page = guest.open(
        f"<div id=box><script>document.write({written.replace('</', '<~/').replace('AGENT', 'AG~ENT')!r}.replaceAll('~',''));"
        "log([...document.querySelectorAll('#a,#i')].map(el => el.outerHTML).join(''))</script></div>"
    )
    assert page.evaluate("ran") == ["own", written.partition('<script id="o"')[0]]
    page.evaluate("fairgate.accept()")
    assert ran(page, 4)[2:] == ["A:a", "I"]


def test_deferred_scripts_keep_their_turn_when_the_answer_comes_while_the_page_is_parsed(guest, server) -> None:
    server.files[SITE, "/wait.js"] = ("text/javascript", b"log('wait')")
    server.delays[SITE, "/wait.js"] = 0.5
    page = guest.open(
        f"<script defer id=c src='{T}/c.js'></script><script id=a src='{T}/a.js'></script>"
        f"<script>fairgate.accept()</script><script src=/wait.js></script>"
        f"<script defer src=/own.js></script><script id=b src='{T}/b.js'></script>"
    )
    assert ran(page, 5) == ["A:a", "wait", "B:b", "C:c", "own"]


def test_what_a_released_script_waits_for_is_over_and_told(guest, server) -> None:
    server.files[TRACKER, "/ready.js"] = (
        "text/javascript",
        b"log('ready');document.onreadystatechange=()=>log(document.readyState);window.onload=()=>log('load')",
    )
    page = guest.open(f"<script src='{T}/ready.js'></script>")
    page.evaluate("fairgate.accept()")
    assert ran(page, 3) == ["ready", "complete", "load"]


CODE = "'__AGENT__'; log('inline')"
TAKEN_OUT = {
    "jquery html": (JQUERY, f"$('#box').html(`<b>x</b><script>{CODE}</scr` + 'ipt>')"),
    "inline, removed at once": (
        "",
        f"(() => {{ const s = document.createElement('script'); s.text = `{CODE}`; document.head.append(s); s.remove(); }})()",
    ),
    "file, removed at once": (
        "",
        f"(() => {{ const s = document.createElement('script'); s.src = '{T}/a.js'; document.head.append(s); s.remove(); }})()",
    ),
}


@pytest.mark.parametrize("way", TAKEN_OUT)
def test_code_that_is_taken_out_as_soon_as_it_is_in_runs_once_after_a_yes(guest, way) -> None:
    head, run = TAKEN_OUT[way]
    body = "<div id=box></div>"
    bare = guest.bare(body, head)
    bare.evaluate(run)
    expected = ran(bare, 1)
    page = guest.open(body, head)
    page.evaluate(run)
    page.wait_for_timeout(300)
    assert page.evaluate("ran") == []
    page.evaluate("fairgate.accept()")
    assert ran(page, 1) == expected
    left = page.evaluate("[...document.head.querySelectorAll('script')].map((script) => script.text + script.src)")
    assert [text for text in left if "AGENT" in text or "a.js" in text] == []
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(200)
    assert page.evaluate("ran") == expected


OWN_LOCATIONS = f"""<script>var f='iframe', e=window, t='{T}/a.js'; log('read ' + (e.location.search + window.location.hash))</script>
<script>var t='{T}/b.js'; e.location.hash = 'x'; log('no frame is named')</script>
<script>var f='iframe', t='{T}/c.js'; self.location.hash = 'y'; log('our own window')</script>
<script>var f=document.createElement('iframe'); document.body.append(f); f.contentWindow.location = '/own.js'; log('an own address')</script>"""


def test_code_that_names_a_held_address_and_reads_where_it_is_goes_on(guest) -> None:
    page = guest.open(OWN_LOCATIONS)
    assert ran(page, 4) == ["read ", "no frame is named", "our own window", "an own address"]


SWAPPED = f"""<div id=x><script src="{T}/a.js"></script><script>'__AGENT__'; log('inline')</script></div>"""
SWAP = "html => x.replaceWith(new DOMParser().parseFromString(html, 'text/html').querySelector('#x'))"


@pytest.mark.parametrize("swaps", [0, 1, 2])
def test_what_a_router_took_out_before_it_could_run_runs_where_it_stands_now(guest, swaps: int) -> None:
    """A script that DOMParser made never runs: without us it ran on the page before."""
    page = guest.open(SWAPPED)
    page.wait_for_timeout(500)
    for _ in range(swaps):
        page.evaluate(SWAP, SWAPPED)
        page.wait_for_timeout(100)
    html = page.evaluate("x.outerHTML")
    page.evaluate("fairgate.accept()")
    assert sorted(ran(page, 2, 500)) == ["A:", "inline"]
    assert page.evaluate("x.outerHTML") == html
    page.evaluate(SWAP, SWAPPED)
    page.wait_for_timeout(300)
    assert sorted(page.evaluate("ran")) == ["A:", "inline"]


def test_a_script_that_comes_again_keeps_its_element(guest) -> None:
    """As a component that leaves and comes back: its element is the framework's."""
    page = guest.open("<div id=x></div>")
    page.wait_for_timeout(500)
    add = f"window.made = document.createElement('script'); made.src = '{T}/a.js'; x.append(made)"
    page.evaluate(f"{add}; setTimeout(() => {{ made.remove(); {add} }}, 50)")
    page.wait_for_timeout(300)
    page.evaluate("fairgate.accept()")
    assert ran(page, 1, 400) == ["A:"]
    assert page.evaluate("made.parentNode === x && x.children.length === 1")
