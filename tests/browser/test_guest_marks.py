"""What the gate takes away leaves no trace: the order of attributes, the box of a picture, records, texts, loaders."""

from __future__ import annotations

import pytest

from tests.browser.guest import T, chromium, guest, pages, ran, server
from tests.browser.vectors.server import PIXEL, SITE, TRACKER

__all__ = ["chromium", "guest", "pages", "server"]
pytestmark = pytest.mark.browser

ORDERED = f"""<p id=box><img src="{T}/i.gif" width="120" height="60" alt="An offer" title="x"><img class="c" srcset="{T}/i.gif 2x" src="{T}/i.gif" alt="">
<iframe title="f" src="{T}/f.html" width="200" height="50" sandbox="allow-forms"></iframe><video poster="{T}/i.gif" width="9" height="9"></video>
<link rel="stylesheet" href="{T}/s.css" media="print"><object data="{T}/f.html" type="text/html" width="9"></object>
<iframe sandbox="allow-forms" src="{T}/f.html" title="g" width="200" height="50"></iframe><iframe sandbox title="h" src="{T}/f.html" class="h"></iframe>
<iframe src="{T}/f.html" sandbox="allow-forms" title="i" width="200"></iframe><link rel="preload" as="image" href="{T}/i.gif"></p>"""


def test_attributes_stand_in_the_author_s_order_after_a_yes(guest) -> None:
    bare = guest.bare(ORDERED).evaluate("box.innerHTML")
    page = guest.open(ORDERED)
    lines: list[str] = []
    page.on("console", lambda message: lines.append(message.text))
    assert page.evaluate("box.innerHTML") == bare
    page.evaluate("fairgate.accept()")
    page.wait_for_function("!document.querySelector('[fg-held]')")
    inert = "(h => { const d = document.createElement('template'); d.innerHTML = h; return [...d.content.querySelectorAll('*')].map(e => [...e.attributes].map(a => a.name)) })"
    assert page.evaluate("box.innerHTML") == bare
    assert page.evaluate("[...box.querySelectorAll('*')].map(e => e.getAttributeNames())") == page.evaluate(
        f"{inert}({bare!r})"
    )
    assert page.evaluate("[...box.querySelectorAll('iframe')].map(frame => frame.sandbox.value)") == [
        "allow-forms", "allow-forms", "", "allow-forms",
    ]  # fmt: skip
    page.wait_for_timeout(300)
    assert [line for line in lines if "preload" in line and "invalid" in line] == []


SANDBOXED = f"""<script>addEventListener('message', (event) => log(event.data))</script>
<iframe sandbox="allow-scripts" src="{T}/f.html" title=f onload="log('load')"></iframe>"""


def test_a_sandboxed_frame_loads_once_with_its_sandbox_and_leaves_no_trace_in_the_history(guest, server) -> None:
    server.files[TRACKER, "/f.html"] = ("text/html", b"<script>parent.postMessage(`${origin}`, '*')</script>")
    page = guest.open(SANDBOXED)
    # A window that the page took before stays the frame's.
    page.evaluate("window.before = [history.length, frames[0], document.querySelector('iframe').contentWindow]")
    guest.asked.clear()
    page.evaluate("fairgate.accept()")
    assert sorted(ran(page, 2, 600)) == ["load", "null"]
    assert guest.asked == [f"{T}/f.html"]
    assert page.evaluate("[history.length, frames[0], frames[0]].map((x, i) => x === before[i])") == [True] * 3


