"""Vectors of six kinds that lists kept by hand forget: `{kind: {name: (head, body)}}`. Placeholders are those of pages.py.

Each does something on a page without a blocker (`test_vectors.py`). What stands in `js` is an inline script at the page's end.
"""

from __future__ import annotations

NAVIGATED = "frames navigated"
REALMS = "other realms"
TREES = "shadow trees"
IMPORTS = "module imports"
SINKS = "unlisted sinks"
STORAGE = "storage by other ways"
UNLISTED = (NAVIGATED, REALMS, TREES, IMPORTS, SINKS, STORAGE)

_add = "document.body.insertAdjacentHTML('beforeend',"
_named = _add + "'<iframe name=h></iframe>');"
_frame = "var f=document.createElement('iframe');document.body.appendChild(f);"
_inner = (
    "var p=document.createElement('div');document.body.appendChild(p);p.innerHTML='<iframe></iframe>';var w=window[0];"
)
_script_in_w = "var s=w.document.createElement('script');s.src='{T}/t.js';w.document.head.appendChild(s)"
_fetch = "fetch('{T}/data',{credentials:'include',mode:'no-cors'}).catch(function(){})"
_load_own = "var f=document.createElement('iframe');f.src='{S}/own.html';document.body.appendChild(f);f.onload=function(){f.onload=null;"

NAVIGATED_JS = {
    "v-open-name": _named + "open('{T}/f.html','h')",
    "v-a-target": _named + _add + "'<a target=h href=\"{T}/f.html\">x</a>');document.querySelector('a').click()",
    "v-area-target": _named + _add + "'<map><area target=h href=\"{T}/f.html\"></map>');document.querySelector('area').click()",
    "v-svg-a-target": _named + _add + "'<svg><a target=h href=\"{T}/f.html\"></a></svg>');"
    "document.querySelector('svg a').dispatchEvent(new MouseEvent('click',{bubbles:true,cancelable:true}))",
    "v-base-target": _named + "var b=document.createElement('base');b.target='h';document.head.append(b);"
    + _add + "'<a href=\"{T}/f.html\">x</a>');document.querySelector('a').click()",
    "v-a-detached": _named + "var a=document.createElement('a');a.href='{T}/f.html';a.target='h';a.click()",
    "v-submit-click": _named + _add + "'<form target=h action=\"{T}/f.html\"><button>x</button></form>');document.querySelector('form button').click()",
    "v-request-submit": _named + _add + "'<form target=h method=post action=\"{T}/f.html\"></form>');document.forms[0].requestSubmit()",
    "v-form-action": _named + _add + "'<form target=h action=\"{S}/own.html\"><button formaction=\"{T}/f.html\">x</button></form>');document.querySelector('form button').click()",
    "v-form-submitter": _named + _add + "'<form action=\"{S}/own.html\"><input type=submit formtarget=h formaction=\"{T}/f.html\"></form>');document.forms[0].requestSubmit(document.querySelector('[type=submit]'))",
    "v-form-outside": _named + _add + "'<form id=o target=h action=\"{T}/f.html\"></form><button form=o>x</button>');document.querySelector('[form=o]').click()",
    "v-form-base-target": _named + "var b=document.createElement('base');b.target='h';document.head.append(b);"
    + _add + "'<form action=\"{T}/f.html\"></form>');document.forms[0].submit()",
    "v-form-in-frame": _frame + "f.contentDocument.body.innerHTML='<form action=\"{T}/f.html\"></form>';f.contentDocument.forms[0].submit()",
    "v-link-in-frame": _frame + "f.contentDocument.body.innerHTML='<a href=\"{T}/f.html\">x</a>';f.contentDocument.querySelector('a').click()",
    "v-meta-written": _frame + "var d=f.contentDocument;d.open();d.write('<meta http-equiv=refresh content=\"0;url={T}/f.html\">');d.close()",
    "v-meta-inserted": _frame + "var m=f.contentDocument.createElement('meta');m.httpEquiv='refresh';m.content='0;url={T}/f.html';f.contentDocument.head.append(m)",
    "v-meta-content": _frame + "var m=f.contentDocument.createElement('meta');m.httpEquiv='refresh';f.contentDocument.head.append(m);m.content='0;url={T}/f.html'",
    "v-meta-html": _frame + "f.contentDocument.body.innerHTML='<meta http-equiv=refresh content=\"0;url={T}/f.html\">'",
    "v-location-variable": _frame + "var w=f.contentWindow,u='{T}/f.html';w.location=u",
    "v-location-href": _frame + "var u='{T}/f.html';window[0].location.href=u",
    "v-location-replace": _frame + "var l=f.contentWindow.location;l.replace('{T}/f.html')",
    "v-location-assign": _named + "var u='{T}/f.html';h.location.assign(u)",
    "v-location-own-page": _load_own + "var u='{T}/f.html';window[0].location=u}",
    "v-location-host": _load_own + "window[0].location.host='tracker.shop.test'}",
    "v-location-late": _load_own + "setTimeout(function(){var u='{T}/f.html';window[0].location=u},50)}",
    "v-navigation-api": _load_own + "var u='{T}/f.html';window[0].navigation.navigate(u)}",
    "v-object-location": "var f=document.createElement('object');f.type='text/html';f.data='{S}/own.html';document.body.appendChild(f);"
    "f.onload=function(){f.onload=null;var u='{T}/f.html';window[0].location=u}",
}  # fmt: skip
NAVIGATED_BODY = {
    "v-meta-srcdoc": "<iframe srcdoc=\"<meta http-equiv=refresh content='0;url={T}/f.html'>\"></iframe>",
    "v-location-srcdoc": "<iframe srcdoc=\"<script>var u='{T}/f.html';location.href=u</script>\"></iframe>",
    "v-click-srcdoc": "<iframe srcdoc=\"<a href='{T}/f.html'>x</a><script>document.querySelector('a').click()</script>\"></iframe>",
    "v-handler-srcdoc": "<iframe srcdoc=\"<svg onload='location=`{T}/f.html`'>\"></iframe>",
}

