"""Pictures of a release's banners, for auditors: taken from a server like the one visitors get, by a real browser.

A lane of its own serves the release on a port of this machine; a page with the site's snippet is opened in Chromium.
A picture is kept only when the layer is there to be seen and says, read from the page, what the release says; and when
the page without the banner looks otherwise. All of it runs at the lowest priority. What pages send is thrown away: no
visitor was there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from consent import private_files
from consent.banners import texts
from consent.jobs.actions import enqueue
from consent.publishing import pictures as kept
from consent.publishing import queries
from consent.publishing.models import Release
from consent.publishing.snapshot import Snapshot
from consent.sites import snippets
from consent.sites.models import Site
from consent.stats.models import DailyTotal, ImpressionTotal
from cookiebanner.releases.renderings import FORMS, LAYERS, Rendering, Subject, Text, reachable, subjects

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

KIND = "pictures"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * 127.0.0.1",
)  # fmt: skip
# On a busy machine everybody else comes first.
PATIENCE = 120_000  # milliseconds until a page, or a layer, is there
START = 300.0  # seconds until the lane answers
LOWEST = 19  # nice
SELECTORS = {
    "banner": {
        "layer": "#onetrust-banner-sdk", "title": "#onetrust-policy-title", "body": "#onetrust-policy-text",
        "buttons": "#onetrust-banner-sdk button",
    },
    "preferences": {
        "layer": "#onetrust-pc-sdk", "title": "#ot-pc-title", "body": "#ot-pc-desc",
        "buttons": "#onetrust-pc-sdk .ot-pc-footer button",
    },
}  # fmt: skip
# Reads a layer out of the page, open shadow roots too: what it says, and whether a visitor sees each part of it, which
# means that it is what lies on top in its middle.
READ = """(at) => {
  const inside = (node) => [...node.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean);
  const roots = (node) => [node, ...inside(node).flatMap(roots)];
  const all = (selector) => roots(document).flatMap((root) => [...root.querySelectorAll(selector)]);
  const words = (node) => node.innerText.replace(/\\s+/g, ' ').trim();
  const onTop = (node) => {
    const box = node.getBoundingClientRect();
    return node.contains(node.getRootNode().elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
  };
  const onScreen = (node) => {
    const box = node.getBoundingClientRect();
    return box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
  };
  const [layer] = all(at.layer), [title] = all(at.title), [body] = all(at.body);
  if (!layer || !title || !body || !title.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    return null;
  const own = [...body.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent).join(' ');
  const buttons = all(at.buttons).filter((node) => node.checkVisibility() && words(node));
  return {
    title: words(title),
    body: own.replace(/\\s+/g, ' ').trim(),
    buttons: buttons.map(words),
    // What a long text has pushed out of a small screen is there to be scrolled to.
    hidden: [title, ...buttons.filter(onScreen)].filter((node) => !onTop(node)).map(words),
    seen: buttons.filter(onScreen).length,
  };
}"""


class Unseen(Exception):
    """A picture would not show what it must; the text says why."""


# --- the job ----------------------------------------------------------------------------------------------------------


def unavailable() -> str:
    """Why no pictures can be taken here, in words; "" when they can."""
    return missing() if settings.FAIRGATE_PICTURES else gettext("FAIRGATE_PICTURES is off")


def missing() -> str:
    """Which of the two programs is not here, in words; "" when both are."""
    if find_spec("playwright") is None:
        return gettext("Playwright is not installed")
    return "" if installed_browser() else gettext("Chromium is not installed")


def nothing_to_see(release: Release) -> str:
    """Why a release has no banner, in words; "" when it has one."""
    snapshot = queries.snapshot_of(release.site, release.number)
    return (
        ""
        if snapshot and variants(release.site, snapshot)
        else gettext("this release asks nothing, so no banner is shown")
    )


def ask_for(release: Release) -> None:
    """Queues the pictures of a release, when this installation takes them."""
    if settings.FAIRGATE_PICTURES:
        enqueue(KIND, site=release.site, params={"release": release.number}, once=True)


Progress = Callable[[int, int, str], None]  # done, of how many, what now
SendProgress = Callable[[tuple[int, int, str]], None]
Made = TypeVar("Made")


def log(release: Release, progress: Progress = lambda done, total, words: None) -> dict[str, Any]:
    """Takes what is still missing of a release's pictures and names them in the log, in one entry; returns the entry's
    record. Raises Unseen when no picture shows what it must: nothing is logged then."""
    if before := kept.logged(release.site, release.number):
        return before
    snapshot = queries.snapshot_of(release.site, release.number)
    assert snapshot is not None, "the release is there"
    todo = subjects(snapshot, variants(release.site, snapshot))
    record = aside(lambda tell, stop: _take_all(release, snapshot, todo, tell, stop), progress)
    kept.log(release, record)
    _unfinished(release).unlink(missing_ok=True)
    return record


def aside(work: Callable[[SendProgress, threading.Event], Made], progress: Progress) -> Made:
    """What a browser makes, in a thread of its own. Playwright keeps an event loop in it, where Django refuses to touch
    the database: what is to be done there, `progress` too, is done here. `work` gets a function that tells how far it
    is, and an event that says when to stop."""
    news: SimpleQueue[tuple[int, int, str] | None] = SimpleQueue()
    stop = threading.Event()
    with ThreadPoolExecutor(1, initializer=_step_back) as thread:
        taking = thread.submit(work, news.put, stop)
        taking.add_done_callback(lambda _: news.put(None))
        try:
            while (now := news.get()) is not None:
                progress(*now)
        except BaseException:
            stop.set()
            raise
        return taking.result()


def _step_back() -> None:
    """Gives the thread, and all processes it starts, the lowest priority (Linux counts by thread)."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)


def _take_all(
    release: Release,
    snapshot: Snapshot,
    todo: list[Subject],
    tell: SendProgress,
    stop: threading.Event,
) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    taken = _Taken(release)
    with lane() as server, pages() as shown, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=installed_browser(), args=[*ARGUMENTS])
        studio = Studio(browser, release, snapshot, server, shown)
        for number, subject in enumerate(todo):
            if stop.is_set():
                break
            one = subject.taken
            tell((number, len(todo), f"{one.variant}, {one.language}, {one.form}, {one.scheme}"))
            if number not in taken.done:
                taken.add(number, _one(studio, subject))
        record = taken.record(f"Chromium {browser.version}")
        browser.close()
    if not record["pictures"]:
        why = record["missing"][0]["why"] if record["missing"] else "this release asks nothing."
        raise Unseen(f"No picture shows the banner: {why}")
    return record


def _one(studio: Studio, subject: Subject) -> dict[str, Any]:
    """Both layers of a subject: pictures, or why there is none."""
    try:
        return {"pictures": studio.take(subject)}
    except Exception as error:  # a browser fails in many ways; the next picture has another try
        return {"missing": [one._asdict() | {"why": _one_line(error)} for one in subject.shows]}


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


class _Taken:
    """What was taken so far, kept in a file, so that a job that is interrupted goes on where it was."""

    def __init__(self, release: Release) -> None:
        self.path = _unfinished(release)
        private_files.folder(self.path.parent)
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        self.done: dict[int, dict[str, Any]] = {}
        for line in lines:
            with suppress(ValueError, TypeError):  # the last one may be cut off
                number, result = json.loads(line)
                self.done[number] = result

    def add(self, number: int, result: dict[str, Any]) -> None:
        self.done[number] = result
        if "pictures" in result:  # what failed is tried again
            with private_files.open_file(self.path, "a") as file:
                file.write(json.dumps([number, result]) + "\n")

    def record(self, browser: str) -> dict[str, Any]:
        """The record of the entry: equal files are one picture, which stands for all that they show."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        missing = []
        for _, result in sorted(self.done.items()):
            for picture in result.get("pictures", ()):
                first = found.setdefault((picture["sha256"], picture["layer"]), picture)
                if first is not picture:
                    first["shows"] += picture["shows"]
            missing += result.get("missing", [])
        return {"pictures": list(found.values()), "browser": browser, "missing": missing}


def _unfinished(release: Release) -> Any:
    return kept.folder() / f"{release.site.uuid}-{release.number}.part"


def variants(site: Site, snapshot: Mapping[str, Any]) -> list[str]:
    """Those that the site's visitors can get: by their place, or because a page names them, as counts show."""
    seen: set[str] = set()
    for model in (DailyTotal, ImpressionTotal):
        seen.update(model.objects.filter(site_id=site.pk).values_list("regime", flat=True).distinct())
    located = bool(settings.FAIRGATE_TRUSTED_PROXIES or settings.MMDB)
    return reachable(snapshot, timezone.now().date(), located, seen)


# --- the server and the page ------------------------------------------------------------------------------------------


@contextmanager
def lane() -> Iterator[str]:
    """A server process of its own, on a port that only this machine reaches; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        modules = os.pathsep.join(filter(None, (str(settings.BASE_DIR), os.environ.get("PYTHONPATH"))))
        environment = {
            **os.environ, "FAIRGATE_PARENT": str(os.getpid()), "PYTHONPATH": modules, "FAIRGATE_HOSTS": "127.0.0.1",
            "FAIRGATE_DATA": str(settings.FAIRGATE_DATA), "SECRET_KEY": settings.SECRET_KEY,
        }  # fmt: skip
        command = [sys.executable, "-m", "cookiebanner.lane.server", str(listening.fileno())]
        process = subprocess.Popen(
            command, pass_fds=[listening.fileno()], env=environment, start_new_session=True, stdin=subprocess.DEVNULL
        )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(START)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the lane answers. Connections wait in its socket meanwhile. Raises RuntimeError when it ends instead."""
    with socket.create_connection(("127.0.0.1", port), timeout=START) as asked:
        asked.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        try:
            answer = asked.recv(64)
        except OSError as error:
            raise RuntimeError(f"The server for pictures does not answer: {error}") from error
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"The server for pictures can't start (code {process.poll()}).")


