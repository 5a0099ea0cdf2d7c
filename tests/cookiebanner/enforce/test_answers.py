"""The state cookie: what the server level reads in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cookiebanner.enforce.answers import grants, read

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "answers.json").read_text())


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_vectors(case: dict):
    answer = read(case["value"])
    found = answer and {
        "at": answer.at,
        "shared": (shared := answer.shared(VECTORS["steps"])),
        "grants": grants(answer, set()),
        "objected": answer.objected,
        "unasked": answer.unasked,
        "choices": [answer.choice(own, shared) for own, *_ in VECTORS["slots"]],
    }
    assert found == case["read"]
