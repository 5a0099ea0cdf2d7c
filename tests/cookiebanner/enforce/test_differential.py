"""The Python rewriter and the JavaScript one write the same bytes, for every page and wherever it is cut."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cookiebanner.enforce import edge
from fairgate_enforce import html
from fairgate_enforce.html import Rewriter
from fairgate_enforce.policy import Policy, Rules
from tests.cookiebanner.enforce import pages
from tests.packages.enforce.vectors import PAGE, RELEASE

# FAIRGATE_FUZZ=7000000:100000 tries 100,000 pages from another seed on.
FIRST, COUNT = map(int, os.environ.get("FAIRGATE_FUZZ", "1:24000").split(":"))
HOLDING = {**RELEASE, "site": {**RELEASE["site"], "unknown": "hold"}}
RELEASES = [RELEASE, HOLDING, None]  # None: nothing is held
LIMITS = [0, 90]  # bytes of the longest tag, script or style; 0: as shipped
SCRIPT = Path(__file__).parents[2] / "js/rewrite_pages.mjs"


def policy(release: dict | None) -> Policy | None:
    return Rules(release, "eu_opt_in", ("consent.test",)).for_visitor(None, False, "shop.test", 0) if release else None


def python(policy: Policy | None, page: bytes, sizes: list[int]) -> bytes:
    if policy:
        made = Rewriter(policy.held, policy.held_inline, PAGE, policy.is_granted)
    else:
        made = Rewriter(lambda url: "", base=PAGE)
    out, at = b"", 0
    for size in sizes:
        out += made.feed(page[at : at + size])
        at += size
    out += made.feed(page[at:]) + made.close()
    assert made.failed is None
    return out


def in_javascript(folder: Path, asked: list[dict]) -> list[list[bytes]]:
    """What rewrite.js makes of each page: whole, and in pieces if that is not the same."""
    node = shutil.which("node") or pytest.fail("node is missing: sudo apt-get install -y nodejs")
    data = [release and edge.data(release, "https://consent.test", {}) for release in RELEASES]
    lines = [{"page": PAGE, "policies": data, "limits": LIMITS}, *asked]
    (folder / "in").write_text("\n".join(map(json.dumps, lines)))
    subprocess.run([node, SCRIPT, folder / "in", folder / "out"], check=True, timeout=300)
    made = (folder / "out").read_text(encoding="utf-8").split("\n")
    return [[text.encode("latin-1") for text in json.loads(line)] for line in made]


def test_both_rewriters_write_the_same_bytes_whole_or_in_pieces_and_none_they_do_not_mean(tmp_path, monkeypatch):
    asked: list[dict[str, Any]] = []
    for seed in range(FIRST, FIRST + COUNT):
        random = Random(seed)
        page = pages.page(random)
        which, limit = random.choice([0, 0, 1, 1, 2]), random.choice([0, 0, 0, 1])
        asked.append({"p": which, "t": limit, "h": page.decode("latin-1"), "c": pages.cuts(random, len(page))})
    policies = [policy(release) for release in RELEASES]
    limits = [(html.TAG_LIMIT, html.TEXT_LIMIT), (LIMITS[1], LIMITS[1])]
    wrong, changed = [], 0
    with ThreadPoolExecutor(1) as beside:
        javascript = beside.submit(in_javascript, tmp_path, asked)
        ours = []
        for one in asked:
            monkeypatch.setattr(html, "TAG_LIMIT", limits[one["t"]][0])
            monkeypatch.setattr(html, "TEXT_LIMIT", limits[one["t"]][1])
            page = one["h"].encode("latin-1")
            ours.append((python(policies[one["p"]], page, []), python(policies[one["p"]], page, one["c"])))
        theirs = javascript.result()
    for seed, one, (whole, pieces), js in zip(range(FIRST, FIRST + COUNT), asked, ours, theirs, strict=True):
        page = one["h"].encode("latin-1")
        changed += whole != page
        kinds = {
            "Python in pieces": pieces != whole,
            "JavaScript in pieces": len(js) > 1,
            "Python and JavaScript": js[0] != whole,
            "nothing is held, yet Python changes": RELEASES[one["p"]] is None and whole != page,
        }
        for kind, differ in kinds.items():
            if differ:
                wrong.append(
                    (
                        len(page),
                        f"seed {seed}, {kind}: {page!r}\n  Python     {whole!r}\n  in pieces  {pieces!r}\n  JavaScript {js!r}",
                    )
                )
    assert not wrong, f"{len(wrong)} differences; the shortest:\n" + "\n".join(text for _, text in sorted(wrong)[:3])
    # The pages are worth something: many have something to hold.
    assert changed > COUNT // 5
