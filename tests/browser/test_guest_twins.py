"""Held elements read as their author wrote them, and go through whatever a page does with elements: never lost, early or twice."""

from __future__ import annotations

import pytest

from tests.browser.guest import T, chromium, guest, pages, server

__all__ = ["chromium", "guest", "pages", "server"]
pytestmark = pytest.mark.browser

# What is made by code waits without a race against the parser.
ELEMENTS = f"""<iframe class=a src="{T}/x/f.html" sandbox="allow-scripts" title="t&lt;" width=300 height=200></iframe>
<img id=i alt="a &quot;b&quot;" src="{T}/x/i.gif" srcset="{T}/x/i2.gif 2x" class=b style="color:red">
<picture><source srcset="{T}/x/p.gif" media="(min-width:1px)"><img alt src="/own.png"></picture>
<video poster="{T}/x/v.gif" controls src="{T}/x/v.mp4"></video><audio><source src="{T}/x/s.mp3" type=audio/mpeg></audio>
<object type=text/html data="{T}/x/o.html" name=o></object><embed src="{T}/x/e.html" type=text/html>
<input type=image alt=b src="{T}/x/n.gif" name=n><a href=/own ping="{T}/x/ping">a</a>
<link rel=stylesheet href="{T}/x/l.css" media=all><link as=image rel=preload href="{T}/x/l.gif"><link rel="prefetch" href="{T}/x/l.js">
<svg><image width=5 href="{T}/x/svg.gif" height=5></image></svg><p style="background:url({T}/x/c.gif)">text [src=x]</p>"""

READ = """() => {
  const root = document.getElementById('root');
  const names = ['src', 'srcset', 'sandbox', 'rel', 'href', 'data', 'poster', 'ping', 'style', 'media', 'disabled', 'fg-held', 'fg-src', 'data-fg'];
  const rules = ['[src]', '[SRC*="trk"]', ':not([src])', '[srcset]', '[sandbox="allow-scripts"]', '[rel=stylesheet]', '[rel~="preload"]', '[href]',
    '[data$=".html"]', '[poster]', '[ping]', '[fg-held]', '[data-fg]', '[fg-src]', '[title="[src]"]', '[class][src]:not([alt=x])', ':is([src],[data])'];
  const paths = ['count(.//*[@src])', 'string(.//iframe/@src)', 'count(.//*[contains(@src, "/i.gif")])', './/*[attribute::poster]/@poster', 'string("@src")'];
  const said = [...root.querySelectorAll('*')].map(el => ({
    tag: el.localName,
    get: names.map(name => el.getAttribute(name)),
    getNs: names.map(name => el.getAttributeNS(null, name)),
    has: names.map(name => [el.hasAttribute(name), el.hasAttributeNS(null, name)].join()),
    names: el.getAttributeNames(),
    attributes: [...el.attributes].map(({ name, value, ownerElement }) => [name, value, ownerElement === el].join('=')),
    item: [el.attributes.length, el.attributes.getNamedItem('src')?.value, el.attributes.src?.value],
    node: names.map(name => [el.getAttributeNode(name)?.value, el.getAttributeNodeNS(null, name)?.value].join()),
    mirrored: ['src', 'srcset', 'data', 'poster', 'rel', 'ping', 'media', 'disabled'].map(name => `${el[name]}`),
    tokens: [el.sandbox?.value, el.relList?.value, el.relList?.contains('stylesheet')],
    dataset: JSON.stringify(el.dataset),
    computed: [getComputedStyle(el).backgroundImage, getComputedStyle(el).getPropertyValue('background-image'),
      el.computedStyleMap().get('background-image')?.toString()],
    outer: el.outerHTML, xml: new XMLSerializer().serializeToString(el),
    clone: el.cloneNode(true).outerHTML, imported: document.importNode(el, true).outerHTML,
    foreign: document.implementation.createHTMLDocument('').importNode(el, true).outerHTML,
    equal: [el.isEqualNode(el.cloneNode(true)), el.isEqualNode(el.cloneNode(false))],
    matches: rules.map(rule => [el.matches(rule), el.closest(rule)?.localName].join()),
    siblings: [el.previousSibling?.nodeName, el.nextSibling?.nodeName],
  }));
  const range = document.createRange();
  range.selectNodeContents(root);
  const box = document.createElement('div');
  box.append(range.cloneContents());
  const parsed = new DOMParser().parseFromString(root.outerHTML, 'text/html').body.firstChild;
  return JSON.stringify([said, root.innerHTML, root.getHTML(), box.innerHTML, rules.map(rule => root.querySelectorAll(rule).length),
    paths.map(path => document.evaluate(path, root, null, 2).stringValue), document.createExpression('count(.//*[@src])').evaluate(root, 1).numberValue,
    root.querySelector('[src]').localName, parsed.isEqualNode(root), root.isEqualNode(parsed), parsed.outerHTML === root.outerHTML], null, 1);
}"""
MADE = "<div id=root></div>"
FILL = "html => document.getElementById('root').innerHTML = html"