class Pages:
    """Pages of the site by path, and files of a content that no lane has, on a port of this machine."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.files: dict[str, tuple[str, bytes]] = {}  # path → (content type, bytes)
        self.port = 0


@contextmanager
def pages() -> Iterator[Pages]:
    """A server for what the site itself would serve."""
    shown = Pages()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = shown.pages.get(self.path)
            kind, body = shown.files.get(self.path, ("text/html; charset=utf-8", (page or "").encode()))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Nobody's requests but ours."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    shown.port = server.server_address[1]
    try:
        yield shown
    finally:
        server.shutdown()
        server.server_close()


def tags(server: str, release: Release, variant: str, level: str, arm: str = "") -> str:
    """The snippet of the site's level, with the address that pins release and regime; of a test, the banner too."""
    pinned = f'data-arm="{arm}"' if arm else ""
    gate = snippets.script(f"{server}/v1/{release.site.uuid}/r/{release.number}/regime/{variant}/gate.js", pinned)
    if level == Site.Level.DROP_IN:
        stub = f'charset="UTF-8" data-domain-script="{release.site.uuid}"'
        return gate + snippets.script(f"{server}/scripttemplates/otSDKStub.js", stub)
    return gate + {Site.Level.SNIPPET.value: snippets.SWALLOW, Site.Level.STRICT.value: snippets.POLICY}.get(level, "")


