"""What stands first in a vector's page: nothing, another library in its documented default mode, or one of our levels."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .server import CDN, CMP, SITE, TRACKER

ROOT = Path(__file__).resolve().parents[3]
MODULES = ROOT / "node_modules"
SWALLOW = """<meta http-equiv="Content-Security-Policy" content="script-src-attr 'unsafe-inline'"><script type="text/plain">--></script>"""
HOLD = """<meta http-equiv="Content-Security-Policy" content="script-src-attr 'unsafe-inline'">"""


class Blocker(NamedTuple):
    """`markup` goes first in <head>; `files` are served; `rewrite` and `headers` change every page."""

    name: str
    markup: str
    files: dict[tuple[str, str], tuple[str, bytes]] = {}
    rewrite: Callable[[str], str] = lambda html: html
    headers: dict[str, str] = {}


def chromium(shell: bool = False) -> str:
    """The path of Debian's Chromium, or of its headless shell if that is wanted and there."""
    found = (shell and shutil.which("chromium-headless-shell")) or shutil.which("chromium")
    if not found:
        raise FileNotFoundError("Chromium is missing: sudo apt-get install -y chromium")
    return found


def script(name: str, path: Path) -> dict[tuple[str, str], tuple[str, bytes]]:
    return {(CMP, f"/{name}"): ("text/javascript", path.read_bytes())}


UUID = "6f1c1b1e-5d43-4c5c-9a53-6a6f0e2c4b11"
VARIANT = "eu_opt_in"
COOKIES = [
    {"name": "_ga*", "kind": kind, "lifetime": "13 months", "lifetime_days": 396, "purpose": "Tells visitors apart."}
    for kind in ("cookie", "local", "session", "indexeddb")
]
# Declared as a cookie only: storage under its name is its service's as well.
COOKIES.append({**COOKIES[0], "name": "_trk*"})


def service(key: str, category: str, rules: list[str], **more: object) -> dict[str, object]:
    """One service of a snapshot."""
    blank = {
        "name": key, "company": key, "policy_url": "", "description": "", "container": False, "sells_or_shares": False,
        "targeted_ads": False, "sensitive": False, "statistics": False, "exempt_in": [], "exemption_confirmed": [],
        "inline": [], "adapter": "", "cookies": [], "overrides": {},
    }  # fmt: skip
    return {**blank, "key": key, "category": category, "rules": rules, **more}


def snapshot(level: str, **site: object) -> dict[str, object]:
    """A release of the vectors' site: one advertising service (the tracker), one necessary one (the CDN)."""
    from consent.jurisdictions import table

    def named(key: str) -> dict[str, dict[str, str]]:
        return {"en": {"name": key, "description": ""}}

    return {
        "format": "fairgate-release/1",
        "site": {
            "uuid": UUID, "name": "Vectors", "hosts": [SITE], "level": level, "unknown": "allow", "reload": False,
            "record_path": False, "child_directed": False, "controller": "Vectors Ltd", "controller_contact": "",
            "policy_url": "", "imprint_url": "", "first_party_endpoint": False, "advanced": [], **site,
        },
        "languages": ["en"],
        "categories": [
            {"key": "C0001", "necessary": True, "texts": named("Strictly Necessary"), "consent_mode": []},
            {"key": "C0004", "necessary": False, "texts": named("Advertising"), "consent_mode": []},
        ],
        "purposes": [],
        "services": [
            service("cdn", "C0001", [CDN]),
            service("tracker", "C0004", [TRACKER], cookies=COOKIES, inline=["__AGENT__"]),
        ],
        "banner": {
            "layout": "box", "position": "bottom", "theme": {}, "floating_button": True, "texts": {}, "regime_texts": {},
        },
        "variants": {VARIANT: table.terms(VARIANT)},
        "jurisdictions": {"version": table.VERSION, "overrides": {}},
        "waivers": [],
    }  # fmt: skip


