"""More vectors of the kinds of unlisted.py: documents in memory whose code puts the address together, and what came into
browsers of late or is rarely thought of: editing, sanitizers, policies of types, transitions, moves, reactions."""

from __future__ import annotations

from .unlisted import IMPORTS, NAVIGATED, REALMS, SINKS, STORAGE, TREES

_add = "document.body.insertAdjacentHTML('beforeend',"
_named = _add + "'<iframe name=h></iframe>');"
_frame = "var f=document.createElement('iframe');document.body.appendChild(f);"
_load_own = "var f=document.createElement('iframe');f.src='{S}/own.html';document.body.appendChild(f);f.onload=function(){f.onload=null;"
_box = "var p=document.createElement('div');document.body.append(p);"
_editor = "var p=document.createElement('div');p.contentEditable='true';document.body.append(p);p.focus();"
_url = "url({T}/t.gif)"
_fetch = "fetch('{T}/data',{credentials:'include',mode:'no-cors'}).catch(function(){})"

# Nowhere in the document stands the whole address.
_host = "('{T}'.replace('tracker','tra'+'cker'))"
_built = "var s=document.createElement(`script`);s.src=`{T}/t.js`;document.head.append(s)".replace(
    "`{T}/t.js`", "[`https://tra`,`cker.shop.test/{P}/t.js`].join(``)"
)
_doc = (
    "'<!doctype html><html lang=en><head><title>x</title></head><body><script>" + _built + "<\\/script></body></html>'"
)
_xhtml = (
    '\'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><script>'
    + _built
    + "</'+'script></body></html>'"
)
_svg_doc = (
    '\'<svg xmlns="http://www.w3.org/2000/svg"><script>var s=document.createElementNS(`http://www.w3.org/2000/svg`,`script`);'
    "s.setAttribute(`href`,[`https://tra`,`cker.shop.test/{P}/t.js`].join(``));document.documentElement.append(s)</'+'script></svg>'"
)


def _blob(html: str = _doc, kind: str = "text/html") -> str:
    return f"var u=URL.createObjectURL(new Blob([{html}],{{type:'{kind}'}}));"


def _with(code: str) -> str:
    """A document whose inline script is this."""
    return "'<!doctype html><script>" + code + "<\\/script>'"


_far = "[`https://tra`,`cker.shop.test/{P}/"
_javascript = "\"javascript:'<script>" + _built + "<\\/script>'\""

NAVIGATED_JS = {
    "v-navigation-replace": _load_own + "var u='{T}/f.html';window[0].navigation.navigate(u,{history:'replace'})}",
    "v-navigation-update": _load_own + "var w=window[0];w.navigation.onnavigate=function(e){if(e.destination.url.endsWith('#a')){e.intercept({handler:function(){return w." + _fetch + "}})}};w.navigation.navigate('#a')}",
    "v-lazy": "var f=document.createElement('iframe');f.loading='lazy';f.src='{T}/f.html';document.body.append(f)",
    "v-lazy-html": _add + "'<iframe loading=lazy src={T}/f.html></iframe>')",
    "v-lazy-late": "var f=document.createElement('iframe');f.loading='lazy';f.style.marginTop='9999px';document.body.append(f);f.src='{T}/f.html';f.loading='eager'",
    "v-lazy-srcdoc": _add + "'<iframe loading=lazy srcdoc=\"<script src={T}/t.js></'+'script>\"></iframe>')",
    "v-location-written": _frame + "var d=f.contentDocument;d.open();d.write('<script>var u=`{T}/f.html`;location.replace(u)<\\/script>');d.close()",
    "v-move-before-frame": _frame + _box + "p.moveBefore(f,null);f.src='{T}/f.html'",
    "v-move-before-shadow": _frame + _box + "p.attachShadow({mode:'closed'}).moveBefore(f,null);f.src='{T}/f.html'",
}  # fmt: skip
NAVIGATED_BODY = {
    "v-handler-error": "<iframe srcdoc=\"<img src=x: onerror='document.location.assign(`{T}/f.html`)'>\"></iframe>",
    "v-location-timer": "<iframe srcdoc=\"<script>setTimeout('self.location=`{T}/f.html`')</script>\"></iframe>",
    "v-lazy-markup": "<div style='height:9px'></div><iframe loading=lazy srcdoc=\"<script src='{T}/t.js'></script>\"></iframe>",
}