def page(name: str, language: str, head: str, end: str = "") -> str:
    """A plain page in the language, with these tags first in its head and these at its end."""
    return (
        f'<!doctype html><html lang="{escape(language)}" dir="{texts.direction(language)}"><head>{head}'
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(name)}</title>'
        "<style>:root{color-scheme:light dark}body{font:18px/1.6 sans-serif;margin:40px;max-width:40em}</style></head>"
        f"<body><h1>{escape(name)}</h1>{end}</body></html>"
    )


# --- the browser ------------------------------------------------------------------------------------------------------


def installed_browser() -> str | None:
    """The Chromium to start; None when there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def process_ended_after(process: int, seconds: float) -> Iterator[None]:
    """Ends the browser of this process when the block takes longer, so that what waits for it fails: a page that is
    busy for ever answers nothing that it is asked."""
    timer = threading.Timer(seconds, end_process, [process])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def ended_after(browser: Browser, seconds: float) -> AbstractContextManager[None]:
    """The same for a browser."""
    return process_ended_after(process_of(browser), seconds)


def process_of(browser: Browser) -> int:
    """The id of the browser's first process."""
    rows = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return next(row["id"] for row in rows if row["type"] == "browser")


def end_process(process: int) -> None:
    """Ends a process at once, if it is there."""
    with suppress(OSError):
        os.kill(process, signal.SIGKILL)


