"""The vectors: ways to load or run a tracker, one small page each. No tag is edited for a blocker.

In the markup `{T}` is the tracker's folder for this vector, `{H}` a host of its own under the tracker, `{S}` the site's folder.
"""

from __future__ import annotations

from typing import NamedTuple

from .hostile import HOSTILE
from .overlooked import OVERLOOKED
from .recent import RECENT
from .unlisted import KINDS, UNLISTED


class Vector(NamedTuple):
    """`head` and `body` are HTML right after the blocker and at the end of the page."""

    name: str
    group: str
    head: str = ""
    body: str = ""


GROUPS = (
    "parser scripts", "preload scanner", "DOM-created scripts", "images", "iframes", "link", "CSS",
    "media, embed, object", "network APIs, workers", "first-party storage", *UNLISTED,
)  # fmt: skip

_made = "var s=document.createElement('script');s.src='{T}/t.js';"


def _js(code: str) -> str:
    return f"<script>{code}</script>"


PARSER = {
    "p-sync": '<script src="{T}/t.js"></script>',
    "p-async": '<script async src="{T}/t.js"></script>',
    "p-defer": '<script defer src="{T}/t.js"></script>',
    "p-module": '<script type="module" src="{T}/t.js"></script>',
    "p-module-async": '<script type="module" async src="{T}/t.js"></script>',
    "p-typed": '<script type="text/javascript" charset="utf-8" crossorigin src="{T}/t.js"></script>',
    "p-relative": '<script src="//{B}/t.js"></script>',
    "p-entities": '<script src="HTTPS:&#x2F;&#x2F;TRACKER.shop.test/{P}/t.js"></script>',
    "p-import-static": '<script type="module">import "{T}/t.js"</script>',
    "p-import-dynamic": _js("import('{T}/t.js')"),
}
PARSER_BODY = {
    "p-body": '<script src="{T}/t.js"></script>',
    "p-svg": '<svg><script href="{T}/t.js"></script></svg>',
    "p-inline-agent": _js("window.__AGENT__={v:1};document.cookie='_ga=1;path=/';fetch('{S}/ran');fetch('{T}/data')"),
}
PRELOAD = {
    "s-script": '<script src="/slow.js"></script><script src="{T}/t.js"></script>',
    "s-async": '<script src="/slow.js"></script><script async src="{T}/t.js"></script>',
    "s-module": '<script src="/slow.js"></script><script type="module" src="{T}/t.js"></script>',
    "s-style": '<script src="/slow.js"></script><link rel="stylesheet" href="{T}/t.css">',
}
PRELOAD_BODY = {"s-img": '<script src="/slow.js"></script><img src="{T}/t.gif">'}

