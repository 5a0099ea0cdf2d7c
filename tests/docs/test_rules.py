"""docs/checks.md says for every rule where it is judged and whether it blocks: as the code has it, each way."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "consent/publishing/lint", ROOT / "cookiebanner/releases")
RULE = re.compile(r"[LF]\d\d")
WORDS = {"BLOCK": "blocks", "WARN": "remark"}
# Rules that are raised with a severity that is decided elsewhere: what weakens the law blocks (`law.weakened`).
LAW = "blocks"


def rows() -> dict[str, tuple[set[str], set[str], set[str]]]:
    """{rule: (files of the lint, files of the browser, severities)} of the table."""
    text = (ROOT / "docs/checks.md").read_text().partition("## Every rule")[2].partition("\n## ")[0]
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.match(r"[LF]\d\d", cells[0]):
            drafts, browsers = ({*re.findall(r"`(\w+\.py)`", cell)} for cell in cells[2:4])
            found[cells[0]] = (drafts, browsers, set(filter(None, cells[4].split(", "))))
    return found


def in_code() -> dict[str, tuple[set[str], set[str], set[str]]]:
    """The same of the code."""
    found: dict[str, tuple[set[str], set[str], set[str]]] = {}
    for place, folder in enumerate(FOLDERS):
        for path in folder.glob("*.py"):
            tree = ast.parse(path.read_text())
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and RULE.fullmatch(node.value):
                    name = node.value if node.value.startswith("L") else "F01 to F13"
                    found.setdefault(name, (set(), set(), set()))[place].add(path.name)
                    if path.name == "law.py":
                        found[name][2].add(LAW)
                for rule, severity in raised(node):
                    name = rule if rule.startswith("L") else "F01 to F13"
                    found.setdefault(name, (set(), set(), set()))[2].add(WORDS[severity])
    return found


def raised(node: ast.AST) -> set[tuple[str, str]]:
    """(rule, severity) that stand beside each other in a call or a tuple, or are given by a name of the function."""
    parts = node.elts if isinstance(node, ast.Tuple) else node.args if isinstance(node, ast.Call) else []
    constants = [one for part in parts for one in choices(part) if isinstance(one, ast.Constant)]
    rules = {one.value for one in constants if isinstance(one.value, str) and RULE.fullmatch(one.value)}
    names = {one.id for part in parts for one in choices(part) if isinstance(one, ast.Name)}
    return {(rule, severity) for rule in rules for severity in names & set(WORDS)}


def choices(part: ast.expr) -> list[ast.expr]:
    return [part.body, part.orelse] if isinstance(part, ast.IfExp) else [part]


def test_every_rule_has_a_row():
    assert list(rows()) == [*(f"L{number:02}" for number in range(1, 34)), "F01 to F13"]


@pytest.mark.parametrize("rule", [*(f"L{number:02}" for number in range(1, 34)), "F01 to F13"])
def test_the_table_and_the_code_agree(rule):
    assert rows()[rule] == in_code().get(rule, (set(), set(), set()))
