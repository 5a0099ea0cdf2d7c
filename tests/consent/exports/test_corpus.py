"""verify.py and verify.html on one corpus of honest and forged bundles (`scripts/forgeries.py`): what each must say, the
same of both, case by case; and that each byte of a bundle counts."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
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


# verify.py as a regulator runs it, no site packages, none of our code; once for many command lines.
RUN = """
import contextlib, io, json, sys
sys.path.insert(0, sys.argv[1])
import verify
for command in json.load(sys.stdin):
    sys.argv, said, errors = command, io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
        code = verify.main()
    for stream in (said, errors):
        stream.flush()
    print(json.dumps([code, said.buffer.getvalue().decode(), errors.buffer.getvalue().decode()]))
"""


def arguments(case: forge.Case, folder: Path) -> list[str]:
    """The command line of a case."""
    options = ["--source", case.source] + (["--key", case.key] if case.key else [])
    options += ["--witness", case.witness] if case.witness else []
    if case.checkpoint:
        kept = folder / f"{case.name}.note"
        kept.write_text(case.checkpoint, encoding="utf-8", newline="")
        options += ["--checkpoint", str(kept)]
    return ["verify.py", str(store(case, folder)), *options]


def judge_with_python(cases: list[forge.Case], folder: Path) -> list[tuple[str, int, str, str]]:
    """(name, exit code, beginning of the last line, what went to stderr) of each case."""
    commands = json.dumps([arguments(case, folder) for case in cases])
    interpreter = [sys.executable, "-I", "-S", "-c", RUN, str(VERIFY)]
    done = subprocess.run(interpreter, input=commands, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    said = map(json.loads, done.stdout.splitlines())
    return [
        (case.name, code, out.splitlines()[-1][: len(WORDS[case.code])], errors)
        for case, (code, out, errors) in zip(cases, said, strict=True)
    ]


def test_the_corpus_is_large_and_has_both_kinds():
    codes = [case.code for case in CASES]
    assert len(CASES) == len({case.name for case in CASES})
    assert (codes.count(1) >= 250, codes.count(0) >= 25, codes.count(2) >= 5, codes.count(3) >= 5) == (True,) * 4


def test_verify_py_says_of_each_case_what_it_must(tmp_path):
    found = judge_with_python(CASES, tmp_path)
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


# Uses the page as a person does, only faster: what is typed and chosen, the button, then what it says.
USE = """async ({zip, key, checkpoint, source, witness}) => {
  const at = (id) => document.getElementById(id), given = new DataTransfer();
  Object.entries({key, checkpoint, source, witness}).forEach(([name, value]) => { at(name).value = value; });
  if (zip !== null) {
    given.items.add(new File([Uint8Array.from(atob(zip), (one) => one.charCodeAt(0))], 'b.zip'));
    at('bundle').files = given.files;
    at('bundle').dispatchEvent(new Event('change'));
  }
  at('verdict').className = '';
  const judged = new Promise((done) => {
    const seen = new MutationObserver(() => { if (at('verdict').className) { seen.disconnect(); done(); } });
    seen.observe(at('verdict'), {attributes: true});
  });
  at('go').click();
  await judged;
  return [at('verdict').className, at('verdict').innerText];
}"""


@pytest.mark.browser
@pytest.mark.long
def test_verify_html_says_the_same_of_each_case(tmp_path, page):
    page.goto((VERIFY / "verify.html").as_uri())
    found = []
    for case in CASES:
        path = store(case, tmp_path)
        if path.is_dir():
            page.set_input_files("#folder", path)
        typed = {name: getattr(case, name) for name in ("key", "checkpoint", "source", "witness")}
        content = None if path.is_dir() else base64.b64encode(path.read_bytes()).decode()
        kind, said = page.evaluate(USE, {"zip": content, **typed})
        found.append((case.name, CLASSES[kind], said[: len(WORDS[case.code])]))
    assert found == [(case.name, case.code, WORDS[case.code]) for case in CASES]
