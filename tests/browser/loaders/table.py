"""What a page puts in for a vendor, in the form that public documentation prints, and what its library has to hear.

The code is ours; the forms are the vendors': where a call waits, what a library replaces, how a script comes into the page,
which callbacks there are. `source` says where the form is printed.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

# `take` hears one call: functions in it are called, our own signals and event are left out, moments are made equal.
PRELUDE = """<script>
window.heard = []; window.done = 0; window.loads = 0; window.onDone = () => void done++;
window.take = (call) => {
  const list = typeof call === 'object' && 'length' in call ? [...call] : [call];
  if (/consent/.test(list[0]) || /^(url_passthrough|ads_data_redaction)$/.test(list[1])) return;
  if (list[0]?.event === 'fairgate_consent') return;
  const functions = list.flatMap((x) => (x && typeof x === 'object' ? Object.values(x) : [x])).filter((x) => typeof x === 'function');
  const plain = (key, x) => (key === 'gtm.start' || x instanceof Date || /^\\d{4}-.*Z$/.test(x) ? 'now' : x);
  heard.push(JSON.parse(JSON.stringify(list.filter((x) => typeof x !== 'function'), plain)));
  for (const f of functions) f();
};
window.before = (src, more) => {
  const first = document.getElementsByTagName('script')[0];
  first.parentNode.insertBefore(Object.assign(document.createElement('script'), {async: true, src}, more), first);
};
</script>"""


def script(code: str) -> str:
    """An inline script."""
    return f"<script>{code}</script>"


def drains_function(name: str, queue: str, becomes: str = "") -> str:
    """A library that takes the calls out of a function's queue; later ones go to its method, or to one in its place."""
    place = f"{name}.{becomes}" if becomes else f"window.{name}"
    return f"for (const call of {name}.{queue}.splice(0)) take(call); {place} = (...call) => take(call);"


def drains_array(name: str) -> str:
    """A library that takes the calls out of an array, and later ones by its `push`."""
    return f"for (const call of {name}.splice(0)) take(call); {name}.push = (...calls) => calls.forEach(take);"


@dataclass(frozen=True, slots=True)
class Loader:
    """`calls` are heard at a yes, in order, then those of `later`; `done_yes` and `done_no` are how often the page is
    called back after each answer; a page that is `told_for_good` after a no waits for nothing that it had asked."""

    service: str
    source: str
    library: str
    html: str
    stand_in: str
    calls: list[list[object]]
    later: str
    heard_later: list[object]
    done_yes: int = 0
    done_no: int = 0
    told_for_good: bool = False

    @property
    def code(self) -> str:
        """The stand-in's whole file."""
        return "loads++;" + self.stand_in

    @property
    def page(self) -> str:
        """The snippet with the library's address and the hash of the stand-in in it."""
        digest = base64.b64encode(hashlib.sha384(self.code.encode()).digest()).decode()
        return PRELUDE + self.html.replace("LIBRARY", self.library).replace("INTEGRITY", f"sha384-{digest}")


def function_queue(name: str, queue: str, dispatch: str) -> str:
    """`name` calls its method when the library has made it, and waits in a queue until then."""
    return (
        f"if (!window.{name}) {{ const f = window.{name} = function () {{ f.{dispatch} ? f.{dispatch}(...arguments) "
        f": f.{queue}.push(arguments) }}; f.{queue} = []; before('LIBRARY') }}"
    )


def array_of_methods(name: str, methods: str) -> str:
    """An array whose methods put themselves and their arguments into it."""
    return (
        f"const it = window.{name} = window.{name} || []; for (const method of '{methods}'.split(' ')) "
        "it[method] = (...rest) => { it.push([method, ...rest]); return it };"
    )


