"""The lines that a page carries, at each level (docs/install.md): the one maker of all that is shown anywhere. Pure.

`server` is the consent server's public address, without a slash at its end; `site` the site's public id.
"""

from __future__ import annotations

# What keeps a page's optimiser away from a script: Cloudflare's Rocket Loader (which reads it only before `src`),
# LiteSpeed and others, whatever delays scripts, whatever joins them, WP Rocket. A gate that runs later than it stands
# holds nothing.
KEEP_OFF = 'data-cfasync="false" data-no-optimize="1" data-no-defer="1" data-no-minify="1" nowprocket'
# A policy that changes nothing: Chromium sees it coming and keeps its preloads back until the gate has run.
POLICY = """<meta http-equiv="Content-Security-Policy" content="script-src-attr 'unsafe-inline'">"""
SWALLOW = POLICY + '<script type="text/plain">--></script>'


def script(address: str, more: str = "") -> str:
    """The tag of a script of ours that runs where it stands. `more`: further attributes."""
    return f'<script {KEEP_OFF} src="{address}"{more and " " + more}></script>'


def gate(server: str, site: object) -> str:
    """The gate's tag, for pages whose HTML the server level rewrites."""
    return script(f"{server}/v1/{site}/gate.js")


def snippet(server: str, site: object) -> str:
    """The two lines of the snippet level."""
    return f"{gate(server, site)}\n{SWALLOW}"


def strict(server: str, site: object) -> str:
    """The two lines of the strict level."""
    return f"{gate(server, site)}\n{POLICY}"


def drop_in(server: str, site: object) -> str:
    """OneTrust's two tags from our server."""
    stub = f'charset="UTF-8" data-domain-script="{site}"'
    return (
        f"{script(f'{server}/consent/{site}/OtAutoBlock.js')}\n{script(f'{server}/scripttemplates/otSDKStub.js', stub)}"
    )


def cookie_policy(base: str, site: object) -> dict[str, str]:
    """Where the site's cookie policy is: {"page" | "part" | "data": address}, in the language that the reader asks for.
    `<language>/` goes behind `stored/` (docs/cookie-policy.md)."""
    stored = f"{base}/v1/{site}/stored/"
    return {"page": stored, "part": f"{stored}part.html", "data": f"{stored}list.json"}
