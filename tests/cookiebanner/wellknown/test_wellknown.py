"""`/.well-known/fairgate/` on the site's own origin: only its own pages set its consent cookie, and nothing else."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.test import Client

from consent.models import Release, Site
from consent.publishing.tags import cookie_name
from cookiebanner.visitors import first_party

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
ID = "0b8c6f6e-0000-4000-8000-00000000000a"
YES = f"v=1&r=3&id={ID}&u={ID}&t=1795294000&g=eu_opt_in&c=C0002:1.C0004:0&s=ga:0&p=&x=0&m=abc&o=0"
NO = f"v=1&r=3&id={ID}&u=&t=1795294000&g=eu_opt_in&c=C0002:0.C0004:0&s=&p=&x=0"
OBJECTION = f"v=1&r=3&id={ID}&u=&t=1795294000&g=us_ca&c=C0002:1.C0004:0&s=&p=&x=1"
SHORT = "C4xvbgAAQACAAAAAAAAACg"
BY_SLOT = f"v=2&id={SHORT}&u={SHORT}&t=tp0q80&g=eu_opt_in&n=9.x-Yz.8.aB3_&b=0q2&x=0&o=0"


@pytest.fixture
def site() -> Site:
    site = Site.objects.create(name="Ribbon", languages=["en"])
    site.hosts.create(name="ribbon.example")
    return site


def post(body: str | bytes = YES, host: str = "www.ribbon.example", origin: str | None = None, **headers):
    headers = {"Origin": f"https://{host}" if origin is None else origin, "Sec-Fetch-Site": "same-origin"} | headers
    return Client(enforce_csrf_checks=True).post(
        "/.well-known/fairgate/state", body, content_type="text/plain", headers={"Host": host, **headers}
    )


def test_the_site_s_own_page_gets_its_cookie_by_set_cookie(site):
    answer = post()
    assert answer.status_code == 204
    assert answer.headers["Set-Cookie"] == (
        f"fairgate={YES}; Max-Age={180 * 86400}; Domain=ribbon.example; Path=/; SameSite=Lax; Secure"
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_each_site_gets_its_own_cookie_under_its_own_name(site):
    """The parent domain's site and the subdomain's: the name says whose, the domain follows."""
    below = Site.objects.create(name="Below", languages=["en"])
    below.hosts.create(name="sub.ribbon.example")
    host, state = "sub.ribbon.example", YES.replace("&id=", "&h=0a1b2c3d&id=", 1)
    for owner, domain in ((site, "ribbon.example"), (below, "sub.ribbon.example")):
        name = cookie_name(str(owner.uuid))
        assert post(f"{name}={state}", host).headers["Set-Cookie"] == (
            f"{name}={state}; Max-Age={180 * 86400}; Domain={domain}; Path=/; SameSite=Lax; Secure"
        )
    # A gate of before names nobody: the longest host's.
    assert "; Domain=sub.ribbon.example;" in post(YES, host).headers["Set-Cookie"]
    for name in (cookie_name(str(below.uuid)), "fairgate_00000000", "fairgatex", "session"):
        answer = post(f"{name}={state}", "www.ribbon.example")
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (400, False), name


@pytest.mark.parametrize(("state", "days"), [(YES, 180), (NO, 180), (OBJECTION, 400)])
def test_the_cookie_lives_as_long_as_the_answer(site, state, days):
    assert f"; Max-Age={days * 86400};" in post(state).headers["Set-Cookie"]


def test_an_answer_by_slot_is_set_and_lives_as_long(site):
    name = cookie_name(str(site.uuid))
    refusal, objection = BY_SLOT.replace("b=0q2", "b=04d"), BY_SLOT.replace("x=0", "x=1").replace("eu_opt_in", "us_ca")
    for state, days in ((BY_SLOT, 180), (refusal, 180), (objection, 400), (BY_SLOT.replace("eu_opt_in", "us_ca"), 365)):
        assert post(f"{name}={state}").headers["Set-Cookie"] == (
            f"{name}={state}; Max-Age={days * 86400}; Domain=ribbon.example; Path=/; SameSite=Lax; Secure"
        )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=2", "v=1"), ("v=2", "v=3"), ("v=2", "v=22"), ("&x=0", ""), ("&x=0", "&x=2"), ("&b=0q2", "&b=0r2"), ("&b=0q2", "&b=٢"),
        ("&b=0q2", "&b=0q2&b=q"), ("9.x-Yz.8.aB3_", ""), ("9.x-Yz", "9.x-Y"), ("9.x-Yz", "123456.x-Yz"),
        ("9.x-Yz.8.aB3_", ".".join(["9.x-Yz"] * 4)), (SHORT, SHORT + "A"), (SHORT, "a b"), ("eu_opt_in", "anything"),
        ("&o=0", "&o=0&c=C0001:1"), ("&o=0", "&o=0; Domain=evil.example"), ("t=tp0q80", "t="), ("t=tp0q80", "t=TP0Q80"),
    ],
)  # fmt: skip
def test_an_answer_by_slot_that_is_none_sets_nothing(site, old, new):
    assert old in BY_SLOT
    answer = post(f"{cookie_name(str(site.uuid))}={BY_SLOT.replace(old, new, 1)}")
    assert (answer.status_code, answer.json()["code"], "Set-Cookie" in answer.headers) == (400, "invalid_field", False)


def test_the_path_the_gate_calls_and_a_body_with_the_name_work_too(site):
    answer = Client().post(
        "/.well-known/fairgate/", f"fairgate={NO}", content_type="text/plain;charset=UTF-8",
        headers={"Host": "ribbon.example", "Origin": "http://ribbon.example"},
    )  # fmt: skip
    expected = f"fairgate={NO}; Max-Age={180 * 86400}; Domain=ribbon.example; Path=/; SameSite=Lax"
    assert (answer.status_code, answer.headers["Set-Cookie"]) == (204, expected)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"origin": "https://evil.example"}, 403, "origin_not_allowed"),
        ({"origin": "https://ribbon.example"}, 403, "origin_not_allowed"),  # another host of the same site
        ({"origin": "https://www.ribbon.example.evil.example"}, 403, "origin_not_allowed"),
        ({"origin": "null"}, 403, "origin_not_allowed"),
        ({"origin": ""}, 403, "origin_not_allowed"),
        ({"origin": "https://["}, 403, "origin_not_allowed"),
        ({"Sec-Fetch-Site": "same-site"}, 403, "origin_not_allowed"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "origin_not_allowed"),
        ({"host": "evil.example"}, 404, "unknown_site"),
        ({"host": "notribbon.example"}, 404, "unknown_site"),
        ({"body": ""}, 400, "invalid_field"),
        ({"body": "x" * 4000}, 413, "too_large"),
        ({"body": YES + "; Domain=evil.example"}, 400, "invalid_field"),
        ({"body": YES + "\r\nSet-Cookie: a=b"}, 400, "invalid_field"),
        ({"body": YES + "&session=1"}, 400, "invalid_field"),
        ({"body": YES + "&v=1"}, 400, "invalid_field"),
        ({"body": YES.replace("v=1", "v=2")}, 400, "invalid_field"),
        ({"body": YES.replace("eu_opt_in", "anything")}, 400, "invalid_field"),
        ({"body": YES.replace("C0002:1", "C0002:2")}, 400, "invalid_field"),
        ({"body": YES.replace(ID, "x")}, 400, "invalid_field"),
        ({"body": YES.replace("&c=C0002:1.C0004:0", "&c=")}, 400, "invalid_field"),
        ({"body": YES.replace("&t=1795294000", "")}, 400, "invalid_field"),
        ({"body": b"\xff\xfe" + YES.encode()}, 400, "invalid_field"),
        ({"body": YES.replace("1795294000", "١٧٩٥")}, 400, "invalid_field"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_nobody_else_sets_anything(site, change, status, code):
    answer = post(**change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "Set-Cookie" not in answer.headers


def test_the_host_of_a_trusted_proxy_counts_and_of_nobody_else(site, settings):
    headers = {"X-Forwarded-Host": "www.ribbon.example"}
    assert post(host="consent.vendor.example", origin="https://www.ribbon.example", **headers).status_code == 404
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    assert post(host="consent.vendor.example", origin="https://www.ribbon.example", **headers).status_code == 204


def test_get_says_that_the_endpoint_is_there():
    answer = Client().get("/.well-known/fairgate/", headers={"Host": "ribbon.example"})
    assert (answer.status_code, answer.json()) == (200, {"fairgate": True})


@pytest.mark.parametrize("path", ["/.well-known/gpc.json", "/.well-known/fairgate/gpc.json"])
def test_gpc_json_is_dated_by_the_latest_release(site, path):
    from datetime import UTC, datetime

    for number, day in ((1, 3), (2, 20)):
        at = datetime(2026, 11, day, tzinfo=UTC)
        Release.objects.create(
            site=site, number=number, sha256="0" * 64, snapshot="{}", published_by="a", published_at=at
        )
    answer = Client().get(path, headers={"Host": "shop.ribbon.example:8443"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == {"gpc": True, "lastUpdate": "2026-11-20"}
    assert Client().get(path, headers={"Host": "other.example"}).status_code == 404
    below = Site.objects.create(name="Below", languages=["en"])
    below.hosts.create(name="shop.ribbon.example")
    at = datetime(2026, 11, 27, tzinfo=UTC)
    Release.objects.create(site=below, number=1, sha256="0" * 64, snapshot="{}", published_by="a", published_at=at)
    assert Client().get(path, headers={"Host": "shop.ribbon.example"}).json()["lastUpdate"] == "2026-11-27"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]:8000"])
def test_an_address_gets_a_host_only_cookie(host):
    name = host.removesuffix(":8000").strip("[]")
    said = first_party.store_state({"origin": f"http://{host}"}, host, NO.encode(), [name])
    assert said == f"fairgate={NO}; Max-Age={180 * 86400}; Path=/; SameSite=Lax"
