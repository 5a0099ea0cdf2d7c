"""Settings and wsgi.py files of sites name the middleware as docs/enforce.md did before it was a package of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NAMED = {
    "cookiebanner.enforce.django.Enforce": "fairgate_enforce.django.Enforce",
    "cookiebanner.enforce.asgi.Enforce": "fairgate_enforce.asgi.Enforce",
    "cookiebanner.enforce.wsgi.Enforce": "fairgate_enforce.wsgi.Enforce",
    "cookiebanner.enforce.enforcer.Enforcer": "fairgate_enforce.enforcer.Enforcer",
    "cookiebanner.enforce.source.from_server": "fairgate_enforce.source.from_server",
    "cookiebanner.enforce.source.from_file": "fairgate_enforce.source.from_file",
}


@pytest.mark.parametrize("earlier", NAMED)
def test_what_had_a_name_before_is_still_called_so(earlier):
    """In a process of its own, which has loaded nothing else yet."""
    program = (
        "import sys; from django.utils.module_loading import import_string as by_name;"
        "found = [by_name(name) for name in sys.argv[1:]]; print(found[0] is found[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, earlier, NAMED[earlier]], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