DOM = {
    "d-append": _made + "document.head.appendChild(s)",
    "d-late-src": "var s=document.createElement('script');document.head.appendChild(s);s.src='{T}/t.js'",
    "d-set-attribute": "var s=document.createElement('script');s.setAttribute('SRC','{T}/t.js');document.body.appendChild(s)",
    "d-set-attribute-ns": "var s=document.createElement('script');s.setAttributeNS(null,'src','{T}/t.js');document.body.appendChild(s)",
    "d-attribute-node": "var s=document.createElement('script'),a=document.createAttribute('src');a.value='{T}/t.js';s.setAttributeNode(a);document.body.appendChild(s)",
    "d-attribute-value": "var s=document.createElement('script');s.setAttribute('src','data:,');s.attributes.src.value='{T}/t.js';document.body.appendChild(s)",
    "d-create-ns": "var s=document.createElementNS('http://www.w3.org/1999/xhtml','script');s.src='{T}/t.js';document.body.appendChild(s)",
    "d-svg": "var g=document.createElementNS('http://www.w3.org/2000/svg','svg'),s=document.createElementNS('http://www.w3.org/2000/svg','script');s.setAttribute('href','{T}/t.js');g.appendChild(s);document.body.appendChild(g)",
    "d-insert-before": _made + "var f=document.getElementsByTagName('script')[0];f.parentNode.insertBefore(s,f)",
    "d-replace-child": _made
    + "var p=document.createElement('p');document.body.appendChild(p);document.body.replaceChild(s,p)",
    "d-el-append": _made + "document.body.append('x',s)",
    "d-prepend": _made + "document.body.prepend(s)",
    "d-before": _made + "document.body.firstChild.before(s)",
    "d-after": _made + "document.body.firstElementChild.after(s)",
    "d-replace-with": _made + "var p=document.createElement('p');document.body.appendChild(p);p.replaceWith(s)",
    "d-replace-children": _made + "var p=document.createElement('p');document.body.appendChild(p);p.replaceChildren(s)",
    "d-adjacent": _made + "document.body.insertAdjacentElement('beforeend',s)",
    "d-fragment": _made + "var f=document.createDocumentFragment();f.appendChild(s);document.body.appendChild(f)",
    "d-nested": _made
    + "var p=document.createElement('div'),q=document.createElement('div');p.appendChild(q);q.appendChild(s);document.body.appendChild(p)",
    "d-contextual": "document.body.appendChild(document.createRange().createContextualFragment('<script src=\"{T}/t.js\"><\\/script>'))",
    "d-range": _made + "var r=document.createRange();r.selectNodeContents(document.body);r.insertNode(s)",
    "d-write": "document.write('<script src=\"{T}/t.js\"><\\/script>')",
    "d-writeln": "document.writeln('<p>x','</p><script src={T}/t.js><\\/script>')",
    "d-write-pieces": "document.write('<scr');document.write('ipt src=\"{T}');document.write('/t.js\"></scr'+'ipt>')",
    "d-write-nested": "document.write('<script>document.write(\"<script src={T}/t.js><\\\\/script>\")<\\/script>')",
    "d-domparser": "var d=new DOMParser().parseFromString('<img src=\"{T}/t.gif\"><script src=\"{T}/t.js\"><\\/script>','text/html');document.body.append(...d.body.childNodes,...d.head.childNodes)",
    "d-onerror": "document.body.insertAdjacentHTML('beforeend','<img src=\"data:,\" onerror=\"var s=document.createElement(`script`);s.src=`{T}/t.js`;document.head.append(s)\">')",
    "d-shadow": _made
    + "var p=document.createElement('div');document.body.appendChild(p);p.attachShadow({mode:'closed'}).appendChild(s)",
    "d-timer": "setTimeout(function(){" + _made + "document.head.appendChild(s)},60)",
    "d-ordered": _made + "s.async=false;document.head.appendChild(s)",
    "d-module": "var s=document.createElement('script');s.type='module';s.src='{T}/t.js';document.head.appendChild(s)",
    "d-module-text": "var s=document.createElement('script');s.type='module';s.textContent='import \"{T}/t.js\"';document.head.appendChild(s)",
    "d-eval": '(0,eval)("' + _made.replace("'", "\\x27") + 'document.head.appendChild(s)")',
    "d-realm": "var f=document.createElement('iframe');document.body.appendChild(f);var s=f.contentDocument.createElement('script');s.src='{T}/t.js';document.body.appendChild(s)",
    "d-allowed-third-party": "var s=document.createElement('script');s.src='https://cdn.shop.test/by/{P}/t.js';document.head.appendChild(s)",
    "d-custom-element": "customElements.define('x-t',class extends HTMLElement{connectedCallback(){"
    + _made
    + "this.appendChild(s)}});document.body.innerHTML+='<x-t></x-t>'",
    "d-inline-agent": "var s=document.createElement('script');s.text=\"window.__AGENT__=1;document.cookie='_ga=1;path=/';fetch('{S}/ran');fetch('{T}/data')\";document.head.appendChild(s)",
}

_template = '<template><div><script src="{T}/t.js"></script></div></template>'
DOM_BODY = {
    "d-import-node": _template
    + _js("document.body.appendChild(document.importNode(document.querySelector('template').content,true))"),
    "d-clone": _template + _js("document.body.appendChild(document.querySelector('template').content.cloneNode(true))"),
    "d-move": '<template><script src="{T}/t.js"></script></template>'
    + _js("document.body.append(document.querySelector('template').content.firstChild)"),
}

IMAGES_BODY = {
    "i-parser": '<img src="{T}/t.gif">',
    "i-parser-srcset": '<img srcset="{T}/t.gif 1x, {T}/t2.gif 2x">',
    "i-parser-picture": '<picture><source srcset="{T}/t.gif"><img src="/png"></picture>',
    "i-parser-svg": '<svg width="9" height="9"><image width="9" height="9" href="{T}/t.gif"/></svg>',
    "i-parser-input": '<input type="image" src="{T}/t.gif">',
}
IMAGES = {
    "i-image": "new Image().src='{T}/t.gif'",
    "i-srcset": "var i=document.createElement('img');i.srcset='{T}/t.gif 1x'",
    "i-set-attribute": "document.createElement('img').setAttribute('src','{T}/t.gif')",
    "i-inner-html": "document.createElement('div').innerHTML='<img src=\"{T}/t.gif\">'",
    "i-adjacent-html": "document.body.insertAdjacentHTML('beforeend','<p><img src={T}/t.gif></p>')",
    "i-outer-html": "var p=document.createElement('p');document.body.appendChild(p);p.outerHTML='<img src=\"{T}/t.gif\">'",
    "i-write": "document.write('<img width=1 src=\"{T}/t.gif\">')",
    "i-template": "var t=document.createElement('template');t.innerHTML='<img src=\"{T}/t.gif\">';document.body.append(t.content.cloneNode(true))",
}

