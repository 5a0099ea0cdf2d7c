"""docs/dashboard.md names the dashboard's pages and roles, and no others."""

import re
from pathlib import Path

from django.conf import settings

from consent.sites.roles import MATRIX

ROOT = Path(settings.BASE_DIR)


def first_cells(part: str) -> list[str]:
    text = (ROOT / "docs" / "dashboard.md").read_text(encoding="utf-8").split(f"## {part}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    return [name for row in rows[1:] for name in row.split(", ")]


def test_every_page_of_the_menu_and_no_other():
    menu = re.findall(r'label=_\("([^"]+)"\)', (ROOT / "templates" / "frame.html").read_text(encoding="utf-8"))
    assert sorted(first_cells("The pages")) == sorted(set(menu))


def test_every_role():
    assert first_cells("Who may what") == list(MATRIX)
