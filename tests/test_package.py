"""What a checkout is made into: a wheel that needs nothing beside it, from a lock file that names no index."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENFORCE = "packages/enforce/src/"
DEMO_SITE = "f0a1c9d2-5b6e-4c0f-9a3d-7e1b2c3d4e5f"


def names(text: str) -> dict[str, str]:
    """Package → version of the lines `name[extra]==version` of a requirements file."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[\w,]+\])?==([^\s;\\]+)", text, re.M)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-pdf.lock"])
def test_the_lock_holds_what_is_asked_for_with_hashes_and_names_no_host(lock):
    asked = names((ROOT / "requirements.txt").read_text())
    if lock != "requirements.lock":  # the extra for PDFs, in the version that is tested; of nothing another version
        asked = {"weasyprint": names((ROOT / "requirements-dev.txt").read_text())["weasyprint"]}
    text = (ROOT / lock).read_text()
    locked = names(text)
    whole = names((ROOT / "requirements.lock").read_text())
    assert {name: version for name, version in locked.items() if whole.get(name, version) != version} == {}
    assert {name: locked.get(name) for name in asked} == asked
    entries = re.split(r"^(?=\S)", text, flags=re.M)
    assert [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []
    assert re.findall(r"https?:|file:|--(?:extra-)?index|--find-links|--trusted-host", text) == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), "."]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [made] = folder.glob("fairgate-*.whl")
    return made


def test_the_wheel_has_what_lies_beside_the_packages(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    for beside in ("templates", "static", "locale", "deploy/edge"):
        here = subprocess.run(["git", "ls-files", beside], cwd=ROOT, capture_output=True, text=True, check=True)
        assert {f"cookiebanner/files/{name}" for name in here.stdout.split()} <= inside
    data = subprocess.run(
        ["git", "ls-files", "consent", "cookiebanner", ENFORCE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    kept = {name.removeprefix(ENFORCE) for name in data.stdout.split() if not name.startswith("cookiebanner/banner/")}
    assert kept <= inside
    assert (
        "Private :: Do Not Upload"
        in zipfile.ZipFile(wheel).read(next(name for name in inside if name.endswith("METADATA"))).decode()
    )


@pytest.mark.slow
@pytest.mark.long
def test_a_newcomer_runs_the_demo_from_the_wheel(wheel, tmp_path):
    """In an empty virtual environment, outside the checkout, with nothing but what the wheel asks for."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FAIRGATE", "DATABASE", "DJANGO", "PYTHON"))
    }
    folder, home = tmp_path / "venv", tmp_path / "home"
    home.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "-q", "--no-compile"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True, env=environment)
    fairgate = str(folder / "bin" / "fairgate")
    said = subprocess.run(
        [fairgate, "--version"], cwd=home, env=environment, capture_output=True, text=True, check=True
    )
    changelog = re.search(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert changelog
    assert said.stdout == f"Fairgate {changelog[1]}\n"
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        demo = subprocess.Popen(
            [fairgate, "demo", "--port", str(port)], cwd=home, env=environment, stdout=log, stderr=log
        )
    try:
        assert "Leaf" in fetch(port, "/demo/", demo)
        assert "Sign in" in fetch(port, "/dashboard/", demo) or "Log in" in fetch(port, "/dashboard/", demo)
        assert "fairgate" in fetch(port, f"/v1/{DEMO_SITE}/gate.js", demo)
        assert "OneTrust" in fetch(port, "/scripttemplates/otSDKStub.js", demo)
    finally:
        demo.terminate()
        demo.wait(30)
    assert [path.name for path in home.iterdir()] == ["var"]


def fetch(port: int, path: str, server: subprocess.Popen) -> str:
    """The page's text, as soon as the server answers (the history takes some seconds to make)."""
    deadline = time.monotonic() + 180
    while True:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30).read().decode()
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