_close = ";setTimeout(function(){w.close()},500)"
REALMS_JS = {
    "r-inner-html": _inner + _script_in_w,
    "r-inner-html-fetch": _inner + "w." + _fetch,
    "r-inner-html-image": _inner + "new w.Image().src='{T}/t.gif'",
    "r-inner-html-beacon": _inner + "w.navigator.sendBeacon('{T}/data','a')",
    "r-inner-html-write": _inner + "w.document.write('<script src=\"{T}/t.js\"><\\/script>');w.document.close()",
    "r-adjacent-html": _named + "h." + _fetch,
    "r-outer-html": "var p=document.createElement('p');document.body.append(p);p.outerHTML='<iframe></iframe>';window[0]." + _fetch,
    "r-set-html-unsafe": "var p=document.createElement('div');document.body.append(p);p.setHTMLUnsafe('<iframe></iframe>');window[0]." + _fetch,
    "r-write": "document.write('<iframe name=z></iframe>');z." + _fetch,
    "r-contextual": "document.body.append(document.createRange().createContextualFragment('<iframe></iframe>'));window[0]." + _fetch,
    "r-exec-command": "var p=document.createElement('div');p.contentEditable='true';document.body.append(p);p.focus();"
    "document.execCommand('insertHTML',false,'<iframe></iframe>');window[0]." + _fetch,
    "r-shadow-html": "var p=document.createElement('div');document.body.append(p);var r=p.attachShadow({mode:'closed'});r.innerHTML='<iframe></iframe>';"
    "r.firstChild.contentWindow." + _fetch,
    "r-nested": _inner + "w.document.body.innerHTML='<iframe></iframe>';w[0]." + _fetch,
    "r-own-page": _load_own + "window[0]." + _fetch + "}",
    "r-reloaded": _load_own + "f.onload=function(){window[0]." + _fetch + "};window[0].location.reload()}",
    "r-frame-element": "var a=document.createElement('frameset'),f=document.createElement('frame');a.append(f);document.documentElement.append(a);"
    "f.contentWindow." + _fetch,
    "r-object-window": "var f=document.createElement('object');f.type='text/html';f.data='{S}/own.html';document.body.append(f);f.onload=function(){window[0]."
    + _fetch + "}",
    "r-embed-window": "var f=document.createElement('embed');f.type='text/html';f.src='{S}/own.html';document.body.append(f);f.onload=function(){window[0]."
    + _fetch + "}",
    "r-open-fetch": "var w=open('');w." + _fetch + _close,
    "r-open-script": "var w=open('');" + _script_in_w + _close,
    "r-open-write": "var w=open('about:blank','q');w.document.write('<script src=\"{T}/t.js\"><\\/script>');w.document.close()" + _close,
    "r-open-frame": _named + "var w=open('','h');w." + _fetch,
    "r-javascript-frame": _named + "open('javascript:" + _fetch.replace("'", "\\'") + "','h')",
    "r-message-source": "addEventListener('message',function(e){e.source." + _fetch + "});" + _load_own
    + "window[0].setTimeout('parent.postMessage(1,`*`)')}",
}  # fmt: skip
REALMS_BODY = {
    "r-markup": "<iframe name=z></iframe><script>z." + _fetch + "</script>",
    "r-markup-index": "<iframe src='about:blank'></iframe><script>window[0]." + _fetch + "</script>",
    "r-nested-srcdoc": "<iframe srcdoc='<iframe srcdoc=\"<script>var s=document.createElement(`script`);s.src=`{T}/t.js`;document.head.append(s)</script>\"></iframe>'></iframe>",
    "r-sandbox": "<iframe sandbox=allow-scripts srcdoc='<script src=\"{T}/t.js\"></script>'></iframe>",
    "r-sandbox-code": "<iframe sandbox=allow-scripts srcdoc='<script>var s=document.createElement(`script`);s.src=`{T}/t.js`;document.head.append(s)</script>'></iframe>",
    "r-sandbox-fetch": "<iframe sandbox=allow-scripts srcdoc='<script>fetch(`{T}/data`,{mode:`no-cors`}).catch(()=>0)</script>'></iframe>",
    "r-safe-frame": "<iframe sandbox='allow-scripts allow-popups' name='<script src=\"{T}/t.js\"></script>' srcdoc='<script>document.write(name)</script>'></iframe>",
    "r-sandbox-nested": "<iframe sandbox=allow-scripts srcdoc='<iframe srcdoc=\"<script src={T}/t.js></script>\"></iframe>'></iframe>",
    "r-sandbox-module": "<iframe sandbox=allow-scripts srcdoc='<script type=module>import `{T}/t.js`</script><script type=module>import(`{T}/t.js`)</script>'></iframe>",
}

