"""Collected only where CITUS_URL names a coordinator: no other run knows of these tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

collect_ignore_glob = [] if os.environ.get("CITUS_URL") else ["test_*"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A file that is named is collected all the same."""
    here = Path(__file__).parent
    if out := [item for item in items if here in item.path.parents and not os.environ.get("CITUS_URL")]:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


@pytest.fixture(scope="session")
def coordinator() -> str:
    return os.environ["CITUS_URL"]