def test_a_picture_that_gets_its_sizes_after_its_address_has_its_box(guest) -> None:
    page = guest.open("<p id=box></p>")
    page.evaluate(
        f"""() => {{ const image = document.createElement('img'); image.setAttribute('src', '{T}/i.gif'); image.setAttribute('alt', 'An offer');
        image.setAttribute('width', '120'); image.setAttribute('height', '60'); image.onload = image.onerror = () => log('told'); box.append(image);
        const late = new Image(); box.append(late); late.src = '{T}/i.gif'; late.width = 30; late.height = 20; }}"""
    )
    page.wait_for_timeout(300)
    html = f'<img src="{T}/i.gif" alt="An offer" width="120" height="60"><img src="{T}/i.gif" width="30" height="20">'
    read = "[[...box.children].map(i => [i.offsetWidth, i.offsetHeight]), ran, box.innerHTML]"
    assert page.evaluate(read) == [[[120, 60], [30, 20]], [], html]
    assert guest.asked == []
    page.evaluate("fairgate.accept()")
    page.wait_for_function("!document.querySelector('[fg-held]')")
    assert page.evaluate("[...box.children].map(i => [...i.attributes].map(a => a.name).join())") == [
        "src,alt,width,height", "src,width,height",
    ]  # fmt: skip


def test_a_held_picture_has_the_box_of_its_sizes_and_says_nothing(guest, server) -> None:
    server.files[TRACKER, "/i.gif"] = ("image/gif", PIXEL)
    pictures = (
        f'<style>.wide{{width:240px;height:auto}}</style><p><img id=a src="{T}/i.gif" width="120" height="60" alt="An offer"'
        ' onload="log(`loaded`)" onerror="log(`failed`)"></p>'
        f'<p><img id=b class=wide src="{T}/i.gif" width="120" height="60" alt="An offer"></p>'
    )
    page = guest.open(pictures)
    page.wait_for_timeout(400)
    boxes = "[a, b].map(e => [e.offsetWidth, e.offsetHeight])"
    assert page.evaluate(boxes) == [[120, 60], [240, 120]]
    assert page.evaluate("[ran, a.complete, a.currentSrc, a.getAttribute('src')]") == [[], False, "", f"{T}/i.gif"]
    assert guest.asked == []
    page.evaluate("fairgate.accept()")
    assert ran(page, 1) == ["loaded"]
    assert page.evaluate("[a.complete, a.currentSrc]") == [True, f"{T}/i.gif"]


def test_a_copy_of_a_picture_in_the_browser_s_memory_waits(guest, server) -> None:
    server.files[TRACKER, "/i.gif"] = ("image/gif", PIXEL)
    copy = f"""<template id=t><img src="{T}/i.gif"></template><div id=x></div><script>
customElements.define('x-c', class extends HTMLElement {{ constructor() {{ super(); this.made = 1 }} }});
log(document.importNode(t.content, true).ownerDocument === document)</script>"""
    page = guest.open(f'<img src="{T}/i.gif">{copy}')
    page.evaluate("fairgate.accept()")
    page.wait_for_function("[...document.images].every(i => i.naturalWidth)")
    page.evaluate("fairgate.reject()")
    page.wait_for_timeout(300)
    guest.asked.clear()
    page.evaluate("window.copy = document.importNode(t.content, true); x.append(copy)")
    page.wait_for_timeout(300)
    assert page.evaluate("[ran, x.firstChild.getAttribute('src'), x.firstChild.ownerDocument === document]") == [
        [True], f"{T}/i.gif", True,
    ]  # fmt: skip
    assert guest.asked == []
    page.evaluate("t.innerHTML = '<img src=\"/own/png\"><x-c></x-c>'")
    assert page.evaluate("document.importNode(t.content, true).lastChild.made") == 1


RECORDS = f"""<img id=i alt=x><script>
new MutationObserver(r => log(r.map(x => [x.attributeName, x.oldValue]))).observe(i, {{attributes: true, attributeOldValue: true}});
i.setAttribute('src', '{T}/i.gif'); i.removeAttribute('src');
setTimeout(() => {{ i.src = '{T}/i.gif'; setTimeout(() => i.removeAttribute('src'), 50) }}, 50);</script>"""


def test_observers_are_told_what_the_page_takes_away(guest) -> None:
    names = "ran.map(records => records.map(record => record[0]))"
    page, bare = guest.open(RECORDS), guest.bare(RECORDS)
    assert [ran(page, 3), page.evaluate(names)][1] == [["src", "src"], ["src"], ["src"]]
    assert [ran(bare, 3), bare.evaluate(names)][1] == [["src", "src"], ["src"], ["src"]]


