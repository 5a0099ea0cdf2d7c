"""Checks a page as it is on the web: what a visitor meets who has not answered, who refused, and who accepted.

Chromium reaches it through `guarded_proxy.py`. What the page's gate sends is thrown away, so that no answer of ours is
in a site's records; its banner, and what runs, are judged by the rules by which a draft is judged when it is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from consent.jobs import outgoing
from consent.jurisdictions import table
from consent.publishing import queries
from consent.publishing.lint.finding import BLOCK, Finding, asks
from consent.sites.queries import site_by_uuid
from cookiebanner.releases import guarded_proxy, measures, pictures, rendered, running_rules, visual_rules
from cookiebanner.releases.rendered import Found
from cookiebanner.releases.running_rules import Moment, Owners, Visit
from cookiebanner.releases.visual_rules import View
from cookiebanner.visitors.delivery import STRICTEST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

DEADLINE = 300.0  # seconds for all of it
LOAD = 45_000  # milliseconds until a page is there
BANNER = 10_000  # until its banner is
OK = 200
REST = 2500  # in which what may run has begun
ARGUMENTS = [argument for argument in pictures.ARGUMENTS if not argument.startswith("--host-resolver-rules")]
NO_DETOURS = ["--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-quic"]
SENDS = re.compile(r"/api/v1/(consents|impressions|reports)(\?|$)")
GATE = """() => window.fairgate && {
  site: `${fairgate.site || ''}`, release: Number(fairgate.release) || 0,
  regime: `${fairgate.regime || ''}`, headless: !!document.querySelector('script[data-headless]'),
  language: `${fairgate.language || ''}`,
  server: [...document.scripts].map(({ src }) => src).find((src) => /[/]v1[/].*gate[^/]*[.]js/.test(src)) || '',
}"""
# Google's queue holds `arguments` of functions, which JSON does not know for lists.
QUEUE = """() => (Array.isArray(window.dataLayer) ? window.dataLayer : []).map((entry) => {
  const isCall = Object.prototype.toString.call(entry) === '[object Arguments]';
  try { return JSON.parse(JSON.stringify(isCall ? [...entry] : entry)) } catch { return null } })"""


class Unreachable(Exception):
    """The page can't be checked; the text says why."""


@dataclass
class Report:
    """What was found on a page, and what it was found on."""

    url: str
    site: str = ""
    release: int = 0
    regime: str = ""
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)  # moment → how many

    @property
    def blocks(self) -> bool:
        """Whether something on the page must be mended."""
        return any(finding.blocks for finding in self.findings)


def check(url: str, tell: Callable[[str], None] = lambda words: None) -> Report:
    """Opens the page as three visitors. Raises ForbiddenAddress for an address that may not be reached, Unreachable."""
    host, port = outgoing.place(url)
    outgoing.check(url)
    try:
        guarded_proxy.reach(host, port).close()
    except outgoing.ForbiddenAddress:
        raise
    except OSError as error:
        raise Unreachable(f"{host} can't be reached: {error}") from None

    def work(say: pictures.SendProgress, stop: Any) -> _Checked:
        return _visit_all(url, say)

    checked = pictures.aside(work, lambda done, total, words: tell(words))
    return _judged(checked)


# --- in the browser's thread: no database here ------------------------------------------------------------------------


@dataclass
class _Checked:
    """What the browser saw, before anybody knows whose it is."""

    url: str
    gate: dict[str, Any] | None
    seen: list[Found]
    before: Visit
    refused: Visit | None
    withdrawn: Visit | None
    queues: tuple[list[Any], list[Any]]
    notes: list[str]
    requests: dict[str, int]


def _visit_all(url: str, tell: pictures.SendProgress) -> _Checked:
    from playwright.sync_api import Error, sync_playwright

    with guarded_proxy.running() as proxy, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=pictures.installed_browser(), args=[*ARGUMENTS, *NO_DETOURS], proxy={"server": proxy.url}
        )
        tell((0, 3, "as a visitor who has not answered"))
        try:
            with pictures.ended_after(browser, DEADLINE):
                checked = _as_three(_Visits(browser, proxy), url, tell)
        except Error as error:
            busy = f"it kept the browser busy for {DEADLINE:.0f} seconds"
            raise Unreachable(
                f"{url} can't be checked: {plain(error) if browser.is_connected() else busy}."
            ) from None  # fmt: skip
        browser.close()
        checked.notes += [f"Not loaded: {host}: {why}" for host, why in sorted(proxy.refused.items())]
    return checked


def _as_three(visits: _Visits, url: str, tell: pictures.SendProgress) -> _Checked:
    checked = _unanswered(visits, url)
    if checked.gate:
        tell((1, 3, "as a visitor who refuses"))
        _refusing(visits, checked)
        tell((2, 3, "as a visitor who accepts, then withdraws"))
        _accepting(visits, checked)
    return checked


