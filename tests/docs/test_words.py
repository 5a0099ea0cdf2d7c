"""docs/words.md holds: one class for each name of its list, and no name that was given up is back."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
WORDS = (ROOT / "docs" / "words.md").read_text()
PACKAGES = ("consent", "cookiebanner", "packages/enforce/src/fairgate_enforce")
# Names of the dialect that no class, function, parameter or variable of the two packages has any more.
GIVEN_UP = frozenset({
    "Busy", "Facts", "Finished", "Gone", "Guarded", "NOWHERE", "Net", "Parting", "Posted", "RateLimit", "Refused", "Room",
    "Row", "SharedRateLimit", "State", "Tell", "UNSAID", "_fed", "_note", "_tell", "_told", "gather", "hear", "heard",
    "present_state", "thaw", "told",
})  # fmt: skip


@cache
def trees() -> dict[str, ast.Module]:
    """Every file of the two packages but migrations, which stay as they were."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in files}


def given_names(tree: ast.AST) -> Iterator[str]:
    """What the code gives a name to."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def section(heading: str) -> str:
    return WORDS.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_each_class_of_the_list_is_there_once():
    listed = re.findall(r"^\| (\w+) \| `([^`]+)` \|", section("One class each"), re.M)
    assert len(listed) == section("One class each").count("\n| ") - 1  # all rows but the heading
    found = defaultdict(list)
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(path)
    assert {name: found[name] for name, _ in listed} == {name: [path] for name, path in listed}


def test_no_name_that_was_given_up_is_back():
    back = {(path, name) for path, tree in trees().items() for name in given_names(tree) if name in GIVEN_UP}
    assert back == set()


def test_there_is_no_file_called_world():
    names = [path for folder in (*PACKAGES, "bench", "scripts", "tests") for path in (ROOT / folder).rglob("world.py")]
    assert names == []


def test_each_word_has_one_row():
    words = re.findall(r"^\| ([^|`]+?) \|", WORDS.split("\n## ")[0], re.M)
    assert len(words) > 30
    assert sorted(words) == sorted(set(words))
