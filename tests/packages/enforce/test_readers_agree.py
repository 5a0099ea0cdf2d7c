"""Written by the gate, read by the gate, in Python and at the edge: one meaning, whatever a site publishes meanwhile."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.publishing import slots
from cookiebanner.enforce.edge import data
from cookiebanner.releases import compile as compiler
from fairgate_enforce.policy import Rules
from fairgate_enforce.state_cookie import read_state_cookie
from tests import samples

ROOT = Path(__file__).resolve().parents[3]
VARIANTS = ("eu_opt_in", "us_optout")
BASE = samples.snapshot(services=[], variants=VARIANTS)
COOKIE = compiler.tags.cookie_name(samples.SITE_UUID)
RELEASES = st.dictionaries(st.sampled_from("abcde"), st.sampled_from(["C0001", "C0002", "C0003", "C0004"]), max_size=5)


class Node:
    """The script that speaks for the gate and for the edge."""

    def __init__(self) -> None:
        node = shutil.which("node")
        assert node, "node is missing"
        self.process = subprocess.Popen(
            [node, "tests/js/answers_meant.mjs"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    running = Node()
    yield running
    running.process.kill()
    running.process.wait()


def published(histories: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The releases of a site, one after the other, with their numbering."""
    numbering: slots.Numbering = {}
    made = []
    for services in histories:
        rows = [
            samples.service(
                key, category=category, container=key == "e", sells_or_shares=key == "d", rules=[f"{key}.test"]
            )
            for key, category in sorted(services.items())
        ]
        release = {**BASE, "services": rows}
        numbering = slots.extended(numbering, release)
        made.append({**release, "numbering": numbering})
    return made


@settings(max_examples=150, deadline=None)
@given(
    history=st.lists(RELEASES, min_size=1, max_size=4),
    parted=st.tuples(st.integers(0, 3), st.lists(RELEASES, max_size=2)),
    picks=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    said=st.lists(st.sampled_from([True, False]), min_size=10, max_size=10),
    flags=st.tuples(st.booleans(), st.booleans()),
    days=st.sampled_from([0, 200, 500]),
    variant=st.sampled_from(VARIANTS),
)
def test_they_agree(node, history, parted, picks, said, flags, days, variant):
    at, others = parted
    lines = [published(history), published([*history[:at], *others]) or published(history)]
    writer = lines[0][picks[0] % len(lines[0])]
    reader = (lines[0] + lines[1])[picks[1] % (len(lines[0]) + len(lines[1]))]
    terms = reader["variants"][variant]

    def config(release: dict[str, Any]) -> dict[str, Any]:
        return json.loads(
            compiler.safe_json(
                {**compiler.common(release, 1, "0" * 64), **compiler.for_variant(release, variant, terms, [])}
            )
        )

    written = config(writer)
    count = len(written["categories"]) + len(written["services"])
    release = compiler.enforced(reader, 1, "0" * 64)
    answer = {"id": "", "u": "", "t": int(time.time()) - days * 86400, "g": variant, "x": flags[0], "o": flags[1]}
    told = node.ask(
        {
            "written": written, "answer": answer, "vector": said[:count], "read": config(reader), "terms": terms,
            "variant": variant, "edgeData": data(release, "https://cmp.test", {}), "cookie": COOKIE,
        }
    )  # fmt: skip
    policy = Rules(release, variant).for_visitor(
        read_state_cookie(f"{COOKIE}={told['value']}", COOKIE), False, "shop.example"
    )
    by_python = {
        f"services {s['key']}": granted for s, granted in zip(release["services"], policy.granted, strict=True)
    }
    by_python |= {f"categories {key}": granted for key, granted in policy.categories.items()}
    assert by_python == {key: told["granted"][key] for key in by_python}
    assert told["waiting"] == [s["key"] for s in release["services"] if not by_python[f"services {s['key']}"]]
    if days == 0 and writer is reader and not flags[1]:
        # And what was said is what is understood.
        rows = [*reader["categories"], *reader["services"]]
        for row, choice in zip(rows, said, strict=False):
            kind = "services" if "category" in row else "categories"
            if not row.get("container") and f"{kind} {row['key']}" in by_python and row.get("category") != "C0001":
                assert by_python[f"{kind} {row['key']}"] == choice
