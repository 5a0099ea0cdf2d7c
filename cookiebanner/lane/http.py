"""Responses of the lane's own, for its protocol and for ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from cookiebanner.front import NO_HOST as NO_HOST
from cookiebanner.problems import PROBLEM, document
from cookiebanner.visitors.delivery import Headers, RawResponse

KEEP_ALIVE_TIMEOUT = 75  # seconds that a connection may be silent between requests; that of proxies is shorter
DRAIN = 25  # seconds that requests under way get when the server is told to end
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def plain_text_error(status: int, why: str) -> RawResponse:
    """A refusal in words, for whoever speaks HTTP badly."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(why))]
    return RawResponse(status, headers, why.encode())


def problem(status: int, code: str, title: str) -> RawResponse:
    """A problem document (RFC 9457) that ends the connection: the rest of the request is not read."""
    body = msgspec.json.encode(document(status, code, title))
    headers = [
        (b"content-type", PROBLEM.encode()), (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"), (b"connection", b"close"),
    ]  # fmt: skip
    return RawResponse(status, headers, body)


def has_one_host(headers: Headers) -> bool:
    """Whether there is exactly one Host line (RFC 9112 §3.2); names in lower case."""
    return [name for name, _ in headers].count(b"host") == 1


async def send_response(send: Send, response: RawResponse) -> None:
    await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": False})
