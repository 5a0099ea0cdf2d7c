"""The last section of docs/blocking.md, other projects' tests with the gate: docs/third-party.json in words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
DATA = DOCS / "third-party.json"
HEADING = "## Other projects' tests with the gate\n"
INTRODUCTION = """
jQuery's and htmx's own browser tests and a part of web-platform-tests, in {browser}: each page once with an
empty script first in its head and once with the gate there (twenty services, no answer yet, the banner open). What
ended differently was run again; a difference ends in one way each time without the gate and in another each time with
it. Pages of web-platform-tests that need its own server fail in both columns.
"""
REPEAT = """
To repeat it, bring a checkout of github.com/jquery/jquery, bigskysoftware/htmx or web-platform-tests/wpt; nothing of
it comes into this tree. The first two are made ready with their own packages (`npm ci`); jQuery's scripts `pretest` and
`build:main` make its test files and its library.

```
python -m bench.third_party jquery ../jquery
python -m bench.third_party htmx ../htmx
python -m bench.third_party wpt ../wpt            # or some folders: ../wpt dom custom-elements
```

Each writes its rows into docs/third-party.json and this section.
"""
NAMES = {"jquery": "jQuery", "htmx": "htmx"}
# Of tests that differ, by what their lines say: why.
CAUSES = [
    (
        r"selector > (child and adjacent|pseudo - \(first)",
        "the banner's own paragraphs match a selector of the whole document",
    ),
    (
        r"(microtasks-and-constructors|perform-microtask-checkpoint)",
        "all mutation observers of a page share one microtask, which the gate's has queued already",
    ),
]  # fmt: skip


def cause(line: str) -> str:
    """Why a test differs, or that nobody has looked."""
    return next((why for pattern, why in CAUSES if re.search(pattern, line)), "not looked at yet")


def title(part: str) -> str:
    """A part's name for people."""
    return NAMES.get(part) or f"web-platform-tests, `{part.partition(' ')[2]}`"


def section() -> str:
    """The section, or nothing where nothing was measured."""
    if not DATA.exists():
        return ""
    data: dict[str, dict[str, Any]] = json.loads(DATA.read_text())
    lines = [
        "| suite | revision | pages | tests | pass without | pass with | differ |",
        "|---|---|---|---|---|---|---|",
    ]
    for part in sorted(data, key=lambda part: (part not in NAMES, part)):
        row = data[part]
        figures = [row[name] for name in ("pages", "tests", "passed", "passed_with")] + [len(row["differences"])]
        lines.append(f"| {title(part)} | {row['revision']} | {' | '.join(f'{n:,}' for n in figures)} |")
    reasons: dict[str, list[str]] = {}
    for part, row in data.items():
        for line in row["differences"]:
            reasons.setdefault(cause(line), []).append(part)
    lines += ["", "What differs, and why:", ""]
    for why, parts in sorted(reasons.items(), key=lambda reason: -len(reason[1])):
        lines.append(f"- {why}: {', '.join(f'{parts.count(part)} of {title(part)}' for part in sorted(set(parts)))}.")
    browser = next(iter(data.values()))["browser"]
    return HEADING + INTRODUCTION.format(browser=browser) + "\n" + "\n".join(lines) + "\n" + REPEAT


def write() -> None:
    """Puts the section in place of the one that docs/blocking.md has."""
    path = DOCS / "blocking.md"
    path.write_text(path.read_text().partition(HEADING)[0].rstrip("\n") + "\n\n" + section())