TEXTS = f"""<div id=d><style>p{{background:url({T}/i.gif)}}</style><p id=p style="background:url({T}/i.gif)">x</p>
<svg><image id=m href="{T}/i.gif"></image></svg></div>"""
READ = """(() => { const r = document.createRange(); r.selectNodeContents(d); const s = d.firstChild;
return [d.textContent, document.body.textContent.includes('fg,'), d.innerText, r.toString(), s.firstChild.data, s.firstChild.nodeValue,
  p.style.cssText, p.style.getPropertyValue('background-image'), getComputedStyle(p).getPropertyValue('background-image'),
  m.href.baseVal, m.href.animVal] })()"""


def test_texts_styles_and_animated_strings_read_as_written(guest) -> None:
    assert guest.open(TEXTS).evaluate(READ) == guest.bare(TEXTS).evaluate(READ)


RETRY = f"""<script>let n = 0; function load() {{ const s = document.createElement('script'); s.src = '{T}/a.js';
s.onerror = () => {{ log('error'); KEPT if (n++ < 2) load() }}; s.onload = () => log('load'); document.head.append(s) }} load()</script>"""


@pytest.mark.parametrize("kept", ["", "s.remove();"])
def test_a_loader_that_tries_again_gets_its_library_once(guest, kept: str) -> None:
    page = guest.open(RETRY.replace("KEPT", kept))
    page.evaluate("fairgate.reject()")
    assert ran(page, 3) == ["error"] * 3
    page.evaluate("fairgate.accept()")
    assert ran(page, 5, 600) == ["error"] * 3 + ["A:", "load"]


def test_two_tags_of_one_library_in_the_page_both_run_after_a_change_of_mind(guest) -> None:
    page = guest.open(f'<script src="{T}/a.js"></script><script src="{T}/a.js"></script>')
    page.evaluate("fairgate.reject()")
    page.wait_for_timeout(300)
    page.evaluate("fairgate.accept()")
    assert ran(page, 2) == ["A:", "A:"]


def test_the_end_of_the_swallow_markup_leaves_the_page_of_who_has_answered(guest) -> None:
    page = guest.open("<p>x</p>")
    page.evaluate("fairgate.accept()")
    page.wait_for_function("document.cookie.includes('fairgate_')")
    page.goto(f"https://{SITE}/page")
    assert page.evaluate("[...document.scripts].filter(s => s.type === 'text/plain').length") == 0


def test_what_a_vendor_s_promise_waits_for_is_called_after_a_no(guest) -> None:
    """Klaviyo's own object queues `[method, …arguments, resolve]`."""
    page = guest.open(
        "<script>window._klOnsite = []; window.klaviyo = { track: (...a) => new Promise(r => _klOnsite.push(['track', ...a, r])) };</script>"
        "<script src='https://tracker.shop.test/klaviyo.js'></script>"
        "<script>klaviyo.track('a', {}, () => log('callback')).then(() => log('promise'))</script>"
    )
    page.evaluate("fairgate.reject()")
    assert sorted(ran(page, 2)) == ["callback", "promise"]


STYLE = f"""<p id=p style="background:url({T}/i.gif)">x</p><p id=q>x</p><style id=s>b{{color:red}}</style>"""
STYLES = """(() => {
  const { style } = q;
  style.backgroundImage = 'url(TRACKER/i.gif)';
  style['list-style-image'] = ['url("TRACKER/j.gif")'];
  style.color = 'red'; style.setProperty('top', '1px', 'important'); style.color = null; style.own = { a: style };
  Object.assign(style, { left: '2px', width: 3 });
  const rule = s.sheet.cssRules[0].style;
  rule.background = 'url(TRACKER/i.gif)';
  return [p.style.background, p.style.backgroundImage, p.style['background-image'], p.style.length, p.style[0], p.style.item(0),
    style.backgroundImage, style.listStyleImage, style.cssText, q.getAttribute('style'), q.outerHTML, style.color, style.own.a === style,
    style.getPropertyPriority('top'), style.removeProperty('top'), CSSStyleDeclaration.prototype.getPropertyValue.call(style, 'left'),
    q.style === style, style instanceof CSSStyleDeclaration, `${style}`, 'backgroundImage' in style, Object.keys(style).length,
    style.parentRule, rule.background, rule.parentRule === s.sheet.cssRules[0], rule.cssText,
    (q.style = 'background:url(TRACKER/k.gif)', q.style.cssText), [...document.createElement('p').style].length];
})()""".replace("TRACKER", T)


