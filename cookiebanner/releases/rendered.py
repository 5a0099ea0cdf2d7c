"""Draws a content, a draft or a release, in Chromium and judges what is seen, as pictures.py takes pictures of it.

Each distinct layout is opened in its longest, its shortest and one right-to-left language, and measured on three
widths, light and dark; once a layout, code of the page tries to run and store all that waits. The content is compiled
as a publish would, and handed out by the server of the page: a draft is in no lane.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings

from consent.banners import arms, texts
from consent.publishing import queries, rendered, slots
from consent.publishing.lint.finding import WARN, Finding, asks
from consent.publishing.models import Release
from consent.publishing.snapshot import Snapshot, canonical, sha256_of
from consent.sites.models import Site
from cookiebanner.releases import measures, pictures, running_rules, visual_rules
from cookiebanner.releases.compile import ELSEWHERE, compile, digest  # noqa: A004
from cookiebanner.releases.renderings import SEEN, Rendering, expected
from cookiebanner.releases.running_rules import Moment, Owners, Visit
from cookiebanner.releases.visual_rules import View
from cookiebanner.visitors.delivery import first_part
from fairgate_enforce import patterns

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

# The widths and schemes whose focus is looked at: each scheme, the smallest and the largest screen.
TABBED = {(320, "light"), (1280, "dark")}
DEADLINE = 600.0  # seconds for one page
CALM = 600  # milliseconds after which a press is no slip of the finger (banner/src/ui/calm.js)
REST = 700  # milliseconds in which what may run has begun
BEFORE, AFTER = "before an answer", "after a refusal"
Found = tuple[Finding, View | None]


class Drawing(NamedTuple):
    """A page to open: one layout in one language."""

    variant: str
    language: str
    runs: bool  # whether what runs is tried on it, too


# --- what there is to draw: pure --------------------------------------------------------------------------------------


def drawings(snapshot: Snapshot, variants: Iterable[str]) -> list[Drawing]:
    """Each distinct layout under these variants in its longest, its shortest and one right-to-left language."""
    layouts: dict[str, list[str]] = {}
    for variant in sorted(variants, key=lambda name: (len(name), name)):
        terms = snapshot["variants"][variant]
        layouts.setdefault(json.dumps({name: terms.get(name) for name in SEEN}, sort_keys=True), []).append(variant)
    found = []
    for alike in layouts.values():
        lengths = {
            (variant, language): _length(snapshot, variant, language)
            for variant in alike
            for language in snapshot["languages"]
        }
        ordered = sorted(lengths, key=lambda pair: (-lengths[pair], pair))
        backwards = [pair for pair in ordered if texts.direction(pair[1]) == "rtl"]
        chosen = dict.fromkeys([*ordered[:1], *ordered[-1:], *backwards[:1]])
        found += [Drawing(*pair, runs=place == 0) for place, pair in enumerate(chosen)]
    return found


def _length(snapshot: Snapshot, variant: str, language: str) -> int:
    says = expected(snapshot, variant, language, "banner")
    return len(says.title) + len(says.body) + sum(map(len, says.buttons))


def attempts(snapshot: Snapshot, variant: str, owners: Owners) -> dict[str, list[str]]:
    """What a page tries: {addresses, cookies, local, session} of all that must wait under the variant."""
    terms = snapshot["variants"][variant]
    tried: dict[str, list[str]] = {"addresses": [], "cookies": [], "local": [], "session": []}
    for service in owners.services:
        if not owners.waits(service, terms):
            continue
        parsed = [patterns.parse(pattern) for pattern in service["rules"]]
        found = [
            f"https://{one.host}{one.path or '/'}{'?' + one.query if one.query else ''}" for one in parsed if one.host
        ]
        tried["addresses"] += found[:1]
        for cookie in service["cookies"]:
            if ELSEWHERE.search(cookie["name"]):
                continue
            name = cookie["name"].replace("*", "1")
            kind = {"cookie": "cookies", "local": "local", "session": "session"}.get(cookie.get("kind", "cookie"))
            if kind:
                tried[kind].append(name)
    return tried


def _trying(tried: Mapping[str, list[str]]) -> str:
    """The page's own code that tries; it says at its end that it ran."""
    return (
        "<script>(function(t){t.addresses.forEach(function(a){var s=document.createElement('script');s.src=a;"
        "document.head.appendChild(s);new Image().src=a});"
        "t.cookies.forEach(function(n){document.cookie=n+'=1;path=/'});"
        "t.local.forEach(function(n){try{localStorage.setItem(n,'1')}catch(e){}});"
        "t.session.forEach(function(n){try{sessionStorage.setItem(n,'1')}catch(e){}});"
        f"window.fairgateTried=1}})({json.dumps(tried).replace('<', chr(92) + 'u003c')})</script>"
    )


# --- the job ----------------------------------------------------------------------------------------------------------


def ask_for(site: Site, snapshot: Snapshot) -> None:
    """Queues the drawing of what was published, where browsers are used and it is not drawn yet."""
    if settings.FAIRGATE_PICTURES and not rendered.known(site, snapshot):
        rendered.ask(site, snapshot)


