"""A function is short enough to be seen at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MOST = 60  # lines of a function's body, from its first statement to its last; a docstring does not count
Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines_of(function: Function) -> int:
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions(text: str) -> Iterator[Function]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("folder", ["consent", "cookiebanner", "packages", "bench", "scripts"])
def test_no_function_is_longer_than_a_screen(folder):
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    long = {
        f"{file.relative_to(ROOT)}: {function.name}": lines
        for file in files
        for function in functions(file.read_text())
        if (lines := lines_of(function)) > MOST
    }
    assert long == {}


def test_how_lines_are_counted():
    """Methods, inner and async functions count; a docstring and what stands before the first statement do not."""
    text = '''
class One:
    async def two(
        self,
    ):
        """Three

        lines."""
        # why
        def four():
            """Nothing else."""

        return [
            four,
        ]
'''
    assert {function.name: lines_of(function) for function in functions(text)} == {"two": 6, "four": 0}
