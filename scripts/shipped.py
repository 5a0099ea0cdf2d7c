"""`python -m scripts.shipped` writes docs/shipped.md: what a Fairgate server runs of other people's, and our data sets.

tests/docs/test_shipped.py fails when that page is not what this makes of the tree.
"""

from __future__ import annotations

import hashlib
import json
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import cast

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/shipped.md"

# static/vendor: file → (package of package-lock.json, file in it).
VENDORED = {"htmx.min.js": ("htmx.org", "dist/htmx.min.js")}
# File → (what it is, day of the last review, first digits of its SHA-256). A changed file needs a new day here.
DATA_SETS = {
    "consent/jurisdictions/jurisdictions.csv": ("what the law asks, place by place", "2026-11-30", "be225d12de566ea6"),
    "consent/jurisdictions/regimes.json": ("the same in machine terms", "2026-11-30", "db2ee0048e63a75d"),
    "consent/catalogue/services.json": ("well-known trackers, written by us", "2026-11-30", "a0af8bf14cd83049"),
}
# What packages say in more words than SPDX.
LICENCES = {
    "LGPL with exceptions": "LGPL-3.0-or-later with exceptions",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
}


def digest(path: Path) -> str:
    """The first 16 digits of a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def direct() -> dict[str, Requirement]:
    """What requirements.txt pins, by canonical name."""
    lines = (line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    return {canonicalize_name(found.name): found for found in map(Requirement, filter(None, lines))}


def brought() -> set[str]:
    """What those need, and what that needs, as installed here; canonical names."""
    found: set[str] = set()
    waiting = [(name, frozenset(one.extras)) for name, one in direct().items()]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        for text in metadata.requires(name) or []:
            needed = Requirement(text)
            wanted = [{"extra": extra} for extra in ("", *extras)]
            if needed.marker and not any(needed.marker.evaluate(one) for one in wanted):
                continue
            key = (canonicalize_name(needed.name), frozenset(needed.extras))
            found.add(key[0])
            if key not in seen:
                seen.add(key)
                waiting.append(key)
    return found - direct().keys()


def licence(name: str) -> str:
    """The licence that an installed package names, in SPDX's words where it can be told. Raises LookupError."""
    about = cast(Message, metadata.metadata(name))  # the protocol of PackageMetadata names no get()
    classified = [
        text.rpartition(":: ")[2] for text in about.get_all("Classifier") or [] if text.startswith("License ::")
    ]
    for text in (about.get("License-Expression"), about.get("License"), *classified):
        if text and len(text) < 60 and text != "UNKNOWN":
            return LICENCES.get(text, text)
    raise LookupError(f"{name} names no licence.")


def page() -> str:
    """docs/shipped.md as it must be."""
    lines = [
        "# What is shipped",
        "",
        "Made by `python -m scripts.shipped` from requirements.txt, package-lock.json and the tree; a test keeps it",
        "true. `make audit` asks whether something is known against any of it (see [operate.md](operate.md)).",
        "",
        "## Python packages that a server runs",
        "",
        "| package | version | licence |",
        "|---|---|---|",
    ]
    for name, one in sorted(direct().items()):
        extras = f"[{', '.join(sorted(one.extras))}]" if one.extras else ""
        version = str(one.specifier).removeprefix("==")
        lines.append(f"| {one.name}{extras} | {version} | {licence(name)} |")
    lines += [
        "",
        "They bring, in the version that pip chooses when it installs them (`pip list` tells):",
        "",
        ", ".join(f"{name} ({licence(name)})" for name in sorted(brought())) + ".",
        "",
        "All of them are used as they are; nothing of theirs is copied into Fairgate's own code (Apache-2.0). Optional",
        "and not installed by us: pyarrow (Parquet exports).",
        "",
        "## JavaScript of others",
        "",
        "In the dashboard only. What visitors load is ours from the first byte to the last.",
        "",
        "| file | package | version | licence | SHA-256 |",
        "|---|---|---|---|---|",
    ]
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for file, (package, _) in sorted(VENDORED.items()):
        about = locked[f"node_modules/{package}"]
        name = f"static/vendor/{file}"
        row = (f"`{name}`", package, about["version"], about["license"], f"`{digest(ROOT / name)}…`")
        lines.append(f"| {' | '.join(row)} |")
    lines += [
        "",
        "## Data sets",
        "",
        "| file | what it is | reviewed | SHA-256 |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{file}` | {what} | {day} | `{sha}…` |" for file, (what, day, sha) in DATA_SETS.items()]
    lines += ["", "ISO 3166 codes come with pycountry. A country database is the operator's own (`MMDB`).", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written.")