def made(page, html: str = ELEMENTS):
    page.evaluate(FILL, html)
    page.wait_for_timeout(200)
    return page


def test_every_reader_says_what_the_author_wrote(guest) -> None:
    without = made(guest.bare(MADE))
    bare = without.evaluate(READ)
    without.close()
    guest.asked.clear()
    page = made(guest.open(MADE))
    assert page.evaluate(READ).splitlines() == bare.splitlines()
    assert guest.asked == []


def test_what_the_parser_wrote_reads_so_too(guest) -> None:
    body = f"<div id=root>{ELEMENTS}</div>"
    bare = guest.bare(body).evaluate(READ)
    assert guest.open(body).evaluate(READ).splitlines() == bare.splitlines()


# What a style sheet, a list of tokens, a sound without a page and a customized element say.
OTHERS = """() => {
  const style = document.createElement('style');
  style.textContent = 'h1 { background-image: url(TRACKER/x/h.gif) }';
  document.head.append(style);
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.src = 'TRACKER/x/f.html';
  document.body.append(frame);
  frame.sandbox.add('allow-popups', 'allow-forms');
  frame.sandbox.remove('allow-forms', 'allow-modals');
  customElements.define('x-image', class extends HTMLImageElement {}, { extends: 'img' });
  const image = document.createElement('img', { is: 'x-image' });
  image.src = 'TRACKER/x/i.gif';
  document.body.append(image);
  window.sound = new Audio('TRACKER/x/s.mp3');
  return [style.sheet.cssRules[0].cssText, getComputedStyle(document.querySelector('h1')).backgroundImage, frame.getAttribute('sandbox'),
    frame.sandbox.value, frame.outerHTML, image.outerHTML, sound.src, sound.outerHTML];
}""".replace("TRACKER", T)


def test_what_belongs_to_no_element_of_the_page_says_so_too(guest) -> None:
    without = guest.bare("")
    bare = without.evaluate(OTHERS)
    without.close()
    guest.asked.clear()
    page = guest.open("")
    assert page.evaluate(OTHERS) == bare
    page.wait_for_timeout(200)
    assert guest.asked == []
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(500)
    assert sorted(guest.asked) == [f"{T}/x/{name}" for name in ("f.html", "h.gif", "i.gif", "s.mp3")]
    assert page.evaluate("document.querySelector('iframe').getAttribute('sandbox')") == "allow-scripts allow-popups"


# Every function that a window's interfaces offer: its name, how many arguments it takes, its source, how it is defined.
NATIVES = """() => {
  const said = {};
  const tell = (owner, where) => {
    for (const [key, { enumerable, configurable, writable, ...made }] of Object.entries(Object.getOwnPropertyDescriptors(owner)))
      for (const [kind, found] of Object.entries(made))
        if (typeof found === 'function')
          said[`${where}.${key} ${kind}`] = [found.name, found.length, Function.prototype.toString.call(found), enumerable, configurable, writable].join();
  };
  tell(window, 'window');
  for (const key of Object.getOwnPropertyNames(window)) {
    const made = window[key];
    if (typeof made !== 'function' || !made.prototype) continue;
    tell(made, key);
    tell(made.prototype, `${key}.prototype`);
  }
  return said;
}"""


