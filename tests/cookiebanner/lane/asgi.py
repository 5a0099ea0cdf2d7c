"""Asks an ASGI application, in the loop that runs now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


async def ask(
    app: Any,
    method: str,
    path: str,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    peer: str = "127.0.0.1",
) -> Got:
    """One request, its body in two parts; the answer when it is complete."""
    half = len(body) // 2
    parts: list[dict[str, Any]] = [
        {"type": "http.request", "body": body[:half], "more_body": True},
        {"type": "http.request", "body": body[half:]},
    ]
    sent: list[dict[str, Any]] = []
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if parts:
            return parts.pop(0)
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    name, _, query = path.partition("?")
    lines = [(b"host", b"testserver"), *((k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers)]
    if body:
        lines.append((b"content-length", str(len(body)).encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": name, "raw_path": name.encode(), "query_string": query.encode(), "root_path": "",
        "headers": lines, "client": (peer, 1234), "server": ("testserver", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    assert sent[0]["type"] == "http.response.start"
    return Got(
        sent[0]["status"],
        {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in sent[0]["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


class Running:
    """`async with Running(lane)`: started and, in the end, drained."""

    def __init__(self, lane: Any) -> None:
        self.lane = lane

    async def __aenter__(self) -> Any:
        self.lane.start()
        return self.lane

    async def __aexit__(self, *exc: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self.lane.end)
