"""How soon the banner is there, and what it costs the page: `python -m bench.banner` (make bench-banner).

Ways are interleaved; figures are medians of the rounds, with the smallest and the largest, and go into
docs/performance.*. `ways`, `cost` and `returning` measure only that part: banners, what they cost a page, bytes of a
returning visitor. A number is that of the rounds.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
django.setup()

import brotli  # noqa: E402

from bench.devtools import Chromium  # noqa: E402
from bench.report import table, write  # noqa: E402
from consent.publishing import streams  # noqa: E402
from cookiebanner.lane.app import head_of  # noqa: E402
from cookiebanner.releases.compile import compile as compile_release  # noqa: E402
from cookiebanner.releases.compile import digest, halves  # noqa: E402
from cookiebanner.visitors.delivery import PRIVATE, first_part, send  # noqa: E402
from cookiebanner.visitors.published import File, JoinedFile  # noqa: E402
from tests.browser import shop  # noqa: E402
from tests.browser.internet import World, open_world  # noqa: E402
from tests.browser.vectors.blockers import MODULES, SWALLOW, chromium  # noqa: E402

ROUNDS = 9
PROFILES = {"plain": None, "slow": {"latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 200_000}}
SLOWDOWN = 4
SITE = "news.test"
OURS = ("two requests", "one request", "own origin", "in the page")
RIVALS = ("klaro", "vanilla-cookieconsent")
FLOORS = ("floor", "floor in the page")
# The smallest banner that can be seen and pressed.
FLOOR = (
    "var d=document.createElement('div');d.id='floor';d.style='position:fixed;bottom:0;background:#fff';"
    "d.innerHTML='<button onclick=d.remove()>Reject all</button>';document.documentElement.append(d)"
)
BANNERS = {"klaro": ".klaro .cookie-notice", "vanilla-cookieconsent": "#cc-main .cm"} | dict.fromkeys(FLOORS, "#floor")
REJECTS = dict.fromkeys(FLOORS, "#floor button") | {
    "klaro": ".klaro .cm-btn-decline, .klaro .cn-decline",
    "vanilla-cookieconsent": "#cc-main [data-role=necessary]",
}
TEXT = "".join(f"<h2>Part {n}</h2><p>{'Things that people read in the morning. ' * 12}</p>" for n in range(60))
KLARO = """var klaroConfig = {elementID: 'klaro', acceptAll: true,
translations: {en: {purposes: {a: 'Statistics', b: 'Advertising'}}}, services: %s};"""
VANILLA = """CookieConsent.run({hideFromBots: false, categories: {necessary: {enabled: true, readOnly: true},
analytics: {}, ads: {}}, language: {default: 'en', translations: {en:
{consentModal: {title: 'Your choice about cookies', description:
'The Shop Ltd would like to store and read data on your device, for: Statistics, Advertising and Social media.',
acceptAllBtn: 'Accept all', acceptNecessaryBtn: 'Reject all', showPreferencesBtn: 'Manage choices'}, preferencesModal:
{title: 'Privacy settings', acceptAllBtn: 'Accept all', acceptNecessaryBtn: 'Reject all', savePreferencesBtn: 'Save',
closeIconLabel: 'Close', sections: %s}}}}});"""
WATCH = """
  window.seen = {moved: 0, tasks: [], events: []};
  const watch = (type, take, more) => { try { new PerformanceObserver((list) => list.getEntries().forEach(take))
    .observe({type, buffered: true, ...more}); } catch {} };
  watch('layout-shift', (entry) => { seen.moved += entry.value; });
  watch('longtask', (entry) => seen.tasks.push([entry.startTime, entry.duration]));
  watch('event', (entry) => { if (entry.interactionId) seen.events.push(entry.duration); }, {durationThreshold: 16});
  const look = new IntersectionObserver((found) => { for (const {isIntersecting, time} of found)
    if (isIntersecting) seen.at ||= time; });
  new MutationObserver((_, observer) => { const banner = document.querySelector('%s');
    if (banner) { observer.disconnect(); look.observe(banner); } }).observe(document, {childList: true, subtree: true});
