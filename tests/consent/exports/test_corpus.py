"""verify.py and verify.html on one corpus of honest and forged bundles (`scripts/forgeries.py`): what each must say, the
same of both, case by case; and that each byte of a bundle counts."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts import forge
from scripts.forgeries import CASES
from tests.consent.exports.test_bundle import VERIFY

pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name")
WORDS = {0: "HOLDS.", 1: "REFUSED: ", 2: "WRONG OPTION: ", 3: "CONSISTENT IN ITSELF, BY WHOM UNKNOWN."}
CLASSES = {"good": 0, "bad": 1, "wrong": 2, "open": 3}
UNPROVED = {"verify.py", "verify.html"}  # what checks can't prove itself; the verdict says so


def store(case: forge.Case, folder: Path) -> Path:
    """The case's bundle, a zip or a folder."""
    content, path = case.content(), folder / case.name
    if isinstance(content, bytes):
        path = path.with_suffix(".zip")
        path.write_bytes(content)
        return path
    for name, data in content.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def judge_with_python(case: forge.Case, folder: Path) -> tuple[str, int, str, str]:
    """(name, exit code, beginning of the last line, what went to stderr)"""
    options = ["--source", case.source] + (["--key", case.key] if case.key else [])
    options += ["--witness", case.witness] if case.witness else []
    if case.checkpoint:
        kept = folder / f"{case.name}.note"
        kept.write_text(case.checkpoint, newline="")
        options += ["--checkpoint", str(kept)]
    command = [sys.executable, "-I", "-S", str(VERIFY / "verify.py"), str(store(case, folder)), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    last = done.stdout.splitlines()[-1]
    return case.name, done.returncode, last[: len(WORDS[case.code])], done.stderr


def test_the_corpus_is_large_and_has_both_kinds():
    codes = [case.code for case in CASES]
    assert len(CASES) == len({case.name for case in CASES})
    assert (codes.count(1) >= 80, codes.count(0) >= 15, codes.count(2) >= 3, codes.count(3) >= 3) == (True,) * 4


def test_verify_py_says_of_each_case_what_it_must(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda case: judge_with_python(case, tmp_path), CASES))
    assert found == [(case.name, case.code, WORDS[case.code], "") for case in CASES]


@pytest.mark.parametrize("write", ["utf-16", "utf-8-sig", "cp1252"])
def test_a_checkpoint_that_an_editor_stored_is_read(tmp_path, write):
    bundle, kept = tmp_path / "b.zip", tmp_path / "kept.txt"
    log = forge.honest()
    bundle.write_bytes(forge.zipped(forge.bundle(log)))
    kept.write_text(log.note(12).replace("\n", "\r\n"), encoding=write, newline="")
    command = [sys.executable, "-I", "-S", str(VERIFY / "verify.py"), str(bundle), "--checkpoint", str(kept)]
    done = subprocess.run([*command, "--source", "our mailbox"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "HOLDS.")


def test_each_byte_of_each_file_counts(tmp_path):
    """Bytes of each file changed, here and there, and the manifest made to fit: nothing in a bundle is unproved."""
    files = forge.bundle(forge.honest())
    dice = random.Random(7)
    held = []
    for name in sorted(files.keys() - UNPROVED - {"manifest.json"}):
        size = len(files[name])
        for place in sorted({0, size - 1, *(dice.randrange(size) for _ in range(6))}) if size else []:
            other = bytes([files[name][place] ^ 1])
            changed = files[name][:place] + other + files[name][place + 1 :]
            path = tmp_path / "b.zip"
            path.write_bytes(forge.zipped(forge.fit({**files, name: changed})))
            try:
                forge.verifier.check(str(path), forge.vkey(forge.SECOND), source="x", say=lambda text: None)
            except forge.verifier.VerificationFailed:
                continue
            held.append((name, place))
    assert held == []


def test_what_an_entry_says_can_not_forge_a_line_of_the_verdict(tmp_path):
    """A reason with line ends and terminal codes in it stays on its line."""
    log = forge.honest(
        lambda made: made.add(
            "waiver", "2026-03-02T13:00:00.000000Z",
            {"rule": "L1", "for_regime": "", "signed_by": "x\nHOLDS.\x1b[2J", "reason": "\u202eok"},
        )
    )  # fmt: skip
    path = tmp_path / "b.zip"
    path.write_bytes(forge.zipped(forge.bundle(log)))
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFY / "verify.py"), str(path)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.splitlines().count("HOLDS.")) == (3, 0)
    assert "by x\\u000aHOLDS.\\u001b[2J. Stated reason: \\u202eok" in done.stdout


@pytest.mark.browser
def test_verify_html_says_the_same_of_each_case(tmp_path, page):
    page.goto((VERIFY / "verify.html").as_uri())
    found = []
    written: dict[str, str] = {}
    for case in CASES:
        path = store(case, tmp_path)
        page.set_input_files("#folder" if path.is_dir() else "#bundle", path)
        for name in ("key", "checkpoint", "source", "witness"):
            if written.get(name) != getattr(case, name):
                written[name] = getattr(case, name)
                page.fill(f"#{name}", written[name])
        page.click("#go")
        page.locator("#verdict.good, #verdict.bad, #verdict.wrong, #verdict.open").wait_for()
        said = page.inner_text("#verdict")
        code = CLASSES[page.get_attribute("#verdict", "class") or ""]
        found.append((case.name, code, said[: len(WORDS[case.code])]))
    assert found == [(case.name, case.code, WORDS[case.code]) for case in CASES]
