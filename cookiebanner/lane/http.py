"""Answers of the lane's own, for its protocol and for ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from cookiebanner.front import NO_HOST as NO_HOST
from cookiebanner.problems import PROBLEM, document
from cookiebanner.visitors.delivery import Answer, Headers

SILENCE = 75  # seconds that a connection may be silent between requests; proxies keep theirs shorter (nginx: 60 s)
DRAIN = 25  # seconds that requests under way get when the server is told to end
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def refused(status: int, why: str) -> Answer:
    """A refusal in words, for whoever speaks HTTP badly."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(why))]
    return Answer(status, headers, why.encode())


def problem(status: int, code: str, title: str) -> Answer:
    """A problem document (RFC 9457) that ends the connection: the rest of the request is not read."""
    body = msgspec.json.encode(document(status, code, title))
    headers = [
        (b"content-type", PROBLEM.encode()), (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"), (b"connection", b"close"),
    ]  # fmt: skip
    return Answer(status, headers, body)


def has_one_host(headers: Headers) -> bool:
    """Whether there is exactly one Host line (RFC 9112 §3.2); names in lower case."""
    return [name for name, _ in headers].count(b"host") == 1


async def send_answer(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
