"""Every public path gets every header in hostile lengths and shapes: the loop goes on, the memory stays, the answer is
clear."""

from __future__ import annotations

import ast
import asyncio
import gc
import json
import os
import time
import uuid
from ipaddress import ip_network

import pytest
import uvloop
from django.conf import settings

from consent.answers import intake
from consent.sites import origins
from cookiebanner.artifacts import respond as artifacts
from cookiebanner.lane.app import Lane
from cookiebanner.onetrust import respond as onetrust
from cookiebanner.visitors import delivery, door, place
from cookiebanner.visitors.proxies import client_address
from cookiebanner.visitors.rate_limit_table import RateLimitTable
from cookiebanner.wsgi import application as wsgi
from tests import corpus
from tests.cookiebanner.lane.asgi import Running, ask
from tests.cookiebanner.lane.wire import Wire, request
from tests.cookiebanner.sample_releases import release, site

LONG = 65_536
SHAPES = {
    "labels": "a." * (LONG // 2),
    "commas": "," * LONG,
    "semicolons": ";" * LONG,
    "quotes": '";\\"' * (LONG // 4),
    "parts": "a=b;q=0.1, " * (LONG // 11),
    "slashes": "/v1" * (LONG // 3),
}
HEADERS = (
    "Origin", "Referer", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "If-None-Match",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "CF-IPCountry", "CF-Region-Code", "X-NF-Geo",
    "X-Akamai-Edgescape", "Sec-GPC", "Sec-Fetch-Site", "Cookie", "Authorization", "Access-Control-Request-Headers",
)  # fmt: skip
LAG = 0.05  # seconds of this process's CPU between two turns of the loop
GROWTH = 20 * 2**20


def paths(uuid_text: str) -> list[tuple[str, str]]:
    """Every address that a stranger may ask, once; bodies are valid, so that headers are looked at."""
    v1 = f"/v1/{uuid_text}"
    get = [
        f"{v1}/gate.js", f"{v1}/enforce.json", f"{v1}/regime/us_ca/gate.js", f"{v1}/a/0123456789abcdef/ui.en.js",
        f"{v1}/r/1/regime/us_ca/gate.js", f"{v1}/log/checkpoint", f"/consent/{uuid_text}/OtAutoBlock.js",
        f"/consent/{uuid_text}/{uuid_text}.json", "/scripttemplates/otSDKStub.js", "/scripttemplates/6.1.0/otBanner.js",
        "/dsarwebform/a/b.html", f"/api/v1/consents/{uuid.uuid4()}/receipt", "/.well-known/gpc.json",
        "/.well-known/fairgate/", "/livez", "/api/v1/nope", "/nope", "/accounts/login/", "/api/docs/",
    ]  # fmt: skip
    post = ["/api/v1/consents", "/api/v1/impressions", "/api/v1/reports", "/.well-known/fairgate/state"]
    return [("GET", path) for path in get] + [("POST", path) for path in post] + [("OPTIONS", path) for path in post]


def body_of(path: str, uuid_text: str) -> bytes:
    if path.endswith("/consents"):
        return json.dumps(corpus.DATA["body"] | {"id": str(uuid.uuid4()), "site": uuid_text}).encode()
    if path.endswith("/impressions"):
        return json.dumps({"site": uuid_text, "kind": "banner"}).encode()
    if path.endswith("/reports"):
        return json.dumps({"site": uuid_text, "items": [{"kind": "unknown", "subject": "x.example"}]}).encode()
    return b"v=1&r=3&t=1&g=eu_opt_in&c=C0001:1"


def resident() -> int:
    """Bytes of memory that this process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Watch:
    """How much CPU this process used at most between two turns of the loop; waiting for a busy machine is no lag."""

    async def __aenter__(self) -> Watch:
        self.worst = 0.0
        self.task = asyncio.ensure_future(self.tick())
        return self

    async def tick(self) -> None:
        while True:
            before = time.process_time()
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
            self.worst = max(self.worst, time.process_time() - before)

    async def __aexit__(self, *exc: object) -> None:
        self.task.cancel()


@pytest.mark.django_db(transaction=True)
def test_no_header_of_any_path_holds_the_loop_or_stays_in_memory(settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    shop = site()
    release(shop)
    wrong, lags = [], []

    async def one(wire, method, path, headers, expected) -> None:
        body = body_of(path, str(shop.uuid)) if method == "POST" else b""
        usual = {"Origin": "https://www.shop.example", "Content-Type": "text/plain"}
        if method == "OPTIONS":
            usual["Access-Control-Request-Method"] = "POST"
        client = await wire.open()
        client.write(
            request(method, path, [(k, v) for k, v in usual.items() if k not in headers] + [*headers.items()], body)
        )
        async with Watch() as watch:
            try:
                got = await client.read(method)
            except (asyncio.IncompleteReadError, ConnectionResetError) as error:
                wrong.append((method, path[:60], list(headers), repr(error)))
                return
        client.close()
        lags.append((watch.worst, method, path[:60], [(k, len(v), v[:6]) for k, v in headers.items()]))
        if not expected(got.status):
            wrong.append((method, path[:60], list(headers), got.status))

    async def go() -> int:
        async with Wire(Lane(wsgi)) as wire:
            for method, path in paths(str(shop.uuid)):  # whatever is loaded once is loaded
                await one(wire, method, path, {}, lambda status: status < 500)
            lags.clear()
            gc.collect()
            before = resident()
            for method, path in paths(str(shop.uuid)):
                for number, name in enumerate(HEADERS):
                    shape = list(SHAPES.values())[(number + len(path)) % len(SHAPES)]
                    await one(wire, method, path, {name: shape}, lambda status: status in (400, 431))
                    mark = f"{uuid.uuid4().hex}"  # each another key, and short enough to pass the door
                    await one(wire, method, path, {name: (mark + shape)[:8000]}, lambda status: status < 500)
                absurd = {"Origin": "https://" + "a." * 30_000 + "evil.example"}
                await one(wire, method, path, absurd, lambda status: status == 431)
                absurd = {"Origin": f"https://{uuid.uuid4().hex}.{'a.' * 3_900}shop.example"}
                await one(wire, method, path, absurd, lambda status: status < 500)
            for start in (
                "/",
                "/v1/",
                "/consent/",
                "/dsarwebform/",
                "/api/v1/",
                "/fairgate-preview/",
                "/v1/x/log/tile/",
            ):
                for shape in ("a" * LONG, "v1/" * 20_000, "/" * LONG, "%2e/" * 16_000, "x001/" * 13_000):
                    await one(wire, "GET", start + shape, {}, lambda status: status in (400, 414, 431))
                    await one(wire, "GET", (start + uuid.uuid4().hex + shape)[:8000], {}, lambda status: status < 500)
                    await one(wire, "GET", "/v1/x/gate.js?" + shape, {}, lambda status: status in (400, 414, 431))
            many = request("GET", "/livez", [(f"X-{n}", "1") for n in range(5_000)])
            repeated = request("POST", "/api/v1/consents", [("Origin", "a")] * 6_000, b"{}")
            for raw in (many, repeated):
                client = await wire.open()
                client.write(raw)
                assert (await client.read()).status == 431
            gc.collect()
            return resident() - before

    grown = uvloop.run(go())
    assert wrong == []
    assert max(lags)[0] < LAG, sorted(lags)[-5:]
    assert grown < GROWTH


@pytest.mark.django_db(transaction=True)
def test_any_other_server_in_front_of_the_lane_is_as_safe():
    corpus.make_world()

    async def go():
        async with Running(Lane(wsgi)) as lane:
            answers = []
            for method, path in paths(corpus.DATA["site"]):
                for headers in ([("Origin", "https://" + "a." * 30_000 + "evil.example")], [("X-A", "1")] * 10_000):
                    async with Watch() as watch:
                        answers.append((await ask(lane, method, path, headers), watch.worst))
                answers.append((await ask(lane, method, path + "?" + "a" * LONG), 0))
            return answers

    answers = asyncio.run(go())
    assert {got.status for got, _ in answers} == {414, 431}
    assert {json.loads(got.body)["code"] for got, _ in answers} == {"uri_too_long", "headers_too_large"}
    assert {got.headers["content-type"] for got, _ in answers} == {"application/problem+json"}
    assert max(lag for _, lag in answers) < LAG


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"HTTP_ORIGIN": "https://" + "a." * 30_000}, "431 Request Header Fields Too Large"),
        ({"CONTENT_TYPE": "text/plain" + ";" * LONG}, "431 Request Header Fields Too Large"),
        ({"HTTP_COOKIE": "a=b;" * 16_000}, "431 Request Header Fields Too Large"),
        ({f"HTTP_X_{n}": "a" * 8_000 for n in range(5)}, "431 Request Header Fields Too Large"),
        ({"QUERY_STRING": "a" * LONG}, "414 Request-URI Too Long"),
        ({"PATH_INFO": "/" + "a" * LONG}, "414 Request-URI Too Long"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_plain_wsgi_server_makes_no_request_of_such_a_head(changed, status):
    from wsgiref.util import setup_testing_defaults

    environ: dict = {}
    setup_testing_defaults(environ)
    told: list = []
    body = b"".join(wsgi(environ | changed, lambda line, headers: told.append((line, dict(headers)))))
    assert told[0][0] == status
    assert told[0][1]["Content-Length"] == str(len(body))
    assert json.loads(body)["status"] == int(status[:3])


@pytest.mark.django_db
def test_django_itself_refuses_such_a_head_too(client):
    answer = client.get("/livez", headers={"Referer": "a" * LONG})
    assert (answer.status_code, answer.json()["code"]) == (431, "headers_too_large")


def test_cookies_of_the_site_s_own_may_be_longer_than_other_headers():
    assert door.head_refusal(10, [(b"cookie", b"a" * 16_000), (b"user-agent", b"a" * 8_000)]) is None
    assert door.head_refusal(10, [(b"cookie", b"a" * 17_000)]) is door.HEAD_TOO_LARGE


def test_no_cache_takes_a_key_that_a_stranger_made_long():
    """Every function that strangers' texts reach, and the cache behind it."""
    absurd = [f"{n}" + "a" * LONG for n in range(20)]
    asked = [
        (origins.origin_host, origins._origin_host, lambda n: "https://" + absurd[n]),
        (delivery.negotiate, delivery._negotiate, lambda n: absurd[n]),
        (delivery.site_id, delivery._site_id, lambda n: absurd[n]),
        (artifacts.parse, artifacts._parse, lambda n: f"/v1/{absurd[n]}/gate.js"),
        (onetrust.parse, onetrust._parse, lambda n: f"/{absurd[n]}/scripttemplates/otSDKStub.js"),
        (place._bounded_place, place._place, lambda n: absurd[n]),
    ]
    for function, cache, text in asked:
        before = cache.cache_info().currsize
        for n in range(20):
            function(text(n))
        assert cache.cache_info().currsize == before, function
    # These cut: what differs behind the cut is one key.
    for function, cache in ((origins.host_of, origins._host_of), (intake.family, intake._family)):
        before = cache.cache_info().currsize
        for n in range(20):
            function("https://" + "a" * 5_000 + absurd[n])
        assert cache.cache_info().currsize <= before + 1, function
    before = door._check_type.cache_info().currsize
    for kind in absurd:
        with pytest.raises(door.RejectedSubmission):
            door._check_media_type(kind)
    assert door._check_type.cache_info().currsize == before


def test_all_that_is_remembered_of_strangers_together_is_small():
    """Every memory filled to its end with the longest keys that it takes."""
    limits = RateLimitTable()
    lane = Lane(wsgi)
    gc.collect()
    before = resident()
    for n in range(25_000):
        mark = f"{n:08}"
        origins.origin_host(f"https://{mark}.{'a.' * 100}{'b' * 40}.example")
        origins.host_of(f"https://{mark}.example/{'a' * 1_000}")
        delivery.negotiate(mark + "a" * 240)
        delivery.site_id(mark + "a" * 70)
        artifacts.parse(f"/{mark}{'a' * 250}/v1/{'b' * 80}/a/{'0' * 64}/ui.js")
        onetrust.parse(f"/{mark}{'a' * 300}/consent/{'b' * 80}/OtAutoBlock.js")
        intake.family(mark + "a" * 500)
        place._bounded_place(mark + "a" * 80)
        limits.wait(f"impressions 2001:db8:{mark}::", 60)
        if n % 10 == 0:
            page = f"/v1/{mark}/gate.js?{'a' * 300}".encode()
            lane.script(page, [(b"accept-encoding", b"gzip"), (b"if-none-match", mark.encode())], "127.0.0.1", False)
    gc.collect()
    grown = resident() - before
    lane._django.shutdown()
    assert grown < GROWTH, grown / 2**20


def test_forwarded_addresses_are_read_from_the_right_however_many_stand_before(settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    for junk in ("1" * LONG, "203.0.113.9," * 5_000, "," * LONG):
        forwarded = f"{junk}, 198.51.100.7, 10.0.0.2"
        assert client_address({"x-forwarded-for": forwarded}, "10.0.0.1") == "198.51.100.7"
    # A cut address must not become another one.
    assert client_address({"x-forwarded-for": "9" * 5_000 + "8.8.8.8"}, "10.0.0.1") == "10.0.0.1"


def codes_in(tree):
    """What is given as `code` to RejectedSubmission, by the class itself and by its subclasses."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    inside = [one for one in classes if "RejectedSubmission" in map(ast.unparse, one.bases)]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    made = [call for call in calls if ast.unparse(call.func).rpartition(".")[2] == "RejectedSubmission"]
    for one in inside:
        made += [call for call in ast.walk(one) if isinstance(call, ast.Call) and "super()" in ast.unparse(call.func)]
    return {ast.unparse(call.args[0]).strip("f'") for call in made}


def test_every_code_has_a_status_and_every_status_a_code():
    """The code is in consent/, what HTTP makes of it in the guard: none is missing, none is left over."""
    codes = set()
    for package in ("consent", "cookiebanner"):
        for path in (settings.BASE_DIR / package).rglob("*.py"):
            codes |= codes_in(ast.parse(path.read_text()))
    codes.remove("unknown_{what}")  # of validate.py
    assert codes | {"unknown_purpose", "unknown_service"} == set(door.STATUS)
