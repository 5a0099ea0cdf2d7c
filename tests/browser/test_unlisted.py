"""Beside each kind of `vectors/unlisted.py`: the page's own things of that kind go on, and what waited goes on after a yes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .guest import Guest, T, chromium, guest, pages, server
from .vectors.server import SITE

__all__ = ["chromium", "guest", "pages", "server"]
pytestmark = pytest.mark.browser

FRAME = "<iframe name=h></iframe>"
OWN = f"https://{SITE}/own.html"
ARRIVED = "until(() => frames[0].location.href)"
UNTIL = "const until = (ask) => new Promise((done) => { const t = setInterval(() => { try { const x = ask(); if (x !== 'about:blank') { clearInterval(t); done(x); } } catch {} }, 20); });"

# Body, and an expression whose value says that the page's own way still works: equal with the gate and without.
OWN_THINGS = {
    "a link into a frame": (FRAME + f"<a target=h href={OWN}>x</a>", f"document.querySelector('a').click(), {ARRIVED}"),
    "open() into a frame": (FRAME, f"open('{OWN}', 'h') === frames[0] && {ARRIVED}"),
    "a form into a frame": (FRAME + f"<form target=h action={OWN}><button name=a value=1>x</button></form>", f"document.querySelector('form button').click(), {ARRIVED}"),
    "a frame's location": (FRAME, f"frames[0].location = '{OWN}', {ARRIVED}"),
    "a refresh in a frame": (f"<iframe srcdoc=\"<meta http-equiv=refresh content='0;url={OWN}'>\"></iframe>", "until(() => frames[0].location.href.replace('about:srcdoc', 'about:blank'))"),
    "a tracker's link that a page only shows": (f"<a href={T}/x>x</a>", "[document.querySelector('a').href, document.querySelector('a').target]"),
    "a listener of clicks": ("<a href=#there>x</a>", "document.querySelector('a').click(), location.hash"),
    "a realm by number": ("<div id=p></div>", "p.innerHTML = '<iframe></iframe>', frames[0].eval('1 + 1')"),
    "a sandboxed document": ("<iframe sandbox=allow-scripts srcdoc=\"<script>parent.postMessage('hello', '*')</script>\"></iframe>", "new Promise((done) => { onmessage = (event) => done(event.data); setTimeout(() => document.querySelector('iframe').srcdoc += ' ', 50); })"),
    "a closed shadow tree": ("<div id=p></div>", "p.setHTMLUnsafe('<b><template shadowrootmode=closed><i>x</i></template></b>'), [p.firstChild.shadowRoot, p.innerHTML]"),
    "an attribute's node": ("<img id=p alt=a>", "p.attributes.alt.value = 'b', p.getAttributeNode('alt').nodeValue += 'c', p.alt"),
    "a map of attributes": ("<p id=p></p>", "(() => { const a = document.createAttribute('title'); a.value = 'x'; p.attributes.setNamedItem(a); return [p.title, p.attributes.length, a.ownerElement === p]; })()"),
    "an animated string": ("<svg><image id=p href=/own/png></image></svg>", "p.href.baseVal = '/own/png?2', [p.href.baseVal, p.getAttribute('href')]"),
    "a list of tokens": ("<link id=p href=/own/x>", "p.relList.add('author'), [p.rel, p.relList.value, p.getAttribute('href')]"),
    "rules": ("<style id=p>h1 { color: red }</style>", "p.sheet.cssRules[0].style.color = 'blue', p.sheet.cssRules[0].style.setProperty('margin', '1px', 'important'), p.sheet.insertRule('@media all { h2 { color: red } }', 1), p.sheet.cssRules[1].insertRule('h1 { margin: 0 }'), [...p.sheet.cssRules].map((rule) => rule.cssText)"),
    "texts of a style sheet": ("<style id=p></style>", "p.append('h1 { col', 'or: rgb(1, 2, 3) }'), p.lastChild.appendData('h1 { top: 0 }'), [getComputedStyle(document.querySelector('h1')).color, p.childNodes.length, p.attributes.length]"),
    "escapes in a style sheet": ("<style id=p>.a\\:b::before { content: \"\\201c\\\"\" } .\\31 0 { c\\6flor: red }</style>", "[p.textContent, p.sheet.cssRules.length]"),
    "an animation": ("<p id=p>x</p>", "[p.animate([{ color: 'red' }, { color: 'blue' }], 9).effect.getKeyframes().map((frame) => frame.color), new KeyframeEffect(p, { opacity: [0, 1] }, 9).getKeyframes().length]"),
    "a cache": ("", "caches.open('own').then((cache) => cache.add('/own/png').then(() => cache.keys())).then((keys) => keys.length)"),
    "a page's own import map": (f"<script type=importmap>{{\"imports\":{{\"own\":\"data:text/javascript,export default 7\",\"held\":\"{T}/a.js\"}}}}</script>", "import('own').then((module) => module.default)"),
    "a definition in a storage": ("", "Object.defineProperty(localStorage, 'own', { value: '1', configurable: true, enumerable: true, writable: true }), localStorage.getItem('own')"),
    "a cookie and its end": ("", "[document.cookie = 'own=1', document.cookie = 'own=; expires=Thu, 01 Jan 1970 00:00:00 GMT', document.cookie]"),
    "a script's text": ("<script id=p></script>", "p.innerText = 'window.said = 1', window.said"),
    "a document of an address in a frame": (FRAME, "open('data:text/html,<script>parent.postMessage(`hello`,`*`)</scr' + 'ipt>', 'h') === frames[0] && new Promise((done) => { onmessage = (event) => done(event.data); })"),
    "a worklet": ("", "CSS.paintWorklet.addModule('data:text/javascript,registerPaint(\"own\",class{paint(){}})').then(() => 'loaded')"),
    "imports in a frame": ("<iframe></iframe>", "frames[0].eval('import(\"data:text/javascript,export default 7\")').then((module) => module.default)"),
    "a frame's own base": ("<iframe></iframe>", "frames[0].document.head.innerHTML = '<base href=/own/>', frames[0].document.body.innerHTML = '<img src=png>', until(() => frames[0].document.querySelector('img').naturalWidth || 'about:blank')"),
    "a request of another window": ("<iframe></iframe>", "fetch(new (frames[0].Request)('/own/png')).then((response) => response.status)"),
    "a drawing's colours": ("<svg><defs><linearGradient id=g><stop stop-color=red /></linearGradient></defs><rect id=p fill=url(#g) stroke=red cursor=pointer /></svg>", "p.setAttribute('fill', 'url(#h)'), p.setAttribute('cursor', 'url(/own/png), auto'), [p.outerHTML, getComputedStyle(p).fill, getComputedStyle(p).cursor]"),
    "typed values of CSS": ("<p id=p>x</p>", "p.attributeStyleMap.set('width', CSS.px(7)), p.attributeStyleMap.set('background', new CSSUnparsedValue(['url(/own/png)'])), p.attributeStyleMap.set('background-image', 'none', 'none'), p.getAttribute('style')"),
    "strings of CSS": ("<style id=p>h1::before { content: 'https: //' \"a: b\" / 'x'; font-family: \"A: b\" } /* don't */ h1 { background: url(/own/png) }</style>", "[p.textContent, getComputedStyle(document.querySelector('h1'), '::before').content, getComputedStyle(document.querySelector('h1')).backgroundImage]"),
    "tags that are written": ("", "(() => { const f = document.createElement('iframe'); document.body.append(f); const d = f.contentDocument; d.open(); d.write('<!--><b>1</b>--><p title=it\\'s>2</p><i title=\"a>b\" lang=\"e'); d.write('n\">3</i><!--[if !IE]><!--><u>4</u><!--<![endif]-->'); d.close(); return new Promise((done) => setTimeout(() => done(d.body.innerHTML), 100)); })()"),
    "fonts and caches of a worker": ("", "new Promise((done) => { new Worker(URL.createObjectURL(new Blob([`caches.open('own').then((c) => c.addAll(['${location.origin}/own/png'])).then(() => postMessage([typeof WorkerGlobalScope.prototype.fetch, new FontFace('own', new ArrayBuffer(8)).family]))`]))).onmessage = (event) => done(event.data); })"),
    "a script and a style sheet that come as fragments": ("", "(() => { for (const [name, text] of [['style', 'h1 { color: rgb(1, 2, 3) }'], ['script', 'window.said = 1']]) { const el = document.createElement(name), f = document.createDocumentFragment(); f.append(text); document.head.append(el); el.append(f); } return [said, getComputedStyle(document.querySelector('h1')).color]; })()"),
    "text that is edited": ("<p id=p contenteditable>x</p>", "p.focus(), document.execCommand('selectAll'), document.execCommand('insertHTML', false, '<b>y</b>'), p.innerHTML"),
}  # fmt: skip


@pytest.mark.parametrize("what", OWN_THINGS)
def test_the_pages_own_things_go_on(guest: Guest, what: str) -> None:
    body, ask = OWN_THINGS[what]
    bare, held = (
        opened(body).evaluate(
            f"async () => {{ {UNTIL} return await Promise.race([({ask}), new Promise((done) => setTimeout(done, 5000))]); }}"
        )
        for opened in (guest.bare, guest.open)
    )
    assert held == bare
    assert held is not None
    assert guest.asked == []


def test_a_frame_that_was_sent_to_a_tracker_goes_there_after_a_yes(guest: Guest) -> None:
    page = guest.open(FRAME)
    page.evaluate(f"void open('{T}/f.html', 'h')")
    page.wait_for_timeout(300)
    assert guest.asked == []
    page.evaluate("void fairgate.accept()")
    page.wait_for_function("(() => { try { return !frames[0].location.href } catch { return true } })()")
    assert guest.asked == [f"{T}/f.html"]


def test_a_document_in_an_address_that_names_a_tracker_comes_into_its_frame_after_a_yes(guest: Guest) -> None:
    page = guest.open(FRAME + f"<script>open('data:text/html,<img src={T}/a.gif>', 'h')</script>")
    page.wait_for_function("window.fairgate.consent().id !== undefined")
    page.wait_for_timeout(300)
    assert guest.asked == []
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(700)
    assert guest.asked == [f"{T}/a.gif"]


def test_frames_say_nothing_of_their_import_maps(guest: Guest) -> None:
    frames = (
        "<iframe></iframe><iframe srcdoc=\"<script>import('data:text/javascript,0')</script>\"></iframe>"
        "<script>document.querySelector('iframe').contentWindow.eval(`import('data:text/javascript,0')`)</script>"
    )
    said: list[str] = []
    guest.context.on("console", lambda message: said.append(message.text))
    page = guest.open(frames + frames)
    page.wait_for_timeout(500)
    assert said == []
    assert guest.asked == []
    assert page.evaluate("frames[0].document.documentElement.outerHTML") == "<html><head></head><body></body></html>"


# A document that is opened anew loses all listeners, and its window with it.
ANEW = f"""<iframe src={T}/x/f.html onload="log('frame')"></iframe><img alt src={T}/x/i.gif onload="log('image')"><iframe name=h></iframe>
<a target=h href={T}/x/a.html>x</a><form target=h action={T}/x/g.html><button>x</button></form>"""
OPEN_ANEW = """(doc) => {
  const log = (what) => ran.push(what);
  doc.defaultView.log = log;
  if (doc === document) { doc.open(); doc.write(HTML); } else doc.write('<body>' + HTML);
  doc.defaultView.log = log;
  doc.close();
  doc.querySelector('a').click();
  doc.querySelector('button').click();
}"""


@pytest.mark.parametrize("where", ["document", "frames[0].document"])
def test_a_document_that_is_opened_anew_holds_as_before(guest: Guest, where: str) -> None:
    page = guest.open("<iframe></iframe>")
    page.wait_for_function("window.fairgate.consent().id !== undefined")
    page.evaluate(f"({OPEN_ANEW})({where})".replace("HTML", json.dumps(ANEW)))
    page.wait_for_timeout(400)
    assert [page.evaluate("ran"), guest.asked] == [[], []]
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(600)
    assert {f"{T}/x/f.html", f"{T}/x/i.gif", f"{T}/x/a.html"} <= set(guest.asked)
    assert sorted(page.evaluate("ran")) == ["frame", "image"]


def test_a_visitor_opens_what_he_clicks(guest: Guest) -> None:
    page = guest.open(FRAME + f"<a target=h href={T}/f.html>x</a>")
    page.click("a")
    page.wait_for_timeout(500)
    assert guest.asked == [f"{T}/f.html"]


def test_the_pages_import_map_names_what_waited_after_a_yes(guest: Guest) -> None:
    page = guest.open("", head=f'<script type=importmap>{{"imports":{{"t":"{T}/a.js"}}}}</script>')
    assert page.evaluate("import('t').catch((error) => error.name)") == "TypeError"
    assert [page.evaluate("document.querySelector('[type=importmap]').text"), guest.asked] == [
        f'{{"imports":{{"t":"{T}/a.js"}}}}', []
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("_ga=; max-age=0; path=/", ""),
        ("_ga=; expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/", ""),
        ("_ga=; expires=' + new Date(Date.now() - 864e5).toUTCString() + '; path=/", ""),
        ("_ga=2; max-age=0; max-age=9; path=/", ""),
        ("_ga=2; path=/", "_ga=1"),
        ("_ga=2; expires=Thu, 01 Jan 2099 00:00:00 GMT; path=/", "_ga=1"),
    ],
)
def test_a_held_cookie_can_be_deleted_and_nothing_else(guest: Guest, line: str, kept: str) -> None:
    guest.context.add_cookies([{"name": "_ga", "value": "1", "url": f"https://{SITE}/"}])
    page = guest.open("")
    page.evaluate(f"void (document.cookie = '{line}')")
    assert page.evaluate("document.cookie") == kept


# What a visitor pastes or drops, and what browsers leave out of it.
FOREIGN = f"""<b>a</b><img src="{T}/x/i.gif" onload="log(1)"><iframe src="{T}/x/f.html"></iframe><p style="background: url({T}/x/c.gif)">c</p>
<input type=image src="{T}/x/n.gif"><script>log(2)</script><a href="javascript:log(3)">l</a><a href=" java\tscript:log(4)">m</a>
<a href="{T}/n" onclick="log(5)" title=t>n</a>"""
EDITOR = f"""<p id=from draggable=true>from here</p><div id=to contenteditable><i>x</i></div><script>
from.addEventListener('dragstart', (event) => event.dataTransfer.setData('text/html', document.querySelector('template').innerHTML));
</script><template>{FOREIGN}</template>"""
ADDRESSES = [f"{T}/x/{name}" for name in ("c.gif", "f.html", "i.gif", "n.gif")]
# Of what stands in the editor: elements, their addresses, and the text.
EDITED = """[[...document.querySelectorAll('#to *')].map((el) => [el.localName, el.src, el.getAttribute('href'), el.onclick, el.title, el.style?.backgroundImage]), to.textContent.replace(/\\s+/g, ' ')]"""


def press(page: Any, keys: str) -> None:
    page.focus("#to")
    page.keyboard.press("Control+A")
    page.keyboard.press(keys)


def pasted(guest: Guest, page: Any) -> None:
    guest.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        "html => navigator.clipboard.write([new ClipboardItem({'text/html': new Blob([html], {type: 'text/html'})})])",
        FOREIGN,
    )
    press(page, "Control+V")


def dropped(guest: Guest, page: Any) -> None:
    start, end = (page.locator(name).bounding_box() for name in ("#from", "#to"))
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    for x in (4, 5):
        page.mouse.move(end["x"] + x, end["y"] + 5)
    page.mouse.up()


@pytest.mark.parametrize("way", [pasted, dropped])
def test_what_a_visitor_pastes_or_drops_waits_and_stands_as_it_would(guest: Guest, way: Any) -> None:
    def edited(page: Any) -> Any:
        way(guest, page)
        page.wait_for_selector("#to iframe", state="attached")
        page.wait_for_timeout(300)
        return page.evaluate(EDITED)

    bare = edited(guest.bare(EDITOR))
    assert sorted(guest.asked) == ADDRESSES
    guest.asked.clear()
    page = guest.open(EDITOR)
    page.wait_for_function("window.fairgate.consent().id !== undefined")
    assert [edited(page), page.evaluate("ran"), guest.asked] == [bare, [], []]
    # As what was pasted it is taken back, and comes again.
    press(page, "Control+Z")
    assert page.evaluate("to.innerHTML") == "<i>x</i>"
    press(page, "Control+Shift+Z")
    assert [page.evaluate(EDITED), guest.asked] == [bare, []]
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(500)
    assert sorted(guest.asked) == ADDRESSES


def test_what_a_visitor_takes_out_of_a_page_is_what_its_author_wrote(guest: Guest) -> None:
    page = guest.open(f'<div id=to contenteditable>a<img src="{T}/x/i.gif" alt=z><img src=/own/png>b</div>')
    page.wait_for_function("window.fairgate.consent().id !== undefined")
    guest.context.grant_permissions(["clipboard-read", "clipboard-write"])
    written = f'a<img src="{T}/x/i.gif" alt="z"><img src="https://{SITE}/own/png">b'
    read = "navigator.clipboard.read().then(([item]) => item.getType('text/html')).then((blob) => blob.text())"
    for keys in ("Control+C", "Control+X"):
        press(page, keys)
        assert page.evaluate(read) == written
    page.wait_for_function("!to.textContent.trim()")
    press(page, "Control+V")
    page.wait_for_selector("#to img", state="attached")
    assert [page.evaluate("document.querySelector('#to img').src"), guest.asked] == [f"{T}/x/i.gif", []]
