"""Vendors' loaders: held before an answer; after a yes the library comes once and hears each call once, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from fairgate_enforce.html import Rewriter
from fairgate_enforce.policy import Rules
from tests import samples
from tests.browser.loaders.table import LOADERS, Loader
from tests.browser.stage import CMP, SHOP, Stage
from tests.browser.test_core import context, stage

__all__ = ["context", "stage"]
pytestmark = pytest.mark.browser
VARIANT = "eu_opt_in"
SETTLE_MS = 100
LEVELS = ("snippet", "server")
GATE = f'<script src="https://{CMP}/v1/{samples.SITE_UUID}/gate.js"></script>'


def rewritten(html: str, snapshot: dict[str, Any]) -> str:
    """The page as a server hands it out that enforces the release."""
    policy = Rules(snapshot, VARIANT).for_visitor(None, False, SHOP)
    rewriter = Rewriter(policy.held, policy.held_inline, f"https://{SHOP}/", policy.is_granted)
    return (rewriter.feed(html.encode()) + rewriter.close()).decode()


class Visit:
    """One page with a vendor's loader and the gate."""

    def __init__(self, page: Any, stage: Stage, loader: Loader) -> None:
        self.page, self.stage, self.loader = page, stage, loader
        self.host = urlsplit(loader.library).hostname or ""

    def answer(self, verb: str) -> None:
        """A yes or a no to everything, and time for what follows."""
        self.page.evaluate(f"void fairgate.{verb}()")
        if verb == "accept":
            self.page.wait_for_function("loads > 0")
        self.page.wait_for_timeout(SETTLE_MS)

    @property
    def state(self) -> dict[str, Any]:
        """What was asked of anyone but the site and us, how often the library ran, what it heard, who was called back."""
        asked = [a.url for a in self.stage.world.asked if a.host not in (SHOP, CMP)]
        return {"asked": asked, **self.page.evaluate("({loads, heard, done})")}

    def expected(self, *, loaded: bool, done: int, more: tuple[object, ...] = ()) -> dict[str, Any]:
        """`state` with the library, or without."""
        calls = [*self.loader.calls, *more] if loaded else []
        return {"asked": [self.loader.library] * loaded, "loads": int(loaded), "heard": calls, "done": done}


@pytest.fixture
def visit(stage: Stage, context: Any) -> Iterator[Callable[[Loader, str], Visit]]:
    thrown: list[str] = []

    def visit(loader: Loader, level: str) -> Visit:
        service = samples.service(loader.service, category="C0004", container=False)
        snapshot = samples.snapshot(services=[service], level=level, variants=(VARIANT,))
        stage.release(snapshot, VARIANT)
        url = stage.page(loader.page, gate="" if level == "snippet" else GATE)
        if level == "server":
            status, kind, body = stage.world.pages[SHOP, "/"]  # type: ignore[misc]
            stage.world.pages[SHOP, "/"] = (status, kind, rewritten(body.decode(), snapshot).encode())
        visited = Visit(context.new_page(), stage, loader)
        stage.world.pages[visited.host, urlsplit(loader.library).path] = (200, "text/javascript", loader.code.encode())
        stage.world.extra_headers[visited.host] = {"Access-Control-Allow-Origin": "*"}
        visited.page.on("pageerror", lambda error: thrown.append(str(error)))
        visited.page.goto(url)
        visited.page.wait_for_function("!!fairgate._.decide")
        visited.page.wait_for_timeout(SETTLE_MS)
        return visited

    yield visit
    assert thrown == []


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("vendor", LOADERS)
def test_after_a_yes_a_library_comes_once_and_hears_every_call_in_order(visit, vendor, level) -> None:
    loader = LOADERS[vendor]
    page = visit(loader, level)
    assert page.state == page.expected(loaded=False, done=0)
    page.answer("accept")
    assert page.state == page.expected(loaded=True, done=loader.done_yes)
    page.page.evaluate(f"() => {{ {loader.later} }}")
    heard = page.expected(loaded=True, done=loader.done_yes, more=(loader.heard_later,))
    assert page.state == heard
    for verb in ("reject", "accept"):
        page.answer(verb)
    assert page.state == heard


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("vendor", LOADERS)
def test_after_a_no_the_page_is_called_back_as_documented_and_a_change_of_mind_calls_nothing_twice(
    visit, vendor, level
) -> None:
    loader = LOADERS[vendor]
    page = visit(loader, level)
    page.answer("reject")
    assert page.state == page.expected(loaded=False, done=loader.done_no)
    page.answer("accept")
    expected = page.expected(loaded=True, done=max(loader.done_no, loader.done_yes))
    assert page.state == (expected | {"heard": []} if loader.told_for_good else expected)
