"""Workers ask the same rules as the page, begin at once, and otherwise behave as without the gate."""

from __future__ import annotations

import pytest

from tests.browser.guest import GATE, LOG, SITE, TRACKER, T, chromium, guest, pages, server

__all__ = ["chromium", "guest", "pages", "server"]
pytestmark = pytest.mark.browser

JS = "text/javascript"
SEES = """const said = (what) => postMessage(what);
said(['location', location.href, location.pathname, String(location), name, self.origin]);"""
FILES = {
    "/w/lib.js": "self.lib = 'lib';",
    "/w/module-lib.js": "export const lib = 'module lib';",
    "/w/data.txt": "own data",
    "/w/sees.js": SEES
    + """importScripts('lib.js', '/w/lib.js'); said(lib);
fetch('data.txt').then((r) => r.text()).then(async (text) => {
  said(text);
  said(await (await fetch(new Request('data.txt'))).text());
  const xhr = new XMLHttpRequest(); xhr.open('GET', 'data.txt', false); xhr.send(); said(xhr.responseText);
  const inner = new Worker('inner.js', {name: 'in'}); inner.onmessage = (e) => said(e.data);
  inner.postMessage('hello');
});""",
    "/w/inner.js": "onmessage = (e) => { postMessage(['inner', e.data, name, location.pathname]); close(); };",
    "/w/module.js": "import {lib} from './module-lib.js'; "
    + SEES
    + "said([lib, import.meta.url]); fetch('data.txt').then((r) => r.text()).then(said);",
    "/w/echo.js": "// https://tracker.shop.test/x.js, in a comment only\nonmessage = (e) => postMessage(['echo', e.data]);",
    "/w/throws.js": "\nthrow new Error('thrown');",
    "/w/syntax.js": "\nlet let = 1;",
    "/w/comment.mjs": "// import '{T}/x.js'\nimport './module-lib.js'; onmessage = (e) => postMessage(e.data);".replace(
        "{T}", T
    ),
    "/w/waits.mjs": "const first = await new Promise((go) => { onmessage = (e) => go(e.data); }); onmessage = null;"
    "addEventListener('message', (e) => postMessage([first, e.data, e.ports.length])); postMessage('waits');",
    "/w/throws.mjs": "\nthrow new Error('thrown');",
    "/w/connects.mjs": "onconnect = (e) => { e.ports[0].onmessage = (m) => e.ports[0].postMessage([m.data, name]); };",
    "/w/imports.mjs": f"import '{T}/w/imported.js'; postMessage('ran');",
    "/w/imports-deep.mjs": "import './imports.mjs'; postMessage('deep ran');",
    "/w/imports-later.mjs": f"postMessage('ran'); import('{T}/w/imported.js').then(() => postMessage('later'));",
    "/w/shared.js": "let n = 0; onconnect = (e) => { const p = e.ports[0]; n++; p.onmessage = (m) => p.postMessage([n, m.data, name]); };",
    "/w/service.js": f"// {T}/x.js\nonfetch = () => {{}};",
    "/w/service-imports.js": f"importScripts('{T}/w.js');",
    "/w/track.js": f"""
const told = (what) => (ok) => postMessage([what, ok]);
const tried = (what, run) => {{ try {{ run(); told(what)('ran') }} catch (e) {{ told(what)(e.name) }} }};
onmessage = async () => {{
  tried('import', () => importScripts('{T}/w/imported.js'));
  await fetch('{T}/w/fetched', {{mode: 'no-cors'}}).then(() => told('fetch')('ran'), (e) => told('fetch')(e.name));
  await fetch(new Request('{T}/w/request', {{mode: 'no-cors'}})).then(() => told('request')('ran'), (e) => told('request')(e.name));
  tried('xhr', () => {{ const x = new XMLHttpRequest(); x.open('GET', '{T}/w/xhr', false); x.send(); }});
  await new Promise((go) => {{ const s = new WebSocket('{T}/w/ws'.replace('https', 'wss')); s.onopen = () => go(told('socket')('ran')); s.onerror = () => go(told('socket')('error')); }});
  await new Promise((go) => {{ const s = new EventSource('{T}/w/e.sse'); s.onopen = () => {{ s.close(); go(told('events')('ran')) }}; s.onerror = () => {{ s.close(); go(told('events')('error')) }}; }});
  const inner = new Worker('nested.js'); inner.onmessage = (e) => postMessage(e.data);
}};""",
    "/w/nested.js": f"try {{ importScripts('{T}/w/nested.js'); postMessage(['nested', 'ran']) }} catch (e) {{ postMessage(['nested', e.name]) }}",
}
HELD = [
    ["import", "NetworkError"], ["fetch", "TypeError"], ["request", "TypeError"], ["xhr", "NetworkError"],
    ["socket", "error"], ["events", "error"], ["nested", "NetworkError"],
]  # fmt: skip
FREE = [[name, "ran"] for name, _ in HELD]
LISTEN = "w.onmessage = (e) => log(e.data); w.onerror = (e) => { log(['error', e.type, e.message || '']); e.preventDefault(); };"
BLOB = "(text) => URL.createObjectURL(new Blob([text], {type: 'text/javascript'}))"


