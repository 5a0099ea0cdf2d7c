"""The state cookie: what the server level reads in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fairgate_enforce.state_cookie import grants, mark, read

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


def test_the_marks_that_gates_wrote_are_known():
    """A cookie that a gate of 1b79d33 stored in Chromium."""
    stored = json.loads((Path(__file__).parents[2] / "vectors" / "stored_by_1b79d33.json").read_text())["answers"][0]
    offered = [("C0004", "google-ads"), ("C0002", "google-analytics"), ("C0002", "plausible")]
    answer = read(stored["cookie"].replace("{now}", "1795294000"))
    assert answer is not None
    assert answer.marks == "".join(mark(*one) for one in offered)