GTAG = "window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) }"
LOADERS = {
    "Google Analytics 4": Loader(
        "google-tag", "https://blog.thyngster.com/technical-guide-to-global-site-tag-gtag-js",
        "https://www.googletagmanager.com/gtag/js?id=G-1",
        "<script async src='LIBRARY'></script>"
        + script(GTAG + "gtag('js', new Date()); gtag('config', 'G-1')")
        + script("gtag('event', 'sign_up', {method: 'mail', event_callback: onDone})"),
        drains_array("dataLayer"),
        [["js", "now"], ["config", "G-1"], ["event", "sign_up", {"method": "mail"}]],
        "gtag('event', 'later')", ["event", "later"], 1, 1,
    ),
    "Google Tag Manager": Loader(
        "google-tag-manager", "https://developers.google.com/tag-manager/devguide/",
        "https://www.googletagmanager.com/gtm.js?id=GTM-1",
        script("window.dataLayer = window.dataLayer || []; dataLayer.push({page: 'home'})")
        + script("dataLayer.push({'gtm.start': new Date().getTime(), event: 'gtm.js'}); before('LIBRARY')")
        + "<noscript><iframe src='https://www.googletagmanager.com/ns.html?id=GTM-1' height=0 width=0></iframe></noscript>"
        + script("dataLayer.push({event: 'lead', eventCallback: onDone})"),
        drains_array("dataLayer"),
        [[{"page": "home"}], [{"gtm.start": "now", "event": "gtm.js"}], [{"event": "lead"}]],
        "dataLayer.push({event: 'later'})", [{"event": "later"}], 1, 1,
    ),
    "Meta pixel": Loader(
        "meta-pixel", "https://opsblu.com/zh/documentation/learning/integrations/facebook-pixel",
        "https://connect.facebook.net/en_US/fbevents.js",
        script(
            "if (!window.fbq) { const f = window.fbq = function () { f.callMethod ? f.callMethod(...arguments) : f.queue.push(arguments) };"
            "window._fbq = window._fbq || f; f.push = f; f.loaded = true; f.version = '2.0'; f.queue = []; before('LIBRARY') }"
            "fbq('init', '1'); fbq('track', 'PageView')"
        )
        + "<noscript><img height=1 width=1 src='https://www.facebook.com/tr?id=1&ev=PageView&noscript=1'></noscript>"
        + script("fbq('track', 'Lead', {value: 1})"),
        drains_function("fbq", "queue", "callMethod"),
        [["init", "1"], ["track", "PageView"], ["track", "Lead", {"value": 1}]],
        "fbq('track', 'Later')", ["track", "Later"],
    ),
    "Microsoft UET": Loader(
        "microsoft-ads", "https://opsblu.com/documentation/ad-platforms/microsoft-advertising", "https://bat.bing.com/bat.js",
        script(
            "window.uetq = window.uetq || []; before('LIBRARY', {onload: function () { const o = {ti: '1', q: uetq};"
            "window.uetq = new UET(o); uetq.push('pageLoad'); onDone(); this.onload = null }})"
        )
        + script("window.uetq = window.uetq || []; uetq.push('event', 'lead', {v: 1})"),
        "window.UET = function ({q}) { while (q[0] === 'consent') q.splice(0, 3); take(q.splice(0, 3)); this.push = (...call) => take(call) }",
        [["event", "lead", {"v": 1}], ["pageLoad"]],
        "uetq.push('event', 'later', {})", ["event", "later", {}], 1,
    ),
    "Microsoft Clarity": Loader(
        "microsoft-clarity", "https://github.com/ticgal/jsaddons/issues/17", "https://www.clarity.ms/tag/abc",
        script("window.clarity = window.clarity || function () { (clarity.q = clarity.q || []).push(arguments) }; before('LIBRARY')")
        + script("clarity('set', 'plan', 'a'); clarity('event', 'lead')"),
        drains_function("clarity", "q"),
        [["set", "plan", "a"], ["event", "lead"]],
        "clarity('event', 'later')", ["event", "later"],
    ),
    "Hotjar": Loader(
        "hotjar", "https://opsblu.com/de/documentation/analytics-platforms/hotjar", "https://static.hotjar.com/c/hotjar-1.js?sv=6",
        script(
            "window.hj = window.hj || function () { (hj.q = hj.q || []).push(arguments) }; window._hjSettings = {hjid: 1, hjsv: 6};"
            "const head = document.getElementsByTagName('head')[0], r = document.createElement('script'); r.async = 1;"
            "r.src = 'https://static.hotjar.com/c/hotjar-' + _hjSettings.hjid + '.js?sv=' + _hjSettings.hjsv; head.appendChild(r)"
        )
        + script("hj('event', 'lead'); hj('identify', null, {plan: 'a'})"),
        drains_function("hj", "q"),
        [["event", "lead"], ["identify", None, {"plan": "a"}]],
        "hj('event', 'later')", ["event", "later"],
    ),
    "LinkedIn Insight": Loader(
        "linkedin-insight", "http://walkeros.io/docs/destinations/web/linkedin", "https://snap.licdn.com/li.lms-analytics/insight.min.js",
        script("window._linkedin_partner_id = '1'; (window._linkedin_data_partner_ids = window._linkedin_data_partner_ids || []).push('1')")
        + script("if (!window.lintrk) { window.lintrk = (a, b) => lintrk.q.push([a, b]); lintrk.q = [] } before('LIBRARY')")
        + "<noscript><img height=1 width=1 src='https://px.ads.linkedin.com/collect/?pid=1&fmt=gif'></noscript>"
        + script("lintrk('track', {conversion_id: 1})"),
        "take(['partners', _linkedin_data_partner_ids.join()]);" + drains_function("lintrk", "q"),
        [["partners", "1"], ["track", {"conversion_id": 1}]],
        "lintrk('track', {conversion_id: 2})", ["track", {"conversion_id": 2}],
    ),
    "TikTok": Loader(
        "tiktok-pixel", "https://opsblu.com/hi/documentation/ad-platforms/tiktok-ads",
        "https://analytics.tiktok.com/i18n/pixel/events.js?sdkid=1&lib=ttq",
        script(
            "window.TiktokAnalyticsObject = 'ttq'; const ttq = window.ttq = window.ttq || []; ttq.methods = ['page', 'track', 'identify', 'ready'];"
            "ttq.setAndDefer = (t, e) => { t[e] = (...rest) => { t.push([e].concat(rest)) } };"
            "for (const method of ttq.methods) ttq.setAndDefer(ttq, method);"
            "ttq.load = (e) => { ttq._i = {[e]: []}; ttq._t = {[e]: +new Date()};"
            "before('https://analytics.tiktok.com/i18n/pixel/events.js?sdkid=' + e + '&lib=ttq', {type: 'text/javascript'}) };"
            "ttq.load('1'); ttq.page()"
        )
        + script("ttq.identify({email: 'x'}); ttq.track('ClickButton', {value: 1})"),
        drains_array("ttq"),
        [["page"], ["identify", {"email": "x"}], ["track", "ClickButton", {"value": 1}]],
        "ttq.track('Later')", ["track", "Later"],
    ),
    "Pinterest": Loader(
        "pinterest-tag", "https://developers.pinterest.com/docs/api-features/pinterest-tag/", "https://s.pinimg.com/ct/core.js",
        script(
            "if (!window.pintrk) { window.pintrk = function () { pintrk.queue.push(Array.prototype.slice.call(arguments)) };"
            "pintrk.queue = []; pintrk.version = '3.0'; before('LIBRARY') } pintrk('load', '1'); pintrk('page')"
        )
        + "<noscript><img height=1 width=1 alt='' src='https://ct.pinterest.com/v3/?tid=1&noscript=1'></noscript>"
        + script("pintrk('track', 'lead', {lead_type: 'a'}, onDone)"),
        drains_function("pintrk", "queue"),
        [["load", "1"], ["page"], ["track", "lead", {"lead_type": "a"}]],
        "pintrk('track', 'later')", ["track", "later"], 1, 1,
    ),
    "Snap": Loader(
        "snap-pixel", "https://opsblu.com/de/documentation/ad-platforms/snapchat-ads", "https://sc-static.net/scevent.min.js",
        script(function_queue("snaptr", "queue", "handleRequest") + "snaptr('init', '1', {}); snaptr('track', 'PAGE_VIEW')")
        + script("snaptr('track', 'ADD_CART', {price: 1})"),
        drains_function("snaptr", "queue", "handleRequest"),
        [["init", "1", {}], ["track", "PAGE_VIEW"], ["track", "ADD_CART", {"price": 1}]],
        "snaptr('track', 'LATER')", ["track", "LATER"],
    ),
    "X": Loader(
        "x-ads", "https://opsblu.com/documentation/ad-platforms/x-ads", "https://static.ads-twitter.com/uwt.js",
        script(function_queue("twq", "queue", "exe") + "twq('config', '1')") + script("twq('event', 'tw-1-1', {value: 1})"),
        drains_function("twq", "queue", "exe"),
        [["config", "1"], ["event", "tw-1-1", {"value": 1}]],
        "twq('event', 'later')", ["event", "later"],
    ),
    "HubSpot": Loader(
        "hubspot", "https://developers.hubspot.com/docs/api-reference/latest/account/settings/tracking-code/overview",
        "https://js.hs-scripts.com/1.js",
        script("var _hsq = (window._hsq = window._hsq || []); _hsq.push(['identify', {email: 'x'}])")
        + "<script type='text/javascript' id='hs-script-loader' async defer src='LIBRARY'></script>"
        + script("_hsq.push(['setPath', '/a']); _hsq.push(['trackPageView'])"),
        drains_array("_hsq"),
        [["identify", {"email": "x"}], ["setPath", "/a"], ["trackPageView"]],
        "_hsq.push(['later'])", ["later"],
    ),
    "Segment": Loader(
        "segment", "https://socket.dev/npm/package/@segment/snippet/diff/4.2.0", "https://cdn.segment.com/analytics.js/v1/k/analytics.min.js",
        script(
            array_of_methods("analytics", "identify track page ready on") + "it.invoked = true;"
            "it.load = (key) => { const s = document.createElement('script'); s.type = 'text/javascript'; s.async = true;"
            "s.src = 'https://cdn.segment.com/analytics.js/v1/' + key + '/analytics.min.js';"
            "const first = document.getElementsByTagName('script')[0]; first.parentNode.insertBefore(s, first) };"
            "analytics.load('k'); analytics.page()"
        )
        + script("analytics.identify('u'); analytics.track('Lead', {a: 1}, {}, onDone)"),
        drains_array("analytics"),
        [["page"], ["identify", "u"], ["track", "Lead", {"a": 1}, {}]],
        "analytics.track('Later')", ["track", "Later"], 1, 1,
    ),
    "Amplitude": Loader(
        "amplitude", "https://app.unpkg.com/@amplitude/analytics-browser@2.34.0/files/lib/scripts/amplitude-snippet-min.js",
        "https://cdn.amplitude.com/libs/analytics-browser-2.34.0-min.js.gz",
        script(
            "const it = window.amplitude = window.amplitude || {_q: [], invoked: true}; for (const name of ['init', 'track', 'add'])"
            "it[name] = (...args) => ({promise: new Promise((resolve) => it._q.push({name, args, resolve}))});"
            "before('LIBRARY', {integrity: 'INTEGRITY', crossOrigin: 'anonymous',"
            "onload: () => window.amplitude.runQueuedFunctions || console.log('could not load')}); amplitude.init('k')"
        )
        + script("amplitude.track('Lead', {a: 1}).promise.then(onDone)"),
        "const run = ({name, args, resolve}) => { take([name, ...args]); resolve?.({code: 200}) };"
        "amplitude._q.splice(0).forEach(run); amplitude.runQueuedFunctions = () => {};"
        "amplitude.track = (...args) => run({name: 'track', args});",
        [["init", "k"], ["track", "Lead", {"a": 1}]],
        "amplitude.track('Later')", ["track", "Later"], 1, 1,
    ),
    "Mixpanel": Loader(
        "mixpanel", "https://app.unpkg.com/mixpanel-browser@2.67.0/files/dist/mixpanel-jslib-snippet.min.js",
        "https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js",
        script(
            array_of_methods("mixpanel", "track register identify") + "it._i = []; it.people = []; it.__SV = 1.2;"
            "it.init = (token, config, name) => it._i.push([token, config, name]);"
            "before('//cdn.mxpnl.com/libs/mixpanel-2-latest.min.js'); mixpanel.init('t', {debug: true})"
        )
        + script("mixpanel.register({a: 1}); mixpanel.track('Lead', {b: 2}, onDone)"),
        "mixpanel._i.splice(0).forEach(([token]) => take(['init', token]));" + drains_array("mixpanel"),
        [["init", "t"], ["register", {"a": 1}], ["track", "Lead", {"b": 2}]],
        "mixpanel.track('Later')", ["track", "Later"], 1, 1,
    ),
    "Intercom": Loader(
        "intercom", "https://developers.intercom.com/installing-intercom/web/methods", "https://widget.intercom.io/widget/a",
        script(
            "window.intercomSettings = {app_id: 'a'}; const ic = window.Intercom; if (typeof ic === 'function') {"
            "ic('reattach_activator'); ic('update', intercomSettings) } else { const i = function () { i.c(arguments) }; i.q = [];"
            "i.c = (args) => { i.q.push(args) }; window.Intercom = i; const l = () => before('LIBRARY', {type: 'text/javascript'});"
            "if (document.readyState === 'complete') l(); else window.addEventListener('load', l, false) }"
        )
        + script("Intercom('ready', onDone); Intercom('boot', {app_id: 'a'}); Intercom('trackEvent', 'lead')"),
        drains_function("Intercom", "q"),
        [["ready"], ["boot", {"app_id": "a"}], ["trackEvent", "lead"]],
        "Intercom('update')", ["update"], 1,
    ),
    "Crisp": Loader(
        "crisp", "https://help.crisp.chat/en/article/how-to-use-the-crisp-chatbox-javascript-sdk-1lp254r/", "https://client.crisp.chat/l.js",
        script(
            "window.$crisp = []; window.CRISP_WEBSITE_ID = 'a'; (function () { const s = document.createElement('script');"
            "s.src = 'LIBRARY'; s.async = 1; document.getElementsByTagName('head')[0].appendChild(s) })()"
        )
        + script("$crisp.push(['set', 'user:email', ['x']]); $crisp.push(['do', 'chat:open'])"),
        drains_array("$crisp"),
        [["set", "user:email", ["x"]], ["do", "chat:open"]],
        "$crisp.push(['do', 'chat:hide'])", ["do", "chat:hide"],
    ),
    "Matomo": Loader(
        "matomo", "https://developer.matomo.org/guides/tracking-javascript-guide", "https://stats.matomo.cloud/matomo.js",
        script(
            "var _paq = window._paq = window._paq || []; _paq.push(['trackPageView']); _paq.push(['enableLinkTracking']);"
            "(function () { var u = '//stats.matomo.cloud/'; _paq.push(['setTrackerUrl', u + 'matomo.php']); _paq.push(['setSiteId', 1]);"
            "before(u + 'matomo.js', {type: 'text/javascript'}) })()"
        )
        + script("_paq.push(['trackEvent', 'form', 'sent', 'a', 1, {}, onDone])"),
        drains_array("_paq"),
        [["trackPageView"], ["enableLinkTracking"], ["setTrackerUrl", "//stats.matomo.cloud/matomo.php"], ["setSiteId", 1],
         ["trackEvent", "form", "sent", "a", 1, {}]],
        "_paq.push(['trackGoal', 1])", ["trackGoal", 1], 1, 1,
    ),
    "PostHog": Loader(
        "posthog", "https://posthog.com/docs/sdks/js", "https://eu-assets.i.posthog.com/static/array.js",
        script(
            array_of_methods("posthog", "capture identify onFeatureFlags") + "it._i = []; it.__SV = 1;"
            "it.init = (token, config) => { before(config.api_host.replace('.i.posthog.com', '-assets.i.posthog.com') + '/static/array.js',"
            "{crossOrigin: 'anonymous'}); it._i.push([token, config]) };"
            "posthog.init('t', {api_host: 'https://eu.i.posthog.com', loaded: onDone})"
        )
        + script("posthog.identify('u'); posthog.capture('lead', {a: 1})"),
        "posthog._i.splice(0).forEach(([token, config]) => { take(['init', token]); config.loaded() });" + drains_array("posthog"),
        [["init", "t"], ["identify", "u"], ["capture", "lead", {"a": 1}]],
        "posthog.capture('later')", ["capture", "later"], 1,
    ),
    "Plausible": Loader(
        "plausible", "https://www.mintlify.com/plausible/analytics/integration/custom-events", "https://plausible.io/js/script.js",
        "<script defer data-domain='shop.example' src='LIBRARY'></script>"
        + script("window.plausible = window.plausible || function () { (plausible.q = plausible.q || []).push(arguments) }")
        + script("plausible('Signup', {props: {plan: 'a'}}); plausible('Lead', {callback: onDone})"),
        drains_function("plausible", "q"),
        [["Signup", {"props": {"plan": "a"}}], ["Lead", {}]],
        "plausible('Later')", ["Later"], 1, 1,
    ),
    "Criteo": Loader(
        "criteo", "https://guides.criteotilt.com/onetag/onetag/", "https://dynamic.criteo.com/js/ld/ld.js?a=1",
        "<script type='text/javascript' src='//dynamic.criteo.com/js/ld/ld.js?a=1' async='true'></script>"
        + script(
            "window.criteo_q = window.criteo_q || []; window.criteo_q.push({event: 'setAccount', account: 1},"
            "{event: 'setSiteType', type: 'd'}, {event: 'viewHome'})"
        ),
        drains_array("criteo_q"),
        [[{"event": "setAccount", "account": 1}], [{"event": "setSiteType", "type": "d"}], [{"event": "viewHome"}]],
        "criteo_q.push({event: 'later'})", [{"event": "later"}],
    ),
    "Taboola": Loader(
        "taboola", "https://developers.taboola.com/pixel/docs/doc-javascript-setup", "https://cdn.taboola.com/libtrc/unip/1/tfa.js",
        script(
            "window._tfa = window._tfa || []; _tfa.push({notify: 'event', name: 'page_view', id: 1});"
            "!function (t, f, a, x) { if (!document.getElementById(x)) { t.async = 1; t.src = a; t.id = x; f.parentNode.insertBefore(t, f) } }"
            "(document.createElement('script'), document.getElementsByTagName('script')[0], '//cdn.taboola.com/libtrc/unip/1/tfa.js', 'tb_tfa_script')"
        )
        # Documented for each part of a page: who is there already does not load again.
        + script("if (!document.getElementById('tb_tfa_script')) before('LIBRARY'); _tfa.push({notify: 'ecevent', name: 'lead'})"),
        drains_array("_tfa"),
        [[{"notify": "event", "name": "page_view", "id": 1}], [{"notify": "ecevent", "name": "lead"}]],
        "_tfa.push({name: 'later'})", [{"name": "later"}],
    ),
    "Reddit": Loader(
        "reddit-pixel", "https://opsblu.com/documentation/ad-platforms/reddit-ads", "https://www.redditstatic.com/ads/pixel.js",
        script(function_queue("rdt", "callQueue", "sendEvent") + "rdt('init', 'a2_1', {}); rdt('track', 'PageVisit')")
        + script("rdt('track', 'Lead', {currency: 'EUR'})"),
        drains_function("rdt", "callQueue", "sendEvent"),
        [["init", "a2_1", {}], ["track", "PageVisit"], ["track", "Lead", {"currency": "EUR"}]],
        "rdt('track', 'Later')", ["track", "Later"],
    ),
    "YouTube player": Loader(
        "youtube", "https://developers.google.com/youtube/iframe_api_reference", "https://www.youtube.com/iframe_api",
        "<div id=player></div>"
        + script(
            "before('LIBRARY'); var player; function onYouTubeIframeAPIReady() {"
            "player = new YT.Player('player', {height: 1, videoId: 'v', events: {onReady: onDone}}) }"
        ),
        "window.YT = {Player: function (id, options) { take(['Player', id, options.videoId]); options.events.onReady() },"
        "ready: () => take(['ready'])}; setTimeout(() => onYouTubeIframeAPIReady());",
        [["Player", "player", "v"]],
        "YT.ready()", ["ready"], 1,
    ),
    "Google Maps": Loader(
        "google-maps", "https://developers.google.com/maps/documentation/javascript/load-maps-js-api",
        "https://maps.googleapis.com/maps/api/js?key=K&callback=google.maps.__ib__",
        script(
            "const maps = ((window.google = window.google || {}).maps = google.maps || {}); let asked; const load = () =>"
            "asked = asked || new Promise((resolve, reject) => { const s = document.createElement('script'); s.src = 'LIBRARY';"
            "maps.__ib__ = resolve; s.onerror = () => reject(Error('could not load')); document.head.append(s) });"
            "maps.importLibrary = (...rest) => load().then(() => maps.importLibrary(...rest))"
        )
        + script("(async () => { try { await window.google.maps.importLibrary('maps') } catch {} onDone() })()"),
        "google.maps.importLibrary = async (name) => take(['import', name]); google.maps.__ib__();",
        [["import", "maps"]],
        "google.maps.importLibrary('later')", ["import", "later"], 1, 1, told_for_good=True,
    ),
    "reCAPTCHA": Loader(
        "google-recaptcha", "https://developers.google.com/recaptcha/docs/display",
        "https://www.google.com/recaptcha/api.js?onload=onloadCallback&render=explicit",
        "<div id=here></div>"
        + script("var onloadCallback = function () { window.grecaptcha.render('here', {sitekey: 'k', callback: onDone}) }")
        + "<script src='LIBRARY' async defer></script>",
        "window.grecaptcha = {render: (...call) => take(['render', ...call]), reset: () => take(['reset'])}; window.onloadCallback();",
        [["render", "here", {"sitekey": "k"}]],
        "grecaptcha.reset()", ["reset"], 1,
    ),
    "Klaviyo": Loader(
        "klaviyo", "https://developers.klaviyo.com/en/docs/introduction-to-the-klaviyo-object",
        "https://static.klaviyo.com/onsite/js/K/klaviyo.js",
        "<script async type='text/javascript' src='LIBRARY'></script>"
        + script(
            "if (!window.klaviyo) { window._klOnsite = window._klOnsite || []; window.klaviyo = new Proxy({}, {get: (_, name) => name === 'push'"
            "? (...calls) => _klOnsite.push(...calls) : (...rest) => new Promise((resolve) => _klOnsite.push([name, ...rest, resolve]))}) }"
        )
        + script("klaviyo.identify({email: 'x'}); klaviyo.track('Lead', {a: 1}).then(onDone)"),
        drains_array("_klOnsite"),
        [["identify", {"email": "x"}], ["track", "Lead", {"a": 1}]],
        "klaviyo.track('Later')", ["track", "Later"], 1, 1,
    ),
}  # fmt: skip
