"""`manage.py edge`: the same release as JavaScript; the worker in node, before a real origin."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from consent.models import Release, Site
from cookiebanner.enforce import edge
from scripts import tables
from tests.cookiebanner.sample_releases import release
from tests.packages.enforce.vectors import DATA, RELEASE

PAGE = (
    b"<!doctype html><p>own \xff</p><script src='https://t.test/a.js'></script><img src='https://granted.test/a.gif'>"
)
FILL = b"<p>words \xe4</p>" * 20000
BROKEN = b"<img src=//t.test/a>" + FILL + b"<img src=//nobody.test/><img src=//t.test/b>" + FILL
RUN = """
const worker = (await import(process.argv[2])).default;
const asked = JSON.parse(process.argv[3]);
const answer = await worker.fetch(new Request(asked.url, { headers: asked.headers }), asked.env);
const body = Buffer.from(await answer.arrayBuffer());
process.stdout.write(JSON.stringify({ status: answer.status, headers: [...answer.headers], body: body.toString('latin1') }));
"""


def test_the_data_is_that_of_the_vectors():
    assert edge.data(RELEASE, "https://consent.test:8443", {"US-TX": "us_optout_gpc"}) == DATA["edge"]


def test_the_tables_are_those_that_the_middleware_reads():
    text = tables.FILE.read_text(encoding="utf-8")
    assert tables.written(text) == text, "run: python -m scripts.tables"


def test_the_world_knows_states_and_leaves_the_strictest_out():
    places = edge.places_of_the_world(date(2026, 11, 21))
    assert places["US-TX"] == "us_optout_gpc-US-TX"
    assert "eu_opt_in" not in places.values()


@pytest.fixture
def origin():
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            self.send_response(200)
            kind = "text/plain" if self.path == "/plain" else "text/html"
            page = BROKEN if self.path == "/broken" else PAGE
            for name, value in (("Content-Type", kind), ("ETag", '"a"'), ("Content-Length", str(len(page)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def worker(tmp_path):
    """Runs the worker in node."""
    data = edge.data(RELEASE, "https://consent.test", {"US-TX": "us_optout_gpc"})
    # What no compiler makes: for Canadians everything fails at once, for all others at a URL that no host claims.
    data["table"][""] = [["(", 0]]
    data["places"]["CA"] = "nowhere"
    data["variants"]["nowhere"] = None
    files = edge.files("worker", data)
    file = tmp_path / "worker.mjs"
    file.write_text(files["worker.js"])
    script = tmp_path / "run.mjs"
    script.write_text(RUN)

    def run(url: str, env: dict | None = None, told: int = 0, **headers: str) -> tuple[bytes, dict[str, str]]:
        asked = json.dumps({"url": url, "env": env or {}, "headers": headers})
        node = shutil.which("node") or pytest.fail("node is missing: sudo apt-get install -y nodejs")
        made = subprocess.run([node, script, file.as_uri(), asked], capture_output=True, check=True, timeout=60)
        assert made.stderr.count(b"goes out as it") == told
        answer = json.loads(made.stdout)
        return answer["body"].encode("latin-1"), dict(answer["headers"])

    return run


def test_the_worker_parks(worker, origin):
    body, headers = worker(f"{origin}/page")
    marked = b'<script data-fg="tracker" type="text/plain" data-fg-type="" data-fg-sync="" src='
    assert body == PAGE.replace(b"<script src=", marked)
    assert (headers["vary"], headers["cache-control"]) == ("Cookie, Sec-GPC", "private, no-cache")
    assert not {"etag", "content-length", "content-security-policy"} & headers.keys()


def test_the_worker_lets_go_what_is_granted_where_it_is(worker, origin):
    assert worker(f"{origin}/page", **{"CF-IPCountry": "US", "CF-Region-Code": "TX"})[0] == PAGE
    assert worker(f"{origin}/page", **{"CF-IPCountry": "US", "CF-Region-Code": "TX", "Sec-GPC": "1"})[0] != PAGE


def test_the_worker_leaves_alone_what_is_no_page_and_everything_when_off(worker, origin):
    body, headers = worker(f"{origin}/plain")
    assert (body, headers["etag"]) == (PAGE, '"a"')
    assert worker(f"{origin}/page", {"FAIRGATE": "off"})[0] == PAGE


def test_an_error_in_the_workers_rewriter_costs_no_byte_of_the_page_and_is_told_once(worker, origin):
    body, _ = worker(f"{origin}/broken", told=1)
    assert body == BROKEN.replace(b"<img src", b'<img data-fg="tracker" data-fg-src', 1)
    body, headers = worker(f"{origin}/broken", told=1, **{"CF-IPCountry": "CA"})
    assert (body, headers["etag"]) == (BROKEN, '"a"')


def test_the_worker_sends_the_header_when_asked(worker, origin):
    csp = worker(f"{origin}/page", {"FAIRGATE": "csp"})[1]["content-security-policy"]
    assert ("granted.test" in csp, "consent.test" in csp, " t.test" in csp) == (True, True, False)


@pytest.mark.django_db
def test_the_command_writes_the_latest_release_and_an_empty_one_for_a_site_that_is_switched_off(tmp_path):
    site = Site.objects.create(name="Shop", languages=["en"])
    with pytest.raises(CommandError, match="Publish"):
        call_command("edge", "--site", str(site.uuid), "--for", "worker", "--out", str(tmp_path))
    with pytest.raises(CommandError, match="not a site id"):
        call_command("edge", "--site", "x", "--for", "worker", "--out", str(tmp_path))
    made = release(site)
    snapshot = {**json.loads(made.snapshot), **RELEASE, "jurisdictions": {"version": "t", "overrides": {}}}
    Release.objects.create(
        site=site, number=2, sha256="0" * 64, snapshot=json.dumps(snapshot), published_by="alice@example.org",
        published_at=made.published_at,
    )  # fmt: skip
    for kind, names in edge.KINDS.items():
        folder = tmp_path / kind
        call_command("edge", "--site", str(site.uuid), "--for", kind, "--out", str(folder), stdout=StringIO())
        assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert '"t.test"' in (tmp_path / "worker/worker.js").read_text()
    Site.objects.filter(pk=site.pk).update(killed_at=made.published_at)
    call_command("edge", "--site", str(site.uuid), "--for", "nginx", "--out", str(tmp_path))
    assert Path(tmp_path / "fairgate.js").read_text().splitlines()[1] == "var DATA = null;"
