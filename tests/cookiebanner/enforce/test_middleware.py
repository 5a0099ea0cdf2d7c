"""The three middlewares park what waits, pass on what is granted, and leave every other answer alone."""

from __future__ import annotations

import asyncio
import gzip
import json
import time

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory, override_settings

from consent.jurisdictions import table
from cookiebanner.enforce import asgi, wsgi
from cookiebanner.enforce.django import Enforce as DjangoEnforce
from cookiebanner.enforce.enforcer import Enforcer
from cookiebanner.enforce.source import from_file

PAGE = (
    b'<!doctype html><p>own</p><script src="https://stats.test/s.js"></script><img src="https://ads.test/p.gif">'
    b'<script src="https://cdn.test/lib.js"></script><script src="https://box.test/gtm.js"></script>'
)
STATS = b'data-fg="stats"'
ADS = b'data-fg="ads"'
BOX = b'data-fg="box"'


def service(key: str, category: str, **facts) -> dict:
    rest = {"sells_or_shares": False, "targeted_ads": False, "sensitive": False, "container": False, "inline": []}
    return {"key": key, "category": category, "rules": [f"{key}.test"], "overrides": {}, **rest, **facts}


@pytest.fixture
def release(tmp_path):
    snapshot = {
        "site": {"uuid": "u", "hosts": ["shop.test"], "unknown": "allow", "child_directed": False},
        "categories": [{"key": key, "necessary": key == "C0001"} for key in ("C0001", "C0002", "C0004")],
        "services": [
            service("stats", "C0002"),
            service("ads", "C0004", sells_or_shares=True, targeted_ads=True),
            service("cdn", "C0001"),
            service("box", "C0004", container=True),
        ],
        "variants": table.variants(),
        "release": 1,
    }
    file = tmp_path / "enforce.json"
    file.write_text(json.dumps(snapshot))
    return file


def cookie(categories: str) -> str:
    return f"other=1; fairgate=v=1&r=1&id=x&u=&t={int(time.time())}&g=eu_opt_in&c={categories}&s=&p=&x=0&m=&o=0"


def through_wsgi(
    enforcer: Enforcer, body=(PAGE,), status="200 OK", headers=(("Content-Type", "text/html"),), **environ
):
    seen = {}

    def application(inner, start_response):
        seen["accept"] = inner.get("HTTP_ACCEPT_ENCODING")
        start_response(status, [*headers, ("Content-Length", "999"), ("ETag", '"a"')])
        return iter(body)

    def start_response(status, headers, exc_info=None):
        seen["headers"] = dict(headers)

    asked = {"PATH_INFO": "/", "wsgi.url_scheme": "https", "HTTP_HOST": "shop.test", "HTTP_ACCEPT_ENCODING": "br"}
    answer = wsgi.Enforce(application, enforcer)({**asked, **environ}, start_response)
    return b"".join(answer), seen


def test_before_an_answer_the_strictest_regime_holds_all_but_the_necessary(release):
    body, seen = through_wsgi(Enforcer(from_file(release), "consent.test"))
    assert (STATS in body, ADS in body, BOX in body) == (True, True, True)
    assert b'<script src="https://cdn.test/lib.js">' in body
    assert seen["accept"] == "identity"
    assert seen["headers"] == {
        "Content-Type": "text/html",
        "Vary": "Cookie, Sec-GPC",
        "Cache-Control": "private, no-cache",
    }


@pytest.mark.parametrize(
    ("categories", "held"),
    [
        ("C0001:1.C0002:1.C0004:1", (False, False, False)),
        ("C0001:1.C0002:1.C0004:0", (False, True, False)),
        ("C0001:1.C0002:0.C0004:0", (True, True, True)),
        ("garbage", (True, True, True)),
    ],
)
def test_the_visitors_cookie_decides(release, categories, held):
    body, _ = through_wsgi(Enforcer(from_file(release), "consent.test"), HTTP_COOKIE=cookie(categories))
    assert (STATS in body, ADS in body, BOX in body) == held


def test_only_the_site_s_own_cookie_grants(release):
    """The parent domain's site has an answer of its own, and gates of before called every site's the same."""
    snapshot = {**json.loads(release.read_text()), "cookie": "fairgate_0a1b2c3d", "content": "99999999"}
    release.write_text(json.dumps(snapshot))
    enforcer = Enforcer(from_file(release), "consent.test")
    yes = cookie("C0001:1.C0002:1.C0004:1")
    held = {}
    for name in ("fairgate_0a1b2c3d", "fairgate_00000000", "fairgate"):
        body, _ = through_wsgi(enforcer, HTTP_COOKIE=yes.replace("fairgate=", f"{name}="))
        held[name] = (STATS in body, ADS in body, BOX in body)
    nothing, everything = (False,) * 3, (True,) * 3
    assert held == {"fairgate_0a1b2c3d": nothing, "fairgate_00000000": everything, "fairgate": everything}


