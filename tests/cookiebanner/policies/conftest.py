"""The dashboard's people, for pages that staff see."""

from __future__ import annotations

from tests.cookiebanner.dashboard.conftest import login, people, shop  # noqa: F401