_frame_js = "var f=document.createElement('iframe');document.body.appendChild(f);"
FRAMES_BODY = {
    "f-parser": '<iframe src="{T}/f.html"></iframe>',
    "f-parser-srcdoc": '<iframe srcdoc="<script src=&quot;{T}/t.js&quot;></script>"></iframe>',
}
FRAMES = {
    "f-created": "var f=document.createElement('iframe');f.src='{T}/f.html';document.body.appendChild(f)",
    "f-inner-html": "var p=document.createElement('div');document.body.appendChild(p);p.innerHTML='<iframe src=\"{T}/f.html\"></iframe>'",
    "f-set-attribute": _frame_js + "f.setAttribute('src','{T}/f.html')",
    "f-srcdoc-code": _frame_js
    + "f.srcdoc=\"<script>var s=document.createElement('script');s.src='{T}/t.js';document.head.appendChild(s)<\\/script>\"",
    "f-write": _frame_js + "var d=f.contentDocument;d.open();d.write('<script src=\"{T}/t.js\"><\\/script>');d.close()",
    "f-realm": _frame_js + "var d=f.contentDocument,s=d.createElement('script');s.src='{T}/t.js';d.body.appendChild(s)",
    "f-window": _frame_js
    + "var w=window[0],s=w.document.createElement('script');s.src='{T}/t.js';w.document.head.appendChild(s)",
    "f-javascript": _frame_js + "f.src=\"javascript:'<script src={T}/t.js><\\/script>'\"",
    "f-data": _frame_js + "f.src='data:text/html,<script src={T}/t.js><\\/script>'",
    "f-blob": _frame_js
    + "f.src=URL.createObjectURL(new Blob(['<script src={T}/t.js><\\/script>'],{type:'text/html'}))",
    "f-location": _frame_js + "f.contentWindow.location='{T}/f.html'",
}

LINKS = {
    "l-stylesheet": '<link rel="stylesheet" href="{T}/t.css">',
    "l-preload": '<link rel="preload" as="script" href="{T}/t.js">',
    "l-modulepreload": '<link rel="modulepreload" href="{T}/t.js">',
    "l-preconnect": '<link rel="preconnect" href="https://{H}/">',
    "l-icon": "",
}
LINKS_JS = {
    "l-created": "var l=document.createElement('link');l.rel='stylesheet';l.href='{T}/t.css';document.head.appendChild(l)",
    "l-prefetch": "var l=document.createElement('link');l.href='{T}/t.js';document.head.appendChild(l);l.rel='prefetch'",
    "l-created-preconnect": "document.head.insertAdjacentHTML('beforeend','<link rel=preconnect href=\"https://{H}/\">')",
}

CSS = {
    "c-style": "<style>h1{background:url({T}/t.gif)}</style>",
    "c-import": '<style>@import "{T}/t.css";</style>',
    "c-font": "<style>@font-face{font-family:t;src:url('{T}/t.woff2')}h1{font-family:t}</style>",
}
CSS_JS = {
    "c-property": "document.body.style.backgroundImage='url({T}/t.gif)'",
    "c-text": "document.body.style.cssText='background:url({T}/t.gif)'",
    "c-insert-rule": "var s=document.createElement('style');document.head.appendChild(s);s.sheet.insertRule('h1{background:url({T}/t.gif)}')",
    "c-adopted": "var s=new CSSStyleSheet();s.replaceSync('h1{background:url({T}/t.gif)}');document.adoptedStyleSheets=[s]",
    "c-font-face": "var f=new FontFace('t','url({T}/t.woff2)');document.fonts.add(f);f.load().catch(function(){})",
}
CSS_BODY = {"c-attribute": "<p style=\"background:url('{T}/t.gif')\">x</p>"}

MEDIA = {
    "m-video": '<video src="{T}/t.mp4" preload="auto"></video>',
    "m-poster": '<video poster="{T}/t.gif" width="9" height="9"></video>',
    "m-source": '<video preload="auto"><source src="{T}/t.mp4" type="video/mp4"></video>',
    "m-embed": '<embed src="{T}/f.html" type="text/html">',
    "m-object": '<object data="{T}/f.html" type="text/html"></object>',
}
MEDIA_JS = {
    "m-audio": "var a=new Audio('{T}/t.mp3');a.load()",
    "m-object-created": "var o=document.createElement('object');o.data='{T}/f.html';document.body.appendChild(o)",
}