ALIASES = "[MutationObserver === WebKitMutationObserver, RTCPeerConnection === webkitRTCPeerConnection]"


def test_what_stands_for_the_browser_s_own_says_of_itself_what_that_says(guest) -> None:
    """jQuery up to 3.6 selects by itself, and not all that browsers select, where a method's source is not the browser's."""
    bare = guest.bare("").evaluate(NATIVES)
    page = guest.open(f"<script src={T}/a.js></script>")
    for _ in range(2):
        said = page.evaluate(NATIVES)
        assert page.evaluate(ALIASES) == [True, True]
        assert {name: said.get(name) for name in bare if said.get(name) != bare[name]} == {}
        page.evaluate("fairgate.accept()")
        page.wait_for_timeout(300)
    assert len(bare) > 5000
    assert page.evaluate("ran") == ["A:"]


IMAGE = """async () => {
  const image = new Image();
  const told = [];
  image.onload = image.onerror = ({ type }) => told.push(type);
  image.src = 'TRACKER/x/i.gif';
  const decoded = image.decode().then(() => 'decoded', () => 'failed');
  await new Promise(done => setTimeout(done, 200));
  return [image.complete, image.currentSrc, image.naturalWidth, await Promise.race([decoded, 'pending']), told];
}""".replace("TRACKER", T)


def test_an_image_that_waits_is_not_complete(guest) -> None:
    assert guest.open("").evaluate(IMAGE) == [False, "", 0, "pending", []]
    assert guest.asked == []


# What pages do with elements → the addresses that a yes must ask for, each once.
WAYS = {
    "cloned": "const old = i; old.after(old.cloneNode(true)); old.remove()",
    "moved": "const box = document.createElement('section'); box.append(...root.childNodes); root.append(box)",
    "by a template": """const t = document.createElement('template'); t.innerHTML = root.innerHTML; root.replaceChildren(t.content.cloneNode(true))""",
    "parsed again": "root.innerHTML += '<b>more</b>'",
    "by a fragment": "const r = document.createRange(); r.selectNodeContents(root); const f = r.extractContents(); root.append(f)",
    "imported": "root.replaceChildren(document.importNode(new DOMParser().parseFromString(root.innerHTML, 'text/html').body, true))",
    "contextual": "root.replaceChildren(document.createRange().createContextualFragment(root.innerHTML))",
    "in a shadow root": "const h = document.createElement('div'); root.before(h); h.attachShadow({ mode: 'open' }).append(...root.childNodes)",
    "attribute by attribute": """for (const old of [...root.children]) { const copy = document.createElement(old.localName);
       for (const { name, value } of old.attributes) copy.setAttribute(name, value); old.replaceWith(copy) }""",
    "outerHTML": "for (const old of [...root.children]) old.outerHTML = old.outerHTML",
    "attributes set again": "for (const el of root.children) for (const { name, value } of [...el.attributes]) el.setAttribute(name, value)",
    "attributes toggled": "f.removeAttribute('src'); f.setAttribute('src', 'TRACKER/x/f.html'); i.toggleAttribute('src'); i.src = 'TRACKER/x/i.gif'",
    "nodes of attributes": "const a = i.getAttributeNode('src'); i.removeAttributeNode(a); i.setAttributeNode(a)",
    "written": "i.attributes.src.value = 'TRACKER/x/j.gif'; i.src = 'TRACKER/x/i.gif'",
    "by the editor": """document.body.contentEditable = true; const html = root.innerHTML; getSelection().selectAllChildren(root);
       document.execCommand('insertHTML', false, html)""",
}
SIMPLE = f"""<iframe id=f src="{T}/x/f.html" sandbox></iframe><img id=i alt src="{T}/x/i.gif"><link rel=stylesheet href="{T}/x/l.css">"""
ADDRESSES = sorted(f"{T}/x/{name}" for name in ("f.html", "i.gif", "l.css"))


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_lost_early_or_twice(guest, way: str) -> None:
    page = made(guest.open(MADE), SIMPLE)
    page.evaluate("code => { new Function(code)() }", WAYS[way].replace("TRACKER", T))
    page.wait_for_timeout(300)
    assert guest.asked == []
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(700)
    assert sorted(guest.asked) == ADDRESSES
    assert "fg-" not in page.evaluate(
        "XMLSerializer.prototype.serializeToString.call(new XMLSerializer(), document.body)"
    )


