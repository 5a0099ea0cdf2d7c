"""The blocking table in Firefox and WebKitGTK, and how often races are lost: in parts, for a quiet machine.

`python -m bench.blocking_engines table firefox|webkit [level …]` measures all vectors, `races chromium|firefox|webkit`
the shapes of pages whose requests race with the gate. Both stop after `--minutes` and go on where they stopped, from
build/, or begin anew with `--again`. What is whole is written into docs/blocking.*, the rest is not. It ends with 3
while something is left: `until python -m bench.blocking_engines table firefox; do [ $? = 3 ] || break; done`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from bench import blocking
from tests.browser.vectors import firefox
from tests.browser.vectors.blockers import LEVELS, chromium, find
from tests.browser.vectors.pages import VECTORS, Vector
from tests.browser.vectors.run import Result, attempts, measure, totals

PARTS = Path(__file__).resolve().parents[1] / "build"
COLUMNS = ("none", "yett", *LEVELS)
AT_ONCE = {"chromium": 60, "firefox": 60, "webkit": 60}  # vectors a launch: a part of some twenty seconds
LEFT = 3

IMAGE, FRAME = '<img src="{T}/%d.gif">', '<iframe src="{T}/%d.html"></iframe>'
SHAPES = {
    "one frame": FRAME % 0,
    "five frames, five pictures": "".join(f"<p>{FRAME % i}</p><p>{IMAGE % i}</p>" for i in range(5)),
    "a picture right behind a script": "<script>1</script>" + IMAGE % 0,
    "a picture elsewhere": "<script>1</script>\n<p>text</p>" + IMAGE % 0,
    "a film, an object, an embed": '<video src="{T}/v.gif"></video><object data="{T}/o.html"></object>'
    '<embed src="{T}/e.html">',
}
RACING = [Vector(f"race-{number}", "races", body=body) for number, body in enumerate(SHAPES.values())]


class Parts:
    """What was measured so far; `file` keeps it from one call to the next."""

    def __init__(self, name: str, version: str, again: bool) -> None:
        self.file = PARTS / f"{name}.json"
        kept = json.loads(self.file.read_text()) if self.file.exists() and not again else {}
        # Figures of two versions of a browser are no table.
        self.data: dict[str, Any] = kept if kept.get("version") == version else {"version": version, "columns": {}}

    def column(self, name: str) -> dict[str, Any]:
        """One level's figures."""
        return self.data["columns"].setdefault(name, {})

    def save(self) -> None:
        """Keeps them."""
        PARTS.mkdir(exist_ok=True)
        self.file.write_text(json.dumps(self.data, indent=1))


def version(engine: str) -> str:
    """The engine's name and number."""
    from tests.browser.frameworks import engines

    if engine == "webkit":
        return engines.version(engine)
    return blocking.version(firefox.binary() if engine == "firefox" else chromium())


def table(engine: str, columns: list[str], end: float, again: bool) -> int:
    """Measures what is missing of a table until the time is over. @returns how many vectors are left"""
    parts = Parts(f"blocking-{engine}", version(engine), again)
    for name in columns:
        column = parts.column(name)
        while missing := [vector for vector in VECTORS if vector.name not in column]:
            if time.monotonic() > end:
                return sum(vector.name not in parts.column(each) for each in columns for vector in VECTORS)
            results = asyncio.run(measure(find(name), missing[: AT_ONCE[engine]], engine))
            if broken := {vector: r.control for vector, r in results.items() if r.control and name in LEVELS}:
                sys.exit(f"{name} breaks the page in {engine}: {broken}")
            column.update({vector: [int(r.left), int(r.executed), int(r.stored)] for vector, r in results.items()})
            parts.save()
            print(engine, name, f"{len(column)} of {len(VECTORS)}", file=sys.stderr)
    keep(engine, parts, columns)
    return 0


def keep(engine: str, parts: Parts, columns: list[str]) -> None:
    """Writes whole columns into docs/blocking.*"""
    data = json.loads(blocking.DATA.read_text())
    known = {vector.name for vector in VECTORS}
    kept = data.get(engine, {"blockers": {}})
    kept["version"] = parts.data["version"]
    for name in columns:
        figures = {vector: row for vector, row in parts.column(name).items() if vector in known}
        results = {vector: Result(bool(a), bool(b), bool(c), "") for vector, (a, b, c) in figures.items()}
        kept["blockers"][name] = {"groups": totals(results), "vectors": figures}
    data[engine] = kept
    blocking.save(data)


def races(engine: str, times: int, end: float, again: bool) -> int:
    """Loads each racing shape again and again. @returns how many loads are left"""
    parts = Parts(f"races-{engine}", version(engine), again)
    first_visits = "webkit_cold" if engine == "webkit" else engine
    for level in ("snippet", "strict"):
        for shape, vector in zip(SHAPES, RACING, strict=True):
            column = parts.column(f"{level} {shape}")
            counts = column.setdefault("counts", [])
            while len(counts) < times:
                if time.monotonic() > end:
                    done = sum(len(each.get("counts", [])) for each in parts.data["columns"].values())
                    return 2 * len(SHAPES) * times - done
                counts += asyncio.run(attempts(find(level), vector, first_visits, min(5, times - len(counts))))
                parts.save()
                print(engine, level, shape, counts, file=sys.stderr)
    data = json.loads(blocking.DATA.read_text())
    rows = {name: [sum(map(bool, c["counts"])), sum(c["counts"])] for name, c in parts.data["columns"].items()}
    data.setdefault("races", {})[engine] = {"version": parts.data["version"], "times": times, "rows": rows}
    blocking.save(data)
    return 0


def main(given: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("table", "races"))
    parser.add_argument("engine", choices=tuple(AT_ONCE))
    parser.add_argument("levels", nargs="*", help="of a table; all of them by default")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--times", type=int, default=10, help="loads of each racing shape")
    parser.add_argument("--again", action="store_true", help="begin anew")
    asked = parser.parse_args(given)
    end = time.monotonic() + asked.minutes * 60
    if asked.what == "races":
        left = races(asked.engine, asked.times, end, asked.again)
    elif asked.engine == "chromium":
        parser.error("Chromium's table is that of bench.blocking")
    else:
        left = table(asked.engine, asked.levels or list(COLUMNS), end, asked.again)
    print(f"{left} left" if left else "whole", file=sys.stderr)
    return LEFT if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