def wanted(site: Site, content: str) -> Snapshot | None:
    """The draft or the release with this content; None when the draft has changed since."""
    draft = queries.draft(site)
    if rendered.content(draft) == content:
        return draft
    current = queries.snapshot_of(site)
    return current if current and rendered.content(current) == content else None


def draw(
    site: Site, snapshot: Snapshot, progress: pictures.Progress = lambda done, total, words: None
) -> dict[str, Any]:
    """Draws a content and returns what was found, as `consent.publishing.rendered` keeps it: of a test of two banners,
    what either of them does wrong."""
    made = _drawn(site, arms.arm(snapshot, arms.A), progress)
    if arms.tested(snapshot):
        of_b = _drawn(site, arms.arm(snapshot, arms.B), progress)
        known = made["findings"]
        made["findings"] = known + [
            {**row, "message": f"Banner B: {row['message']}", "field": "test"}
            for row in of_b["findings"]
            if row not in known
        ]
        made |= {"drawn": made["drawn"] + of_b["drawn"], "failed": made["failed"] + of_b["failed"]}
    return made


def _drawn(site: Site, snapshot: Snapshot, progress: pictures.Progress) -> dict[str, Any]:
    """One banner's drawings."""
    numbering = slots.extended(queries.numbering(site), snapshot)
    release = Release(site=site, number=1)
    variants = pictures.variants(site, snapshot)
    todo = drawings(snapshot, variants)
    # The markup tricks of the levels are no matter of the content; what scripts do, every level holds.
    files = {
        name: (kind, body)
        for name, kind, body in compile(
            {**queries.with_files(site, snapshot), "numbering": numbering}, 1, sha256_of(canonical(snapshot))
        )
    }
    return pictures.aside(lambda tell, stop: _draw_all(release, snapshot, files, todo, tell, stop), progress)


def _draw_all(
    release: Release,
    snapshot: Snapshot,
    files: Mapping[str, tuple[str, bytes]],
    todo: list[Drawing],
    tell: pictures.SendProgress,
    stop: threading.Event,
) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    found: list[Found] = []
    failed: list[str] = []
    with pictures.pages() as shown, sync_playwright() as driver:
        browser = _launched(driver)
        server = f"http://127.0.0.1:{shown.port}"
        for number, drawing in enumerate(todo):
            if stop.is_set():
                break
            tell((number, len(todo), f"{drawing.variant}, {drawing.language}"))
            shown.files.update(_served(release, files, drawing))
            if not browser.is_connected():
                browser = _launched(driver)
            studio = pictures.Studio(browser, release, snapshot, server, shown)
            try:
                with pictures.ended_after(browser, DEADLINE):
                    found += list(_one(studio, snapshot, drawing))
            except Exception as error:  # a browser fails in many ways; the others have their try
                failed.append(f"{drawing.variant}, {drawing.language}: {' '.join(str(error).split())[:300]}")
        version = browser.version
        browser.close()
    if todo and len(failed) == len(todo):
        raise pictures.Unseen(f"Nothing could be drawn: {failed[0]}")
    findings = [_mended(finding, snapshot) for finding in visual_rules.merged(found)]
    return rendered.result_of(findings, drawn=len(todo) - len(failed), failed=failed, browser=f"Chromium {version}")


def _launched(driver: Playwright) -> Browser:
    return driver.chromium.launch(executable_path=pictures.installed_browser(), args=[*pictures.ARGUMENTS])


def _served(release: Release, files: Mapping[str, tuple[str, bytes]], drawing: Drawing) -> dict[str, tuple[str, bytes]]:
    """The addresses that the page of a drawing asks."""
    base = f"/v1/{release.site.uuid}"
    gate = f"gate.{drawing.variant}.js"
    kind, body = files[gate]
    part = first_part(files, gate, drawing.language)
    served = {f"{base}/a/{digest(content)}/{name}": (sort, content) for name, (sort, content) in files.items()}
    served[f"{base}/r/{release.number}/regime/{drawing.variant}/gate.js"] = (
        kind,
        body + (files[part][1] if part else b""),
    )
    return served


def _mended(finding: Finding, snapshot: Snapshot) -> Finding:
    """The field with the words of the regime, where it has its own."""
    kind, *rest = finding.field.split(" ")
    if kind != "text":
        return finding
    language, key = rest
    regime = snapshot["variants"][finding.regime]["regime"] if finding.regime in snapshot["variants"] else ""
    own = snapshot["banner"]["regime_texts"]
    where = next(
        (f"{language}@{name}" for name in (finding.regime, regime) if key in own.get(f"{language}@{name}", ())), ""
    )
    return replace(finding, field=f"text {where} {key}") if where else finding


# --- one page ---------------------------------------------------------------------------------------------------------


