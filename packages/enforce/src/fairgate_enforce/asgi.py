"""For any ASGI application: `application = Enforce(application, enforcer)`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fairgate_enforce.enforcer import Enforcer, FailSafeRewriter

Send = Callable[[dict[str, Any]], Awaitable[None]]
BYPASS_EXTENSIONS = ("http.response.pathsend", "http.response.zerocopysend")


class Enforce:
    def __init__(self, application: Callable[..., Awaitable[None]], enforcer: Enforcer) -> None:
        self.application = application
        self.enforcer = enforcer

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        values: dict[str, list[str]] = {}
        for raw, value in scope["headers"]:
            values.setdefault(raw.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        headers = {name: "; ".join(several) for name, several in values.items()}
        policy = self.enforcer.policy(headers, (scope.get("client") or ("",))[0])
        if policy is None:
            await self.application(scope, receive, send)
            return
        # Compressed HTML can't be read; the server in front compresses what leaves here.
        asked = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
        url = f"{scope.get('scheme', 'http')}://{headers.get('host', '')}{scope['path']}"
        rewriter: FailSafeRewriter | None = None
        # Ways to send a file past this middleware.
        ways = {k: v for k, v in (scope.get("extensions") or {}).items() if k not in BYPASS_EXTENSIONS}

        async def rewriting(message: dict[str, Any]) -> None:
            nonlocal rewriter
            if message["type"] == "http.response.start":
                given = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in message.get("headers", [])]
                change = self.enforcer.change(policy, message["status"], given, url)
                if change:
                    rewriter, given = change.rewriter, change.headers(given)
                headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
                message = {**message, "headers": headers}
            elif message["type"] == "http.response.body" and rewriter:
                body = rewriter.feed(message.get("body", b""))
                if not message.get("more_body"):
                    body += rewriter.close()
                message = {**message, "body": body}
            await send(message)

        await self.application({**scope, "headers": asked, "extensions": ways}, receive, rewriting)