REALMS_JS = {
    "r-bare-frame": "var a=document.createElement('frameset');document.documentElement.append(a);a.appendChild(document.createElement('frame'));var i=new window[0].Image();i.src='{T}/t.gif'",
    "r-blob-inserted": _blob() + "var f=document.createElement('iframe');f.src=u;document.body.append(f)",
    "r-blob-empty": _blob() + _frame + "f.src=u",
    "r-blob-attribute": _blob() + _frame + "f.setAttribute('src',u)",
    "r-blob-html": _blob() + _add + "'<iframe src='+u+'></iframe>')",
    "r-blob-write": _blob() + "document.write('<iframe src='+u+'></iframe>')",
    "r-blob-open": _named + _blob() + "open(u,'h')",
    "r-blob-link": _named + _blob() + "var a=document.createElement('a');a.href=u;a.target='h';document.body.append(a);a.click()",
    "r-blob-link-loose": _named + _blob() + "var a=document.createElement('a');a.href=u;a.target='h';a.click()",
    "r-blob-again": _load_own + _blob() + "f.src=u}",
    "r-blob-location": _load_own + _blob() + "window[0].location=u}",
    "r-blob-replace": _load_own + _blob() + "window[0].location.replace(u)}",
    "r-blob-navigate": _load_own + _blob() + "window[0].navigation.navigate(u)}",
    "r-blob-after-blob": _blob("'<p>own'") .replace("var u", "var o") + _blob() + _frame + "f.src=o;f.onload=function(){f.onload=null;f.src=u}",
    "r-blob-fragment": _blob() + _frame + "f.src=u+'#a'",
    "r-blob-object": _blob() + "var o=document.createElement('object');o.type='text/html';o.data=u;document.body.append(o)",
    "r-blob-embed": _blob() + "var o=document.createElement('embed');o.type='text/html';o.src=u;document.body.append(o)",
    "r-blob-frame": _blob() + "var a=document.createElement('frameset'),f=document.createElement('frame');a.append(f);document.documentElement.append(a);f.src=u",
    "r-blob-xhtml": _blob(_xhtml, "application/xhtml+xml") + _frame + "f.src=u",
    "r-blob-svg": _blob(_svg_doc, "image/svg+xml") + _frame + "f.src=u",
    "r-blob-image": _blob(_with("new Image().src=" + _far + "t.gif`].join(``)")) + _frame + "f.src=u",
    "r-blob-fetch": _blob(_with("fetch(" + _far + "data`].join(``),{mode:`no-cors`,credentials:`include`})")) + _frame + "f.src=u",
    "r-blob-written": _blob(_with("document.write(`<img src=`+" + _far + "t.gif`].join(``)+`>`)")) + _frame + "f.src=u",
    "r-blob-nested": _blob(_with("var f=document.createElement(`iframe`);document.body.append(f);f.contentWindow.fetch(" + _far + "data`].join(``),{mode:`no-cors`})").replace("<script>", "<body><script>", 1)) + _frame + "f.src=u",
    "r-blob-utf16": _frame + "var t=" + _doc + ",b=new Uint16Array(t.length+1);b[0]=0xfeff;for(var n=0;n<t.length;n++)b[n+1]=t.charCodeAt(n);f.src=URL.createObjectURL(new Blob([b],{type:'text/html'}))",
    "r-blob-frame-made": _frame + "var w=f.contentWindow,u=w.URL.createObjectURL(new w.Blob([" + _doc + "],{type:'text/html'}));var g=document.createElement('iframe');document.body.append(g);g.src=u",
    "r-blob-file": _frame + "f.src=URL.createObjectURL(new File([" + _doc + "],'a.html',{type:'text/html'}))",
    "r-javascript-built": _frame + "f.src=" + _javascript,
    "r-javascript-inserted": "var f=document.createElement('iframe');f.src=" + _javascript + ";document.body.append(f)",
    "r-javascript-call": "window.mk=function(){return " + _doc + "};" + _frame + "f.src='javascript:parent.mk()'",
    "r-javascript-open": _named + "open(" + _javascript + ",'h')",
    "r-javascript-link": _named + "var a=document.createElement('a');a.href=" + _javascript + ";a.target='h';document.body.append(a);a.click()",
    "r-javascript-spaced": "window.mk=function(){return " + _doc + "};" + _frame + "f.src=' java\\tscript:parent.mk()'",
    "r-javascript-again": "window.mk=function(){return " + _doc + "};" + _load_own + "f.src='javascript:parent.mk()'}",
    "r-blob-object-html": _blob() + _add + "'<object type=text/html data='+u+'></object>')",
    "r-blob-embed-late": _blob() + "var o=document.createElement('embed');o.type='text/html';document.body.append(o);o.setAttribute('src',u)",
    "r-blob-entity-address": _blob("'<iframe src=\"java&#115;cript:" + _built + "\"></iframe>'") + "var f=document.createElement('iframe');f.src=u;document.body.append(f)",
    "r-blob-worker": _load_own + "var w=new Worker(URL.createObjectURL(new Blob(['onmessage=function(e){postMessage(URL.createObjectURL(new Blob([e.data],{type:`text/html`})))}'],{type:'text/javascript'})));w.onmessage=function(e){f.src=e.data};w.postMessage(" + _doc + ")}",
    "r-javascript-function": _load_own + "f.src=\"javascript:(function(){return '<script>" + _built + "<\\/script>'})()\"}",
    "r-javascript-html": "window.mk=function(){return " + _doc + "};" + _add + "'<iframe src=\"javascript:parent.mk()\"></iframe>')",
}  # fmt: skip
REALMS_BODY = {
    "r-javascript-markup": "<script>window.mk=function(){return "
    + _doc
    + "}</script><iframe src='javascript:parent.mk()'></iframe>",
}