"""


PAINT = "performance.getEntriesByName('first-contentful-paint')"
FOUND = f"""({{banner: seen.at || 0, moved: seen.moved, tasks: seen.tasks, paint: {PAINT}[0].startTime,
  before: performance.getEntriesByType('resource')
    .filter((e) => e.responseEnd <= (seen.at || 0) && !/favicon/.test(e.name)).map((e) => e.name)}})"""


def files() -> dict[str, bytes]:
    """A release of a shop with 20 services of the catalogue in three languages."""
    return {name: body for name, _, body in compile_release(shop.snapshot(languages=("en", "de", "ar")), 1, "0" * 64)}


def fill(world: World) -> None:
    """Every way to a banner, each on a page of the same site with the same text; all compressed alike."""
    made = files()
    gate, first = made["gate.eu_opt_in.js"], made[first_part(made, "gate.eu_opt_in.js", "en")]
    in_page = halves(gate + first)
    assert in_page
    base = f"/v1/{shop.UUID}"
    scripts: dict[tuple[str, str], bytes] = {
        (shop.CONSENT, f"{base}/gate.js"): gate,
        (shop.CONSENT, f"{base}/regime/eu_opt_in/gate.js"): gate + first,
        (SITE, f"/fairgate{base}/gate.js"): gate + first,
        (SITE, "/floor.js"): FLOOR.encode(),
        (SITE, "/klaro.js"): (MODULES / "klaro/dist/klaro.js").read_bytes(),
        (SITE, "/klaro-config.js"): (KLARO % json.dumps([
            {"name": f"s{n}", "title": f"Service {n}", "purposes": ["ab"[n % 2]]} for n in range(20)
        ])).encode(),
        (SITE, "/cookieconsent.js"): (MODULES / "vanilla-cookieconsent/dist/cookieconsent.umd.js").read_bytes(),
        (SITE, "/cookieconsent-config.js"): (VANILLA % json.dumps([
            {"title": f"Service {n}", "description": "What it stores."} for n in range(20)
        ])).encode(),
    }  # fmt: skip
    for name, body in made.items():
        for host, prefix in ((shop.CONSENT, ""), (SITE, "/fairgate")):
            scripts[host, f"{prefix}{base}/a/{digest(body)}/{name}"] = body
    sheet = (MODULES / "vanilla-cookieconsent/dist/cookieconsent.css").read_bytes()
    world.pages[SITE, "/cookieconsent.css"] = (200, "text/css", brotli.compress(sheet))
    for key, body in scripts.items():
        world.pages[key] = (200, "text/javascript; charset=utf-8", brotli.compress(body))
    remote = f"https://{shop.CONSENT}"
    heads = {
        "none": "",
        "two requests": f'<script src="{remote}{base}/gate.js"></script>{SWALLOW}',
        "one request": f'<script src="{remote}{base}/regime/eu_opt_in/gate.js"></script>{SWALLOW}',
        "own origin": f'<script src="/fairgate{base}/gate.js"></script>{SWALLOW}',
        "in the page": "".join(f'<script data-base="{remote}">{half.decode()}</script>' for half in in_page) + SWALLOW,
        "floor": '<script src="/floor.js"></script>',
        "floor in the page": f"<script>{FLOOR}</script>",
        "klaro": '<script defer src="/klaro-config.js"></script><script defer src="/klaro.js"></script>',
        "vanilla-cookieconsent": '<link rel="stylesheet" href="/cookieconsent.css">'
        '<script defer src="/cookieconsent.js"></script><script defer src="/cookieconsent-config.js"></script>',
    }
    for name, head in heads.items():
        html = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>News</title>{head}'
            f'<meta name="viewport" content="width=device-width"></head><body>{TEXT}</body></html>'
        )
        world.pages[SITE, f"/{name.replace(' ', '-')}"] = (
            200,
            "text/html; charset=utf-8",
            brotli.compress(html.encode()),
        )
    for host in (SITE, shop.CONSENT):
        world.extra_headers[host] = {
            "Content-Encoding": "br", "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }  # fmt: skip
        world.pages[host, "/favicon.ico"] = (204, "image/x-icon", b"")
        for path in ("/api/v1/consents", "/api/v1/impressions", "/api/v1/reports"):
            for prefix in ("", "/fairgate"):
                world.pages[host, prefix + path] = (204, "text/plain", b"")


def settle(browser: Chromium, page: str, expression: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not browser.evaluate(page, f"!!({expression})"):
        if time.monotonic() > end:
            raise TimeoutError(expression)
        browser.wait(0.1)


def load(browser: Chromium, way: str, profile: str) -> dict[str, float]:
    """One visit of somebody new, and a press of "Reject"."""
    context, page = browser.open()
    browser.send("Page.enable", page)
    browser.send("Network.enable", page)
    browser.send("Performance.enable", page)
    if network := PROFILES[profile]:
        browser.send("Network.emulateNetworkConditions", page, offline=False, **network)
        browser.send("Emulation.setCPUThrottlingRate", page, rate=SLOWDOWN)
    watch = WATCH % BANNERS.get(way, "#onetrust-banner-sdk")
    browser.send("Page.addScriptToEvaluateOnNewDocument", page, source=watch)
    browser.events.clear()
    browser.visit(page, f"https://{SITE}/{way.replace(' ', '-')}", 0.1)
    settle(browser, page, "window.seen?.at" if way != "none" else "document.readyState === 'complete'")
    settle(browser, page, f"{PAINT}[0] && document.readyState === 'complete'")
    browser.wait(1.2)
    metrics = browser.metrics(page)
    found = browser.evaluate(page, FOUND)
    names: dict[str, str] = {}
    sizes: list[tuple[float, str]] = []
    for event in browser.events:
        given = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            names[given["requestId"]] = given["request"]["url"]
        elif event["method"] == "Network.loadingFinished":
            sizes.append((given["encodedDataLength"], names.get(given["requestId"], "")))
    tasks = [duration for _, duration in found["tasks"]]
    taken = {
        "banner ms": found["banner"],
        "first paint ms": found["paint"],
        "requests": float(len(found["before"])),
        "bytes": float(sum(size for size, name in sizes if name in found["before"])),
        "longest task ms": max(tasks, default=0.0),
        "main thread ms": metrics["TaskDuration"] * 1000,
        "script ms": metrics["ScriptDuration"] * 1000,
        "layout shift": found["moved"],
    }
    if way != "none":
        browser.press(page, REJECTS.get(way, "#onetrust-reject-all-handler"))
        browser.wait(0.7)
        taken["press ms"] = max(browser.evaluate(page, "seen.events"), default=0.0)
    browser.forget(context)
    return taken


def measure(rounds: int) -> dict[str, dict[str, dict[str, list[float]]]]:
    """{profile: {way: {figure: [median, smallest, largest]}}}"""
    taken: dict[str, dict[str, dict[str, list[float]]]] = {}
    with open_world() as world:
        fill(world)
        browser = Chromium(chromium(), [*world.chromium_arguments, "--no-sandbox"])
        for number in range(rounds + 1):  # the first one warms up
            for profile in PROFILES:
                for way in ("none", *FLOORS, *OURS, *RIVALS):
                    found = load(browser, way, profile)
                    for name, value in found.items() if number else ():
                        taken.setdefault(profile, {}).setdefault(way, {}).setdefault(name, []).append(value)
        browser.close()
    return {
        profile: {way: {name: [median(v), min(v), max(v)] for name, v in row.items()} for way, row in ways.items()}
        for profile, ways in taken.items()
    }


def cost(rounds: int) -> dict[str, dict[str, list[float]]]:
    """What a page of 5,000 nodes takes: {way: {figure: [median, smallest, largest]}}."""
    from bench.blocking import LOADED, big_page
    from tests.browser.vectors.blockers import YETT

    remote = f"https://{shop.CONSENT}"
    gate = f'<script src="{remote}/v1/{shop.UUID}/regime/eu_opt_in/gate.js"></script>{SWALLOW}'  # as a site carries it
    heads = {
        "no script": "",
        "an empty script": f'<script src="{remote}/empty.js"></script>',
        "yett": YETT.markup.replace("https://cmp.shop.test", remote),
        "ours, answered": gate,
        "ours": gate,
    }
    taken: dict[str, dict[str, list[float]]] = {}
    with open_world() as world:
        fill(world)
        world.pages[shop.CONSENT, "/empty.js"] = (200, "text/javascript", brotli.compress(b""))
        for (_, path), (kind, body) in YETT.files.items():
            world.pages[shop.CONSENT, path] = (200, kind, brotli.compress(body))
        for name, head in heads.items():
            body = brotli.compress(big_page(head).encode(), quality=5)
            world.pages[SITE, f"/{name.replace(' ', '-').replace(',', '')}"] = (200, "text/html; charset=utf-8", body)
        browser = Chromium(chromium(), [*world.chromium_arguments, "--no-sandbox"])
        for number in range(rounds + 1):
            for name in heads:
                address = f"https://{SITE}/{name.replace(' ', '-').replace(',', '')}"
                context, page = browser.open()
                if name == "ours, answered":
                    browser.visit(page, address, 0.8)
                    browser.evaluate(page, "fairgate.reject()")
                    browser.visit(page, "about:blank", 0.1)
                browser.send("Performance.enable", page, timeDomain="threadTicks")
                before = browser.metrics(page)
                browser.visit(page, address, 1.2)
                after = browser.metrics(page)
                found = {"page ms": browser.evaluate(page, LOADED)}
                for title, metric in (("main thread ms", "TaskDuration"), ("script ms", "ScriptDuration")):
                    found[title] = (after[metric] - before[metric]) * 1000
                for title, value in found.items() if number else ():
                    taken.setdefault(name, {}).setdefault(title, []).append(value)
                browser.forget(context)
        browser.close()
    return {way: {name: [median(v), min(v), max(v)] for name, v in row.items()} for way, row in taken.items()}


def returning() -> dict[str, int]:
    """Bytes of the gate with the head of its response, as our server writes it in HTTP/1.1."""
    made = files()
    gate, first = (
        File(hashlib.sha256(made[name]).hexdigest(), "text/javascript; charset=utf-8", made[name],
             streams.to_gzip(made[name]), streams.to_brotli(made[name], 11))
        for name in ("gate.eu_opt_in.js", "first.en.js")
    )  # fmt: skip
    joined = JoinedFile(gate, first, "en")
    headers = {"accept-encoding": "br"}
    regime = "eu_opt_in; jurisdiction=DE; by=header"
    sizes = {}
    for name, file in (("gate alone", gate), ("with the first layer", joined)):
        full = send(file, "GET", headers, PRIVATE, regime)
        etag = dict(full.headers)[b"etag"].decode()
        seen = send(file, "GET", {**headers, "if-none-match": etag}, PRIVATE, regime)
        assert seen.status == 304
        sizes[f"{name}, empty cache"] = len(head_of(full)) + 2 + len(full.body)
        sizes[f"{name}, 304"] = len(head_of(seen)) + 2
    return sizes


def spread(values: list[float], digits: int = 0) -> str:
    return f"{values[0]:,.{digits}f} ({values[1]:,.{digits}f}–{values[2]:,.{digits}f})"


def text(found: dict[str, Any]) -> list[str]:
    """The part of docs/performance.md."""
    out = ["## (h) The banner", "", *([METHOD.format(**found), ""] if "ways" in found else [])]
    for profile, ways in found.get("ways", {}).items():
        out += [f"{profile}:", "", *_ways(ways)]
    if costs := found.get("cost"):
        head = ["", "page ms (wall)", "main thread ms (CPU)", "script ms (CPU)"]
        lines = [[way, *(spread(values) for values in row.values())] for way, row in costs.items()]
        out += [COST, "", *table(head, lines)]
    if sizes := found.get("returning"):
        out += ["What a visitor who comes back gets of the gate, in bytes with the response's head:", "",
                *table(["", "bytes"], [[name, f"{size:,}"] for name, size in sizes.items()])]  # fmt: skip
    return out


def _ways(ways: dict[str, dict[str, list[float]]]) -> list[str]:
    best = min(ways[name]["banner ms"][0] for name in RIVALS)
    lines = []
    for way, row in ways.items():
        shown = way != "none"
        lines.append([
            f"**{way}**" if way in OURS else way,
            spread(row["banner ms"]) if shown else "",
            f"{row['banner ms'][0] / best:.2f}" if shown else "",
            spread(row["first paint ms"]),
            f"{row['requests'][0]:.0f}",
            f"{row['bytes'][0]:,.0f}",
            f"{row['longest task ms'][0]:.0f}",
            spread(row["main thread ms"]),
            f"{row['script ms'][0]:.0f}",
            f"{row['press ms'][0]:.0f}" if shown else "",
            f"{row['layout shift'][0]:.3f}",
        ])  # fmt: skip
    head = ["", "banner ms", "× best rival", "first paint ms", "requests", "bytes", "longest task ms", "main thread ms",
            "script ms", "press ms", "layout shift"]  # fmt: skip
    return table(head, lines)


COST = """\
A page of 5,000 nodes, without a debugger (bench/devtools.py). What the gate itself takes is "ours, answered" less "an
empty script"; what the banner takes is the rest of "ours"."""
METHOD = """\
Made by `make bench-banner` ({day}, {rounds} rounds, load of the machine {load:.1f}): a page of text that is the same
for all, a visitor without a cache, {chromium} without a debugger (bench/devtools.py). `slow` has 150 ms
of round trip, 1.6 Mbit/s and a CPU four times slower; no profile charges the connection that a second origin needs.
Medians with the smallest and the largest; interleaved, the first round not counted. Rivals come from the page's own
origin, as their documentation says. `floor` is one line, a file of the page's own origin or in the page, that puts a
`<div>` with a button beside the body: it holds, asks and keeps nothing, and no banner is there sooner. `requests` and
`bytes` are those that had come when the banner was seen (the page itself is none of them), `main thread` and `script`
are CPU until 1.2 s after all had come, `press` is from a press of
"Reject" to the next frame, as INP."""


def main(wanted: list[str], rounds: int = ROUNDS) -> None:
    """Measures all parts, or those wanted."""
    parts: dict[str, Callable[[], Any]] = {
        "ways": lambda: measure(rounds), "cost": lambda: cost(rounds), "returning": returning,
    }  # fmt: skip
    found: dict[str, Any] = {name: parts[name]() for name in wanted or parts}
    if "ways" in found:
        from bench.blocking import version

        found |= {"day": datetime.now(UTC).date().isoformat(), "rounds": rounds, "load": os.getloadavg()[0],
                  "chromium": version(chromium())}  # fmt: skip
    write({"banner": found})


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    main([word for word in sys.argv[1:] if not word.isdigit()], *numbers)
