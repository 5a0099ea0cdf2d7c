"""Held frames: nothing is shown where nothing is seen, boxes keep their size, and no `load` comes before their own."""

from __future__ import annotations

from tests.browser.guest import T, chromium, guest, pages, server

__all__ = ["chromium", "guest", "pages", "server"]

import pytest

pytestmark = pytest.mark.browser

BOXES = """[...document.querySelectorAll('p.t,.box')].map(el => {
  const { x, y, width, height } = el.getBoundingClientRect(); return [x, y, width, height].map(Math.round) })"""
HIDDEN = "".join(
    f"<iframe src='{T}/{n}.html' style='{style}' {size}></iframe><p class=t>text</p>"
    for n, (style, size) in enumerate(
        [
            ("display:none", ""),
            ("visibility:hidden;position:absolute", "width=300 height=100"),
            ("border:0", "width=1 height=1"),
            ("", "hidden"),
        ]
    )
)
RATIO = """<style>.box{position:relative;width:600px}.box::before{content:'';display:block;padding-top:56.25%}
.box iframe{position:absolute;inset:0;width:100%;height:100%;border:0}</style>"""


# Of each held frame of the page what stands in its empty document: its box, or null where nothing is seen.
DRAWN = """Array.from(frames).map(frame => frame.document.querySelector('.fg-hold:not([hidden])')).filter(Boolean)
  .map(box => { const { width, height } = box.getBoundingClientRect(); return [Math.round(width), Math.round(height)] })"""


def drawn(page, count: int) -> None:
    page.wait_for_function(f"{DRAWN}.length === {count}")


def test_a_frame_that_nobody_sees_shows_nothing(guest) -> None:
    bare = guest.bare(HIDDEN).evaluate(BOXES)
    page = guest.open(HIDDEN + f"<iframe src='{T}/seen.html' width=300 height=200></iframe>")
    page.wait_for_function("frames[4].document.querySelector('.fg-hold')")
    assert page.evaluate(BOXES) == bare
    # A hidden one (visibility) draws where nothing is visible.
    drawn(page, 2)
    assert page.evaluate("getComputedStyle(frames[1].frameElement).visibility") == "hidden"
    page.evaluate("document.querySelector('[hidden]').hidden = false")
    drawn(page, 3)


def test_a_box_that_keeps_a_ratio_keeps_it(guest) -> None:
    body = f"{RATIO}<div class=box><iframe src='{T}/r.html'></iframe></div><p class=t>text</p>"
    bare = guest.bare(body).evaluate(BOXES)
    page = guest.open(body)
    drawn(page, 1)
    assert page.evaluate(BOXES) == bare
    assert page.evaluate(DRAWN) == [bare[0][2:]]


def test_a_frame_that_leaves_and_comes_back_has_one_placeholder(guest) -> None:
    page = guest.open(f"<div id=root><iframe src='{T}/m.html' width=300 height=200></iframe></div>")
    drawn(page, 1)
    page.evaluate("window.frame = document.querySelector('iframe'); frame.remove()")
    drawn(page, 0)
    page.evaluate("root.append(frame)")
    drawn(page, 1)
    page.evaluate("root.replaceChildren(frame)")
    drawn(page, 1)
    assert page.evaluate("frames[0].document.body.childElementCount") == 1
    page.evaluate("{ const other = document.createElement('section'); root.replaceWith(other) }")
    drawn(page, 0)
    assert page.evaluate("document.querySelector('section').parentNode.querySelectorAll('iframe').length") == 0


