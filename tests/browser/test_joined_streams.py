"""A gate and its first layer, compressed apart and joined by bytes, as the clients of this machine read it: to the last byte.
A stream that is cut after its first part runs without an error, so each says the hash of all that it got."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from consent.publishing import streams
from cookiebanner.visitors.delivery import first_part
from tests.browser import shop
from tests.browser.internet import comes_true
from tests.browser.vectors import firefox

pytestmark = pytest.mark.browser

# One server, two names of it: a host of the small internet has the same headers for all of its files.
HOSTS = {"127.0.0.1": "br", "localhost": "gzip"}
PAGE = """<!doctype html><title>Streams</title><script>
(async () => {
  const said = [];
  for (const host of HOSTS) {
    const body = await (await fetch(`https://${host}:${location.port}/gate.js`)).arrayBuffer();
    const digits = [...new Uint8Array(await crypto.subtle.digest('SHA-256', body))];
    said.push(digits.map((n) => n.toString(16).padStart(2, '0')).join(''));
  }
  window.said = said.join(' ');
})().catch((error) => { window.said = String(error); });
</script>""".replace("HOSTS", json.dumps([*HOSTS]))
NODE = """
const said = [];
for (const host of HOSTS) {
  const body = Buffer.from(await (await fetch(`https://${host}:${process.argv[1]}/gate.js`)).arrayBuffer());
  said.push(require('node:crypto').createHash('sha256').update(body).digest('hex'));
}
console.log(said.join(' '));
""".replace("HOSTS", json.dumps([*HOSTS]))


@pytest.fixture(params=["en", "ar"])
def expected(world, request):
    """Serves the gate in both encodings; the hash of what everybody must get, twice."""
    release = shop.snapshot(languages=("en", "ar"))
    made = {name: body for name, _, body in shop.compile_release(release, 1, "0" * 64)}
    gate, first = made["gate.eu_opt_in.js"], made[first_part(made, "gate.eu_opt_in.js", request.param)]
    joined = {
        "br": streams.join_brotli(streams.to_brotli(gate, 11), first),
        "gzip": streams.join_gzip(streams.to_gzip(gate), first),
    }
    for host, encoding in HOSTS.items():
        world.pages[host, "/gate.js"] = (200, "text/javascript", joined[encoding])
        world.extra_headers[host] = {"Content-Encoding": encoding, "Access-Control-Allow-Origin": "*"}
    world.pages["127.0.0.1", "/page"] = (200, "text/html", streams.to_brotli(PAGE.encode(), 5))
    return " ".join([hashlib.sha256(gate + first).hexdigest()] * 2)


def test_curl(world, expected):
    got = []
    for host in HOSTS:
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--insecure",
            "--compressed",
            f"https://{host}:{world.port}/gate.js",
        ]
        got.append(hashlib.sha256(subprocess.run(command, capture_output=True, check=True).stdout).hexdigest())
    assert " ".join(got) == expected


def test_node(world, expected):
    run = subprocess.run(
        ["node", "--input-type=commonjs", "-e", f"(async () => {{{NODE}}})()", str(world.port)],
        capture_output=True, text=True, check=True, env={"NODE_TLS_REJECT_UNAUTHORIZED": "0", "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )  # fmt: skip
    assert run.stdout.strip() == expected, run.stderr


def test_chromium(world, expected, playwright, browser_type_launch_args):
    browser = playwright.chromium.launch(
        **{**browser_type_launch_args, "args": ["--no-sandbox", "--ignore-certificate-errors"]}
    )
    page = browser.new_context(ignore_https_errors=True).new_page()
    page.goto(f"https://127.0.0.1:{world.port}/page")
    comes_true(page, "window.said")
    assert page.evaluate("window.said") == expected
    browser.close()


def test_firefox(world, expected):
    async def ask() -> object:
        async with firefox.launch(world.port) as browser, browser.tab() as tab:
            await tab.goto(f"https://127.0.0.1:{world.port}/page", 60)
            for _ in range(100):
                if said := await tab.evaluate("() => window.said"):
                    return said
                await asyncio.sleep(0.1)
        return None

    # Playwright's loop may be running in this thread.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, ask()).result() == expected
