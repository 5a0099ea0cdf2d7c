"""What a browser shows of a banner, in numbers: read out of an open page by measure.js and by pressing Tab."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

SCRIPT = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8").strip().removesuffix(";")
# OneTrust's names, which are ours: a page that came from there is measured by the same ones.
LAYERS: dict[str, dict[str, Any]] = {
    "banner": {
        "layer": "#onetrust-banner-sdk",
        "choices": {
            "accept": "#onetrust-accept-btn-handler",
            "reject": "#onetrust-reject-all-handler",
            "manage": "#onetrust-pc-btn-handler",
            "close": "#onetrust-close-btn-container button",
        },
    },
    "preferences": {
        "layer": "#onetrust-pc-sdk",
        "choices": {
            "accept": "#accept-recommended-btn-handler",
            "reject": ".ot-pc-refuse-all-handler",
            "save": ".save-preference-btn-handler",
            "close": "#close-pc-btn-handler",
        },
    },
}
WIDTHS = {320: 640, 768: 1024, 1280: 800}  # CSS pixels, each with its height
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
MOST_TABS = 60  # until the keyboard has met every choice; a page's own controls may come first
Measured = Mapping[str, Any]


def layer(page: Page, name: str) -> Measured | None:
    """The layer as it stands; None while it can't be seen."""
    found: Measured | None = page.evaluate(SCRIPT, LAYERS[name])
    return found


def wait_for(page: Page, name: str, patience: float) -> Measured | None:
    """The layer once it is there, at rest; None when it does not come within `patience` milliseconds."""
    from playwright.sync_api import Error

    # The page's own policy may forbid what Playwright's wait evaluates, so this asks again by itself.
    try:
        for _ in range(max(1, round(patience / 100))):
            if layer(page, name):
                settle(page)
                return layer(page, name)
            page.wait_for_timeout(100)
    except Error:  # the page has gone elsewhere
        return None
    return None


def settle(page: Page) -> None:
    """Until what was changed is drawn. A page in the background draws nothing, so there is an end to it."""
    page.evaluate("""new Promise((done) => {
      requestAnimationFrame(() => requestAnimationFrame(done)); setTimeout(done, 1000) })""")


def keyboard(page: Page, name: str) -> list[dict[str, Any]]:
    """What Tab meets in the layer, in order, until it has met every choice or pressed often enough. It begins wherever
    the focus was last, so what comes behind a step outside of the layer comes before the rest."""
    wanted = set((layer(page, name) or {"choices": ()})["choices"])
    rest(page, name)
    met: list[dict[str, Any]] = []
    start = 0
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focus = page.evaluate(SCRIPT, {**LAYERS[name], "focus": True})
        if focus is None or not focus["inside"]:
            start = len(met)
            continue
        met.append(focus)
        if wanted <= {one["name"] for one in met}:
            break
    return met[start:] + met[:start]


def rest(page: Page, name: str) -> None:
    """As the layer came up: nothing has the focus, nothing in it is scrolled."""
    page.evaluate(SCRIPT, {**LAYERS[name], "rest": True})


def stored(page: Page | Frame) -> dict[str, list[str]]:
    """The names of what the origin of a page or of a frame keeps: {local, session, databases}. Cookies are the
    browser context's."""
    script = """async () => {
      const late = new Promise((done) => setTimeout(done, 2000, []));
      const databases = await Promise.race([indexedDB.databases?.() ?? [], late]);
      const [local, session] = [Object.keys(localStorage), Object.keys(sessionStorage)];
      return { local, session, databases: databases.map(({ name }) => name) };
    }"""
    try:
        found: dict[str, list[str]] = page.evaluate(script)
    except Exception:  # a page without an origin has no storage
        return json.loads('{"local": [], "session": [], "databases": []}')
    return found
