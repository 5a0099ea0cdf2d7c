"""The audit trail speaks in words: every verb that is written has some."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from cookiebanner.dashboard.views.people import WORDS

ROOT = Path(__file__).parents[3]


def texts(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may become, a choice's both sides included."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def verbs_of(path: Path) -> Iterator[tuple[str, int, set[str]]]:
    """Each call of `audit(` in a file: where, and the verbs it may write; none found means that nobody can tell."""
    tree = ast.parse(path.read_text())
    for function in [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)]:
        named: dict[str, set[str]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                named.setdefault(node.targets[0].id, set()).update(texts(node.value))
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "audit":
                verb = node.args[2] if len(node.args) > 2 else ast.Constant(None)
                found = named.get(verb.id, set()) if isinstance(verb, ast.Name) else set(texts(verb))
                yield str(path.relative_to(ROOT)), node.lineno, found


def test_every_verb_that_is_written_has_words():
    files = [path for room in ("consent", "cookiebanner") for path in sorted((ROOT / room).rglob("*.py"))]
    calls = [call for path in files for call in verbs_of(path)]
    assert len(calls) > 40, "the calls are no longer found"
    assert not [call for call in calls if not call[2]], "write the verb as a text, so that it can be held against WORDS"
    written = set().union(*(verbs for _, _, verbs in calls))
    assert written - WORDS.keys() == set()
