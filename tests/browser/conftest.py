"""One small internet and one Chromium for all that is shown in it; each test finds it empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.internet import World, open_world
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