def test_gpc_holds_what_sells_even_in_an_opt_out_state_and_after_a_yes(release):
    enforcer = Enforcer(from_file(release), "consent.test", locate=lambda headers, peer: "us_optout_gpc")
    assert ADS not in through_wsgi(enforcer)[0]
    # A container goes with any yes.
    body, _ = through_wsgi(enforcer, HTTP_SEC_GPC="1", HTTP_COOKIE=cookie("C0001:1.C0002:1.C0004:1"))
    assert (STATS in body, ADS in body) == (False, True)


def test_the_header_allows_only_what_is_granted(release):
    _, seen = through_wsgi(
        Enforcer(from_file(release), "consent.test", set_csp=True), HTTP_COOKIE=cookie("C0001:1.C0002:1.C0004:0")
    )
    csp = seen["headers"]["Content-Security-Policy"]
    assert ("stats.test" in csp, "cdn.test" in csp, "ads.test" in csp) == (True, True, False)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((("Content-Type", "application/json"),), PAGE),
        ((("Content-Type", "text/html"), ("Content-Encoding", "gzip")), gzip.compress(PAGE)),
        ((("Content-Type", "text/html; charset=UTF-16"),), PAGE.decode().encode("utf-16")),
    ],
)
def test_what_is_no_readable_html_passes_untouched(release, headers, body):
    out, seen = through_wsgi(Enforcer(from_file(release), "consent.test"), body=(body,), headers=headers)
    assert out == body
    assert seen["headers"]["ETag"] == '"a"'


def test_what_a_link_header_asks_browsers_to_load_waits_too(release):
    links = (
        '<https://ads.test/a.js>; rel=preload; as=script, </own.css>; rel=preload; title="a, b", <//stats.test/>; rel=x'
    )
    _, seen = through_wsgi(
        Enforcer(from_file(release), "consent.test"), headers=(("Content-Type", "text/html"), ("Link", links))
    )
    assert seen["headers"]["Link"] == '</own.css>; rel=preload; title="a, b"'


def test_the_consent_server_is_no_unknown_third_party(release):
    snapshot = json.loads(release.read_text())
    snapshot["site"]["unknown"] = "hold"
    release.write_text(json.dumps(snapshot))
    gate = b'<script src="https://consent.test:8443/v1/u/gate.js"></script><img src="https://new.test/">'
    body, _ = through_wsgi(Enforcer(from_file(release), "https://consent.test:8443"), body=(gate,))
    assert body == gate.replace(b"<img src", b'<img data-fg="unknown" data-fg-src')


def test_a_site_that_is_switched_off_is_left_alone(release):
    release.write_text('{"off": true}')
    assert through_wsgi(Enforcer(from_file(release), "consent.test"))[0] == PAGE


def test_a_missing_release_changes_nothing(tmp_path):
    assert through_wsgi(Enforcer(from_file(tmp_path / "none.json"), "consent.test"))[0] == PAGE


def test_asgi_rewrites_the_stream(release):
    async def application(scope, receive, send):
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/html; charset=utf-8")],
        }
        await send(start)
        for at in range(0, len(PAGE), 10):
            await send({"type": "http.response.body", "body": PAGE[at : at + 10], "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "path": "/",
        "scheme": "https",
        "headers": [(b"host", b"shop.test")],
        "client": ("1.2.3.4", 1),
    }
    asyncio.run(asgi.Enforce(application, Enforcer(from_file(release), "consent.test"))(scope, None, send))
    body = b"".join(message.get("body", b"") for message in sent)
    assert (STATS in body, ADS in body, b'src="https://cdn.test/lib.js"' in body) == (True, True, True)
    assert dict(sent[0]["headers"])[b"Vary"] == b"Cookie, Sec-GPC"


@pytest.mark.parametrize("streaming", [False, True])
def test_django_keeps_its_own_policy_beside_ours(release, streaming):
    def view(request):
        answer = StreamingHttpResponse(iter([PAGE[:50], PAGE[50:]])) if streaming else HttpResponse(PAGE)
        answer["Content-Security-Policy"] = "object-src 'none'"
        assert "HTTP_ACCEPT_ENCODING" not in request.META
        return answer

    with override_settings(FAIRGATE_ENFORCE={"source": str(release), "fairgate": "consent.test", "csp": True}):
        request = RequestFactory().get("/", HTTP_HOST="shop.test", HTTP_ACCEPT_ENCODING="gzip")
        answer = DjangoEnforce(view)(request)
    assert request.META["HTTP_ACCEPT_ENCODING"] == "gzip"
    body = answer.getvalue()
    assert (STATS in body, ADS in body) == (True, True)
    assert answer["Content-Security-Policy"].startswith("object-src 'none', default-src 'self'")
