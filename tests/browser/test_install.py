"""docs/install.md, followed: its nginx recipes in Debian's nginx, before a consent server that takes connections and says
nothing; and the names it gives."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, TimeoutError

from consent.catalogue.actions import add_service
from consent.sites import snippets
from consent.sites.actions import create_site
from consent.stats.subjects import subject_of
from cookiebanner.dashboard.too_late import trouble
from cookiebanner.releases.publish import publish
from tests import samples
from tests.browser.stage import CMP, Stage
from tests.browser.test_core import small, until
from tests.values import RESPONSIBLE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
SERVER = "https://consent.example.org"
ACCEPT = "#onetrust-accept-btn-handler"
CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/t; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  types {{ text/html html; text/javascript js; }}
  server {{
    listen 127.0.0.1:{port};
    root {folder}/site;
    {recipe}
  }}
}}
"""


def blocks(kind: str, part: str) -> list[str]:
    """The code of this kind in a part of the page."""
    [text] = re.findall(rf"### {part}\n(.*?)(?=\n##|\Z)", TEXT, re.DOTALL)
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def shop(tmp_path):
    """A published site whose tracker is `t.test`, its files in srv/fairgate, and the site's own root."""
    made = create_site(["shop.test"], "x", name="Shop", languages=["en"], **RESPONSIBLE)
    add_service(made, "x", name="Tracker", category="C0002", patterns=["t.test"])
    publish(made, "x")
    call_command("artifacts", to=str(tmp_path / "srv" / "fairgate"), site=[str(made.uuid)], verbosity=0)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "t.js").write_text("window.ran = true;")
    return made


@pytest.fixture
def nginx(tmp_path):
    """Runs a recipe as the page gives it, `consent.example.org` being `upstream`; returns the port."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert program, "nginx is missing: sudo apt-get install -y nginx-light"
    running = []

    def start(recipe: str, upstream: str) -> int:
        port = free_port()
        plain = re.sub(r"^ *proxy_ssl_.*\n", "", recipe, flags=re.MULTILINE)  # nobody here has a certificate
        plain = plain.replace(SERVER, upstream).replace("/srv", str(tmp_path / "srv"))
        (tmp_path / "nginx.conf").write_text(CONFIG.format(folder=tmp_path, port=port, recipe=plain))
        process = subprocess.Popen([program, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")])
        running.append(process)
        for _ in range(200):
            assert process.poll() is None, (tmp_path / "error.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port
            except OSError:
                time.sleep(0.05)
        raise AssertionError("nginx did not start")

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


@pytest.fixture
def visit(playwright, browser_type_launch_args, tmp_path):
    """Opens a page of the site's with these lines first in <head> and a tracker after them."""
    browsers: list[Browser] = []

    def open_page(port: int, lines: str, timeout: float = 30_000, until: Any = "load") -> Page:
        html = f'<!doctype html><html lang="en"><head>{lines}<title>Shop</title></head><body><p>Shop</p><script src="http://t.test/t.js"></script></body></html>'
        (tmp_path / "site" / "index.html").write_text(html)
        arguments = [*browser_type_launch_args["args"], f"--host-resolver-rules=MAP *.test 127.0.0.1:{port}"]
        browsers.append(playwright.chromium.launch(**{**browser_type_launch_args, "args": arguments}))
        page = browsers[-1].new_page()
        page.goto("http://shop.test/index.html", timeout=timeout, wait_until=until)
        return page

    yield open_page
    for browser in browsers:
        browser.close()


def test_without_a_recipe_the_page_stays_white(shop, nginx, visit, silent):
    port = nginx("", silent)
    with pytest.raises(TimeoutError):
        visit(port, snippets.snippet(silent, shop.uuid), timeout=4000)


