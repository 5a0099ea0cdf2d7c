"""Collected only where CITUS_URL names a coordinator: no other run knows of these tests."""

from __future__ import annotations

import os

import pytest

collect_ignore_glob = [] if os.environ.get("CITUS_URL") else ["test_*"]


@pytest.fixture(scope="session")
def coordinator() -> str:
    return os.environ["CITUS_URL"]
