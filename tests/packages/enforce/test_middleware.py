"""The three middlewares park what waits, pass on what is granted, and leave every other answer alone."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from typing import Any, cast

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory, override_settings

from consent.jurisdictions import table
from fairgate_enforce import asgi, wsgi
from fairgate_enforce.django import Enforce as DjangoEnforce
from fairgate_enforce.enforcer import Enforcer, FailSafeRewriter
from fairgate_enforce.html import Rewriter
from fairgate_enforce.source import from_file
from tests.values import present

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


# --- the net: whatever fails, no byte of the page is lost or doubled --------------------------------------------------
PIECES = [PAGE[at : at + 37] for at in range(0, len(PAGE), 37)]


class Poisoned(Enforcer):
    """Its table holds what no compiler makes: a URL that no host claims is an error, as in any table that broke."""

    def policy(self, headers, peer):
        found = super().policy(headers, peer)
        present(found).rules.table[""] = [["(", 0]]
        return found


def ways(enforcer: Enforcer):
    """The page in pieces through each middleware: (name, body, headers in lower case)."""

    def streaming(request):
        return StreamingHttpResponse(iter(PIECES))

    def whole(request):
        return HttpResponse(PAGE)

    body, seen = through_wsgi(enforcer, body=PIECES)
    yield "wsgi", body, seen["headers"]
    sent = []

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        for piece in PIECES:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": "/", "scheme": "https", "headers": [(b"host", b"shop.test")], "client": ("::1", 1)}
    asyncio.run(asgi.Enforce(application, enforcer)(scope, None, send))
    yield "asgi", b"".join(message.get("body", b"") for message in sent), dict(sent[0]["headers"])
    for view in (streaming, whole):
        made = DjangoEnforce.__new__(DjangoEnforce)
        made.get_response, made.enforcer = view, enforcer
        answer = made(RequestFactory().get("/", HTTP_HOST="shop.test"))
        yield f"django {view.__name__}", answer.getvalue(), dict(answer.items())


def test_an_error_in_the_middle_of_a_page_costs_no_byte_of_it_and_is_told_once(release, caplog):
    # The first script is the table's; the image is a tracker's too; the library is nobody's in this table.
    snapshot = json.loads(release.read_text())
    snapshot["services"] = [one for one in snapshot["services"] if one["key"] != "cdn"]
    release.write_text(json.dumps(snapshot))
    marks = b' data-fg="stats" type="text/plain" data-fg-type="" data-fg-sync=""'
    expected = PAGE.replace(b"<script src=", b"<script" + marks + b" src=", 1)
    expected = expected.replace(b"<img src=", b'<img data-fg="ads" data-fg-src=', 1)
    for name, body, _ in ways(Poisoned(from_file(release), "consent.test")):
        assert body == expected, name
        assert len([record for record in caplog.records if "as it came" in record.getMessage()]) == 1, name
        caplog.clear()


@pytest.mark.parametrize("broken", ["locate", "release", "link"])
def test_an_error_before_the_page_leaves_it_and_its_headers_as_they_came(release, broken, caplog):
    enforcer = Enforcer(from_file(release), "consent.test")
    if broken == "locate":
        nowhere: dict[str, Any] = {}
        enforcer.locate = lambda headers, peer: nowhere["nowhere"]
    elif broken == "release":
        release.write_text('{"site": {}}')
    else:
        enforcer.set_csp, enforcer.fairgate = True, cast(str, None)  # a header that can't be made
    for name, body, headers in ways(enforcer):
        assert body == PAGE, name
        assert not {"vary", "content-security-policy"} & {str(key).lower() for key in headers}, name
        assert [record.levelname for record in caplog.records].count("ERROR") == 1, name
        caplog.clear()


def test_a_byte_that_is_not_utf8_in_a_mark_of_the_authors_costs_nothing(release):
    page = b'<p>\xff</p><script data-consent="C0004 \xff\xe9" src=//ads.test/\xff></script>\xe9<img src=//stats.test/>'
    script = page[len(b"<p>\xff</p><script") : page.index(b"<img")]
    body = b'<p>\xff</p><script data-fg="%s" type="text/plain" data-fg-type="" data-fg-sync=""' + script
    body += b'<img data-fg="stats" data-fg-src=//stats.test/>'
    through = Enforcer(from_file(release), "consent.test")
    assert through_wsgi(through, body=(page,))[0] == body.replace(b"%s", b"C0004")
    # What the visitor has not granted is another of its words.
    yes = cookie("C0001:1.C0002:0.C0004:1")
    assert through_wsgi(through, body=(page,), HTTP_COOKIE=yes)[0] == body.replace(b"%s", b"\xff\xe9")
    django = DjangoEnforce.__new__(DjangoEnforce)
    django.get_response, django.enforcer = lambda request: HttpResponse(page), through
    assert django(RequestFactory().get("/", HTTP_HOST="shop.test")).getvalue() == body.replace(b"%s", b"C0004")


@pytest.mark.parametrize("taken", [False, True])
def test_the_net_holds_when_the_rewriter_itself_breaks(taken, caplog):
    class Broken(Rewriter):
        def feed(self, chunk):
            if b"ads" in chunk:
                if taken:
                    self.received += len(chunk)
                    self.buffer += chunk
                raise RecursionError
            return super().feed(chunk)

    net = FailSafeRewriter(Broken(lambda url: "held" if "stats" in url else ""))
    out = b"".join(map(net.feed, PIECES)) + net.close()
    assert out.replace(b' data-fg="held" type="text/plain" data-fg-type="" data-fg-sync=""', b"") == PAGE
    assert len(caplog.records) == 1


def test_an_error_of_the_sites_own_code_stays_its_own(release):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        yield PAGE
        raise ZeroDivisionError

    answer = wsgi.Enforce(application, Enforcer(from_file(release), "consent.test"))
    body = iter(answer({"PATH_INFO": "/", "HTTP_HOST": "shop.test"}, lambda *given: None))
    assert STATS in next(body)
    with pytest.raises(ZeroDivisionError):
        list(body)


def test_a_host_that_django_refuses_is_left_to_the_site(release):
    with override_settings(
        FAIRGATE_ENFORCE={"source": str(release), "fairgate": "consent.test"}, ALLOWED_HOSTS=["shop.test"]
    ):
        answer = DjangoEnforce(lambda request: HttpResponse(PAGE))(RequestFactory().get("/", HTTP_HOST="evil.test"))
    assert answer.getvalue() == PAGE


def test_files_do_not_go_past_the_rewriter(release):
    seen = {}

    async def application(scope, receive, send):
        seen.update(scope["extensions"])

    scope = {
        "type": "http", "path": "/", "headers": [(b"host", b"shop.test")],
        "extensions": {"http.response.pathsend": {}, "tls": {}},
    }  # fmt: skip
    nobody: Any = (None, None)
    asyncio.run(asgi.Enforce(application, Enforcer(from_file(release), "consent.test"))(scope, *nobody))
    assert seen == {"tls": {}}
