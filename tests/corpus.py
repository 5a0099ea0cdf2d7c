"""The corpus of requests to `POST /api/v1/consents`: the DRF view and the lane must answer each alike.

`tests/vectors/requests.json` holds the world (site, hosts, release) and the cases; this loader turns a case into the
parts of an HTTP request. Runner-neutral: `make_world()` fills the database, `cases()` gives (name, Request, expected).
A case changes the base body by `set` and `drop` (paths with slashes); `raw` (latin-1) or `base64` gives bytes as they
are; `{"$repeat": "x", "times": n}` is a long string. Each case has an id of its own, made from its name, or that of the
case named by `id_of`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

FILE = Path(__file__).parent / "vectors" / "requests.json"
DATA = json.loads(FILE.read_text())


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Expected:
    status: int
    code: str | None  # of the problem document; None for 200 and 201


def make_world() -> Any:
    """The site of the corpus with its host and releases, written straight to the tables; returns the Site."""
    from consent.models import Host, Site
    from cookiebanner.visitors.published import published

    site = Site.objects.create(uuid=DATA["site"], name="Corpus", languages=["en"])
    for name in DATA["hosts"]:
        Host.objects.create(site=site, name=name)
    for number in range(1, 1 + len(DATA["releases"])):
        release(site, number)
    other = Site.objects.create(uuid=DATA["other_site"], name="Without a release")
    Host.objects.create(site=other, name="other.example")
    published.clear()
    return site


def release(site: Any, number: int, **words: Any) -> None:
    """The corpus's release of this number, else its first, with other words about the site."""
    from consent.models import Release

    snapshot = DATA["releases"][number - 1 if number <= len(DATA["releases"]) else 0]
    snapshot = {**snapshot, "site": {**snapshot["site"], **words}}
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    Release.objects.create(
        site=site, number=number, sha256=hashlib.sha256(text.encode()).hexdigest(), snapshot=text,
        published_by="corpus", published_at=timezone.now(),
    )  # fmt: skip


def body_of(case: dict[str, Any]) -> bytes:
    """The bytes of a case's body."""
    if "raw" in case:
        return case["raw"].encode("latin-1")
    if "base64" in case:
        return base64.b64decode(case["base64"])
    body = json.loads(json.dumps(DATA["body"]))
    body["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, case.get("id_of", case["name"])))
    for path, value in case.get("set", {}).items():
        *parents, last = path.split("/")
        target = body
        for parent in parents:
            target = target.setdefault(parent, {})
        if isinstance(value, dict) and "$repeat" in value:
            value = value["$repeat"] * value["times"]
        target[last] = value
    for path in case.get("drop", []):
        *parents, last = path.split("/")
        target = body
        for parent in parents:
            target = target[parent]
        del target[last]
    return (
        case.get("before", "").encode("latin-1") + json.dumps(body).encode() + case.get("after", "").encode("latin-1")
    )


def cases() -> list[tuple[str, Request, Expected]]:
    """Every case, in order: replays and conflicts refer to the ones before them."""
    found = []
    for case in DATA["cases"]:
        headers = {k: v for k, v in (DATA["headers"] | case.get("headers", {})).items() if v is not None}
        request = Request(case.get("method", "POST"), case.get("path", "/api/v1/consents"), headers, body_of(case))
        found.append((case["name"], request, Expected(case["status"], case.get("code"))))
    return found
