"""`python -m scripts.tables` writes the tables of deploy/edge/rewrite.js, which is deployed as one file.

They are those of packages/enforce/src/fairgate_enforce/html.json; the names of characters come from Python's copy of
the HTML standard's list. tests/cookiebanner/enforce/test_edge.py fails when the file is not what this makes of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.entities import html5
from pathlib import Path

from fairgate_enforce.tables import TABLES

FILE = Path(__file__).resolve().parents[1] / "deploy/edge/rewrite.js"
BEGIN = "// --- tables, made by `python -m scripts.tables` of packages/enforce/src/fairgate_enforce/html.json ---\n"
END = "// --- end of the tables ---\n"
WIDTH = 120


def quoted(text: str) -> str:
    """A JavaScript string of text with one character for each byte."""
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + re.sub(r"[^ -~]", lambda found: f"\\x{ord(found[0]):02x}", plain) + "'"


def array(words: Iterable[str]) -> str:
    """A JavaScript array of strings."""
    return f"[{', '.join(map(quoted, words))}]"


def block(name: str, entries: Iterable[str]) -> str:
    """A JavaScript object, its entries on as many lines as they need."""
    lines = [f"var {name} = {{", " "]
    for entry in entries:
        if len(lines[-1]) + len(entry) + 2 > WIDTH:
            lines.append(" ")
        lines[-1] += f" {entry},"
    return "\n".join([*lines, "};"])


def word_set(name: str, words: Iterable[str]) -> str:
    """A JavaScript object that has the words as its keys."""
    return block(name, (f"{quoted(word)}: true" for word in words))


def pattern(name: str) -> str:
    """A regular expression as JavaScript writes it."""
    source, flags = TABLES["patterns"][name]
    slashes = source.replace("/", r"\/")
    return f"var {name.upper()} = /{slashes}/{flags};"


def tables() -> str:
    """All of them, in ES5."""
    ascii_names = {name: text for name, text in html5.items() if len(text) == 1 and text.isascii()}
    resolved = {name.removesuffix(";"): text for name, text in sorted(ascii_names.items())}
    parts = [
        *(f"var {name.upper()} = {TABLES[name]};" for name in ("tag_limit", "text_limit", "nesting")),
        f"var STANDS = {quoted(TABLES['stands'])};",
        f"var OTHER_STARTS = {array(TABLES['other_starts'])};",
        word_set("OTHER_CHARSETS", TABLES["other_charsets"]),
        *(word_set(name.upper(), TABLES[name]) for name in ("raw_text", "foreign", "integration", "breakout")),
        word_set("HTML_END", [*TABLES["breakout"], *TABLES["html_end"]]),
        block("LOADS", (f"{quoted(name)}: {array(words)}" for name, words in TABLES["loads"].items())),
        f"var LOADS_EVERYWHERE = {array(TABLES['loads_everywhere'])};",
        *(word_set(name.upper(), TABLES[name]) for name in ("frames", "lists")),
        block("ENTITIES", (f"{quoted(name)}: {quoted(text)}" for name, text in resolved.items())),
        word_set("BARE", (name for name in sorted(ascii_names) if not name.endswith(";"))),
        *map(pattern, TABLES["patterns"]),
        f"var DROPPED = {array(TABLES['dropped'])};",
        word_set("UNTOUCHED", map(str, TABLES["untouched"])),
    ]
    return "\n".join(parts) + "\n"


def written(text: str) -> str:
    """The file's text with its tables as they must be."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + tables() + END + after


if __name__ == "__main__":
    FILE.write_text(written(FILE.read_text(encoding="utf-8")), encoding="utf-8")
    print("deploy/edge/rewrite.js is written.")
