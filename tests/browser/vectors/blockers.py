"""What stands first in a vector's page: nothing, another library in its documented default mode, or one of our levels."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .server import CMP, SITE

ROOT = Path(__file__).resolve().parents[3]
MODULES = ROOT / "node_modules"
SWALLOW = """<meta http-equiv="Content-Security-Policy" content="script-src-attr 'unsafe-inline'"><script type="text/plain">--></script>"""
HOLD = """<meta http-equiv="Content-Security-Policy" content="script-src-attr 'unsafe-inline'">"""


class Blocker(NamedTuple):
    """`markup` goes first in <head>; `files` are served; `rewrite` changes the whole page (server level)."""

    name: str
    markup: str
    files: dict[tuple[str, str], tuple[str, bytes]] = {}
    rewrite: Callable[[str], str] = lambda html: html


def script(name: str, path: Path) -> dict[tuple[str, str], tuple[str, bytes]]:
    return {(CMP, f"/{name}"): ("text/javascript", path.read_bytes())}


def test_gate(level: str, unknown: str = "allow", allowed: bool = False, nonce: str = "") -> bytes:
    entry = f"""
import {{ arm }} from '{ROOT}/cookiebanner/banner/src/block/index.js';
let ok = {json.dumps(allowed)};
window.__disarmed=[];
window.__engine = arm({{
  table: {{'tracker.shop.test': [['', '', 0]]}},
  services: [{{key: 'tracker', category: 'C0004', inline: ['__AGENT__'], cookies: [{{name:'_ga',kind:'cookie'}},{{name:'_ga',kind:'local'}},{{name:'_ga',kind:'session'}},{{name:'_ga',kind:'indexeddb'}}]}}],
  allowed: () => ok, granted: (k) => k === 'C0001' || ok, unknown: '{unknown}', pageHost: location.hostname, nonce: '{nonce}', policy: null,
  level: '{level}', firstPartyHosts: ['www.shop.test', 'cmp.shop.test'], onUnknown(){{}}, onDisarmed(what, e){{ __disarmed.push(what+': '+e) }},
  strict: {"{allow:['www.shop.test','cdn.shop.test','cmp.shop.test']}" if level == "strict" else "null"},
}});
window.__grant = () => {{ ok = true; __engine.release() }};
"""
    made = subprocess.run(
        [str(MODULES / ".bin/esbuild"), "--bundle", "--minify", "--format=iife", "--loader=js"],
        input=entry.encode(), capture_output=True, check=True, cwd=ROOT,
    )
    return made.stdout


def own(level: str) -> Blocker:
    tail = {"snippet": SWALLOW, "strict": HOLD}.get(level, "")
    path = f"/gate-{level}.js"
    return Blocker(level, f'<script src="https://{CMP}{path}"></script>{tail}', {(CMP, path): ("text/javascript", test_gate(level))})


NONE = Blocker("none", "")
YETT = Blocker(
    "yett",
    f"<script>window.YETT_BLACKLIST=[/tracker\\.shop/]</script><script src='https://{CMP}/yett.js'></script>",
    script("yett.js", MODULES / "yett/dist/yett.min.js"),
)
