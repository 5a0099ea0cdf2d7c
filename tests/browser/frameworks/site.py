"""The pages of `built/` on a shop in the small internet, with the gate and without it."""

from __future__ import annotations

import functools
import json
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests import samples
from tests.browser.internet import Answer, Asked, World, file_answer, tracker
from tests.browser.stage import CMP, SHOP, SWALLOW, Stage

BUILT = Path(__file__).resolve().parent / "built"
TRACKER = "trk.test"
HYDRATES_SECONDS = 0.4
GATE = f"https://{CMP}/v1/{samples.SITE_UUID}/gate.js"
TAG = f'<script src="{GATE}"></script>{SWALLOW}'
# A library that is held and that inline code behind it needs.
LIBRARY = (
    b"(window.__ran = window.__ran || []).push('trk.test/library.js');"
    b"window.trkForms = { create(where) { document.querySelector(where).textContent = 'A form'; } };"
)


class Walk(NamedTuple):
    """How a page is walked: the link to its second page, what is pressed before an answer and after one, and whether
    the page writes the gate's tag itself."""

    name: str
    next: str | None
    press: list[str]
    close: list[str]
    rendered: bool


@functools.cache
def walks() -> dict[str, Walk]:
    """Every page that is built."""
    return {
        folder.name: Walk(name=folder.name, **json.loads((folder / "walk.json").read_text()))
        for folder in sorted(BUILT.iterdir())
        if folder.is_dir()
    }


@functools.cache
def release() -> dict[str, Any]:
    """A site with one tracker, known by its host and by two marks of inline code, and a payment provider it needs."""
    services = [
        samples.service("trk", category="C0004", rules=[TRACKER], inline=["trkAgent", "trkForms."]),
        samples.service("pay", category="C0001", rules=["pay.test"]),
    ]
    banner = {"layout": "card", "position": "bottom-right", "floating_button": True}
    return samples.snapshot(services=services, variants=("eu_opt_in",), banner=banner)


@functools.cache
def ours() -> dict[tuple[str, str], Any]:
    """What our server answers for that release; compiled once a run."""
    world = World()
    try:
        stage = Stage(world)
        stage.release(release())
        return {key: answer for key, answer in world.pages.items() if key[0] == CMP and not callable(answer)}
    finally:
        world.close()


class Site:
    """One page at a time; `gated` says whether it has the gate, `reachable` whether the tracker answers, `first` stands
    before the gate."""

    def __init__(self, world: World, walk: Walk, first: str = "") -> None:
        self.world, self.walk, self.gated, self.first = world, walk, False, first
        self.reachable = True
        self.stage = Stage(world)
        world.pages |= ours()
        world.pages[(CMP, "/api/v1/consents")] = self.stage.answer
        world.pages[(CMP, f"/v1/{samples.SITE_UUID}/gate.js")] = self._gate
        world.tracker = self._tracker
        folder = BUILT / walk.name
        for path in folder.rglob("*"):
            if path.is_file():
                self._serve(path, path.relative_to(folder).as_posix())
        if walk.name == "payment":
            world.pages[("pay.test", "/v1.js")] = file_answer(folder / "pay.js")
            world.pages[("pay.test", "/card.html")] = file_answer(folder / "pay.html")

    @property
    def url(self) -> str:
        return f"https://{SHOP}/{self.walk.name}/"

    def _serve(self, path: Path, name: str) -> None:
        answer: Any = file_answer(path)
        names = {name}
        if path.suffix == ".html":
            text = path.read_text()
            answer = functools.partial(self._page, text)
            names |= {name.removesuffix(".html"), name.removesuffix("index.html"), name.removesuffix("/index.html")}
        if name.startswith(("_next/", "_nuxt/")):
            answer = functools.partial(self._late, answer)
        for each in names:
            self.world.pages[(SHOP, f"/{self.walk.name}/{each}")] = answer

    def _late(self, answer: Answer, asked: Asked) -> Answer:
        """Next and Nuxt hydrate by themselves: this is after all that the gate draws by itself, as in the pages of `window.start`."""
        time.sleep(HYDRATES_SECONDS if self.gated else 0)
        return answer

    def _page(self, text: str, asked: Asked) -> Answer:
        html = text.replace("<!--gate-->", self.first + (TAG if self.gated else ""))
        return 200, "text/html; charset=utf-8", html.encode()

    def _gate(self, asked: Asked) -> Answer:
        """The real one, or nothing: for pages that write its tag themselves."""
        return ours()[(CMP, f"/v1/{samples.SITE_UUID}/gate.js")] if self.gated else (200, "text/javascript", b"")

    def _tracker(self, asked: Asked) -> Answer:
        if not self.reachable:
            return 503, "text/plain", b""
        return (200, "text/javascript", LIBRARY) if asked.path == "/library.js" else tracker(asked)

    @functools.cached_property
    def raced(self) -> set[str]:
        """What the parser itself asks for: pictures and frames in the page's own markup. At the level of the snippet
        that request races with whatever watches the parser; the vectors measure it (docs/blocking.md), one page each.
        A page that writes the gate's tag itself has not the second line that keeps the scanner from asking for scripts; the
        scanners of Firefox and WebKit, whose pages have a `first`, heed it not.
        """
        html = (BUILT / self.walk.name / "index.html").read_text()
        tags = "iframe|img|script|link" if self.walk.rendered or self.first else "iframe|img"
        return set(re.findall(rf'<(?:{tags})\b[^>]*?\s(?:src|href)="(https://trk\.test/[^"]*)"', html))

    def asked(self, since: int = 0) -> list[str]:
        """The tracker's addresses that were asked for, oldest first."""
        return [asked.url for asked in self.world.asked[since:] if asked.host == TRACKER]

    @property
    def count(self) -> int:
        """How many requests there have been, to ask later for what came since."""
        return len(self.world.asked)