_img = "<img src={T}/t.gif>"
_root = "<div><template shadowrootmode={}>{}</template></div>"
_open, _closed = (
    (lambda html: _root.replace("{}", "open", 1).replace("{}", html)),
    (lambda html: _root.replace("{}", "closed", 1).replace("{}", html)),
)
_nested = lambda html: _open(_closed(html))  # noqa: E731
_end = lambda html: html.replace("</", "<\\/")  # noqa: E731
_box = "var p=document.createElement('div');document.body.append(p);"
TREES_BODY = {
    "t-open-image": _open(_img),
    "t-open-script": _open("<script src={T}/t.js></script>"),
    "t-open-frame": _open("<iframe src={T}/f.html></iframe>"),
    "t-open-style": _open("<style>p{background:url({T}/t.gif)}</style><p>x</p>"),
    "t-open-link": _open("<link rel=stylesheet href={T}/t.css>"),
    "t-open-nested": _open(_open("<script src={T}/t.js></script>")),
    "t-closed-image": _closed(_img),
    "t-closed-script": _closed("<script src={T}/t.js></script>"),
    "t-closed-nested": _nested("<script src={T}/t.js></script>"),
    "t-srcdoc": "<iframe srcdoc='" + _closed("<script src={T}/t.js></script>") + "'></iframe>",
    "t-template-clone": "<template id=a>" + _open(_img).replace("=open", "=open shadowrootclonable") + "</template>"
    "<script>document.body.append(document.querySelector('#a').content.cloneNode(true))</script>",
    "t-template-import": "<template id=a>" + _closed(_img).replace("=closed", "=closed shadowrootclonable") + "</template>"
    "<script>document.body.append(document.importNode(document.querySelector('#a').content,true))</script>",
}  # fmt: skip
TREES_JS = {
    "t-set-html-open": _box + "p.setHTMLUnsafe('" + _open(_img) + "')",
    "t-set-html-closed": _box + "p.setHTMLUnsafe('" + _closed(_img) + "')",
    "t-set-html-nested": _box + "p.setHTMLUnsafe('" + _nested("<iframe src={T}/f.html></iframe>") + "')",
    "t-set-html-style": _box + "p.setHTMLUnsafe('" + _closed("<style>p{background:url({T}/t.gif)}</style><p>x</p>") + "')",
    "t-shadow-set-html": _box + "p.attachShadow({mode:'closed'}).setHTMLUnsafe('" + _nested(_img) + "')",
    "t-parse-html-unsafe": "document.body.append(...Document.parseHTMLUnsafe('" + _closed(_img) + "').body.childNodes)",
    "t-parse-html-adopt": "document.body.append(document.adoptNode(Document.parseHTMLUnsafe('" + _closed("<iframe src={T}/f.html></iframe>") + "').body.firstChild))",
    "t-write-closed": "document.write('" + _end(_closed(_img)) + "')",
    "t-write-script": "document.write('" + _end(_closed("<script src={T}/t.js></script>")) + "')",
    "t-write-nested": "document.write('" + _end(_nested("<iframe src={T}/f.html></iframe>")) + "')",
    "t-frame-write": _frame + "var d=f.contentDocument;d.open();d.write('" + _end(_closed("<script src={T}/t.js></script>")) + "');d.close()",
    "t-inert-attach": "var d=document.implementation.createHTMLDocument(''),p=d.createElement('div'),r=p.attachShadow({mode:'closed'});"
    "r.innerHTML='" + _img + "';document.body.append(p)",
    "t-inner-html": _box + "var r=p.attachShadow({mode:'closed'});r.innerHTML='<b></b>';r.firstChild.innerHTML='" + _img + "'",
    "t-internals": "customElements.define('x-i',class extends HTMLElement{constructor(){super();"
    "this.attachShadow({mode:'closed'}).innerHTML='<iframe src=\"{T}/f.html\"></iframe>'}});document.body.append(document.createElement('x-i'))",
}  # fmt: skip