NETWORK = {
    "n-fetch": "fetch('{T}/data',{credentials:'include',mode:'no-cors'}).catch(function(){})",
    "n-request": "fetch(new Request(new URL('{T}/data'),{credentials:'include',mode:'no-cors'})).catch(function(){})",
    "n-xhr": "var x=new XMLHttpRequest();x.open('POST','{T}/data');x.withCredentials=true;x.send('a')",
    "n-beacon": "navigator.sendBeacon('{T}/data','a')",
    "n-websocket": "new WebSocket('{T}/ws'.replace('https','wss'))",
    "n-eventsource": "new EventSource('{T}/e.sse',{withCredentials:true})",
    "n-worker": "new Worker('{S}/worker.js')",
    "n-blob-worker": "new Worker(URL.createObjectURL(new Blob(['importScripts(\"{T}/w.js\")'])))",
    "n-shared-worker": "new SharedWorker('{S}/worker.js')",
    "n-service-worker": "navigator.serviceWorker.register('{S}/worker.js').catch(function(){})",
    "n-realm-fetch": _frame_js
    + "f.contentWindow.fetch('{T}/data',{credentials:'include',mode:'no-cors'}).catch(function(){})",
    "n-fetch-later": "fetchLater('{T}/data',{activateAfter:0,credentials:'include',mode:'no-cors'})",
    "n-ping": "var a=document.createElement('a');a.href='#x';a.ping='{T}/data';document.body.appendChild(a);a.click()",
    "n-form": "document.body.insertAdjacentHTML('beforeend','<iframe name=h></iframe><form target=h method=post action=\"{T}/data\"></form>');document.forms[0].submit()",
}

_REPORT_RAN = "fetch('{S}/ran')"
STORAGE = {
    "k-cookie": "document.cookie='_ga=1;path=/;max-age=999';if(/_ga=/.test(document.cookie))" + _REPORT_RAN,
    "k-cookie-store": "cookieStore.set('_ga','1').then(function(){return cookieStore.get('_ga')}).then(function(c){c&&"
    + _REPORT_RAN
    + "})",
    "k-local": "localStorage.setItem('_ga','1');if(localStorage.getItem('_ga'))" + _REPORT_RAN,
    "k-local-property": "localStorage._ga='1';if(localStorage._ga)" + _REPORT_RAN,
    "k-session": "sessionStorage['_ga']='1';if(sessionStorage.getItem('_ga'))" + _REPORT_RAN,
    "k-indexeddb": "try{var r=indexedDB.open('_ga');r.onsuccess=function(){" + _REPORT_RAN + "}}catch(e){}",
}


def _vectors() -> list[Vector]:
    made: list[Vector] = []

    def add(
        group: str,
        head: dict[str, str] | None = None,
        body: dict[str, str] | None = None,
        js: dict[str, str] | None = None,
    ) -> None:
        made.extend(Vector(name, group, head=html) for name, html in (head or {}).items() if html)
        made.extend(Vector(name, group, body=html) for name, html in (body or {}).items())
        made.extend(Vector(name, group, body=_js(code)) for name, code in (js or {}).items())

    add("parser scripts", PARSER, PARSER_BODY)
    add("preload scanner", PRELOAD, PRELOAD_BODY)
    add("DOM-created scripts", body=DOM_BODY, js=DOM)
    add("images", body=IMAGES_BODY, js=IMAGES)
    add("iframes", body=FRAMES_BODY, js=FRAMES)
    add("link", LINKS, js=LINKS_JS)
    add("CSS", CSS, CSS_BODY, CSS_JS)
    add("media, embed, object", body=MEDIA, js=MEDIA_JS)
    add("network APIs, workers", js=NETWORK)
    add("first-party storage", js=STORAGE)
    for kinds in (KINDS, OVERLOOKED, HOSTILE, RECENT):
        for kind, (kind_body, kind_js) in kinds.items():
            add(kind, body=kind_body, js=kind_js)
    return made


VECTORS = _vectors()

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">{blocker}<title>Vector</title>
{head}
</head><body><h1 id="own">Own text</h1><img id="ownimg" src="/own/png" alt="">
<script>window.__inline=1</script><script src="https://cdn.shop.test/lib.js"></script>
{body}
</body></html>
"""


def page(vector: Vector, run: str, blocker: str) -> str:
    """The vector's HTML under one blocker's markup."""
    place = f"{run}/{vector.name}"
    replace = {
        "{T}": f"https://tracker.shop.test/{place}",
        "{B}": f"tracker.shop.test/{place}",
        "{P}": place,
        "{S}": f"https://www.shop.test/{place}",
        "{H}": f"{run}--{vector.name}.tracker.shop.test",
    }
    parts = []
    for text in (vector.head, vector.body):
        for name, value in replace.items():
            text = text.replace(name, value)
        parts.append(text)
    return PAGE.replace("{blocker}", blocker).replace("{head}", parts[0]).replace("{body}", parts[1])