def test_nothing_of_ours_stands_beside_a_frame_and_no_door_is_open(guest) -> None:
    """The frame keeps its place, its sandbox and its strangeness; letting it load leaves no trace in the history."""
    page = guest.open(
        f"<p>a</p><iframe id=f src='{T}/s.html' sandbox=allow-scripts width=400 height=300></iframe><p>b</p>"
        "<style>iframe[src*='s.html'] { outline: 3px solid red }</style>"
    )
    drawn(page, 1)
    assert page.evaluate("[f.previousSibling.localName, f.nextSibling.localName, f.contentDocument]") == [
        "p",
        "p",
        None,
    ]
    assert page.evaluate("[f.sandbox.value, f.getAttribute('sandbox'), getComputedStyle(f).outlineWidth]") == [
        "allow-scripts", "allow-scripts", "3px",
    ]  # fmt: skip
    before = page.evaluate("history.length")
    page.frame_locator("#f").get_by_text("Load once").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("(() => { try { return !f.contentWindow.document } catch { return true } })()")
    assert page.evaluate("history.length") == before
    assert page.evaluate("[f.getAttribute('src'), f.getAttribute('sandbox'), fairgate.allowed('tracker')]") == [
        f"{T}/s.html", "allow-scripts", False,
    ]  # fmt: skip


def test_the_placeholder_of_what_has_no_document(guest) -> None:
    """What has no document of its own gets its box in our root, over itself."""
    page = guest.open(
        f"<video id=v src='{T}/v.mp4' width=320 height=240></video><object id=o data='{T}/o.swf' width=300 height=200></object>"
    )
    page.wait_for_function("document.querySelectorAll('#onetrust-consent-sdk > .fg-hold').length === 2")
    same = """[['v', 1], ['o', 0]].map(([id, i]) => [document.getElementById(id), document.querySelectorAll('.fg-hold')[i]].map(el => {
      const { x, y, width, height } = el.getBoundingClientRect(); return [x, y, width, height].map(Math.round).join() }))"""
    assert all(a == b for a, b in page.evaluate(same))
    assert page.evaluate("document.body.querySelectorAll('.fg-hold').length") == 0
    page.evaluate("document.body.style.paddingTop = '300px'")
    page.wait_for_function(f"({same}).every(([a, b]) => a === b)")


LISTEN = "f.onload=()=>log('onload');f.addEventListener('load',()=>log('listener'));document.addEventListener('load',e=>e.target===f&&log('capture'),true);"


def test_a_held_frame_fires_load_once_and_only_its_own(guest) -> None:
    page = guest.open(
        f"<script>const f=document.createElement('iframe');{LISTEN}f.src='{T}/x/y/l.html';document.body.append(f)</script>"
        "<iframe src='about:blank' onload=\"log('own')\"></iframe>"
    )
    page.wait_for_timeout(300)
    assert page.evaluate("ran") == ["own"]
    page.evaluate("fairgate.accept()")
    page.wait_for_function("ran.length > 1")
    page.wait_for_timeout(300)
    assert page.evaluate("ran") == ["own", "capture", "onload", "listener"]


@pytest.mark.parametrize("late", [False, True], ids=["there before the no", "inserted after it"])
def test_after_a_no_a_held_frame_says_load_as_one_that_cannot_be_reached(guest, late: bool) -> None:
    """Else a lightbox waits for it for ever; after a change of mind it says so of its own."""
    make = f"const f=document.createElement('iframe');{LISTEN}f.src='{T}/x/y/l.html';document.body.append(f)"
    page = guest.open("" if late else f"<script>{make}</script>")
    page.wait_for_timeout(300)
    assert page.evaluate("ran") == []
    page.evaluate("fairgate.reject()")
    if late:
        page.evaluate(f"{{ {make} }}")
    page.wait_for_function("ran.length > 0")
    page.wait_for_timeout(300)
    told = ["capture", "onload", "listener"]
    assert page.evaluate("ran") == told
    assert guest.asked == []
    page.evaluate("fairgate.accept()")
    page.wait_for_function("ran.length > 3")
    page.wait_for_timeout(300)
    assert page.evaluate("ran") == told * 2


