"""Errors that nobody caught and that come from our files: every browser test fails on one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Error

FRAME = re.compile(r"(?:https?|blob):\S*?(?=:\d+:\d+)")
OURS = re.compile(r"/(?:gate|late|otSDKStub|OtAutoBlock|ui\.[\w-]+)\.js(?:\?|$)")


def ours(error: Error) -> bool:
    """Whether one of our files threw it: the innermost frame is ours. A page that lets a held request of its own fail
    without listening is the page's."""
    frames = [bool(OURS.search(url)) for url in FRAME.findall(error.stack or "")]
    if not frames or ("Failed to fetch" in error.message and not all(frames)):
        return False
    return frames[0]


def watch(context: Any, thrown: list[Error]) -> Any:
    """Keeps what pages of this context throw, rejected promises too."""
    context.on("weberror", lambda event: thrown.append(event.error))
    return context


@pytest.fixture(autouse=True)
def uncaught(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Error]]:
    """All that pages threw in this test; the test fails if some of it is ours and was not taken out."""
    thrown: list[Error] = []
    new_context, new_page, persistent = Browser.new_context, Browser.new_page, BrowserType.launch_persistent_context

    def page(self: Browser, **options: Any) -> Any:
        made = new_page(self, **options)
        watch(made.context, thrown)
        return made

    monkeypatch.setattr(Browser, "new_context", lambda self, **options: watch(new_context(self, **options), thrown))
    monkeypatch.setattr(Browser, "new_page", page)
    monkeypatch.setattr(
        BrowserType, "launch_persistent_context", lambda self, *a, **k: watch(persistent(self, *a, **k), thrown)
    )
    yield thrown
    found = [error.stack or error.message for error in thrown if ours(error)]
    assert found == [], found
