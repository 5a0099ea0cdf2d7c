"""A page with the compiled gate of a sample release, on a small internet that records everything."""

from __future__ import annotations

import json
from typing import Any

from consent.publishing import slots
from cookiebanner.releases.compile import compile, digest  # noqa: A004
from cookiebanner.visitors.delivery import first_part
from tests import samples
from tests.browser.internet import Asked, World

CMP = "cmp.test"
SHOP = "shop.example"
SWALLOW = (
    '<meta http-equiv="Content-Security-Policy" content="script-src-attr \'unsafe-inline\'">'
    '<script type="text/plain">--></script>'
)


class Stage:
    """Serves one release at a time; `posts(path)` are the bodies sent to our server, oldest first."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.status = 201
        self.numbering: slots.Numbering = {}
        world.extra_headers[CMP] = {"Access-Control-Allow-Origin": "*"}

    def release(self, snapshot: dict[str, Any], variant: str = "eu_opt_in", number: int = 3) -> None:
        """Puts a release on our host, its gate in `variant`."""
        pages = self.world.pages
        for key in [key for key in pages if key[0] == CMP]:
            del pages[key]
        uuid = snapshot["site"]["uuid"]
        # As publish does: what one test releases are releases of one site.
        self.numbering = slots.extended(self.numbering, snapshot)
        made = compile({**snapshot, "numbering": self.numbering}, number, samples.sha256_of(snapshot))
        bodies = {name: body for name, _, body in made}
        for name, kind, body in made:
            if name == f"gate.{variant}.js":
                first = bodies[first_part(bodies, name, snapshot["languages"][0])]
                pages[(CMP, f"/v1/{uuid}/gate.js")] = (200, kind, body + first)
                for path in (
                    f"/consent/{uuid}/OtAutoBlock.js",
                    f"/consent/{uuid}-test/OtAutoBlock.js",
                ):
                    pages[(CMP, path)] = (200, kind, body)
            pages[(CMP, f"/v1/{uuid}/a/{digest(body)}/{name}")] = (200, kind, body)
        from cookiebanner.releases.compile import BUILT

        pages[(CMP, "/scripttemplates/otSDKStub.js")] = (200, "text/javascript", (BUILT / "stub.js").read_bytes())
        pages[(CMP, "/api/v1/consents")] = self.answer
        for path in ("impressions", "reports"):
            pages[(CMP, f"/api/v1/{path}")] = (204, "text/plain", b"")

    def answer(self, asked: Asked) -> tuple[int, str, bytes]:
        body = {"id": json.loads(asked.body)["id"], "index": 0, "received_at": "", "receipt": "/r"}
        return self.status, "application/json", json.dumps(body).encode()

    def page(self, body: str = "", head: str = "", path: str = "/", gate: str = "", host: str = SHOP) -> str:
        """Puts a page on the shop; returns its URL. `gate` replaces the usual tag with SWALLOW."""
        tag = gate or f'<script src="https://{CMP}/v1/{samples.SITE_UUID}/gate.js"></script>{SWALLOW}'
        html = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8">{tag}{head}</head><body>{body}</body></html>'
        )
        self.world.pages[(host, path)] = (200, "text/html; charset=utf-8", html.encode())
        return f"https://{host}{path}"

    def posts(self, path: str = "consents") -> list[dict[str, Any]]:
        return [json.loads(a.body) for a in self.world.asked if a.host == CMP and a.path == f"/api/v1/{path}"]

    def loaded(self, part: str) -> int:
        """How many files of ours with this in their path were asked for."""
        return sum(a.host == CMP and part in a.path for a in self.world.asked)
