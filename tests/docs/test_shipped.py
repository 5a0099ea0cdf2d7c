"""docs/shipped.md is what the tree ships, and `make audit` never takes silence for a good answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from scripts import audit, shipped

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_tree_makes_of_it():
    assert shipped.PAGE.read_text(encoding="utf-8") == shipped.page(), "run: python -m scripts.shipped"


def test_what_runs_is_what_is_pinned():
    for name, one in shipped.direct().items():
        assert str(one.specifier) == f"=={metadata.version(name)}", one.name


def test_every_file_of_others_is_named_and_is_theirs():
    assert {path.name for path in (ROOT / "static/vendor").iterdir()} == shipped.VENDORED.keys()
    for file, (package, inside) in shipped.VENDORED.items():
        theirs = ROOT / "node_modules" / package / inside
        if theirs.exists():  # a server needs no node
            assert (ROOT / "static/vendor" / file).read_bytes() == theirs.read_bytes()


def test_a_data_set_that_was_changed_has_a_new_day():
    for file, (_, _, sha) in shipped.DATA_SETS.items():
        assert shipped.digest(ROOT / file) == sha, (
            f"{file}: review it, and write day and digest into scripts/shipped.py"
        )
    kept = {f"consent/{name}" for name in ("jurisdictions/jurisdictions.csv", "jurisdictions/regimes.json", "catalogue/services.json")}  # fmt: skip
    assert kept == shipped.DATA_SETS.keys()
    version = json.loads((ROOT / "consent/jurisdictions/regimes.json").read_text(encoding="utf-8"))["version"]
    assert shipped.DATA_SETS["consent/jurisdictions/regimes.json"][1] == version


def test_no_licence_asks_more_than_apache_can_give():
    names = [*shipped.direct(), *shipped.brought()]
    strange = {name: shipped.licence(name) for name in names}
    known = ("MIT", "BSD", "Apache", "LGPL", "MPL", "PSF", "ISC", "0BSD", "Python")
    assert {name: text for name, text in strange.items() if not text.startswith(known)} == {}


def finished(stdout: str, stderr: str = "", code: int = 1) -> subprocess.CompletedProcess:
    return subprocess.CompletedProcess([], code, stdout, stderr)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, audit.NOTHING),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}]}, audit.KNOWN),
        ({"dependencies": [{"name": "a", "skip_reason": "not found"}, {"name": "b", "version": "1", "vulns": []}]}, audit.NOT_ASKED),
        ({"dependencies": []}, audit.NOT_ASKED),
        ("no JSON", audit.NOT_ASKED),
    ],
)  # fmt: skip
def test_what_pip_audit_says(answer, meaning, capsys):
    text = answer if isinstance(answer, str) else json.dumps(answer)
    assert audit.judge_python("pypi", finished(text)) == meaning
    assert ("NOT CHECKED" in capsys.readouterr().out) is (meaning == audit.NOT_ASKED)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ({"vulnerabilities": {}}, audit.NOTHING),
        ({"vulnerabilities": {"x": {"range": "<2", "severity": "high"}}}, audit.KNOWN),
        ({"error": {"code": "ENOAUDIT"}}, audit.NOT_ASKED),
        ("", audit.NOT_ASKED),
    ],
)
def test_what_npm_says(answer, meaning):
    text = answer if isinstance(answer, str) else json.dumps(answer)
    assert audit.judge_javascript(finished(text)) == meaning


def test_without_a_network_it_says_so(tmp_path):
    nowhere = "http://127.0.0.1:9/"
    cut = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": nowhere, "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1", "npm_config_fetch_retries": "0", "npm_config_registry": nowhere}  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PIP_", "NPM_CONFIG"))}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.audit", tmp_path / "audit"], cwd=ROOT, env={**kept, **cut},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == audit.NOT_ASKED, done.stdout + done.stderr
    assert done.stdout.count("NOT CHECKED") == 2
