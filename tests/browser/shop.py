"""A release compiled without a database, and a shop in the small internet that shows it.

For tests of what the browser sees; the way through the server has tests of its own.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from consent.banners import texts
from consent.catalogue import known
from consent.jurisdictions import table
from consent.publishing.own_cookies import own_cookies
from cookiebanner.releases.compile import compile as compile_release
from cookiebanner.releases.compile import digest
from cookiebanner.visitors.delivery import first_part
from tests.browser.internet import World

UUID = "5f1d6c1e-7a60-4f0c-9a0c-3d2b8d1c0a11"
HOST = "shop.test"
CONSENT = "consent.test"
URL = f"https://{HOST}/"
LANGUAGES = ("en", "de", "fr", "es", "ar", "it", "nl")
SERVICES = (
    "google-ads", "google-analytics", "google-fonts", "google-maps", "google-tag-manager", "hotjar", "hubspot", "insent",
    "intercom", "linkedin-insight", "matomo", "meta-pixel", "microsoft-clarity", "new-relic", "plausible", "stripe",
    "tiktok-pixel", "vimeo", "x-ads", "youtube",
)  # fmt: skip
FACTS: dict[str, Any] = {"exemption_confirmed": [], "overrides": {}}
SWALLOW = """<meta http-equiv="Content-Security-Policy" content="script-src-attr 'unsafe-inline'"><script type="text/plain">--></script>"""
TEXT = "<main><h1>A shop</h1>" + "<p>Things to buy, things to read, things to look at.</p>" * 30 + "</main>"


def snapshot(
    *,
    services: list[str] | tuple[str, ...] = SERVICES,
    languages: tuple[str, ...] = LANGUAGES,
    banner_texts: dict[str, Any] | None = None,
    theme: dict[str, Any] | None = None,
    layout: str = "card",
    position: str = "bottom-left",
    floating_button: bool = True,
    changes: dict[str, dict[str, Any]] | None = None,
    **site: Any,
) -> dict[str, Any]:
    """A release's content with services of our catalogue; `changes` = {service key: fields}."""
    rows = [SimpleNamespace(key=f"C000{i}", texts={}) for i in range(1, 6)]
    words = texts.of_draft(
        SimpleNamespace(languages=languages),  # type: ignore[arg-type]
        SimpleNamespace(texts=banner_texts or {}),  # type: ignore[arg-type]
        rows,
    )
    return {
        "format": "fairgate-release/1",
        "site": {
            "uuid": UUID,
            "name": "A shop",
            "hosts": [HOST],
            "level": "snippet",
            "unknown": "allow",
            "reload": False,
            "record_path": False,
            "child_directed": False,
            "controller": "The Shop Ltd",
            "controller_contact": "privacy@shop.test",
            "policy_url": f"https://{HOST}/privacy",
            "imprint_url": "",
            "first_party_endpoint": False,
            "advanced": [],
            **site,
        },
        "languages": list(languages),
        "categories": [
            {
                "key": row.key,
                "necessary": row.key == "C0001",
                "texts": words["category_texts"][row.key],
                "consent_mode": [],
            }
            for row in rows
        ],
        "purposes": [],
        "services": [{**FACTS, **known.by_key()[key], **(changes or {}).get(key, {})} for key in sorted(services)],
        "own_cookies": own_cookies(UUID, site.get("level") == "drop_in", languages),
        "banner": {
            "layout": layout,
            "position": position,
            "theme": theme or {},
            "floating_button": floating_button,
            "texts": words["texts"],
            "regime_texts": words["regime_texts"],
        },
        "variants": table.variants(),
        "jurisdictions": {"version": table.VERSION, "overrides": {}},
        "waivers": [],
    }


def open_shop(
    world: World,
    variant: str = "eu_opt_in",
    *,
    body: str = TEXT,
    head: str = "",
    after: str = "",
    lang: str = "en",
    nonce: str = "",
    headers: dict[str, str] | None = None,
    tags: str = "",
    first: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Serves the shop and its gate in `world`; answers are kept in `world.answers`. Returns the snapshot.

    `first` is the language of the gate's first layer, by default the page's; "" for a gate without one.
    """
    release = snapshot(**options)
    sha256 = "0" * 64
    base = f"/v1/{UUID}"
    files = {name: (kind, content) for name, kind, content in compile_release(release, 1, sha256)}
    for name, (kind, content) in files.items():
        if name == f"gate.{variant}.js":
            part = first_part(files, name, lang if first is None else first)
            world.pages[(CONSENT, f"{base}/gate.js")] = (200, kind, content + (files[part][1] if part else b""))
            world.pages[(CONSENT, f"/consent/{UUID}/OtAutoBlock.js")] = (200, kind, content)
        elif not name.startswith("gate."):
            world.pages[(CONSENT, f"{base}/a/{digest(content)}/{name}")] = (200, kind, content)
    world.pages[(HOST, "/favicon.ico")] = (204, "image/x-icon", b"")
    world.answers = []  # type: ignore[attr-defined]

    def keep(asked: Any) -> tuple[int, str, bytes]:
        said = json.loads(asked.body)
        world.answers.append(said)  # type: ignore[attr-defined]
        return 201, "application/json", json.dumps({"id": said["id"], "index": len(world.answers)}).encode()  # type: ignore[attr-defined]

    world.pages[(CONSENT, "/api/v1/consents")] = keep
    for path in ("/api/v1/impressions", "/api/v1/reports"):
        world.pages[(CONSENT, path)] = (204, "text/plain", b"")
    world.extra_headers[CONSENT] = {
        "Access-Control-Allow-Origin": f"https://{HOST}",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    world.extra_headers[HOST] = headers or {}
    mark = f' nonce="{nonce}"' if nonce else ""
    gate = tags or f'<script src="https://{CONSENT}{base}/gate.js"{mark}></script>{SWALLOW}'
    html = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>A shop</title>{gate}'
        f'<meta name="viewport" content="width=device-width">{head}</head><body>{body}{after}</body></html>'
    )
    world.pages[(HOST, "/")] = (200, "text/html; charset=utf-8", html.encode())
    return release


def clickable(page: Any, selector: str) -> bool:
    """Whether a click in its middle reaches it."""
    found: bool = page.evaluate(
        """(s) => { const e = document.querySelector(s), b = e.getBoundingClientRect();
        const hit = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2);
        return e === hit || e.contains(hit) }""",
        selector,
    )
    return found