@pytest.fixture(scope="module", autouse=True)
def worker_files(server):
    server.files.update({(SITE, path): (JS, text.encode()) for path, text in FILES.items()})
    return server


def settled(page, count: int) -> list:
    """As `ran`, but also under a policy that forbids Playwright's waiting."""
    for _ in range(200):
        if page.evaluate("ran.length") >= count:
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(400)
    return page.evaluate("ran")


# What a page does with a worker → how often it is told something.
CASES = {
    "classic": ("const w = new Worker('/w/sees.js', {name: 'n'});" + LISTEN, 6),
    "module": ("const w = new Worker('/w/module.js', {type: 'module', name: 'm'});" + LISTEN, 3),
    "a message before it has loaded": (f"const w = new Worker('/w/echo.js');{LISTEN}w.postMessage({{a: [1]}})", 1),
    "something handed over": (
        f"const w = new Worker('/w/echo.js');{LISTEN}const b = new ArrayBuffer(8); w.postMessage(b, [b]); log(b.byteLength)",
        2,
    ),
    "missing": (f"const w = new Worker('/w/none.js');{LISTEN}", 1),
    "missing module": (f"const w = new Worker('/w/none.js', {{type: 'module'}});{LISTEN}", 1),
    "module that a page speaks to at once": (
        f"const w = new Worker('/w/comment.mjs', {{type: 'module'}});{LISTEN}w.postMessage(1);w.postMessage([2]);setTimeout(() => w.postMessage(3), 1)",
        3,
    ),
    "module that waits for its page": (
        f"const w = new Worker('/w/waits.mjs', {{type: 'module'}});{LISTEN}w.postMessage(1);"
        "w.addEventListener('message', () => { const c = new MessageChannel(); w.postMessage(2, [c.port1]) }, {once: true})",
        2,
    ),
    "module that throws": (f"const w = new Worker('/w/throws.mjs', {{type: 'module'}});{LISTEN}", 1),
    "shared module": (
        "const w = new SharedWorker('/w/connects.mjs', {type: 'module', name: 's'}); w.port.onmessage = (e) => log(e.data); w.port.postMessage(1)",
        1,
    ),
    "throws": (f"const w = new Worker('/w/throws.js');{LISTEN}", 1),
    # Chromium's words name importScripts then.
    "does not parse": (
        "const w = new Worker('/w/syntax.js');w.onerror = (e) => log([e.type, e.lineno, e.filename, e.message.slice(-20)])",
        1,
    ),
    "of another origin": ("try { new Worker('https://cdn.shop.test/w.js'); log('made') } catch (e) { log(e.name) }", 1),
    "no address": ("try { new Worker('https://'); log('made') } catch (e) { log(e.name) }", 1),
    "nothing given": ("try { new Worker(); log('made') } catch (e) { log(e.name) }", 1),
    "from memory, and its address is given back at once": (
        f"const u = ({BLOB})('postMessage([self.origin, location.protocol, 2 + 3])'); const w = new Worker(u);"
        f"URL.revokeObjectURL(u);{LISTEN}",
        1,
    ),
    "in its address": ("const w = new Worker('data:,postMessage([self.origin, location.protocol])');" + LISTEN, 1),
    "what it is": (
        "const w = new Worker('/w/echo.js'); log([w instanceof Worker, w.constructor === Worker, String(w), Object.keys(w)]);"
        "setTimeout(() => log(Object.getOwnPropertyNames(w)), 900)",
        2,
    ),
    "shared": (
        "for (const i of [1, 2]) { const w = new SharedWorker('/w/shared.js', 's'); w.port.onmessage = (e) => log(e.data[1] + e.data[2]);"
        "setTimeout(() => w.port.postMessage('hello ' + i), i * 200) }",
        2,
    ),
    "one worker for both": (
        "const one = new SharedWorker('/w/shared.js', 's'), two = new SharedWorker('/w/shared.js', 's');"
        "setTimeout(() => one.port.postMessage('x'), 400); one.port.onmessage = (e) => log(e.data)",
        1,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_worker_behaves_as_without_the_gate(guest, case: str) -> None:
    code, count = CASES[case]
    script = f"<script>{code}</script>"
    with_gate = settled(guest.open(script), count)
    alone = settled(guest.bare(script), count)
    assert with_gate == alone
    assert len(alone) == count
    assert guest.asked == []


@pytest.mark.parametrize("kind", ["classic", "blob", "data"])
def test_what_a_worker_asks_for_is_held_and_allowed_after_a_yes(guest, kind: str) -> None:
    own = "'/w/track.js'"
    start = {
        "classic": f"new Worker({own})",
        "blob": f"new Worker(({BLOB})(`importScripts(location.origin + {own})`))",
        "data": f"new Worker('data:text/javascript,importScripts(\"https://{SITE}\" + {own.replace(chr(39), chr(34))})'.replaceAll('\"', '`'))",
    }[kind]
    # Natively, too, such a worker has no relative addresses: its nested one cannot be made.
    count = 7 if kind == "classic" else 6
    page = guest.open(f"<script>const w = {start}; w.onmessage = (e) => log(e.data); w.postMessage(1);</script>")
    assert settled(page, count) == HELD[:count]
    assert guest.asked == []
    if kind == "data":
        return
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(300)
    page.evaluate("ran.length = 0; w.postMessage(1)")
    assert settled(page, count) == FREE[:count]
    page.evaluate("fairgate.reject()")
    page.wait_for_timeout(300)
    page.evaluate("ran.length = 0; w.postMessage(1)")
    assert settled(page, count)[1:6] == HELD[1:6]


@pytest.mark.parametrize("name", ["imports", "imports-deep", "imports-later"])
def test_a_module_worker_that_imports_what_waits_fails_as_without_a_network(guest, name: str) -> None:
    code = f"w = new Worker('/w/{name}.mjs', {{type: 'module'}});{LISTEN}"
    page = guest.open(f"<script>var {code}</script>")
    assert settled(page, 1) == [["error", "error", ""]]
    assert guest.asked == []
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(300)
    page.evaluate(f"() => {{ ran.length = 0; {code} }}")
    assert settled(page, 1 if name == "imports" else 2) == {
        "imports": ["ran"],
        "imports-deep": ["ran", "deep ran"],
    }.get(name, ["ran", "later"])
    assert guest.asked == [f"{T}/w/imported.js"]


def test_an_own_worker_is_asked_for_once_and_the_page_does_not_wait_for_it(guest, worker_files) -> None:
    worker_files.files[SITE, "/w/slow.js"] = (JS, b"postMessage('slow')")
    worker_files.delays[SITE, "/w/slow.js"] = 1.0
    asked = []
    guest.context.on("request", lambda request: asked.append(request.url))
    page = guest.open(
        "<script>const t = performance.now(); const w = new Worker('/w/slow.js');"
        "log(performance.now() - t < 500); w.onmessage = (e) => log(e.data)</script>"
    )
    assert settled(page, 2) == [True, "slow"]
    assert sum("/w/slow.js" in url for url in asked) <= 1
    assert page.evaluate("performance.getEntriesByType('resource').filter(e => /slow/.test(e.name)).length") <= 1


CSP = (
    "default-src 'self'; connect-src *; style-src * 'unsafe-inline'; worker-src 'self';"
    " script-src 'self' 'unsafe-inline' https://cmp.shop.test"
)


@pytest.mark.parametrize("case", ["classic", "module", "a message before it has loaded", "missing", "shared", "throws"])
def test_a_policy_without_blobs_leaves_the_author_s_worker_untouched_and_is_reported(guest, worker_files, case) -> None:
    worker_files.headers[SITE, "*"] = {"Content-Security-Policy": CSP}
    try:
        code, count = CASES[case]
        script = f"<script>{code}</script>"
        page = guest.open(script)
        reports: list[dict] = []
        page.on("request", lambda r: reports.extend(r.post_data_json["items"] if "/reports" in r.url else []))
        with_gate = settled(page, count)
        page.evaluate(f"() => {{ ran.length = 0; {code} }}")
        again = settled(page, count)
        alone = settled(guest.bare(script), count)
        page.wait_for_timeout(2500)
    finally:
        del worker_files.headers[SITE, "*"]
    assert (with_gate, again) == (alone, alone)
    assert [item["subject"] for item in reports if item["kind"] == "disarmed"] == ["worker-src"]


def test_a_worker_that_is_ended_before_the_first_try_has_told_stays_ended(guest, worker_files) -> None:
    worker_files.headers[SITE, "*"] = {"Content-Security-Policy": CSP}
    try:
        page = guest.open("<script>const w = new Worker('/w/sees.js');" + LISTEN + "w.terminate()</script>")
        page.wait_for_timeout(1500)
    finally:
        del worker_files.headers[SITE, "*"]
    assert page.evaluate("ran") == []


def test_trusted_types_and_nonces(guest, worker_files) -> None:
    policy = "script-src 'nonce-n' 'strict-dynamic'; require-trusted-types-for 'script'; trusted-types fairgate own"
    worker_files.headers[SITE, "*"] = {"Content-Security-Policy": policy}
    code = (
        "const p = trustedTypes.createPolicy('own', {createScriptURL: (x) => x});"
        "const w = new Worker(p.createScriptURL('/w/sees.js'));" + LISTEN
    )
    try:
        nonced = GATE.replace("<script ", "<script nonce=n ", 1)
        page = guest.open(
            "", gate=nonced + LOG.replace("<script>", "<script nonce=n>") + f"<script nonce=n>{code}</script>"
        )
        seen = settled(page, 5)
    finally:
        del worker_files.headers[SITE, "*"]
    assert seen[1:4] == ["lib", "own data", "own data"]


SERVICE = """navigator.serviceWorker.register('%s').then((r) => log('registered'), (e) => log(e.name))"""


def test_a_service_worker_is_registered_unless_it_imports_what_waits(guest) -> None:
    page = guest.open(f"<script>{SERVICE % '/w/service.js'}</script>")
    assert settled(page, 1) == ["registered"]
    page = guest.open(f"<script>{SERVICE % '/w/service-imports.js'}</script>")
    assert settled(page, 1) == ["TypeError"]
    page.evaluate("ran.length = 0; fairgate.accept()")
    page.evaluate(SERVICE % "/w/service-imports.js")
    page.wait_for_timeout(800)
    assert guest.asked == [] or page.evaluate("ran") == ["registered"]


def test_a_worker_at_a_held_address_fails_as_without_a_network(guest) -> None:
    page = guest.open(
        f"<script>const w = new Worker('{T}/w.js'); w.onerror = (e) => {{ log(e.type); e.preventDefault() }}</script>"
    )
    assert settled(page, 1) == ["error"]
    assert TRACKER not in "".join(guest.asked)


def test_after_a_yes_workers_are_the_author_s_own(guest) -> None:
    guest.open("").evaluate("fairgate.accept()")
    page = guest.open(
        "<script>const w = new Worker('/w/track.js'); w.onmessage = (e) => log(e.data); w.postMessage(1)</script>"
    )
    assert sorted(settled(page, 7)) == sorted(FREE)
    assert [w.url for w in page.workers if "track" in w.url] == [f"https://{SITE}/w/track.js"]


def test_a_worker_s_imports_are_read_from_its_code_and_not_from_comments_or_texts(guest, worker_files) -> None:
    tracker = f"{T}/w.js"
    held = {
        f"importScripts('/w/lib.js', \"{tracker}\")": True,
        f"// importScripts('{tracker}')": False,
        f"/* importScripts('{tracker}') */ const a = '{tracker}'": False,
        f"const a = 'it//s'; importScripts(\n `{tracker}`)": True,
        f"fetch('{tracker}')": False,
    }
    found = {}
    for code in held:
        worker_files.files[SITE, "/w/tried.js"] = (JS, code.encode())
        page = guest.open("")
        found[code] = page.evaluate("fairgate._.late((core) => core.importsHeld('/w/tried.js'))")
    assert found == held
