"""Scripts, counts and everything else through the lane."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from ipaddress import ip_network

import pytest
from django.conf import settings
from django.db import connection

from consent.models import ConsentRecord, ImpressionTotal
from cookiebanner.lane.app import Lane
from cookiebanner.visitors.published import published
from cookiebanner.wsgi import application as django
from tests import corpus
from tests.cookiebanner.lane.asgi import Running, ask
from tests.cookiebanner.sample_releases import release, site, with_first
from tests.values import present

pytestmark = pytest.mark.django_db(transaction=True)


def through_the_lane(*requests):
    async def go():
        async with Running(Lane(django)) as lane:
            return [await ask(lane, *request) for request in requests]

    return asyncio.run(go())


@pytest.fixture
def shop():
    made = site()
    release(made)
    return made


def test_scripts_are_the_same_as_djangos(client, shop):
    entry = published.site(shop.uuid)
    paths = [
        f"/v1/{shop.uuid}/gate.js", f"/v1/{shop.uuid}/regime/us_ca/gate.js", f"/v1/{uuid.uuid4()}/gate.js",
        f"/v1/{shop.uuid}/r/1/regime/us_ca/gate.js", f"/v1/{shop.uuid}/a/{present(entry).names['ui.en.js'][0]}/ui.en.js",
        f"/v1/{shop.uuid}/a/{'0' * 64}/ui.en.js", f"/consent/{shop.uuid}/OtAutoBlock.js",
        "/scripttemplates/otSDKStub.js", f"/consent/{shop.uuid}/{shop.uuid}.json", f"/dsarwebform/{shop.uuid}/x.html",
    ]  # fmt: skip
    for method in ("GET", "HEAD"):
        headers = [("Accept-Encoding", "br, gzip")]
        answers = through_the_lane(*((method, path, headers) for path in [*paths, *paths]))
        for path, answer in zip([*paths, *paths], answers, strict=True):
            by_django = client.generic(method, path, headers=dict(headers))
            assert (path, answer.status, answer.body) == (path, by_django.status_code, by_django.content)
            for name in ("cache-control", "cdn-cache-control", "etag", "content-encoding", "fairgate-regime"):
                assert (name, answer.headers.get(name)) == (name, by_django.headers.get(name))


def test_the_located_country_is_kept_beside_the_row_of_law(settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    corpus.make_world()
    request = next(request for case, request, _ in corpus.cases() if case == "a first answer")
    headers = [*request.headers.items(), ("cf-ipcountry", "DZ")]
    [answer] = through_the_lane((request.method, request.path, headers, request.body))
    assert answer.status == 201
    record = ConsentRecord.objects.get()
    said = json.loads(present(record.payload))
    assert (record.jurisdiction, said["place"]) == ("*", {"country": "DZ", "how": "header"})


def test_a_gate_s_first_layer_is_the_same_as_djangos(client):
    path = f"/v1/{with_first().uuid}/gate.js"
    asked = [(path + query, accept) for query in ("", "?l=de", "?x=1&l=en") for accept in ("de", "en", "fr")] * 2
    answers = through_the_lane(*(("GET", path, [("Accept-Language", accept)]) for path, accept in asked))
    found = [client.get(path, headers={"Accept-Language": accept}) for path, accept in asked]
    said = ("etag", "vary", "content-language", "cache-control")
    assert [(a.body, *(a.headers.get(name) for name in said)) for a in answers] == [
        (a.content, *(a.headers.get(name) for name in said)) for a in found
    ]
    assert [a.headers["content-language"] for a in answers[:9]] == ["de", "en", "en", *["de"] * 3, *["en"] * 3]


def test_any_asgi_server_can_load_it():
    done = subprocess.run(
        [sys.executable, "-c", "from cookiebanner.asgi import application; print(type(application).__name__)"],
        capture_output=True, text=True, env=os.environ | {"SECRET_KEY": "x"}, cwd=settings.BASE_DIR,
    )  # fmt: skip
    assert done.stdout == "Lane\n", done.stderr


def test_everything_else_is_djangos(shop):
    live, post, options, missing = through_the_lane(
        ("GET", "/livez"),
        ("POST", f"/v1/{shop.uuid}/gate.js"),
        (
            "OPTIONS",
            "/api/v1/consents",
            [("Origin", "https://shop.example"), ("Access-Control-Request-Method", "POST")],
        ),
        ("GET", "/nowhere"),
    )
    assert (live.status, json.loads(live.body)) == (200, {"status": "ok"})
    assert post.status == 405
    assert missing.status == 404
    assert options.status == 200
    assert options.headers["access-control-allow-origin"] == "https://shop.example"
    assert options.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"


def test_counts_are_written_when_the_lane_ends(shop):
    body = json.dumps({"site": str(shop.uuid), "kind": "banner", "language": "de"}).encode()
    headers = [("Origin", "https://shop.example"), ("Content-Type", "text/plain")]
    answers = through_the_lane(
        *[("POST", "/api/v1/impressions", headers, body)] * 3,
        ("POST", "/api/v1/impressions", [("Origin", "https://evil.example")], body),
        ("POST", "/api/v1/impressions", headers, body + b" " * 9000),
    )
    assert [answer.status for answer in answers] == [204, 204, 204, 403, 413]
    assert answers[0].headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in answers[3].headers
    assert ImpressionTotal.objects.get(site_id=shop.pk).count == 3


@pytest.mark.parametrize("allowed", ["true", None])
def test_the_loop_asks_no_database(monkeypatch, allowed):
    """Also where Django would let it: the test suite sets the variable, a server does not."""
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE")
    if allowed:
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", allowed)
    corpus.make_world()
    answer = next(request for name, request, _ in corpus.cases() if name == "a first answer")
    unknown = json.loads(answer.body) | {"site": str(uuid.uuid4())}
    later = json.loads(answer.body) | {"release": 9}
    impression = json.dumps({"site": corpus.DATA["site"], "kind": "view", "release": 1, "regime": "us_ca"}).encode()
    origin = [("Origin", "https://shop.example"), ("Content-Type", "text/plain")]
    gate = f"/v1/{corpus.DATA['site']}/gate.js"
    requests = [
        ("POST", answer.path, origin, json.dumps(unknown).encode()),
        ("POST", answer.path, origin, json.dumps(later).encode()),
        ("POST", answer.path, [("Origin", "https://evil.example"), origin[1]], answer.body),
        ("POST", answer.path, origin, answer.body),
        ("POST", "/api/v1/impressions", origin, impression),
        ("GET", gate),
        ("GET", gate.replace("/gate.js", "/r/1/regime/us_ca/gate.js")),
    ]

    def refuse(execute, sql, *rest):
        raise AssertionError(f"The loop's thread asks the database: {sql}")

    statuses = []
    published.clear()
    for _ in range(2):
        with connection.execute_wrapper(refuse):
            statuses.append([answer.status for answer in through_the_lane(*requests)])
    assert statuses == [[404, 422, 403, 201, 204, 200, 200], [404, 422, 403, 200, 204, 200, 200]]
