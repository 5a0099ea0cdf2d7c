"""`fairgate-enforce` as a site has it: alone in an empty virtual environment, with a file that a server wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cookiebanner import env
from tests.packages.enforce.vectors import DATA, RELEASE, REWRITES, cookie

ROOT = Path(__file__).resolve().parents[3]
PROJECT = ROOT / "packages/enforce"
YES = next(case["cookie"] for case in DATA["answers"] if case["name"] == "a yes")

# One page through both middlewares, with and without an answer. Run in the environment of the wheel and here.
PROGRAM = '''
import asyncio, json, sys


def through(asgi, wsgi, source, page, cookie):
    """[WSGI body, WSGI headers, ASGI body, ASGI headers], bodies as text of one character a byte."""
    begun = []

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html"), ("ETag", "x")])
        return [page[:99], page[99:]]

    environ = {"PATH_INFO": "/", "wsgi.url_scheme": "https", "HTTP_HOST": "shop.test", "HTTP_COOKIE": cookie}
    body = wsgi.Enforce(application, source)(environ, lambda status, headers: begun.append(headers))
    first = [b"".join(body).decode("latin-1"), sorted(map(list, begun[0]))]

    async def asgi_application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": page[:99], "more_body": True})
        await send({"type": "http.response.body", "body": page[99:]})

    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"shop.test"), (b"cookie", cookie.encode())]
    scope = {"type": "http", "path": "/", "scheme": "https", "headers": headers, "client": ("192.0.2.1", 1)}
    asyncio.run(asgi.Enforce(asgi_application, source)(scope, None, send))
    told = sorted([name.decode(), value.decode()] for name, value in sent[0]["headers"])
    return [*first, b"".join(message["body"] for message in sent[1:]).decode("latin-1"), told]
'''
ALONE = """
from importlib.util import find_spec
import fairgate_enforce
from fairgate_enforce import asgi, wsgi
from fairgate_enforce.enforcer import Enforcer
from fairgate_enforce.source import from_file

given = json.load(sys.stdin)
source = Enforcer(from_file(given["file"]), "https://consent.test:8443", set_csp=True)
made = [through(asgi, wsgi, source, page.encode("latin-1"), cookie) for page in given["pages"] for cookie in given["cookies"]]
found = [name for name in ("django", "consent", "cookiebanner") if find_spec(name)]
json.dump({"made": made, "found": found, "place": fairgate_enforce.__file__, "loaded": "django" in sys.modules}, sys.stdout)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("enforce")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(PROJECT)], check=True, capture_output=True)
    [made] = folder.glob("fairgate_enforce-*.whl")
    return made


def test_the_wheel_needs_nothing_and_says_what_it_is(wheel):
    archive = zipfile.ZipFile(wheel)
    about = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
    head = about.split("\n\n")[0].splitlines()
    said = [
        line for line in head if line.startswith(("Name:", "License-Expression:", "Requires-Dist:", "Classifier: Priv"))
    ]
    assert said == ["Name: fairgate-enforce", "License-Expression: Apache-2.0", "Classifier: Private :: Do Not Upload"]
    sources = subprocess.run(["git", "ls-files", "src"], cwd=PROJECT, capture_output=True, text=True, check=True)
    inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert inside == {name.removeprefix("src/") for name in sources.stdout.split()}


def test_it_has_the_version_and_the_licence_of_fairgate(wheel):
    own, whole = (tomllib.loads((folder / "pyproject.toml").read_text()) for folder in (PROJECT, ROOT))
    assert (own["project"]["version"], own["build-system"]) == (env.version(), whole["build-system"])
    assert (PROJECT / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    licence = next(name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/LICENSE"))
    assert zipfile.ZipFile(wheel).read(licence) == (ROOT / "LICENSE").read_bytes()


def test_alone_it_writes_the_bytes_that_the_server_writes(wheel, tmp_path):
    """Without Django and without `consent`; here the package is the one that the server runs."""
    from fairgate_enforce import asgi, wsgi
    from fairgate_enforce.enforcer import Enforcer
    from fairgate_enforce.source import from_file

    file = tmp_path / "enforce.json"
    file.write_text(json.dumps(RELEASE))
    pages = [before.decode("latin-1") for _, before, _ in REWRITES]
    cookies = ["", cookie(YES)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    python = str(tmp_path / "venv/bin/python")
    venv = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")]
    subprocess.run(venv, check=True, env=environment)
    install = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, env=environment)
    told = subprocess.run(
        [python, "-c", PROGRAM + ALONE], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True,
        input=json.dumps({"file": str(file), "pages": pages, "cookies": cookies}),
    )  # fmt: skip
    answer = json.loads(told.stdout)
    assert (answer["found"], answer["loaded"]) == ([], False)
    assert answer["place"].startswith(str(tmp_path / "venv"))
    here: dict[str, Any] = {}
    exec(PROGRAM, here)
    source = Enforcer(from_file(file), "https://consent.test:8443", set_csp=True)
    expected = [
        here["through"](asgi, wsgi, source, page.encode("latin-1"), cookie) for page in pages for cookie in cookies
    ]
    assert answer["made"] == expected
    # Before an answer they are the bytes of the vectors; after a yes nothing of a page waits.
    assert [row[0].encode("latin-1") for row in expected[::2]] == [after for _, _, after in REWRITES]
    assert sum("data-fg=" in row[0] for row in expected[1::2]) < sum("data-fg=" in row[0] for row in expected[::2]) / 4