_sub = "https://{H}/{P}/t.js"
IMPORTS_BODY = {
    "o-data-source": "<script type=module src=\"data:text/javascript,import '{T}/t.js'\"></script>",
    "o-data-static": "<script type=module>import \"data:text/javascript,import '{T}/t.js'\"</script>",
    "o-subdomain-module": f"<script type=module>var u='{_sub}';import(u)</script>",
    "o-handler": "<img src='data:,' onerror=\"import('{T}/t.js')\">",
    "o-handler-subdomain": f"<img src='data:,' onerror=\"import('{_sub}')\">",
    "o-own-module": "<script type=module src='{S}/module.js'></script>",
    "o-own-submodule": "<script type=module src='{S}/submodule.js'></script>",
    "o-own-dynamic": "<script src='{S}/dynamic.js'></script>",
    "o-map": '<script type=importmap>{"imports":{"t":"{T}/t.js"}}</script><script type=module>import "t"</script>',
    "o-map-dynamic": '<script type=importmap>{"imports":{"t":"{T}/t.js"}}</script><script>import("t")</script>',
    "o-map-prefix": '<script type=importmap>{"imports":{"t/":"{T}/"}}</script><script type=module>import "t/t.js"</script>',
    "o-map-subdomain": f'<script type=importmap>{{"imports":{{"t":"{_sub}"}}}}</script><script type=module>import "t"</script>',
    "o-map-scope": '<script type=importmap>{"scopes":{"/":{"t":"{T}/t.js"}}}</script><script>import("t")</script>',
    "o-map-first": f'<script type=importmap>{{"imports":{{"{_sub}":"{_sub}?"}}}}</script><script>import("{_sub}")</script>',
}
IMPORTS_JS = {
    "o-worker-module": "new Worker('{S}/module.js',{type:'module'})",
    "o-worker-submodule": "new Worker('{S}/submodule.js',{type:'module'})",
    "o-worker-dynamic": "new Worker('{S}/dynamic.js',{type:'module'})",
    "o-worker-deep": "new Worker(URL.createObjectURL(new Blob(['import \"{S}/module.js\"'],{type:'text/javascript'})),{type:'module'})",
    "o-worker-shared": "new SharedWorker('{S}/module.js',{type:'module'})",
    "o-worker-literal": "new Worker(URL.createObjectURL(new Blob(['import(`{T}/t.js`)'],{type:'text/javascript'})),{type:'module'})",
    "o-handler-set": "var i=document.createElement('img');i.setAttribute('onerror',\"import('https://{H}/{P}/t.js')\");i.src='data:,';document.body.append(i)",
    "o-subdomain": f"import('{_sub}')",
    "o-subdomain-variable": f"var u='{_sub}';import(u)",
    "o-eval-subdomain": f"(0,eval)(\"import('{_sub}')\")",
    "o-timer-string": f"setTimeout(\"import('{_sub}')\")",
    "o-function": f"new Function(\"return import('{_sub}')\")()",
    "o-javascript": f"document.body.insertAdjacentHTML('beforeend','<a href=\"javascript:void import(`{_sub}`)\">x</a>');document.querySelector('a').click()",
    "o-set-handler": f"document.body.setAttribute('onclick','import(`{_sub}`)');document.body.click()",
    "o-data": "import(\"data:text/javascript,import '{T}/t.js'\")",
    "o-data-subdomain": f"import(\"data:text/javascript,import '{_sub}'\")",
    "o-blob": "import(URL.createObjectURL(new Blob([\"import '{T}/t.js'\"],{type:'text/javascript'})))",
    "o-blob-subdomain": f"import(URL.createObjectURL(new Blob([\"import '{_sub}'\"],{{type:'text/javascript'}})))",
    "o-blob-source": "var s=document.createElement('script');s.type='module';s.src=URL.createObjectURL(new Blob([\"import '{T}/t.js'\"],{type:'text/javascript'}));document.head.append(s)",
    "o-map-inserted": "var s=document.createElement('script');s.type='importmap';s.text='{\"imports\":{\"t\":\"{T}/t.js\"}}';document.head.append(s);import('t')",
    "o-css-module": "import('{T}/t.css',{with:{type:'css'}})",
}

