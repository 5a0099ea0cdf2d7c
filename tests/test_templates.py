"""Templates can be read: no line is longer than those of the code."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

LONGEST = 120  # characters, as in pyproject.toml


def test_no_line_of_a_template_is_too_long():
    files = sorted(path for path in (Path(settings.BASE_DIR) / "templates").rglob("*") if path.is_file())
    assert files
    long = [
        f"{path.relative_to(settings.BASE_DIR)}:{number}: {len(line)} characters"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > LONGEST
    ]
    assert long == []