# A document in memory, with what a script could see of it, and of its file, afterwards.
IN_MEMORY = """async ([html, type]) => {
  const frame = document.body.appendChild(document.createElement('iframe')), file = new Blob([html], { type });
  const url = frame.src = URL.createObjectURL(file);
  await new Promise(resolve => { frame.onload = resolve });
  const { contentDocument: doc, contentWindow: w } = frame;
  return { src: frame.src === url, bytes: await (await fetch(url)).text() === html, markup: new XMLSerializer().serializeToString(doc),
    mode: doc.compatMode, set: doc.characterSet, type: doc.contentType, scripts: doc.scripts.length, said: w.said }
}"""
CODE = "<script>said = [document.scripts.length, document.readyState, document.title].join()</script>"


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        (f"<!-- a --><!DOCTYPE html>\n<html lang=de data-a='>'><head id=h><meta charset=utf-8><title>é</title>{CODE}", "text/html"),
        (f"<p>quirks {CODE}", "text/html"),
        (f"\ufeff<!doctype html><title>é</title>{CODE}", "text/html"),
        (f"<!doctype html><title>x</title>{CODE}", "text/html;charset=x-mac-cyrillic"),
        (f"<?xml version='1.0'?><!-- <a> --><html xmlns='http://www.w3.org/1999/xhtml'>{CODE}</html>", "application/xhtml+xml"),
    ],
)  # fmt: skip
def test_a_document_in_memory_is_what_its_author_made(guest, html: str, kind: str) -> None:
    assert guest.open("").evaluate(IN_MEMORY, [html, kind]) == guest.bare("").evaluate(IN_MEMORY, [html, kind])


def test_code_in_an_address_runs_once_and_makes_its_document(guest) -> None:
    code = """async () => {
      window.made = 0; window.make = () => { made++; return '<!doctype html><p>own</p><script>said=1<\\/script>' };
      const frame = document.body.appendChild(document.createElement('iframe'));
      frame.src = 'javascript:parent.make()';
      await new Promise(resolve => { frame.onload = resolve });
      return [made, frame.src, frame.contentDocument.body.innerHTML, frame.contentWindow.said, frame.contentDocument.compatMode]
    }"""
    assert guest.open("").evaluate(code) == guest.bare("").evaluate(code)


# Documents in memory, on each way on which an element gets its address; each says that it runs.
IN_EACH_WAY = """<script>
const html = name => `<!doctype html><title>x</title><p>${name}</p><script>parent.log('${name}')<\\/script>`;
const file = URL.createObjectURL(new Blob([html('blob')], { type: 'text/html' }));
window.made = () => html('code');
const put = (tag, name, address) => {
  const el = document.createElement(tag); el.type = 'text/html'; el.onload = () => log(`load ${el.id}`); el.id = `e${document.querySelectorAll('.m').length}`; el.className = 'm';
  if (name === 'late') { document.body.append(el); el.src = address } else { el.setAttribute(name, address); document.body.append(el) }
};
for (const one of [['iframe', 'src', file], ['iframe', 'late', file], ['object', 'data', file], ['embed', 'src', file],
  ['iframe', 'src', 'javascript:parent.made()'], ['iframe', 'late', ' java\\tscript:parent.made(1, 2),parent.made()']]) put(...one);
</script>"""
STANDS = """async () => [
  ran.slice().sort(), history.length, await (await fetch(file)).text() === html('blob'),
  [...document.querySelectorAll('.m')].map(el => [el.outerHTML, el.src || el.data, el.getAttribute(el.data ? 'data' : 'src')]
    .join().replaceAll(file, 'blob')), [...document.querySelectorAll('iframe,object')].map(el => el.contentDocument.documentElement.outerHTML),
]"""