_img_el = "var i=document.createElement('img');document.body.append(i);"
_attr = "var a=document.createAttribute('src');a.value='{T}/t.gif';"
_svg = "document.body.insertAdjacentHTML('beforeend','<svg width=9 height=9>{}</svg>');"
_style = "var s=document.createElement('style');document.head.append(s);"
_split = _style + "s.append('@import \"','x','{T}/t.css\"');var x=s.childNodes[1];"
_made = "var d=document.createElement('p');d.append('x');document.body.append(d);"
_rule = (
    _style
    + "s.append('h1{color:red}@media all{h1{color:blue}h2{color:red}}@keyframes k{to{color:red}}');var r=s.sheet.cssRules;"
)
_url = "url({T}/t.gif)"
_part = (
    "var m='{}'.split(',').map(function(n){return document.createElement(n)}),t=m[0],o=m[1],s=document.createElement('script');"
    "s.src='{T}/t.js';o.append(s);document.body.append(t);"
)
SINKS_JS = {
    "u-named-item": _img_el + _attr + "i.attributes.setNamedItem(a)",
    "u-named-item-ns": _img_el + _attr + "i.attributes.setNamedItemNS(a)",
    "u-named-item-frame": _frame + _attr.replace("t.gif", "f.html") + "f.attributes.setNamedItem(a)",
    "u-named-item-script": _attr.replace("t.gif", "t.js") + "var s=document.createElement('script');s.attributes.setNamedItem(a);document.body.append(s)",
    "u-named-item-srcdoc": _frame + "var a=document.createAttribute('srcdoc');a.value='<script src={T}/t.js><\\/script>';f.attributes.setNamedItem(a)",
    "u-attr-value": _img_el + "i.setAttribute('src','');i.attributes.src.value='{T}/t.gif'",
    "u-attr-node-value": _img_el + "i.setAttribute('src','');i.attributes[0].nodeValue='{T}/t.gif'",
    "u-attr-text": _img_el + "i.setAttribute('src','');i.getAttributeNode('src').textContent='{T}/t.gif'",
    "u-attr-frame": _frame + "f.setAttribute('src','about:blank');f.getAttributeNode('src').value='{T}/f.html'",
    "u-attr-detached": "var i=document.createElement('img');i.setAttribute('src','');i.attributes.src.value='{T}/t.gif'",
    "u-attr-script": "var s=document.createElement('script');document.head.append(s);s.setAttributeNode(document.createAttribute('src'));"
    "s.attributes.src.value='{T}/t.js'",
    "u-base-val": _svg.replace("{}", "<image width=9 height=9 />") + "document.querySelector('svg image').href.baseVal='{T}/t.gif'",
    "u-base-val-image": _svg.replace("{}", "<filter><feImage/></filter><rect width=9 height=9 filter=\"url(#a)\" />")
    + "var e=document.querySelector('svg feImage');e.parentNode.id='a';e.href.baseVal='{T}/t.gif'",
    "u-base-val-script": "var s=document.createElementNS('http://www.w3.org/2000/svg','script');s.href.baseVal='{T}/t.js';"
    + _svg.replace("{}", "") + "document.querySelector('svg').append(s)",
    "u-base-val-late": "var s=document.createElementNS('http://www.w3.org/2000/svg','script');" + _svg.replace("{}", "")
    + "document.querySelector('svg').append(s);s.href.baseVal='{T}/t.js'",
    "u-rel-list": "var l=document.createElement('link');l.href='{T}/t.css';document.head.append(l);l.relList.add('stylesheet')",
    "u-rel-list-value": "var l=document.createElement('link');l.href='{T}/t.js';document.head.append(l);l.relList.value='prefetch'",
    "u-rel-list-toggle": "var l=document.createElement('link');l.href='{T}/t.css';document.head.append(l);l.relList.toggle('stylesheet')",
    "u-rel-list-set": "var l=document.createElement('link');l.href='{T}/t.css';document.head.append(l);l.relList='stylesheet'",
    "u-rel-list-replace": "var l=document.createElement('link');l.rel='x';l.href='{T}/t.css';document.head.append(l);l.relList.replace('x','stylesheet')",
    "u-smil-made": _svg.replace("{}", "<image width=9 height=9 />")
    + "var a=document.createElementNS('http://www.w3.org/2000/svg','set');a.setAttribute('attributeName','href');a.setAttribute('to','{T}/t.gif');document.querySelector('svg image').append(a)",
    "u-instruction": "document.insertBefore(document.createProcessingInstruction('xml-stylesheet','href=\"{T}/t.css\" type=\"text/css\"'),document.documentElement)",
    "u-instruction-xml": "var f=document.createElement('iframe');f.src=URL.createObjectURL(new Blob(['<?xml-stylesheet href=\"{T}/t.css\" type=\"text/css\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"/>'],{type:'application/xhtml+xml'}));document.body.append(f)",
    "u-dictionary": "var l=document.createElement('link');l.rel='compression-dictionary';l.href='{T}/t.dat';document.head.append(l)",
    "u-rule-style": _rule + "r[0].style.backgroundImage='" + _url + "'",
    "u-rule-text": _rule + "r[0].style.cssText='background:" + _url + "'",
    "u-rule-property": _rule + "r[0].style.setProperty('background-image','" + _url + "')",
    "u-rule-border": _rule + "r[0].style['border-image-source']='" + _url + "'",
    "u-rule-list": _rule + "r[0].style.listStyle='" + _url + " inside';r[0].style.display='list-item'",
    "u-rule-map": _rule + "r[0].styleMap.set('background-image','" + _url + "')",
    "u-style-map": "document.body.attributeStyleMap.set('background-image','" + _url + "')",
    "u-style-assign": _rule + "r[0].style='background:" + _url + "'",
    "u-group-rule": _rule + "r[1].insertRule('h1{background:" + _url + "}')",
    "u-nested-rule": _rule + "r[0].insertRule('&{background:" + _url + "}')",
    "u-keyframe-rule": _rule + "r[2].appendRule('from{background:" + _url + "}');document.body.style.animation='k 9s'",
    "u-add-rule": _rule + "s.sheet.addRule('h1','background:" + _url + "')",
    "u-selector-property": _rule + "r[1].cssRules[0].style.setProperty('--a','" + _url + "');r[1].cssRules[0].style.background='var(--a)'",
    "u-animate": "document.body.animate([{backgroundImage:'" + _url + "'},{backgroundImage:'none'}],9e3)",
    "u-animate-lists": "document.body.animate({backgroundImage:['" + _url + "','none']},9e3)",
    "u-keyframe-effect": "new Animation(new KeyframeEffect(document.body,{backgroundImage:['" + _url + "','none']},9e3)).play()",
    "u-set-keyframes": "document.body.animate([],9e3).effect.setKeyframes({backgroundImage:['" + _url + "','none']})",
    "u-import-node": _style + "s.append(document.createTextNode('@import \"{T}/t.css\"'))",
    "u-import-nodes": _style + "s.append('@im','port \"{T}/t.css\";')",
    "u-import-data": _style + "s.append('x');s.firstChild.data='@import \"{T}/t.css\"'",
    "u-import-append-data": _style + "s.append('@import ');s.firstChild.appendData('\"{T}/t.css\"')",
    "u-import-node-value": _style + "s.append('x');s.firstChild.nodeValue='@import \"{T}/t.css\"'",
    "u-import-replace-data": _style + "s.append('x');s.firstChild.replaceData(0,1,'@import \"{T}/t.css\"')",
    "u-import-inner-text": _style + "s.innerText='@import \"{T}/t.css\"'",
    "u-import-comment": _style + "s.textContent='@import/**/\"{T}/t.css\"'",
    "u-import-escape": _style + "s.textContent='@\\\\69mport \"{T}/t.css\"'",
    "u-escaped-url": _style + "s.textContent='h1{background:u\\\\72l({T}/t.gif)}'",
    "u-escaped-host": _style + "s.textContent='h1{background:url({T}/t.gif)}'.replace('tracker','tr\\\\61 cker')",
    "u-escaped-inline": "document.body.style.cssText='background:u\\\\72l({T}/t.gif)'",
    "u-import-data-sheet": _style + "s.textContent='@import \"data:text/css,h1{background:url({T}/t.gif)}\"'",
    "u-link-data-sheet": "var l=document.createElement('link');l.rel='stylesheet';l.href='data:text/css,@import \"{T}/t.css\"';document.head.append(l)",
    "u-link-blob-sheet": "var l=document.createElement('link');l.rel='stylesheet';l.href=URL.createObjectURL(new Blob(['@import \"{T}/t.css\"'],{type:'text/css'}));document.head.append(l)",
    "u-image-set": _style + "s.textContent='h1{background:image-set(\"{T}/t.gif\" 1x)}'",
    "u-mask": _svg.replace("{}", "<rect width=9 height=9 mask=\"url({T}/t.svg#a)\" />"),
    "u-clip-path": _svg.replace("{}", "<rect width=9 height=9 clip-path=\"url({T}/t.svg#a)\" />"),
    "u-presentation-set": _svg.replace("{}", "<rect width=9 height=9 />") + "document.querySelector('svg rect').setAttribute('mask','url({T}/t.svg#a)')",
    "u-cache-add": "caches.open('x').then(function(c){return c.add('{T}/data')}).catch(function(){})",
    "u-cache-add-all": "caches.open('x').then(function(c){return c.addAll(['/own/png','{T}/data'])}).catch(function(){})",
    "u-socket-stream": "new WebSocketStream('{T}/ws'.replace('https','wss'))",
    "u-rtc": "var c=new RTCPeerConnection({iceServers:[{urls:'turns:{H}:443?transport=tcp',username:'a',credential:'b'}]});c.createDataChannel('x');c.createOffer().then(function(o){c.setLocalDescription(o)})",
    "u-speculation-document": "document.body.insertAdjacentHTML('beforeend','<a href=\"{T}/f.html\">x</a>');var s=document.createElement('script');s.type='speculationrules';"
    "s.text='{\"prefetch\":[{\"where\":{\"selector_matches\":\"a\"},\"eagerness\":\"immediate\"}]}';document.head.append(s)",
    "u-script-inner-text": "var s=document.createElement('script');document.head.append(s);s.innerText=\"window.__AGENT__=1;document.cookie='_ga=1;path=/';fetch('{S}/ran');fetch('{T}/data')\"",
    "u-input-image": "var i=document.createElement('input');i.setAttribute('src','{T}/t.gif');document.body.append(i);i.type='image'",
    "u-video-source": "var v=document.createElement('video'),c=document.createElement('source');v.preload='auto';c.attributes.setNamedItem(" "(function(){var a=document.createAttribute('src');a.value='{T}/t.mp4';return a})());v.append(c)",
    "u-ping-attr": "var a=document.createElement('a');a.href='#x';a.setAttribute('ping','');a.attributes.ping.value='{T}/data';document.body.append(a);a.click()",
    "u-table-caption": _part.replace("{}", "table,caption") + "t.caption=o",
    "u-table-head": _part.replace("{}", "table,thead") + "t.tHead=o",
    "u-table-foot": _part.replace("{}", "table,tfoot") + "t.tFoot=o",
    "u-select-add": _part.replace("{}", "select,option") + "t.add(o)",
    "u-options-add": _part.replace("{}", "select,option") + "t.options.add(o)",
    "u-select-index": _part.replace("{}", "select,option") + "t[0]=o",
    "u-options-index": _part.replace("{}", "select,option") + "t.options[0]=o",
    "u-option-late": _part.replace("{}", "select,option").replace("s.src='{T}/t.js';o.append(s)", "o.append(s);s.src='{T}/t.js'") + "t[0]=o",
    "u-option-text": _part.replace("{}", "select,option").replace("s.src='{T}/t.js'", "s.text=\"window.__AGENT__=1;document.cookie='_ga=1;path=/';fetch('{S}/ran')\"") + "t[0]=o",
    "u-option-frame": "var t=document.createElement('select'),o=document.createElement('option');document.body.append(t);o.innerHTML='<iframe src={T}/f.html></iframe>';t[0]=o",
    "u-style-layout": _made + "d.style.backgroundImage='" + _url + "';d.offsetWidth",
    "u-style-dash": _made + "d.style['background-image']='" + _url + "';d.getBoundingClientRect()",
    "u-style-list": _made + "d.style.display='list-item';d.style.listStyleImage=['" + _url + "'];d.offsetWidth",
    "u-style-shorthand": _made + "d.style='background:" + _url + "';getComputedStyle(d).backgroundImage",
    "u-rule-layout": _rule + "r[0].style.backgroundImage='" + _url + "';document.body.offsetWidth",
    "u-rule-late": _rule + "var y=r[0].style;setTimeout(function(){y.backgroundImage='" + _url + "';document.body.offsetWidth},50)",
    "u-import-remove": _split + "x.remove()",
    "u-import-remove-child": _split + "s.removeChild(x)",
    "u-import-replace-with": _split + "x.replaceWith('')",
    "u-import-move": _split + "document.createElement('p').append(x)",
    "u-import-adopt": _split + "document.adoptNode(x)",
    "u-import-range": _split + "var g=document.createRange();g.selectNode(x);g.deleteContents()",
    "u-import-extract": _split + "var g=document.createRange();g.selectNode(x);g.extractContents()",
    "u-import-selection": _split + "getSelection().setBaseAndExtent(s,1,s,2);getSelection().deleteFromDocument()",
    "u-import-delete-data": _style + "s.append('@import \"x{T}/t.css\"');s.firstChild.deleteData(9,1)",
    "u-import-insert-data": _style + "s.append('@import \"{T}/t.css\"'.replace('acker',''));s.firstChild.insertData(19,'acker')",
    "u-import-insert-before": _style + "s.append.apply(s,'@import \"{T}/t.css\"'.split('acker'));s.insertBefore(document.createTextNode('acker'),s.lastChild)",
    "u-register-property": "CSS.registerProperty({name:'--t',syntax:'<image>',inherits:false,initialValue:'" + _url + "'});document.body.style.backgroundImage='var(--t)'",
    "u-exec-command": "var p=document.createElement('div');p.contentEditable='true';document.body.append(p);p.focus();document.execCommand('insertHTML',false,'<img src={T}/t.gif>')",
    "u-exec-image": "var p=document.createElement('div');p.contentEditable='true';document.body.append(p);p.focus();document.execCommand('insertImage',false,'{T}/t.gif')",
}  # fmt: skip
SINKS_BODY = {
    "u-smil-set": "<svg width=9 height=9><image width=9 height=9><set attributeName=href to='{T}/t.gif' /></image></svg>",
    "u-smil-animate": "<svg width=9 height=9><image width=9 height=9><animate attributeName=href values='{T}/t.gif' dur=9s /></image></svg>",
    "u-markup-mask": "<svg width=9 height=9><rect width=9 height=9 mask='url({T}/t.svg#a)' /></svg>",
    "u-markup-escape": "<style>h1{background:u\\72l({T}/t.gif)}</style>",
    "u-markup-import-comment": "<style>@import/**/'{T}/t.css';</style>",
    "u-markup-data-sheet": '<link rel=stylesheet href="data:text/css,h1{background:url({T}/t.gif)}">',
    "u-speculation": '<a href="{T}/f.html">x</a><script type=speculationrules>{"prefetch":[{"source":"document","eagerness":"immediate"}]}</script>',
}