class Studio:
    """A browser in front of one release's lane."""

    def __init__(
        self, browser: Browser, release: Release, snapshot: Mapping[str, Any], server: str, shown: Pages
    ) -> None:
        self.browser, self.release, self.server, self.shown = browser, release, server, shown
        self.site = snapshot["site"]
        self._without: dict[tuple[str, str, str], bytes] = {}

    def take(self, subject: Subject) -> list[dict[str, Any]]:
        """Pictures of both layers, stored, as the entry tells of them. Raises Unseen."""
        one = subject.taken
        found = []
        with self.context(one) as context:
            tab = self.open(context, one, tags(self.server, self.release, one.variant, self.site["level"], one.arm))
            for layer in LAYERS:
                if layer == "preferences":
                    tab.evaluate("fairgate.open()")
                says = self._read(tab, layer, subject.texts[layer])
                png = tab.screenshot(animations="disabled", caret="hide")
                if png == self._page_alone(one):
                    raise Unseen(f"The page looks as it does without the {layer}.")
                found.append(_stored(png, subject, layer, says))
        return found

    @contextmanager
    def context(self, one: Rendering) -> Iterator[BrowserContext]:
        """A clean profile for a rendering. What its pages send is thrown away."""
        width, height = FORMS[one.form]
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=_scheme(one), locale=one.language,
            reduced_motion="reduce", has_touch=one.form == "phone",
        )  # fmt: skip
        headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        context.route("**/api/**", lambda route: route.fulfill(status=204, headers=headers))
        try:
            yield context
        finally:
            context.close()

    def open(self, context: BrowserContext, one: Rendering, head: str, end: str = "") -> Page:
        """A page of the site, with these tags in its head and at its end."""
        path = f"/{len(self.shown.pages)}"
        self.shown.pages[path] = page(self.site["name"], one.language, head, end)
        tab = context.new_page()
        tab.goto(f"http://{self.site['hosts'][0]}:{self.shown.port}{path}", timeout=PATIENCE)
        return tab

    def _page_alone(self, one: Rendering) -> bytes:
        """What the page looks like without a banner."""
        key = (one.language, one.form, one.scheme)
        if key not in self._without:
            with self.context(one) as context:
                tab = self.open(context, one, "")
                self._without[key] = tab.screenshot(animations="disabled", caret="hide")
        return self._without[key]

    def _read(self, tab: Page, layer: str, wanted: Text) -> Text:
        """What the layer says, once it is there. Raises Unseen when a visitor does not see it, or it says otherwise."""
        from playwright.sync_api import TimeoutError as TooLong

        try:
            tab.wait_for_function(f"(at) => ({READ})(at)", arg=SELECTORS[layer], timeout=PATIENCE)
        except TooLong:
            raise Unseen(f"The {layer} does not come.") from None
        tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        read = tab.evaluate(READ, SELECTORS[layer])
        if read is None or not read["seen"]:
            raise Unseen(f"The {layer} is not on the screen.")
        if read["hidden"]:
            raise Unseen(f"Something covers the {layer}: {', '.join(read['hidden'])}.")
        says = Text(read["title"], read["body"], read["buttons"])
        for name, said, due in zip(Text._fields, _comparable(says), _comparable(wanted), strict=True):
            if said != due:
                raise Unseen(f"The {name} of the {layer} says {said!r}, the release {due!r}.")
        return says


def _scheme(one: Rendering) -> Any:
    return one.scheme


def _comparable(text: Text) -> tuple[str, str, list[str]]:
    """Blanks as a page shows them; buttons in any order."""
    return _plain(text.title), _plain(text.body), sorted(map(_plain, text.buttons))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _stored(png: bytes, subject: Subject, layer: str, says: Text) -> dict[str, Any]:
    """Keeps the file under its hash; returns what the entry says of it."""
    digest = hashlib.sha256(png).hexdigest()
    private_files.folder(kept.folder())
    path = kept.path(digest)
    with private_files.open_file(path.with_suffix(".new"), "wb") as file:
        file.write(png)
    path.with_suffix(".new").replace(path)
    one = subject.taken
    return {
        "sha256": digest,
        "bytes": len(png),
        "width": int.from_bytes(png[16:20], "big"),  # IHDR
        "height": int.from_bytes(png[20:24], "big"),
        **one.words(),
        "layer": layer,
        "text": says._asdict(),
        "shows": _shows(subject.shows),
    }


def _shows(renderings: Iterable[Rendering]) -> list[dict[str, str]]:
    return [one.words() for one in renderings]
