"""docs/operate.md names every setting, and names none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
CALL = re.compile(r"env\.(?:text|boolean|integer|words|host_names|base_url|kept_secret)\(\"([A-Z_]+)\"")


def test_every_setting_is_in_the_table_and_the_table_names_no_other():
    sources = [ROOT / "cookiebanner" / "settings.py", *(ROOT / "cookiebanner").rglob("*.py")]
    read = {name for source in sources for name in CALL.findall(source.read_text())}
    table = (ROOT / "docs" / "operate.md").read_text().split("## Settings")[1].split("\n## ")[0]
    named = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([A-Z_]+)`", line.split("|")[1])
    }
    assert named == read


def test_every_file_of_deploy_is_named():
    text = (ROOT / "docs" / "operate.md").read_text()
    for path in (ROOT / "deploy").iterdir():
        if path.name != "requirements.lock":
            assert path.name in text, path.name