class _Visits:
    """Visitors of one browser, one after the other."""

    def __init__(self, browser: Browser, proxy: guarded_proxy.Proxy) -> None:
        self.browser, self.proxy = browser, proxy

    @contextmanager
    def visitor(self) -> Iterator[_Visitor]:
        """A clean profile with a page."""
        self.proxy.hang_up()
        context = self.browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        context.route(SENDS, thrown_away)
        try:
            yield _Visitor(context, self.proxy)
        finally:
            context.close()


class _Visitor:
    """One profile, its page and the addresses that the page asks."""

    def __init__(self, context: BrowserContext, proxy: guarded_proxy.Proxy) -> None:
        self.context, self.proxy = context, proxy
        self.asked: list[str] = []
        context.on("request", self._hear)
        self.page = context.new_page()

    def _hear(self, request: Request) -> None:
        if not SENDS.search(request.url):
            self.asked.append(request.url)

    def visit(self) -> Visit:
        """What was asked and is kept. A browser tells of requests, too, that it gave up before they left: what left has
        a host that the proxy was asked for."""
        left = [url for url in self.asked if (urlsplit(url).hostname or "") in self.proxy.asked]
        return rendered.visited(self.context, self.page, left)

    def why(self, url: str, error: Exception) -> str:
        """Why an address did not open."""
        return self.proxy.refused.get(urlsplit(url).hostname or "") or plain(error)

    def next_view(self) -> Visit:
        """The page view after an answer."""
        self.page.wait_for_timeout(REST)
        self.asked.clear()
        self.proxy.hang_up()
        self.page.reload(timeout=LOAD)
        self.page.wait_for_timeout(REST)
        return self.visit()


def thrown_away(route: Route) -> None:
    """What a gate sends; what a page of another kind has at this address is let through."""
    if route.request.method not in ("POST", "OPTIONS"):
        route.fallback()
        return
    origin = route.request.headers.get("origin", "*")
    allowed = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Headers": "content-type"}
    route.fulfill(status=204, headers=allowed)


def _open(visitor: _Visitor, url: str) -> None:
    """Raises Unreachable."""
    from playwright.sync_api import Error

    try:
        response = visitor.page.goto(url, timeout=LOAD, wait_until="load")
    except Error as error:
        raise Unreachable(f"{url} can't be opened: {visitor.why(url, error)}") from None
    if response is not None and response.status >= 400:
        raise Unreachable(f"{url} answers {response.status}.")


def plain(error: Exception) -> str:
    """The first line of what went wrong."""
    return str(error).splitlines()[0].removeprefix("Page.goto: ")[:200]