def test_a_document_in_memory_is_the_author_s_to_whoever_looks(guest) -> None:
    """Before an answer another stands in its place; after one it stays as it is, and an address that comes later counts."""
    bare = guest.bare(IN_EACH_WAY)
    bare.wait_for_timeout(500)
    expected = bare.evaluate(STANDS)
    page = guest.open(IN_EACH_WAY)
    page.wait_for_timeout(500)
    assert page.evaluate(STANDS) == expected
    assert expected[0].count("blob") == 4
    page.evaluate("fairgate.reject()")
    page.wait_for_timeout(300)
    assert page.evaluate(STANDS) == expected
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(300)
    assert page.evaluate(STANDS) == expected
    page.evaluate("document.querySelector('iframe').src = '/own/png'")
    page.wait_for_function("frames[0].location.pathname === '/own/png'")
    assert page.evaluate("document.querySelector('iframe').getAttribute('src')") == "/own/png"


# One document, shown again, at another place in it, and taken back: what its frame and the history say of that.
AGAIN = """async () => {
  const sleep = () => new Promise(resolve => setTimeout(resolve, 250)), said = [];
  window.say = (...what) => said.push(what.join());
  const frame = document.createElement('iframe'), show = address => { frame.src = address };
  const make = () => URL.createObjectURL(new Blob([`<script>parent.say('runs', location.hash);
    onhashchange = () => parent.say('hash', location.hash)<\\/script>`], { type: 'text/html' }));
  frame.onload = () => say('load');
  let url = make();
  show(url);
  document.body.append(frame);
  await sleep();
  for (const part of ['', '', '#a', '#b']) { show(url + part); await sleep() }
  const length = history.length;
  URL.revokeObjectURL(url);
  frame.width = 9;
  frame.replaceWith(frame.cloneNode());
  await sleep();
  url = make();
  document.querySelector('iframe').src = url;
  URL.revokeObjectURL(url);
  await sleep();
  return [said, length, Object.keys(window).filter(name => /fg/i.test(name))]
}"""


def test_a_document_in_memory_is_one_document_until_it_is_taken_back(guest) -> None:
    found = []
    for visit in (guest.bare, guest.open):
        complaints: list[str] = []
        page = visit("")
        page.on("console", lambda message, into=complaints: into.append(message.text))
        found.append((page.evaluate(AGAIN), complaints))
    assert found[1] == found[0]
    assert found[0][0][0].count("hash,#b") == 1


def test_a_file_that_is_no_document_is_shown_whatever_it_names(guest) -> None:
    code = f"""async () => {{
      const picture = await (await fetch('/own/png')).blob(), frame = document.body.appendChild(document.createElement('iframe'));
      frame.src = URL.createObjectURL(new Blob([picture, '{T}/x'], {{ type: 'image/gif' }}));
      await new Promise(resolve => {{ frame.onload = resolve; setTimeout(resolve, 2000) }});
      return frame.contentDocument?.images[0]?.naturalWidth
    }}"""
    assert guest.open("").evaluate(code) == 1


@pytest.mark.parametrize("start", ["<?xml version='1.0'?><!doctype html>", "<!x><!doctype html>", '<!doctype html =">'])
def test_what_stands_before_a_root_leaves_the_kind_of_document(guest, start: str) -> None:
    html = f"{start}<html><head>{CODE}<title>x</title>"
    assert guest.open("").evaluate(IN_MEMORY, [html, "text/html"]) == guest.bare("").evaluate(
        IN_MEMORY, [html, "text/html"]
    )


def test_a_frame_into_which_a_document_is_opened_knows_its_opener(guest) -> None:
    code = """async () => {
      document.body.insertAdjacentHTML('beforeend', '<iframe name=box></iframe>');
      const file = new Blob(['<script>parent.log(opener === parent)<\\/script>'], { type: 'text/html' });
      const same = open(URL.createObjectURL(file), 'box') === frames[0];
      await new Promise(resolve => setTimeout(resolve, 300));
      return [same, ran, history.length]
    }"""
    assert guest.open("").evaluate(code) == guest.bare("").evaluate(code) == [True, [True], 2]
