"""The blocking table and what the gate costs: `python -m bench.blocking` (make bench-blocking) → docs/blocking.*

`python -m bench.blocking drop_in strict` measures only these again and keeps the other columns; `cost` the last table;
`new` measures in every column the vectors that it does not have yet, in tabs that are used again; `new strict` in this.
Other engines and races: `python -m bench.blocking_engines`, in parts.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
django.setup()

from playwright.async_api import Browser, async_playwright  # noqa: E402

from bench import third_party_report  # noqa: E402
from tests.browser.vectors.blockers import (  # noqa: E402
    GATE,
    LEVELS,
    RIVALS,
    YETT,
    chromium,
    find,
    gate_files,
    snapshot,
)
from tests.browser.vectors.pages import GROUPS, VECTORS  # noqa: E402
from tests.browser.vectors.run import Result, arguments, measure, totals  # noqa: E402
from tests.browser.vectors.server import SITE, Server  # noqa: E402

DOCS = Path(__file__).resolve().parents[1] / "docs"
DATA = DOCS / "blocking.json"
TITLES = {
    "none": "no CMP",
    "drop_in": "**drop-in**",
    "snippet": "**snippet**",
    "strict": "**strict snippet**",
    "server": "**server**",
    "server_header": "**server + CSP header**",
}
NODES = 5_000
ROUNDS = 31

# Nanoseconds a call, for what pages do most; every one runs on elements that no rule names.
OPERATIONS = {
    "createElement('div')": "document.createElement('div')",
    "create + append": "box.appendChild(document.createElement('p'))",
    "setAttribute('class')": "el.setAttribute('class','a')",
    "getAttribute('class')": "el.getAttribute('class')",
    "innerHTML of 10 nodes": "box.innerHTML=html",
    "img.src = own file": "img.src='/own/png'",
    "own script, src + append": "var s=document.createElement('script');s.type='x';s.src='/own.js';box.appendChild(s)",
}
PROBE = """(code) => {
  const box = document.getElementById('box'), el = document.createElement('p'), img = new Image();
  const html = '<p class=a>text</p><p>text</p>'.repeat(5);
  const run = new Function('box', 'el', 'img', 'html', 'n', `for (let i = 0; i < n; i++) { ${code} }`);
  run(box, el, img, html, 50);
  box.textContent = '';
  const from = performance.now();
  run(box, el, img, html, 400);
  return (performance.now() - from) / 400 * 1e6;
}"""
LOADED = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
GATE_MS = (
    "performance.getEntriesByName('probe-end')[0].startTime - performance.getEntriesByName('probe-begin')[0].startTime"
)


UNLISTED_KINDS = """## Ways that no list names

The last six groups are kinds of ways that lists kept by hand forget (`tests/browser/vectors/unlisted.py`;
`overlooked.py` and `hostile.py`: found by reading the engine; `recent.py`: what browsers got of late, and documents in
memory). The columns of ours are first visits, the others of these groups tabs that are used again.
`tests/browser/test_sinks.py` walks every setter, method and constructor of the installed Chromium and Firefox and
fails on one that nobody judged
(`tests/browser/sinks/judged.json`); those called `limit` there are of the list below. What no script can hold, at the
drop-in and the snippet level and, where the page is not at fault but its code is, at the server level:

- **Empty frames** sent somewhere by a file. The `location` of a frame that has loaded nothing, or only `about:blank`,
  can be set by a variable: the browser tells nobody (its Navigation API is silent there). Inline code that reaches
  for a frame's `location` and names a held address waits itself; in a file nobody sees the name. A policy with
  `frame-src` holds: the strict level, the server level with its header.
- **Closed declarative shadow roots** that the parser makes: no script can look into them. The server level rewrites
  them. What is held in one that a script wrote stays held until the next page.
- **Imports from below a held host** (`cdn.tracker.example` where `tracker.example` is held) that an own file makes: an
  import map knows beginnings, not ends (`https://` as a beginning keeps everything away), and a policy cannot say "all
  but these". To read own scripts before they run would stop the parser for each of them, or move modules behind
  `DOMContentLoaded`. Inline scripts and handlers that name the address are seen. A rule that names the very host holds
  them at every level, a policy holds them all.
- **Own style sheets** that import a held sheet or show a held picture: what an own file says is known when it has come,
  and then its imports have been asked for. The same policy holds them.
- **Sandboxed documents** (`sandbox` without `allow-same-origin`) are out of reach: a script in `srcdoc` that names
  a held address does not run there until the page after an answer; a name put together at run time gets through.