def _unanswered(visits: _Visits, url: str) -> _Checked:
    with visits.visitor() as visitor:
        page = visitor.page
        _open(visitor, url)
        stands = measures.wait_for(page, "banner", BANNER)
        page.wait_for_timeout(REST)
        # Going on is no answer.
        page.mouse.wheel(0, 2000)
        page.keyboard.press("Escape")
        page.wait_for_timeout(REST // 5)
        before = visitor.visit()
        gate = page.evaluate(GATE)
        checked = _Checked(url, gate, [], before, None, None, ([], []), [], {"before an answer": len(before.requests)})
        words, regime = (gate["language"], gate["regime"]) if gate else ("", "")
        view = View("banner", words, 0, "", regime, asks(terms_of(regime)))
        if stands:
            checked.seen += rendered.measure_all(page, view)
        if gate:
            checked.seen += _preferences(page, replace(view, layer="preferences"))
        if gate and not stands:
            checked.seen += _unseen(checked, view)
        if stands:
            # Last: the tabs that it opens lie before the page, and what lies behind is not drawn.
            checked.seen += _links(visitor, stands["links"], regime)
    return checked


def _unseen(checked: _Checked, view: View) -> Iterator[Found]:
    """No banner is there: the page has its own, the law asks for none, or something is wrong."""
    assert checked.gate is not None
    if checked.gate["headless"]:
        checked.notes.append(
            "The page shows a banner of its own (data-headless): its sizes, colours and reach are not measured."
        )
    elif terms_of(view.regime)["banner"] == "none":
        checked.notes.append(f"Under {view.regime} nobody is asked, so there is no banner to measure.")
    else:
        yield (
            Finding(
                "F12", BLOCK, "The gate is there, and no banner comes: visitors are asked nothing.", "configuration",
                "See what the browser's console says; the server's files may be blocked, or the release asks nothing.",
                view.regime, "banner",
            ),
            None,
        )  # fmt: skip


def _preferences(page: Page, view: View) -> Iterator[Found]:
    page.evaluate("void fairgate.open()")
    if measures.wait_for(page, "preferences", BANNER):
        yield from rendered.measure_all(page, view)


def _links(visitor: _Visitor, links: list[dict[str, str]], regime: str) -> Iterator[Found]:
    """Whether what the banner links to is there."""
    from playwright.sync_api import Error

    law, fix = "GDPR 13; EDPB Guidelines 05/2020", "Correct the address in the site's settings."
    there = [link for link in links if link["href"].startswith("http")]
    if not there:
        yield (
            Finding(
                "L11", BLOCK, "The banner links to no privacy policy.", law,
                "Give the policy's address in the site's settings.", regime, "policy", field="settings policy_url",
            ),
            None,
        )  # fmt: skip
    # One page for all, which ends with its context: to be closed while an answer comes in, Chromium may forget.
    page = visitor.context.new_page()
    for link in there:
        try:
            response = page.goto(link["href"], timeout=LOAD, wait_until="commit")
            wrong = f"answers {response.status}" if response and response.status != OK else ""
        except Error as error:
            wrong = f"can't be opened: {visitor.why(link['href'], error)}"
        if wrong:
            text = f"The banner's link {link['text']!r} to {link['href']} {wrong.rstrip('.')}."
            yield Finding("L11", BLOCK, text, law, fix, regime, f"link {link['href']}"[:200]), None


def _refusing(visits: _Visits, checked: _Checked) -> None:
    with visits.visitor() as visitor:
        page = visitor.page
        _open(visitor, checked.url)
        measures.wait_for(page, "banner", BANNER)
        how = rendered.refuse(page)
        if how == "code":
            checked.notes.append("Nothing to refuse with is seen: the refusal was given by fairgate.reject().")
        checked.refused = visitor.next_view()
        checked.requests["after a refusal"] = len(checked.refused.requests)


def _accepting(visits: _Visits, checked: _Checked) -> None:
    with visits.visitor() as visitor:
        page = visitor.page
        _open(visitor, checked.url)
        measures.wait_for(page, "banner", BANNER)
        page.wait_for_timeout(REST)
        before = page.evaluate(QUEUE)
        rendered.accept(page)
        page.wait_for_timeout(REST)
        checked.queues = (before, page.evaluate(QUEUE))
        checked.requests["after a yes"] = len(visitor.visit().requests)
        if page.evaluate("!!window.fairgate?.withdraw"):
            page.evaluate("void fairgate.withdraw()")
            checked.withdrawn = visitor.next_view()
            checked.requests["after the withdrawal"] = len(checked.withdrawn.requests)


# --- and back: whose is it? -------------------------------------------------------------------------------------------


def _judged(checked: _Checked) -> Report:
    report = Report(checked.url, notes=checked.notes, requests=checked.requests)
    gate = checked.gate
    if gate is None:
        report.findings.append(
            Finding(
                "F11",
                BLOCK,
                "The page has no gate of ours: nothing is held, and nobody is asked.",
                "configuration",
                "Put the lines of Installation first into the page's head, and see that they are not blocked.",
                subject="gate",
            )  # fmt: skip
        )
    else:
        report.site, report.release, report.regime = gate["site"], gate["release"], gate["regime"]
    owners, terms = _owners(checked)
    regime = report.regime
    before = Moment("L26", rendered.BEFORE, BLOCK, regime)
    found = running_rules.judge(checked.before, owners, terms, before)
    found += running_rules.answered_by_itself(checked.before, before)
    if checked.refused:
        found += running_rules.judge(
            checked.refused, owners, None, Moment("L26", rendered.AFTER, BLOCK, regime)
        )  # fmt: skip
    if checked.withdrawn:
        found += running_rules.judge(
            checked.withdrawn, owners, None, Moment("L27", "after a yes was withdrawn", BLOCK, regime)
        )  # fmt: skip
        found += running_rules.consent_mode(*checked.queues, Moment("L28", "", BLOCK, regime))
    merged = visual_rules.merged([*checked.seen, *((finding, None) for finding in found)])
    report.findings = sorted([*report.findings, *merged], key=lambda one: (one.severity, one.rule, one.subject))
    return report


def _owners(checked: _Checked) -> tuple[Owners, dict[str, Any]]:
    """Whose things are whose, and the terms: the release's when the site is ours, else our catalogue and table."""
    gate = checked.gate or {"site": "", "release": 0, "regime": "", "server": ""}
    hosts: tuple[str, ...] = (checked.before.host.removeprefix("www."),)
    if gate["server"]:
        hosts += (outgoing.place(gate["server"])[0],)
    try:
        site = site_by_uuid(UUID(gate["site"]))
    except ValueError:
        site = None
    snapshot = queries.snapshot_of(site, gate["release"]) if site else None
    if snapshot is None:
        if gate["site"]:
            checked.notes.append("The site is not one of this installation: services are told by our catalogue.")
        return Owners(hosts=hosts), terms_of(gate["regime"])
    return rendered.owners_of(snapshot, *hosts), snapshot["variants"].get(gate["regime"], terms_of(""))


def terms_of(variant: str) -> dict[str, Any]:
    """What our table says of a variant, the strictest of one that it does not know."""
    known = table.variants()
    return known.get(variant, known[STRICTEST])