_root = _box + "var r=p.attachShadow({mode:'closed'});r.innerHTML='<b></b>';"
_loose = "var d=document.createDocumentFragment(),b=document.createElement('b');d.append(b);"

TREES_JS = {
    "t-write-equals": "document.write('<p =\"><script src={T}/t.js><\\/script><b title=\"\">')",
    "t-shadow-outer": _root + "r.firstChild.outerHTML='<img src={T}/t.gif>'",
    "t-shadow-outer-frame": _root + "r.firstChild.outerHTML='<iframe src={T}/f.html></iframe>'",
    "t-shadow-beside": _root + "r.firstChild.insertAdjacentHTML('afterend','<img src={T}/t.gif>')",
    "t-shadow-set-both": _root + "r.setHTMLUnsafe('<img src={T}/t.gif><iframe src={T}/f.html></iframe>')",
    "t-fragment-outer": _loose + "b.outerHTML='<img src={T}/t.gif>'",
    "t-fragment-beside": _loose + "b.insertAdjacentHTML('beforebegin','<img src={T}/t.gif>')",
    "t-set-html-scripts": _box + "p.setHTMLUnsafe('<script src={T}/t.js><\\/script><img src={T}/t.gif>',{runScripts:true})",
    "t-set-html-sanitizer": _box + "p.setHTMLUnsafe('<img src={T}/t.gif>',{sanitizer:{}})",
    "t-set-html-options": _box + "p.setHTML('<b></b><img src={T}/t.gif>',{sanitizer:new Sanitizer({elements:['img'],attributes:['src']})})",
    "t-parse-html-options": "document.body.append(...Document.parseHTMLUnsafe('<img src={T}/t.gif><iframe src={T}/f.html></iframe>',{sanitizer:{}}).body.childNodes)",
    "t-parse-html-frame": _frame + "document.body.append(...f.contentWindow.Document.parseHTMLUnsafe('<div><template shadowrootmode=closed><img src={T}/t.gif></template></div>').body.childNodes)",
    "t-adopted-shadow": _box + "var r=p.attachShadow({mode:'closed'});r.innerHTML='<b>x</b>';var s=new CSSStyleSheet();s.replaceSync('b{background:" + _url + "}');r.adoptedStyleSheets=[s]",
    "t-adopted-push": "var s=new CSSStyleSheet();document.adoptedStyleSheets.push(s);s.insertRule('h1{background:" + _url + "}')",
    "t-adopted-replace": "var s=new CSSStyleSheet({baseURL:'{T}/'});document.adoptedStyleSheets=[s];s.replace('h1{background:" + _url + "}')",
    "t-adopt-inert": "var d=document.implementation.createHTMLDocument('');d.body.innerHTML='<img src={T}/t.gif>';document.adoptNode(d.body.firstChild)",
    "t-adopt-frame": _frame + "var d=f.contentDocument,s=d.createElement('script');s.src='{T}/t.js';document.body.append(document.adoptNode(s))",
    "t-adopt-parsed": "var d=new DOMParser().parseFromString('<video poster={T}/t.gif></video>','text/html');document.body.append(document.adoptNode(d.body.firstChild))",
    "t-adopt-document-root": "var d=document.implementation.createHTMLDocument('');d.body.innerHTML='<p></p><iframe src={T}/f.html></iframe>';document.documentElement.append(document.adoptNode(d.body))",
    "t-import-inert": "var d=document.implementation.createHTMLDocument('');d.body.innerHTML='<img src={T}/t.gif>';document.importNode(d.body,true)",
    "t-import-style": "var d=document.implementation.createHTMLDocument('');d.head.innerHTML='<style>@import \"{T}/t.css\"</style>';document.head.append(document.importNode(d.head.firstChild,true))",
    "t-import-registry": "var d=document.implementation.createHTMLDocument('');d.body.innerHTML='<p><img src={T}/t.gif></p>';document.importNode(d.body.firstChild,{selfOnly:false})",
    "t-import-frame": _frame + "var d=f.contentDocument.implementation.createHTMLDocument('');d.body.innerHTML='<img src={T}/t.gif>';f.contentDocument.importNode(d.body,true)",
    "t-move-root": _box + "var i=document.createElement('iframe');p.append(i);var q=document.createElement('div');document.body.append(q);var r=q.attachShadow({mode:'closed'});r.moveBefore(i,null);i.srcdoc='<script src={T}/t.js><\\/script>'",
    "t-reaction-attribute": "customElements.define('x-a',class extends HTMLElement{static observedAttributes=['a'];attributeChangedCallback(){this.innerHTML='<img src={T}/t.gif>'}});document.createElement('x-a').setAttribute('a','')",
    "t-reaction-upgrade": _add + "'<x-u></x-u>');customElements.define('x-u',class extends HTMLElement{constructor(){super();this.attachShadow({mode:'closed'}).innerHTML='<iframe src={T}/f.html></iframe>'}})",
    "t-reaction-adopted": "customElements.define('x-d',class extends HTMLElement{adoptedCallback(){var s=document.createElement('script');s.src='{T}/t.js';document.head.append(s)}});" + _frame + "f.contentDocument.body.append(document.createElement('x-d'))",
    "t-reaction-move": "customElements.define('x-m',class extends HTMLElement{connectedMoveCallback(){new Image().src='{T}/t.gif'}});" + _box + "var m=document.createElement('x-m');document.body.append(m);p.moveBefore(m,null)",
    "t-reaction-form": "customElements.define('x-f',class extends HTMLElement{static formAssociated=true;formAssociatedCallback(){document.body.append(Object.assign(document.createElement('iframe'),{src:'{T}/f.html'}))}});var g=document.createElement('form');document.body.append(g);g.append(document.createElement('x-f'))",
    "t-reaction-builtin": "customElements.define('x-b',class extends HTMLScriptElement{connectedCallback(){this.src='{T}/t.js'}},{extends:'script'});document.head.append(document.createElement('script',{is:'x-b'}))",
    "t-reaction-registry": "var g=new CustomElementRegistry();g.define('x-r',class extends HTMLElement{constructor(){super();this.attachShadow({mode:'closed'}).innerHTML='<img src={T}/t.gif>'}});" + _box + "p.attachShadow({mode:'closed',customElementRegistry:g}).innerHTML='<x-r></x-r>'",
}  # fmt: skip

