"""One small internet and one Chromium for all that is shown in it; each test finds it empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.internet import World, open_world
from tests.browser.shop import URL, open_shop
from tests.browser.uncaught import uncaught

__all__ = ["uncaught"]


@pytest.fixture(scope="session")
def net() -> Iterator[World]:
    with open_world() as world:
        yield world


@pytest.fixture(scope="session")
def chromium(net: World, playwright: Playwright, browser_type_launch_args: dict) -> Iterator[Browser]:
    arguments = [*browser_type_launch_args["args"], *net.chromium_arguments]
    browser = playwright.chromium.launch(**{**browser_type_launch_args, "args": arguments})
    yield browser
    browser.close()


@pytest.fixture
def world(net: World) -> Iterator[World]:
    """The internet without a page; requests that are still under way when a test ends are answered in vain."""
    net.forget()
    yield net
    net.forget()


@pytest.fixture
def visit(chromium: Browser, world: World) -> Iterator[Callable[..., Any]]:
    """visit(**shop options) → a page on the shop; `gate=False` shows it without ours."""
    contexts: list[Any] = []

    def visit(
        gate: bool = True,
        wait: str = "#onetrust-banner-sdk",
        variant: str = "eu_opt_in",
        tags: str = "",
        **options: Any,
    ) -> Any:
        open_shop(world, variant, tags=tags if gate else "<!-- none -->", **options)
        contexts.append(chromium.new_context(ignore_https_errors=True, viewport={"width": 800, "height": 600}))
        page = contexts[-1].new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(URL)
        if gate and wait:
            page.wait_for_selector(wait, state="visible")
        return page

    yield visit
    for made in contexts:
        made.close()
