"""For any WSGI application: `application = Enforce(application, enforcer)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fairgate_enforce.enforcer import Enforcer, FailSafeRewriter


class Enforce:
    def __init__(self, application: Callable[..., Iterable[bytes]], enforcer: Enforcer) -> None:
        self.application = application
        self.enforcer = enforcer

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
        policy = self.enforcer.policy(headers, environ.get("REMOTE_ADDR", ""))
        if policy is None:
            return self.application(environ, start_response)
        # Compressed HTML can't be read; the server in front compresses what leaves here.
        inner = {**environ, "HTTP_ACCEPT_ENCODING": "identity"}
        url = f"{environ.get('wsgi.url_scheme', 'http')}://{headers.get('host', '')}{environ.get('SCRIPT_NAME', '')}"
        url += environ.get("PATH_INFO", "/")
        rewriter: list[FailSafeRewriter | None] = []
        write: list[Callable[[bytes], Any]] = []

        def started(status: str, answer: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:
            change = self.enforcer.change(policy, int(status[:3]) if status[:3].isdigit() else 0, answer, url)
            made = change.rewriter if change else None
            answer = change.headers(answer) if change else answer
            rewriter[:] = [made]
            write[:] = [start_response(status, answer, exc_info) if exc_info else start_response(status, answer)]
            return lambda data: write[0](made.feed(data) if made else data)

        return _Body(self.application(inner, started), rewriter)


class _Body:
    """The rewritten body; closes the application's iterable, as PEP 3333 asks."""

    def __init__(self, body: Iterable[bytes], rewriter: list[FailSafeRewriter | None]) -> None:
        self.body = body
        self.rewriter = rewriter

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.body:
            yield self.rewriter[0].feed(chunk) if self.rewriter and self.rewriter[0] else chunk
        if self.rewriter and self.rewriter[0]:
            yield self.rewriter[0].close()

    def close(self) -> None:
        if hasattr(self.body, "close"):
            self.body.close()
