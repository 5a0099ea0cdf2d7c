"""A signal of browsers that does not exist: what it takes to add one, for tests."""

from __future__ import annotations

from typing import Any

import pytest

from fairgate_enforce import signals

ROW: dict[str, Any] = {
    "key": "unmeasured",
    "name": "Please Do Not Measure",
    "on": True,
    "header": "Sec-Unmeasured",
    "property": "unmeasured",
    "values": [
        {"header": "measuring", "property": "measuring", "means": "refuse", "categories": ["C0002"]},
        {"header": "all", "property": "all", "means": "refuse", "categories": "*"},
        {"header": "ads", "property": 2, "means": "opt_out"},
    ],
    "regimes": ["us_optout_gpc", "eu_opt_in"],
    "source": "nowhere",
}
KEY, NAME = ROW["key"], ROW["name"]


def add(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """One more row in the table."""
    monkeypatch.setattr(signals, "TABLE", (*signals.TABLE, *signals.read([{**ROW, **changes}])))