_report = "fetch('{S}/ran')"
_has = ";if(/(^|; )_ga=/.test(document.cookie))" + _report
_has_local = ";if(localStorage.getItem('_ga'))" + _report
_in_w = ";if(/_ga=/.test(w.document.cookie))" + _report
STORAGE_JS = {
    "x-define": "Object.defineProperty(localStorage,'_ga',{value:'1',configurable:true,enumerable:true,writable:true})" + _has_local,
    "x-define-all": "Object.defineProperties(localStorage,{_ga:{value:'1',configurable:true,enumerable:true,writable:true}})" + _has_local,
    "x-define-session": "Reflect.defineProperty(sessionStorage,'_ga',{value:'1',configurable:true,enumerable:true,writable:true});if(sessionStorage._ga)" + _report,
    "x-assign": "Object.assign(localStorage,{_ga:'1'})" + _has_local,
    "x-reflect-set": "Reflect.set(localStorage,'_ga','1')" + _has_local,
    "x-expires-max-age": "document.cookie='_ga=1;path=/;expires=Thu, 01 Jan 1970 00:00:00 GMT;max-age=999'" + _has,
    "x-max-age-twice": "document.cookie='_ga=1;path=/;max-age=0;max-age=999'" + _has,
    "x-max-age-zero-first": "document.cookie='_ga=1;path=/;max-age=0999'" + _has,
    "x-max-age-bad": "document.cookie='_ga=1;path=/;max-age=-x'" + _has,
    "x-expires-twice": "document.cookie='_ga=1;path=/;expires=Thu, 01 Jan 1970 00:00:00 GMT;expires=Thu, 01 Jan 2099 00:00:00 GMT'" + _has,
    "x-expires-year": "document.cookie='_ga=1;path=/;expires=Thu, 01 Jan 2099 19:70 1970 '" + _has,
    "x-value-max-age": "document.cookie='_ga=max-age=0;path=/'" + _has,
    "x-path-max-age": "document.cookie='_ga=1;samesite=max-age=0'" + _has,
    "x-store-nameless": "cookieStore.set('','_ga').then(function(){return cookieStore.set({name:'_ga',value:'1',expires:Date.now()+9e6})}).then(function(){return cookieStore.get('_ga')}).then(function(c){c&&" + _report + "})",
    "x-realm-local": _inner + "w.localStorage.setItem('_ga','1')" + _has_local,
    "x-realm-property": _inner + "w.localStorage._ga='1'" + _has_local,
    "x-realm-method": _inner + "w.Storage.prototype.setItem.call(w.localStorage,'_ga','1')" + _has_local,
    "x-realm-define": _frame + "Object.defineProperty(f.contentWindow.localStorage,'_ga',{value:'1',configurable:true,enumerable:true})" + _has_local,
    "x-realm-session": _inner + "w.sessionStorage._ga='1';if(sessionStorage._ga)" + _report,
    "x-realm-cookie": _inner + "w.document.cookie='_ga=1;path=/'" + _has,
    "x-realm-cookie-setter": _inner + "Object.getOwnPropertyDescriptor(w.Document.prototype,'cookie').set.call(document,'_ga=1;path=/')" + _has,
    "x-realm-cookie-store": _inner + "w.cookieStore.set('_ga','1').then(function(){" + _has[1:] + "})",
    "x-realm-indexeddb": _inner + "try{w.indexedDB.open('_ga').onsuccess=function(){" + _report + "}}catch(e){}",
    "x-realm-factory": _inner + "try{w.IDBFactory.prototype.open.call(indexedDB,'_ga').onsuccess=function(){" + _report + "}}catch(e){}",
    "x-open-cookie": "var w=open('');w.document.cookie='_ga=1;path=/'" + _has + _close,
    "x-open-local": "var w=open('');w.localStorage._ga='1'" + _has_local + _close,
    "x-own-page-cookie": _load_own + "var w=window[0];w.document.cookie='_ga=1;path=/'" + _in_w + "}",
    "x-own-page-local": _load_own + "window[0].localStorage._ga='1'" + _has_local + "}",
    "x-undeclared-local": "localStorage.setItem('_trk','1');if(localStorage.getItem('_trk'))" + _report,
    "x-undeclared-property": "localStorage._trk='1';if(localStorage._trk)" + _report,
    "x-undeclared-session": "sessionStorage._trk='1';if(sessionStorage._trk)" + _report,
    "x-undeclared-indexeddb": "try{indexedDB.open('_trk').onsuccess=function(){" + _report + "}}catch(e){}",
    "x-undeclared-star": "localStorage._trk_a='1';if(localStorage._trk_a)" + _report,
}  # fmt: skip
STORAGE_BODY = {
    "x-srcdoc": "<iframe srcdoc=\"<script>localStorage._ga=1;document.cookie='_ga=1;path=/';if(/_ga=/.test(document.cookie))"
    + _report
    + '</script>"></iframe>',
    "x-srcdoc-handler": "<iframe srcdoc=\"<svg onload='localStorage._ga=1;if(localStorage._ga)fetch(`{S}/ran`)'>\"></iframe>",
}

KINDS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    NAVIGATED: (NAVIGATED_BODY, NAVIGATED_JS),
    REALMS: (REALMS_BODY, REALMS_JS),
    TREES: (TREES_BODY, TREES_JS),
    IMPORTS: (IMPORTS_BODY, IMPORTS_JS),
    SINKS: (SINKS_BODY, SINKS_JS),
    STORAGE: (STORAGE_BODY, STORAGE_JS),
}