def gate_files(release: dict[str, object]) -> dict[tuple[str, str], tuple[str, bytes]]:
    """Every path a browser may ask the consent server for, for this release."""
    from cookiebanner.releases.compile import compile, digest
    from cookiebanner.visitors.delivery import first_part

    files = {}
    made = compile(release, 1, "0" * 64)
    bodies = {name: body for name, _, body in made}
    for name, kind, body in made:
        files[CMP, f"/v1/{UUID}/a/{digest(body)}/{name}"] = (kind, body)
        if name == f"gate.{VARIANT}.js":
            files[CMP, f"/v1/{UUID}/gate.js"] = (kind, body + bodies[first_part(bodies, name, "en")])
            files[CMP, f"/consent/{UUID}/OtAutoBlock.js"] = (kind, body)
    stub = ROOT / "static/banner/stub.js"
    if stub.exists():
        files[CMP, "/scripttemplates/otSDKStub.js"] = ("text/javascript", stub.read_bytes())
    return files


GATE = f'<script src="https://{CMP}/v1/{UUID}/gate.js"></script>'
MARKUP = {
    "drop_in": f'<script src="https://{CMP}/consent/{UUID}/OtAutoBlock.js"></script>'
    f'<script src="https://{CMP}/scripttemplates/otSDKStub.js" data-domain-script="{UUID}"></script>',
    "snippet": GATE + SWALLOW,
    "strict": GATE + HOLD,
    "server": GATE,
    "server_header": GATE,
}
LEVELS = tuple(MARKUP)


def own(level: str) -> Blocker:
    """Our gate at one level, compiled from `static/banner/` as committed. `server_header`: the server level with its CSP."""
    release = snapshot(level.partition("_header")[0])
    blocker = Blocker(level, MARKUP[level], gate_files(release))
    if not level.startswith("server"):
        return blocker
    from fairgate_enforce import csp
    from fairgate_enforce.html import Rewriter
    from fairgate_enforce.policy import Rules

    policy = Rules(release, VARIANT).for_visitor(None, False, SITE)

    def rewrite(page: str) -> str:
        rewriter = Rewriter(policy.held, policy.held_inline, f"https://{SITE}/")
        return (rewriter.feed(page.encode()) + rewriter.close()).decode()

    headers = {"Content-Security-Policy": csp.header(policy, CMP)} if level == "server_header" else {}
    return blocker._replace(rewrite=rewrite, headers=headers)


NONE = Blocker("none", "")
YETT = Blocker(
    "yett",
    f"<script>window.YETT_BLACKLIST=[/tracker\\.shop\\.test/]</script><script src='https://{CMP}/yett.js'></script>",
    script("yett.js", MODULES / "yett/dist/yett.min.js"),
)
# Both as their first page of documentation says; their pages' tags are left unedited, as all vectors are.
KLARO = Blocker(
    "klaro",
    """<script defer>window.klaroConfig={acceptAll:true,translations:{zz:{privacyPolicyUrl:'/privacy'}},services:[
{name:'tracker',title:'Tracker',purposes:['marketing'],cookies:[/^_ga/],default:false}]}</script>"""
    f'<script defer data-config="klaroConfig" src="https://{CMP}/klaro.js"></script>',
    script("klaro.js", MODULES / "klaro/dist/klaro.js"),
)
VANILLA = Blocker(
    "vanilla-cookieconsent",
    f"""<script defer src="https://{CMP}/cookieconsent.js"></script><script>addEventListener('DOMContentLoaded',function(){{
CookieConsent.run({{hideFromBots:false,categories:{{necessary:{{enabled:true,readOnly:true}},
marketing:{{autoClear:{{cookies:[{{name:/^_ga/}}]}}}}}},
language:{{default:'en',translations:{{en:{{consentModal:{{title:'Cookies',description:'d',acceptAllBtn:'yes',acceptNecessaryBtn:'no'}},
preferencesModal:{{title:'p',sections:[]}}}}}}}}}})}})</script>""",
    script("cookieconsent.js", MODULES / "vanilla-cookieconsent/dist/cookieconsent.umd.js"),
)
RIVALS = {blocker.name: blocker for blocker in (NONE, YETT, KLARO, VANILLA)}


def find(name: str) -> Blocker:
    """A rival or one of our levels by name."""
    return RIVALS.get(name) or own(name)