def test_a_proxy_of_ones_own_gives_the_copy_and_the_banner_works(shop, nginx, visit, silent):
    [recipe] = blocks("nginx", "A proxy of your own, with a time-out")
    page = visit(nginx(recipe, silent), snippets.snippet("/fairgate", shop.uuid))
    page.wait_for_selector(ACCEPT)
    assert page.evaluate("[window.ran, fairgate.regime, fairgate._.base]") == [
        None,
        "eu_opt_in",
        "http://shop.test/fairgate",
    ]
    page.click(ACCEPT)
    page.wait_for_function("window.ran")
    waiting = page.evaluate("Object.keys(localStorage).filter((key) => key.includes('.q.')).length")
    assert waiting == 1  # for a server that is back


@pytest.mark.parametrize("there", [True, False])
def test_it_passes_on_what_a_server_says_and_keeps_the_copy_for_one_that_is_gone(shop, nginx, there, tmp_path):
    class Consent(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{self.headers['Host']} {self.path}".encode())

        def log_message(self, *arguments):
            pass

    [recipe] = blocks("nginx", "A proxy of your own, with a time-out")
    server = HTTPServer(("127.0.0.1", 0), Consent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if not there:
        server.shutdown()
        server.server_close()
    path = f"v1/{shop.uuid}/gate.js"
    port = nginx(recipe, f"http://127.0.0.1:{server.server_port}")
    got = urllib.request.urlopen(f"http://127.0.0.1:{port}/fairgate/{path}").read()
    assert got == (
        f"consent.example.org /{path}".encode() if there else (tmp_path / "srv/fairgate" / path).read_bytes()
    )
    server.server_close()


def test_a_gate_in_the_page_holds_without_a_request(shop, nginx, visit, silent):
    [recipe], [line] = blocks("nginx", "The gate in the page"), blocks("html", "The gate in the page")
    lines = line.replace(SERVER, silent).replace("/ID/", f"/{shop.uuid}/")
    page = visit(nginx(recipe, silent), lines, until="domcontentloaded")
    assert page.evaluate("[window.ran, fairgate.allowed('C0002'), fairgate._.base]") == [None, False, silent]
    assert page.inner_text("body p") == "Shop"
    # It came with the gate, too; what would take an answer is waited for.
    assert page.locator(ACCEPT).is_visible()


def test_both_together_have_a_banner_too(shop, nginx, visit, silent):
    recipes = blocks("nginx", "A proxy of your own, with a time-out") + blocks("nginx", "The gate in the page")
    [line] = blocks("html", "The gate in the page")
    lines = line.replace(SERVER, "/fairgate").replace("/ID/", f"/{shop.uuid}/")
    page = visit(nginx("".join(recipes), silent), lines)
    page.wait_for_selector(ACCEPT)
    assert page.evaluate("window.ran") is None


def test_the_page_names_our_trusted_types_policies():
    sources = (ROOT / "cookiebanner" / "banner" / "src").rglob("*.js")
    made = {
        name for path in sources for name in re.findall(r"createPolicy\('([\w-]+)'", path.read_text(encoding="utf-8"))
    }
    [policy] = re.findall(r"trusted-types ([\w -]+)$", TEXT, re.MULTILINE)
    assert set(policy.split()) == made == {"fairgate", "fairgate-stub"}


INSERT = "const s = document.createElement('script'); s.src = '{address}'; document.head.append(s);"


@pytest.mark.parametrize("way", ["async", "defer", "inserted"])
def test_a_gate_that_comes_late_reports_what_the_dashboard_has_words_for(world, chromium, way):
    """`inserted`: by another script, as a tag manager does."""
    stage = Stage(world)
    stage.release(small())
    address = f"https://{CMP}/v1/{samples.SITE_UUID}/gate.js"
    tags = {name: f'<script src="{address}" {name}></script>' for name in ("async", "defer")}
    tag = tags.get(way) or f"<script>{INSERT.format(address=address)}</script>"
    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(stage.page(gate=tag))
    [told] = until(lambda: stage.posts("reports"))
    context.close()
    late = [item for item in told["items"] if trouble(item["kind"], item["subject"])]
    assert [item for item in late if subject_of(item["kind"], item["subject"]) != item["subject"]] == []
    assert {item["kind"] for item in late} == {"late", "disarmed"}