- **Kinds of storage without declared names**: Cache Storage, files of the origin, `window.name`, the history's
  state.
- **Rare interfaces**: background fetch, ad auctions and attribution, `XSLTProcessor`, attributes of processing
  instructions, the artwork of media sessions and notifications, `<template for>`, style sheets with another base
  address, an option that was filled in another document and is set by its index (`select[0] = option`), storage
  buckets, tags of background sync.
- **A document in memory in a frame, an `<object>` or an `<embed>`** whose code puts the address together as it runs
  is held: one from a `blob:` address gets, while anything waits, the author's bytes with a script of ours before the
  author's, behind its doctype and the tags of its root and head, which patches its window and takes itself out. Its
  `location` is that of the copy; the author's address goes on meaning the author's bytes, and is what whoever reads
  the element is told. Of a `javascript:` address the same, where its code is one expression, functions
  within it included. Not held: an empty frame's `location` set to one (above), other code there, and `data:`
  documents, which are of no origin.
- **The `location` of any frame where there is no Navigation API** (Safari before 26.2, WebKitGTK 2.50, Firefox ESR
  140): nothing tells a page where a frame goes. Inline code and handlers that send a frame somewhere and name a held
  address wait, in the page and in the documents of its frames; what a file does by a variable, and what is put
  together at run time, runs. What was weighed is in [0045](decisions/0045-documents-in-memory-are-adopted.md).
- **Code that is written against the gate**: in the page it has the same rights as the gate. One that replaces what the
  language has built in (`RegExp.prototype.exec`), puts a property of its own over an element's (`localName`), or calls
  `fairgate.accept()`, gets by. A policy holds it.
"""
INTRODUCTION = """# What is blocked before consent

Made by `make bench-blocking`; `tests/browser/test_vectors.py` fails when a figure of ours gets worse.

{chromium}, {count} vectors, one page each, no tag edited by the page's author. The whole HTML comes in one network
chunk, which is the worst case for the preload scanner, and the tracker's cookies are accepted.