IMPORTS_JS = {
    "o-css-adopted": "import('data:text/css,h1{background:" + _url + "}',{with:{type:'css'}}).then(function(m){document.adoptedStyleSheets=[m.default]})",
    "o-css-blob-adopted": "import(URL.createObjectURL(new Blob(['h1{background:" + _url + "}'],{type:'text/css'})),{with:{type:'css'}}).then(function(m){document.adoptedStyleSheets=[m.default]})",
    "o-json": "import('{T}/data',{with:{type:'json'}}).catch(function(){})",
}  # fmt: skip

_types = (
    "var m=document.createElement('meta');m.httpEquiv='Content-Security-Policy';m.content=\"require-trusted-types-for 'script'\";"
    "trustedTypes.createPolicy('default',{createHTML:function(x){return x.replace('/own/png','{T}/t.gif').replace('/own/js','{T}/t.js')},"
    "createScriptURL:function(x){return x.replace('/own/js','{T}/t.js')},createScript:function(x){return x.replace('own()',\"new Image().src='{T}/t.gif'\")}});"
    "document.head.append(m);"
)
_data = "var d=new DataTransfer();d.setData('text/html','<img src={T}/t.gif>');"
_view = "document.startViewTransition("
_script = ";var s=document.createElement('script');s.src='{T}/t.js';document.head.append(s)"
SINKS_JS = {
    "u-paste-handler": _editor + _data + "p.onpaste=function(e){document.execCommand('insertHTML',false,e.clipboardData.getData('text/html'))};p.dispatchEvent(new ClipboardEvent('paste',{clipboardData:d,bubbles:true,cancelable:true}))",
    "u-paste-range": _editor + _data + "p.onpaste=function(e){getSelection().getRangeAt(0).insertNode(document.createRange().createContextualFragment(e.clipboardData.getData('text/html')))};p.dispatchEvent(new ClipboardEvent('paste',{clipboardData:d}))",
    "u-drop-handler": _editor + _data + "p.ondrop=function(e){p.insertAdjacentHTML('beforeend',e.dataTransfer.getData('text/html'))};p.dispatchEvent(new DragEvent('drop',{dataTransfer:d}))",
    "u-drop-adopt": _editor + _data + "p.ondrop=function(e){p.append(...new DOMParser().parseFromString(e.dataTransfer.getData('text/html'),'text/html').body.childNodes)};p.dispatchEvent(new DragEvent('drop',{dataTransfer:d}))",
    "u-beforeinput-handler": _editor + _data + "p.onbeforeinput=function(e){p.innerHTML=e.dataTransfer.getData('text/html')};p.dispatchEvent(new InputEvent('beforeinput',{inputType:'insertFromPaste',dataTransfer:d,bubbles:true}))",
    "u-edit-context": "var c=new EditContext();document.body.editContext=c;c.ontextupdate=0;c.updateText(0,0,'<img src={T}/t.gif>');document.body.insertAdjacentHTML('beforeend',c.text)",
    "u-exec-frame": _frame + "var d=f.contentDocument;d.designMode='on';d.body.focus();d.getSelection().selectAllChildren(d.body);d.execCommand('insertHTML',false,'<img src={T}/t.gif>')",
    "u-exec-over": _frame + "var d=f.contentDocument;d.designMode='on';d.getSelection().selectAllChildren(d.body);Document.prototype.execCommand.call(d,'insertHTML',false,'<img src={T}/t.gif>')",
    "u-exec-frame-image": _frame + "var d=f.contentDocument;d.designMode='on';d.getSelection().selectAllChildren(d.body);d.execCommand('insertImage',false,'{T}/t.gif')",
    "u-exec-style": _editor + "document.execCommand('insertHTML',false,'<p style=\"background:" + _url + "\">x</p>')",
    "u-exec-redo": _editor + "document.execCommand('insertHTML',false,'<img src={T}/t.gif>');document.execCommand('undo');document.execCommand('redo')",
    "u-types-html": _types + _box + "p.innerHTML='<img src=/own/png>'",
    "u-types-adjacent": _types + "document.body.insertAdjacentHTML('beforeend','<img src=/own/png>')",
    "u-types-write": _types + "document.write('<script src=/own/js><\\/script>')",
    "u-types-source": _types + "var s=document.createElement('script');s.src='/own/js';document.head.append(s)",
    "u-types-attribute": _types + "var s=document.createElement('script');document.head.append(s);s.setAttribute('src','/own/js')",
    "u-types-code": _types + "var s=document.createElement('script');s.text='own()';document.head.append(s)",
    "u-types-srcdoc": _types + _frame + "f.srcdoc='<script src=/own/js><\\/script>'",
    "u-types-parser": _types + "document.body.append(...new DOMParser().parseFromString('<img src=/own/png>','text/html').body.childNodes)",
    "u-types-fragment": _types + "document.body.append(document.createRange().createContextualFragment('<script src=/own/js><\\/script>'))",
    "u-view-transition": _view + "function(){document.body.insertAdjacentHTML('beforeend','<img src={T}/t.gif>')})",
    "u-view-update": _view + "{types:['a'],update:function(){var s=document.createElement('script');s.src='{T}/t.js';document.head.append(s)}})",
    "u-view-style": "var s=document.createElement('style');s.textContent='::view-transition{background:" + _url + "}';document.head.append(s);" + _view + "function(){document.body.append('x')})",
    "u-view-animate": _view + "function(){document.body.append('x')}).ready.then(function(){document.documentElement.animate([{backgroundImage:'" + _url + "'},{backgroundImage:'none'}],{duration:900,pseudoElement:'::view-transition'})})",
    "u-navigation-handler": "navigation.onnavigate=function(e){if(e.canIntercept)e.intercept({handler:async function(){new Image().src='{T}/t.gif'}})};navigation.navigate('#a')",
    "u-lazy-image": "var i=document.createElement('img');i.loading='lazy';i.src='{T}/t.gif';document.body.prepend(i)",
    "u-lazy-video": "var v=document.createElement('video');v.setAttribute('loading','lazy');v.poster='{T}/t.gif';document.body.prepend(v)",
    "u-move-before-image": "var d=document.createElement('div'),q=document.createElement('div');d.innerHTML='<picture><img></picture>';document.body.append(d,q);var s=document.createElement('source');s.srcset='{T}/t.gif';q.append(s);d.firstChild.moveBefore(s,d.firstChild.firstChild)",
    "u-move-before-text": "var s=document.createElement('style'),t=document.createTextNode('@import \"{T}/t.css\"'),d=document.createElement('div');d.append(t);document.body.append(d,s);s.moveBefore(t,null)",
    # A link to a draft on the site itself that nobody signed: the gate asks for another one, and starts when it does not come.
    "u-preview-name": "if(name)name='';else{name='fairgate-preview/made.up:by-somebody';location.reload()}" + _script,
    "u-preview-hash": "if(!location.hash){location.hash='fairgate-preview/made.up:by-somebody';location.reload()}" + _script,
    "u-consent-event": "addEventListener('fairgate_consent',function(){new Image().src='{T}/t.gif'});document.addEventListener('fairgate_consent',function(){new Image().src='{T}/t.gif'});document.dispatchEvent(new CustomEvent('fairgate_consent',{bubbles:true,detail:{granted:['C0004']}}))",
}  # fmt: skip

_ran = "fetch(`{S}/ran`)"
STORAGE_JS = {
    "x-blob-local": _blob(_with("localStorage.setItem([`_g`,`a`].join(``),1);if(localStorage[`_g`+`a`])" + _ran)) + _frame + "f.src=u",
}  # fmt: skip

RECENT: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    NAVIGATED: (NAVIGATED_BODY, NAVIGATED_JS),
    REALMS: (REALMS_BODY, REALMS_JS),
    TREES: ({}, TREES_JS),
    IMPORTS: ({}, IMPORTS_JS),
    SINKS: ({}, SINKS_JS),
    STORAGE: ({}, STORAGE_JS),
}
