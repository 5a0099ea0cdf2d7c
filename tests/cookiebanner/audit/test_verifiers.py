"""The verifiers outside of a bundle: with their hashes, for everybody."""

from __future__ import annotations

import hashlib
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse

import consent.exports

VERIFY = Path(consent.exports.__file__).parent / "verify"
HASHES = {name: hashlib.sha256((VERIFY / name).read_bytes()).hexdigest() for name in ("verify.py", "verify.html")}
LIST = "".join(f"{digest}  {name}\n" for name, digest in HASHES.items())

pytestmark = pytest.mark.django_db


def test_anybody_gets_the_hashes_and_the_files(client):
    page = client.get(reverse("audit:verifiers"))
    assert (page.status_code, page["Content-Type"], page.content.decode()) == (200, "text/plain; charset=utf-8", LIST)
    for name, digest in HASHES.items():
        file = client.get(reverse("audit:verifier", kwargs={"name": name}))
        assert (file.status_code, hashlib.sha256(file.content).hexdigest()) == (200, digest)
        assert file["Content-Disposition"] == f'attachment; filename="{name}"'
    assert client.get(reverse("audit:verifier", kwargs={"name": "settings.py"})).status_code == 404


def test_the_command_prints_and_writes_them(tmp_path):
    out = StringIO()
    call_command("verifiers", to=tmp_path, stdout=out)
    assert out.getvalue() == LIST
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()} == HASHES
