"""Nothing of ours is on a registry: what is written down installs from a file, and names of others' are theirs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENDINGS = {".md", ".html", ".yml", ".yaml", ""}  # none: Makefile, Dockerfile
COMMAND = re.compile(
    r"\b(?:pipx?|uv|uv pip|poetry|npm|npx|pnpm|yarn)[ \t]+(?:install|add|wheel|download|run)\b((?:(?! {3})[^\n`\"'|;&()#])*)"
)
WITH_VALUE = {"-r", "-c", "-w", "-e", "--requirement", "--wheel-dir", "--find-links"}
A_NAME = re.compile(r"(?:@[\w.-]+/)?[A-Za-z][\w.-]*(?:\[[\w,]+\])?(?:[=<>~!@].*)?")
A_FILE = re.compile(r"\.(?:whl|txt|lock|tgz|tar\.gz)$")
OTHERS = {"standardwebhooks", "lint", "types", "test", "build"}  # one package, and scripts of package.json


def named(text: str) -> set[str]:
    """What the commands in a text would ask a registry for."""
    found = set()
    for arguments in COMMAND.findall(text):
        words = arguments.split()
        for before, word in zip(["", *words], words, strict=False):
            if before not in WITH_VALUE and A_NAME.fullmatch(word) and not A_FILE.search(word):
                found.add(word)
    return found


def test_only_names_of_others_are_asked_of_a_registry():
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    asked = {
        (file, name)
        for file in files
        if Path(file).suffix in ENDINGS and not file.startswith(("static/", "tests/")) and (ROOT / file).is_file()
        for name in named((ROOT / file).read_text(encoding="utf-8"))
    }
    assert {(file, name) for file, name in asked if name not in OTHERS} == set()
    assert ("docs/webhooks.md", "standardwebhooks") in asked


def test_how_a_name_is_found():
    text = """
    pip install fairgate-enforce        `uv add fairgate==0.1`   npm install --save @fairgate/js
    .venv/bin/pip install --require-hashes -r requirements.lock
    pip install ./fairgate_enforce-0.1.0-py3-none-any.whl    pip wheel --no-deps -w dist packages/enforce
    """
    assert named(text) == {"fairgate-enforce", "fairgate==0.1", "@fairgate/js"}