def test_where_nothing_loads_nothing_is_touched(guest) -> None:
    """Templates, fragments, inert documents, detached trees: natives of a fresh realm find the author's own attributes."""
    page = guest.open(MADE)
    html = SIMPLE.replace("'", "")
    found = page.evaluate(
        """html => {
          const native = Object.getOwnPropertyDescriptor(Element.prototype, 'attributes');
          const template = document.createElement('template');
          template.innerHTML = html;
          const parsed = new DOMParser().parseFromString(html, 'text/html').body;
          const made = document.createElement('iframe');
          made.src = 'https://x.test/' ; made.setAttribute('src', html.match(/https[^"]+f.html/)[0]);
          const link = document.createElement('link'); link.rel = 'stylesheet'; link.href = html.match(/https[^"]+css/)[0];
          const names = el => Array.from(el.attributes, ({ name }) => name).join();
          // matches() of a style rule is native: what stands is what it sees.
          return [template.content, parsed].flatMap(root => Array.from(root.children, names)).concat(names(made), names(link));
        }""",
        html,
    )
    assert found == ["id,src,sandbox", "id,alt,src", "rel,href"] * 2 + ["src", "rel,href"]
    assert guest.asked == []


WATCH = """const seen = []; const watch = (root, more) => new MutationObserver(records => {
  for (const { type, target, attributeName, oldValue, addedNodes, removedNodes } of records) seen.push([type, target.localName,
    attributeName, type === 'attributes' ? target.getAttribute(attributeName) : [addedNodes.length, removedNodes.length].join(), oldValue].join());
}).observe(root, { childList: true, subtree: true, attributes: true, ...more });
watch(document.body); watch(document.body, { attributeFilter: ['src', 'title', 'rel'], attributeOldValue: true });"""
CHANGE = """async () => {
  const root = document.getElementById('root');
  const step = () => new Promise(done => setTimeout(done, 50));
  root.innerHTML = MARKUP; await step();
  const [frame, image] = root.children;
  image.title = 'x'; frame.width = 7; await step();
  image.src = 'TRACKER/x/second.gif'; frame.setAttribute('sandbox', 'allow-forms'); await step();
  const made = document.createElement('iframe'); made.src = 'TRACKER/x/made.html'; root.append(made); await step();
  root.append(image); frame.remove(); await step();
  return seen;
}""".replace("MARKUP", f"`{SIMPLE}`").replace("TRACKER", T)


def test_observers_of_the_page_hear_of_the_page_alone(guest) -> None:
    bare = guest.bare(MADE + f"<script>{WATCH}</script>").evaluate(CHANGE)
    assert len(bare) > 10
    page = guest.open(MADE + f"<script>{WATCH}</script>")
    # Our one root may come beside the body, which is not watched.
    assert page.evaluate(CHANGE) == bare
    page.evaluate("seen.length = 0")
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(500)
    assert page.evaluate("seen") == []


def test_observers_hear_once_of_what_the_parser_brings(guest) -> None:
    body = (
        f"<script>{WATCH.replace('document.body', 'document.documentElement')}</script>{SIMPLE}<script>log(1)</script>"
    )
    read = "seen.filter(line => /iframe|img|link|childList,body/.test(line))"
    bare = guest.bare(body).evaluate(read)
    assert sum("childList" in line for line in bare) > 0
    assert guest.open(body).evaluate(read) == bare
