"""What comments and pages cite is in the repository: files, their headings, decisions by number."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DECISIONS = ROOT / "docs" / "decisions"
ENDINGS = {".py", ".js", ".mjs", ".md", ".html", ".toml", ".css"}


def texts() -> dict[str, str]:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    ours = [
        name for name in names if Path(name).suffix in ENDINGS and not name.startswith(("static/", "tests/stored/"))
    ]
    return {name: (ROOT / name).read_text() for name in ours if (ROOT / name).exists()}


def headings(page: str) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.M))


def test_every_page_that_is_cited_is_there():
    lost = {
        (name, cited)
        for name, text in texts().items()
        for cited in re.findall(r"\bdocs/[\w/.-]+\.(?:md|json|png)\b", text)
        if not (ROOT / cited).exists()
    }
    assert lost == set()


def test_every_heading_that_is_cited_is_there():
    cited = {
        (name, page, heading)
        for name, text in texts().items()
        for page, heading in re.findall(r"(docs/reference/\w+\.md), ([A-Z][\w -]*\w)", text)
    }
    assert len(cited) >= 4
    assert {(name, page, heading) for name, page, heading in cited if heading not in headings(page)} == set()


def test_nothing_is_cited_that_only_its_authors_have():
    own = re.compile(r"(?<![\w/-])(?:design|standards|rivals|django)\.md\b|\breference/standards\b|\bonetrust\.md §")
    assert {name for name, text in texts().items() if own.search(text)} <= {"tests/docs/test_references.py"}


def test_decisions_have_a_number_each_and_are_in_the_index():
    pages = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
    numbers = [name[:4] for name in pages]
    assert len(numbers) == len(set(numbers))
    assert re.findall(r"\]\((\d{4}[\w-]+\.md)\)", (DECISIONS / "README.md").read_text()) == pages
    for name in pages:
        assert (DECISIONS / name).read_text().startswith(f"# {int(name[:4])}. ")
    known = set(numbers)
    cited = {
        (name, number)
        for name, text in texts().items()
        for number in re.findall(r"(?:docs/decisions/|decision )(\d{4})", text)
    }
    assert {(name, number) for name, number in cited if number not in known} == set()