Figures are `left / executed / stored`: the request reached the tracker / its code ran / a cookie or key of its own
exists. They are said apart because they are different harms. A leak under one of our levels is tried three times and
the majority counts, since parser races differ from run to run; others are measured once. The positive control (own
text, `lang`, inline code, own image, an allowed CDN's script) held on every page of ours.
"""
REMAINS = """What is left at the snippet level, kind by kind:

- **Style sheets in the markup** (`c-import`, `l-stylesheet`, `s-style`, `t-open-link`, `u-markup-import-comment`):
  the parser asks for them in the moment in which it inserts them, and no script runs in between. Taking the address,
  `rel`, both or the element away, another `type`, `media` and `disabled` come too late (a request in 4 of 4 loads
  each); what would keep the parser from inserting them (a comment, a `<template>`, `<plaintext>`) breaks pages.
- **Preloads of modules, compression dictionaries, connections** (`l-modulepreload`, `u-markup-dictionary`,
  `l-preconnect`): the same.
- **A frame, a picture right behind a script** (`t-open-frame`, `s-img`) and what a drawing shows (`u-markup-feimage`)
  race, see below: which of them the table shows is chance.
- **What own files load** (`o-own-…`, `u-own-…`), which is the rest of the server level as well: see below.
- **A sheet from memory that is imported as a module** (`o-css-blob-adopted`): the browser reads it by itself, and adopting
  it shows its pictures.

What was tried against these (2026-11-30, Chromium 156, a request in how many of four first loads):

| vector | tried | asked for |
|---|---|---|
| `u-markup-feimage` | nothing; `href` taken away by an observer; the drawing hidden as well; by a style sheet before it | 4; 0; 1; 2: a race, lost in tabs that are used again |
| `u-markup-dictionary` | nothing; `rel`, `href` and element taken away by an observer; another dictionary before it | 4; 3; 4 |
| `c-import` | nothing; text emptied, `media` and `type` changed, disabled and removed by an observer | 4; 4, 4, 4 |
| `o-own-submodule` | import map with the rule's host; with the very subdomain; with the very file | 4; 0; 0 |
| `o-own-dynamic` | import map with the very file; with `https://` and the site's own host given back | 0; 0, and no other host's modules come, those of allowed ones neither |

The strict level's policy, which is there from the page's beginning, holds the first three, but it cannot be lifted after
an answer; a `style-src` that a script adds later left `c-import` at 4. A map that names the very host or file holds the
last two, which is what a rule of that host gives; of hosts that only a script's text names nobody can make a map before
it has come. Nothing of what is asked for at the snippet level runs, but what own modules import and what stands in closed
shadow roots; what is stored is the cookies of the tracker's own responses.

Before the first script of a page runs, Chromium's preload scanner has already asked for what stands in the
markup: that is the floor of the drop-in level, and why the other levels exist. `f-parser`, `m-embed` and
`m-object` race: the frame is asked for while the parser inserts it, and taken back a moment later (nothing of
it runs). The figures above are of a page with one of them, visited first. Of 10 views each at the snippet level
(2026-11-29) a request arrived in: one frame 2, in a tab that is used again 9; five frames and five pictures 10
and 10 (2 to 7 of ten addresses); a picture right behind a script, without a text between, 9 and 8; a picture
elsewhere 0 and 0. Pages with frames or such pictures in their markup need the strict or the server level, which
don't race. `l-preconnect` is a bare TLS connection, which no policy covers; only rewriting the page takes it
away.
"""  # noqa: E501
WORKERS = """## Workers

While something waits, an own worker begins behind the rules: the browser starts a small file of ours from memory, which
puts them in the place of `importScripts`, `fetch`, `Request`, XHR, `WebSocket`, `EventSource` and nested workers, and
loads the author's file as its address, a classic one without ever reading it. A held request fails as without a
network; an answer in the page reaches running workers (not those whose whole code is a `data:` address). What remains:

- The imports of a module worker can only be read, not kept from resolving: its file and the own ones that it imports
  are read in the worker, in the background, before they run (a second time from the browser's cache). One that imports
  what waits does not begin, as without a network; other code goes on. What a classic worker loads by `import()`, and
  names that are put together, are not held. Nor are a worker's databases and caches.
- A page whose policy allows no workers from `blob:` addresses (`worker-src`) runs its own workers as they are. The gate
  finds out with an empty worker at the first need, and reports it (*Installation*).
- Such a worker has the page's policy in the place of one that its own response brings. A SharedWorker is one for each
  page while something waits, not one for all tabs. An error of syntax in the author's file names `importScripts`.
- A service worker is registered as it is, unless it imports a held address by `importScripts` or `import`: then it is
  refused as without a network, which is how the browser would end it. late.js reads its file for that; its comments and
  other texts count for nothing.
"""
FIREFOX = """## In Firefox

The same vectors in {version}, without a gate on the figures. Its scanner works in a thread of its own and heeds no
policy that comes later, so SWALLOW and HOLD keep nothing from leaving there; what runs is what counts. Sites that need
the requests gone in every browser rewrite their pages (the server level).

What runs there before an answer, of all vectors: what own modules import (`o-own-…`), and closed shadow roots of the
parser. The server level's header holds them all. A page has one import map there, and that is the author's: an inline
script or a handler that names a held import waits as a whole.
"""
WEBKIT = """## In WebKitGTK

The same vectors in {version}, the engine of Safari. Its scanner heeds no later policy either. It takes no cookies of
other sites by itself, and its driver tells none: what is stored here is what the page's own host keeps.

What runs there before an answer: what own modules import, closed shadow roots of the parser, a loaded frame whose
`location` is set to a document in memory (`r-blob-location`, `r-blob-replace`), since this engine has no Navigation
API, and a `javascript:` address in the markup (`r-javascript-markup`), whose code runs in the moment in which the
parser inserts its frame, before any observer is told. The strict level leaves the frames that are sent to a document in
memory, since a document of an own file has a policy of its own; the server level's header holds all of them.
"""
RACES = """## Races, in numbers

Of {times} first visits of each page: in how many a request reached the tracker before an answer, and how many requests
in all. Nothing of what is asked for runs. Made by `python -m bench.blocking_engines races …`.
"""
COST = """## What it costs

Medians of {rounds} interleaved loads of a {nodes}-node page. `page ms` is the end of DOMContentLoaded, `gate ms` the
time from before the blocker's tag to behind it (the download included); the rest are nanoseconds a call, on elements
that no rule names. Ours also shows its banner before the page is complete; yett shows nothing. Compare columns, not
with other machines.
"""


def big_page(blocker: str) -> str:
    rows = "".join(f'<p id="n{i}" class="row">Text <b>{i}</b></p>' for i in range(NODES // 2))
    return (
        f"<!doctype html><html><head><script>performance.mark('probe-begin')</script>{blocker}"
        f"<script>performance.mark('probe-end')</script></head><body><div id=box hidden></div>{rows}</body></html>"
    )


async def cost() -> dict[str, dict[str, float]]:
    """Medians of interleaved rounds: the same 5,000-node page without a gate, with yett, with ours."""
    markup = {"none": "", "yett": YETT.markup, "gate": GATE}
    files = {**YETT.files, **gate_files(snapshot("drop_in"))}
    server = Server(lambda path: big_page(markup[path.strip("/")]) if path.strip("/") in markup else None, files)
    taken: dict[str, dict[str, list[float]]] = {name: {} for name in markup}
    async with async_playwright() as play:
        browser: Browser = await play.chromium.launch(executable_path=chromium(), args=arguments(server.port))
        for _ in range(ROUNDS):
            for name in markup:
                context = await browser.new_context(ignore_https_errors=True)
                tab = await context.new_page()
                await tab.goto(f"https://{SITE}/{name}")
                for key, code in {"page ms": LOADED, "gate ms": GATE_MS}.items():
                    taken[name].setdefault(key, []).append(await tab.evaluate(code))
                for key, code in OPERATIONS.items():
                    taken[name].setdefault(key, []).append(await tab.evaluate(PROBE, code))
                await context.close()
        await browser.close()
    server.close()
    return {name: {key: median(values) for key, values in row.items()} for name, row in taken.items()}


# Of these ways no script can know, so they are no fault of a level without the server: told apart, not left out.
CLOSED_ROOTS = ("t-closed-image", "t-closed-script", "t-closed-nested", "t-template-import")
# What the site's own files load, which nobody has read: no level holds it without a policy.
OWN_FILES = ("o-own-dynamic", "o-own-submodule", "u-own-sheet", "u-own-import")


def without(limits: tuple[str, ...], column: dict[str, Any]) -> list[int]:
    """The total of a column without the vectors of named limits."""
    rows = [row for name, row in column["vectors"].items() if name not in limits]
    return [len(rows), *(sum(row[i] for row in rows) for i in range(3))]


def remaining(column: dict[str, Any], limits: bool) -> str:
    """The vectors that get through, of a named limit or not."""
    out = [
        f"`{vector}` {'/'.join(str(value) for value in row)}"
        for vector, row in sorted(column["vectors"].items())
        if any(row) and (vector in CLOSED_ROOTS) == limits
    ]
    return ", ".join(out)


def group_rows(columns: list[dict[str, list[int]]]) -> list[str]:
    """One line a group: left/executed/stored of every blocker."""
    lines = []
    for group in (*GROUPS, "total"):
        rows = [column.get(group) for column in columns]
        counts = [row[0] for row in rows if row]
        if not counts:
            continue  # not measured in this browser
        # Not measured with this blocker; a total of fewer vectors is no total.
        cells = " | ".join("/".join(map(str, row[1:])) if row and row[0] == max(counts) else "–" for row in rows)
        lines.append(f"| {group} ({max(counts)}) | {cells} |")
    return lines


def race_rows(races: dict[str, Any]) -> list[str]:
    """How often each racing shape lost, in each engine and at each level; nothing when it was not measured."""
    if not races:
        return []
    engines = list(races)
    shapes = list(races[engines[0]]["rows"])
    lines = [
        RACES.format(times=" or ".join(sorted({f"{races[engine]['times']}" for engine in engines}))),
        "| level, page | " + " | ".join(races[engine]["version"] for engine in engines) + " |",
        "|---|" + "---|" * len(engines),
    ]
    for shape in shapes:
        rows = [races[engine]["rows"].get(shape) for engine in engines]
        cells = " | ".join(f"{row[0]} ({row[1]})" if row else "–" for row in rows)
        lines.append(f"| {shape} | {cells} |")
    return [*lines, ""]


def table(data: dict) -> str:
    """docs/blocking.md."""
    names = [name for name in (*RIVALS, *LEVELS) if name in data["blockers"]]
    lines = [
        INTRODUCTION.format(
            chromium=data["chromium"], count=max(column["groups"]["total"][0] for column in data["blockers"].values())
        ),
        "| group (vectors) | " + " | ".join(TITLES.get(name, name) for name in names) + " |",
        "|---|" + "---|" * len(names),
    ]
    lines += group_rows([data["blockers"][name]["groups"] for name in names])
    for title, limits in (
        ("without closed shadow roots by the parser", CLOSED_ROOTS),
        ("nor what own files load", CLOSED_ROOTS + OWN_FILES),
    ):
        apart = [without(limits, data["blockers"][name]) for name in names]
        cells = " | ".join("/".join(map(str, row[1:])) if row[0] == apart[0][0] else "–" for row in apart)
        lines.append(f"| {title} ({apart[0][0]}) | {cells} |")
    lines += ["", "## What still gets out at each of our levels", ""]
    for name in names:
        if name in LEVELS:
            column = data["blockers"][name]
            closed = remaining(column, limits=True)
            lines.append(
                f"- {TITLES[name]}: {remaining(column, limits=False) or 'nothing'}"
                + (f"; and in closed shadow roots that the parser makes: {closed}" if closed else "")
            )
    lines += ["", REMAINS, WORKERS, UNLISTED_KINDS]
    for engine, introduction in (("firefox", FIREFOX), ("webkit", WEBKIT)):
        if other := data.get(engine):
            names = [name for name in (*RIVALS, *LEVELS) if name in other["blockers"]]
            lines += [
                introduction.format(version=other["version"]),
                "| group (vectors) | " + " | ".join(TITLES.get(name, name) for name in names) + " |",
                "|---|" + "---|" * len(names),
                *group_rows([other["blockers"][name]["groups"] for name in names]),
                "",
            ]
    lines += race_rows(data.get("races", {}))
    if cost_data := data.get("cost"):
        lines += [
            COST.format(rounds=ROUNDS, nodes=f"{NODES:,}"),
            "| | no gate | yett | ours |",
            "|---|---|---|---|",
        ]
        for kind in ("page ms", "gate ms", *OPERATIONS):  # the kept figures are sorted by name
            figures = (f"{cost_data[name][kind]:,.0f}" for name in ("none", "yett", "gate"))
            lines.append(f"| {kind} | {' | '.join(figures)} |")
        lines.append("")
    return "\n".join(lines) + (f"\n{section}" if (section := third_party_report.section()) else "")


def save(data: dict) -> None:
    DATA.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")
    (DOCS / "blocking.md").write_text(table(data))


def measured(name: str, browser: str) -> dict[str, dict]:
    """One blocker's figures. Ends the program when a level of ours breaks a page."""
    results = asyncio.run(measure(find(name), browser=browser))
    broken = {vector: result.control for vector, result in results.items() if result.control}
    if broken and name in LEVELS:
        sys.exit(f"{name} breaks the page in {browser}: {broken}")
    groups = totals(results)
    print(browser, name, groups["total"], file=sys.stderr)
    figures = {vector: [int(r.left), int(r.executed), int(r.stored)] for vector, r in results.items()}
    return {"groups": groups, "vectors": figures}


def with_new(column: dict[str, dict], name: str, browser: str) -> dict[str, dict]:
    """A column with the vectors that it lacked, and without those that are no more."""
    missing = [vector for vector in VECTORS if vector.name not in column["vectors"]]
    results = asyncio.run(measure(find(name), missing, browser))
    broken = {vector: result.control for vector, result in results.items() if result.control}
    if broken and name in LEVELS:
        sys.exit(f"{name} breaks the page in {browser}: {broken}")
    found = {vector: [int(r.left), int(r.executed), int(r.stored)] for vector, r in results.items()}
    known = {vector.name: column["vectors"].get(vector.name) or found[vector.name] for vector in VECTORS}
    groups = totals({vector: Result(bool(a), bool(b), bool(c), "") for vector, (a, b, c) in known.items()})
    print(browser, name, groups["total"], file=sys.stderr)
    return {"groups": groups, "vectors": known}


def version(command: str) -> str:
    """`Chromium 156.0.8078.73`"""
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
    return re.sub(r"^(.*?[\d.]+).*", r"\1", said.strip(), flags=re.DOTALL)


def main(wanted: list[str]) -> None:
    data = json.loads(DATA.read_text()) if DATA.exists() else {"blockers": {}}
    data["chromium"] = version(chromium())
    if wanted[:1] == ["new"]:
        for column in wanted[1:] or [column for column in (*RIVALS, *LEVELS) if column in data["blockers"]]:
            data["blockers"][column] = with_new(data["blockers"][column], column, "warm")
            save(data)
        return
    for name in wanted or [*RIVALS, *LEVELS, "cost"]:
        if name == "cost":
            data["cost"] = asyncio.run(cost())
        else:
            data["blockers"][name] = measured(name, "chromium")
        save(data)


if __name__ == "__main__":
    main(sys.argv[1:])