def _one(studio: pictures.Studio, snapshot: Snapshot, drawing: Drawing) -> Iterator[Found]:
    one = Rendering(drawing.variant, drawing.language, "desktop", "light")
    head = pictures.tags(studio.server, studio.release, drawing.variant, Site.Level.SERVER)
    with studio.context(one) as context:
        page = studio.open(context, one, head)
        for layer in measures.LAYERS:
            if layer == "preferences":
                page.evaluate("fairgate.open()")
            if measures.wait_for(page, layer, pictures.PATIENCE) is None:
                raise pictures.Unseen(f"The {layer} does not come.")
            view = View(layer, drawing.language, 0, "", drawing.variant, asks(snapshot["variants"][drawing.variant]))
            yield from measure_all(page, view, snapshot)
    if drawing.runs:
        with studio.context(one) as context:
            yield from _runs(studio, snapshot, drawing, one, head, context)


def measure_all(page: Page, view: View, snapshot: Snapshot | None = None) -> Iterator[Found]:
    """Judges a layer that stands in the page, on every width and in every scheme. Afterwards it stands as before."""
    chosen = snapshot["banner"]["theme"].get("scheme", "auto") if snapshot else "auto"
    schemes = [scheme for scheme in measures.SCHEMES if chosen in ("auto", scheme)]
    by_width = {}
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        for width, height in measures.WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            measures.rest(page, view.layer)
            measures.settle(page)
            measured = measures.layer(page, view.layer)
            now = replace(view, width=width, scheme=scheme)
            if measured is None:
                continue
            by_width[width] = measured
            yield from ((finding, now) for finding in visual_rules.judge(measured, now))
            if (width, scheme) in TABBED or (len(schemes) == 1 and width == min(measures.WIDTHS)):
                met = measures.keyboard(page, view.layer)
                yield from ((finding, now) for finding in visual_rules.keyboard(measured, met, now))
    yield from ((finding, view) for finding in visual_rules.consistent(by_width, replace(view, scheme="light")))


def _runs(
    studio: pictures.Studio,
    snapshot: Snapshot,
    drawing: Drawing,
    one: Rendering,
    head: str,
    context: BrowserContext,
) -> Iterator[Found]:
    """What the page's code gets to run and to store, before an answer and on the page view after a refusal. Remarks
    only: what runs when is a matter of the moment, and no publish hangs on that."""
    owners = owners_of(snapshot, "127.0.0.1")
    terms = snapshot["variants"][drawing.variant]
    end = _trying(attempts(snapshot, drawing.variant, owners))
    asked: list[str] = []
    context.route(lambda url: not url.startswith("http://"), lambda route: route.abort())
    context.on("request", lambda request: asked.append(request.url))
    page = studio.open(context, one, head, end)
    _tried(page)
    yield from _heard(context, page, asked, owners, terms, Moment("L26", BEFORE, WARN, drawing.variant))
    refuse(page)
    page.wait_for_timeout(REST)
    asked.clear()
    page.reload()
    _tried(page)
    yield from _heard(context, page, asked, owners, None, Moment("L26", AFTER, WARN, drawing.variant))


def _tried(page: Page) -> None:
    if not page.evaluate("window.fairgateTried"):
        raise pictures.Unseen("The page's own code does not run.")
    page.wait_for_timeout(REST)


def _heard(
    context: BrowserContext,
    page: Page,
    asked: list[str],
    owners: Owners,
    terms: Mapping[str, Any] | None,
    moment: Moment,
) -> Iterator[Found]:
    visit = visited(context, page, asked)
    findings = running_rules.judge(visit, owners, terms, moment)
    if moment.words == BEFORE:
        findings += running_rules.answered_by_itself(visit, moment)
    yield from ((finding, None) for finding in findings)


# --- what a check of a live page does, too ----------------------------------------------------------------------------


def owners_of(snapshot: Snapshot, *more: str) -> Owners:
    """Whose things are whose in a content; `more` hosts are the site's or ours, too."""
    necessary = frozenset(category["key"] for category in snapshot["categories"] if category["necessary"])
    return Owners(snapshot["services"], necessary, (*snapshot["site"]["hosts"], *more))


def visited(context: BrowserContext, page: Page, asked: list[str]) -> Visit:
    """What a page has asked and what is kept now."""
    host = page.evaluate("location.hostname")
    cookies = [(cookie.get("name", ""), cookie.get("domain", "")) for cookie in context.cookies()]
    return Visit(host, [url for url in asked if url.startswith(("http", "ws"))], cookies, measures.stored(page))


def refuse(page: Page) -> str:
    """Refuses as a visitor does; says how: button, or code where no button is seen."""
    return _press(page, "reject", "fairgate.reject()")


def accept(page: Page) -> str:
    """Accepts as a visitor does; says how, as `refuse`."""
    return _press(page, "accept", "fairgate.accept()")


def _press(page: Page, choice: str, code: str) -> str:
    page.wait_for_timeout(CALM)
    measured = measures.layer(page, "banner")
    if measured and choice in measured["choices"]:
        page.locator(measures.LAYERS["banner"]["choices"][choice]).first.click(timeout=5000)
        return "button"
    page.evaluate(f"void ({code})")
    return "code"
