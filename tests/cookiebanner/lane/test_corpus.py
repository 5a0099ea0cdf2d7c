"""One corpus of requests, hostile ones included, gets the same answers from the lane, by ASGI and on its own server's
fast path, and from the DRF view."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import uvloop
from django.db import transaction

from consent.models import LogEntry
from cookiebanner.lane.app import Lane
from cookiebanner.visitors.published import published
from cookiebanner.wsgi import application as django
from tests import corpus
from tests.cookiebanner.lane.asgi import Running, ask
from tests.cookiebanner.lane.wire import Wire

SAME_HEADERS = (
    "content-type", "retry-after", "access-control-allow-origin", "access-control-expose-headers",
    "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age",
)  # fmt: skip


def comparable(status: int, headers: Any, body: bytes) -> tuple[int, dict[str, Any], Any]:
    """What must be the same: all but the time and the place in the tree."""
    try:
        said = json.loads(body)
    except ValueError:
        said = body
    if isinstance(said, dict):
        said = {key: value for key, value in said.items() if key not in ("index", "received_at")}
    lower = {name.lower(): value for name, value in headers.items()}
    return status, {name: lower[name] for name in SAME_HEADERS if name in lower}, said


@pytest.mark.django_db(transaction=True)
def test_lane_and_view_answer_alike(client):
    corpus.make_world()
    cases = corpus.cases()
    assert len(cases) >= 60
    by_view = {}
    with transaction.atomic():  # undone, so that the lane meets the same empty ledger
        for name, request, _ in cases:
            kind = {"CONTENT_TYPE": request.headers["content-type"]} if "content-type" in request.headers else {}
            plain = {k: v for k, v in request.headers.items() if k != "content-type"}
            answer = client.generic(request.method, request.path, request.body, "", headers=plain, **kind)
            by_view[name] = comparable(answer.status_code, answer.headers, answer.content)
        transaction.set_rollback(True)
    published.clear()
    assert LogEntry.objects.count() == 0

    async def by_asgi():
        async with Running(Lane(django)) as lane:
            return {
                name: comparable(*await ask(lane, request.method, request.path, request.headers.items(), request.body))
                for name, request, _ in cases
            }

    async def on_the_wire():
        async with Wire(Lane(django)) as wire:
            return {
                name: comparable(*await wire.ask(request.method, request.path, request.headers.items(), request.body))
                for name, request, _ in cases
            }

    by_lane = asyncio.run(by_asgi())
    for name, _, expected in cases:
        status, _, said = by_lane[name]
        assert (name, status) == (name, expected.status)
        if expected.code:
            assert (name, said["code"]) == (name, expected.code)
        assert (name, by_lane[name]) == (name, by_view[name])
    stored = LogEntry.objects.count()
    assert stored == sum(1 for status, _, _ in by_lane.values() if status == 201)
    again = uvloop.run(on_the_wire())  # what was stored is replayed now
    for name, _, _ in cases:
        status, headers, said = by_lane[name]
        assert (name, again[name]) == (name, (200 if status == 201 else status, headers, said))
    assert LogEntry.objects.count() == stored