def test_a_style_s_properties_are_read_and_written_as_without_us(guest) -> None:
    without = guest.bare(STYLE)
    bare = without.evaluate(STYLES)
    without.close()
    guest.asked.clear()
    page = guest.open(STYLE)
    assert page.evaluate(STYLES) == bare
    page.wait_for_timeout(300)
    assert guest.asked == []
    page.evaluate("fairgate.accept()")
    page.wait_for_function(f"getComputedStyle(q).backgroundImage === 'url(\"{T}/k.gif\")'")


DOCUMENT = f"""<!doctype html><script>parent.log('own')</script><IMG src='{T}/i.gif' alt=x><iframe srcdoc="<img src={T}/j.gif>"></iframe>"""
DOCUMENTS = """async (html) => {
  const frame = document.createElement('iframe'), seen = [];
  new MutationObserver((records) => seen.push(...records.map((x) => x.attributeName))).observe(frame, { attributes: true });
  frame.onload = () => log('load');
  frame.title = 'f'; frame.srcdoc = html;
  await new Promise((done) => setTimeout(done, 50));
  document.body.append(frame);
  const other = document.createElement('iframe'); document.body.append(other);
  other.setAttribute('srcdoc', html);
  await new Promise((done) => setTimeout(done, 400));
  const box = document.createElement('div'); box.innerHTML = frame.outerHTML;
  const read = [frame, other, frame.cloneNode(true), box.firstChild].map((x) => [x.srcdoc, x.getAttribute('srcdoc'), x.outerHTML,
    x.getAttributeNames().join(), x.attributes.srcdoc.value, x.matches('[srcdoc]')]);
  frame.removeAttribute('srcdoc');
  await new Promise((done) => setTimeout(done, 50));
  return [read, ran, seen, frame.outerHTML, frame.isEqualNode(frame.cloneNode()), other.contentDocument.images.length];
}"""


def test_a_document_in_an_attribute_reads_as_it_was_written(guest) -> None:
    without = guest.bare("")
    bare = without.evaluate(DOCUMENTS, DOCUMENT)
    without.close()
    guest.asked.clear()
    page = guest.open("")
    assert page.evaluate(DOCUMENTS, DOCUMENT) == bare
    assert guest.asked == []
    page.evaluate("ran.length = 0, fairgate.accept()")
    page.wait_for_timeout(600)
    # Of the frame that still stands, which was not parsed again.
    assert sorted(guest.asked) == [f"{T}/i.gif", f"{T}/j.gif"]
    assert page.evaluate("ran") == []


PICTURES = """async (held) => {
  const told = [];
  const tell = async (make) => {
    const image = new Image();
    make(image);
    await new Promise((done) => setTimeout(done, 100));
    told.push([image.complete && image.naturalWidth > 0, image.getAttribute('src')]);
  };
  for (let i = 0; i < 2; i++) {
    await tell((image) => { image.src = '/own/png'; });
    await tell((image) => { image.src = held; });
    await tell((image) => { image.src = held; image.src = '/own/png'; });
    await tell((image) => { image.setAttribute('data-consent', 'C0004'); image.src = '/own/png'; });
  }
  document.head.append(Object.assign(document.createElement('base'), {href: held}));
  await tell((image) => { image.src = '/own/png'; });
  return told;
}"""


def test_a_picture_s_address_that_passed_before_waits_where_something_else_counts(guest) -> None:
    page = guest.open("")
    guest.asked.clear()
    own, held = "/own/png", f"{T}/i.gif"
    assert page.evaluate(PICTURES, held) == [*[[True, own], [False, held], [True, own], [False, own]] * 2, [False, own]]
    assert guest.asked == []
