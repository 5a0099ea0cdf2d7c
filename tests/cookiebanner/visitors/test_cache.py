"""A shared cache in front of us (nginx, proxy_cache on everything): Texas first must never leak into Germany."""

from __future__ import annotations

import gzip
import http.client
import json
import shutil
import socket
import subprocess
import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.cookiebanner.sample_releases import release, site

pytestmark = pytest.mark.django_db(transaction=True)
TEXAS, GERMANY = {"X-Visitor": "US", "X-Visitor-State": "TX"}, {"X-Visitor": "DE"}
VARIANTS = {"TX": "us_optout_gpc-US-TX", "DE": "eu_opt_in-DE"}
CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/t; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  proxy_cache_path {folder}/cache keys_zone=all:1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {upstream};
      proxy_cache all;
      proxy_cache_key $scheme$host$request_uri;
      proxy_cache_valid any 10m;
      proxy_set_header Host $host;
      proxy_set_header CF-IPCountry $http_x_visitor;
      proxy_set_header CF-Region-Code $http_x_visitor_state;
      add_header X-Cache $upstream_cache_status always;
    }}
  }}
}}
"""


class Got(NamedTuple):
    status: int
    cache: str
    regime: str | None
    control: str | None
    cdn: str | None
    body: bytes


@pytest.fixture
def shop():
    made = site()
    files: dict[str, Any] = {
        f"gate__{variant}__js": f"/* the gate of {variant} */".encode() * 40
        for variant in (*VARIANTS.values(), "us_ca")
    }
    release(made, **files)
    return made


@pytest.fixture
def nginx(live_server, settings, tmp_path_factory):
    """Asks nginx, which caches all it may and tells Fairgate (as a trusted proxy) where the visitor is."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin")
    if not program:
        pytest.fail("nginx is missing: sudo apt-get install -y nginx-light")
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    settings.FAIRGATE_COUNTRY_HEADERS = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tmp_path_factory.mktemp("nginx"))
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, upstream=live_server.url))
    process = subprocess.Popen([program, "-c", config, "-p", folder], stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.05)

    def get(path: str, headers: dict[str, str] | None = None, **more: str) -> Got:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        link.request("GET", path, headers={"Host": "consent.example", **(headers or {}), **more})
        answer = link.getresponse()
        body = answer.read()
        link.close()
        if answer.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        told = answer.headers
        return Got(
            answer.status, told["X-Cache"], told["Fairgate-Regime"], told["Cache-Control"], told["CDN-Cache-Control"],
            body,
        )  # fmt: skip

    yield get
    process.terminate()
    process.wait(10)


def drop_in(uuid: object) -> list[str]:
    """Every address that a page written for OneTrust, or with our own snippet, asks for."""
    return [
        f"/v1/{uuid}/gate.js",
        f"/consent/{uuid}/OtAutoBlock.js",
        f"/consent/{uuid}-test/OtAutoBlock.js",
        f"/consent/{uuid}/otSDKStub.js",
        f"/consent/{uuid}/{uuid}.json",
        "/scripttemplates/otSDKStub.js",
        "/scripttemplates/202407.1.0/otBannerSdk.js",
        "/cookieconsentpub/v1/geo/location",
        f"/consent/{uuid}.js",
        f"/consent/{uuid}/rule-1/de.json",
        f"/privacy/v1/{uuid}/gate.js",
        f"/privacy/consent/{uuid}/OtAutoBlock.js",
        f"/privacy/v1/{uuid}-test/gate.js",
    ]


def test_texas_first_then_germany_on_every_address(nginx, shop):
    for path in drop_in(shop.uuid):
        for encoding in ("identity", "gzip"):
            texas = nginx(path, TEXAS, **{"Accept-Encoding": encoding})
            germany = nginx(path, GERMANY, **{"Accept-Encoding": encoding})
            again = nginx(path, TEXAS, **{"Accept-Encoding": encoding})
            assert (texas.status, germany.status) == (200, 200), path
            if path.endswith(("gate.js", "OtAutoBlock.js")):
                assert b"the gate of us_optout_gpc-US-TX" in texas.body, path
                assert germany.body == texas.body.replace(b"us_optout_gpc-US-TX", b"eu_opt_in-DE"), path
                assert again.body == texas.body, path
                assert texas.regime == "us_optout_gpc; jurisdiction=US-TX; by=header"
                assert germany.regime == "eu_opt_in; jurisdiction=DE; by=header"
                assert {texas.cache, germany.cache, again.cache} == {"MISS"}
                assert germany.cdn == "no-store"
                expected = "no-store" if "-test/" in path else "private, no-cache"
                assert (texas.control, germany.control) == (expected, expected)
            elif path.endswith(f"/{shop.uuid}.json"):
                assert [json.loads(a.body)["RuleSet"][0]["Type"] for a in (texas, germany, again)] == [
                    "USNATIONAL", "GDPR", "USNATIONAL",
                ]  # fmt: skip
                assert (texas.control, germany.control) == ("private, no-cache", "private, no-cache")
                assert {texas.cache, germany.cache, again.cache} == {"MISS"}
            elif path.endswith("/location"):
                assert [json.loads(a.body) for a in (texas, germany, again)] == [
                    {"country": country, "state": state, "stateName": ""}
                    for country, state in (("US", "TX"), ("DE", ""), ("US", "TX"))
                ]
            else:  # the same for everybody, wherever it is kept
                assert texas.body == germany.body == again.body
                assert (texas.regime, b"the gate of" in germany.body) == (None, False)


def test_a_returning_visitor_who_travelled_gets_the_new_place_s_gate(client, settings, shop):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    path, texas = f"/v1/{shop.uuid}/gate.js", {"CF-IPCountry": "US", "CF-Region-Code": "TX"}
    kept = {"If-None-Match": client.get(path, headers=texas)["ETag"]}
    assert client.get(path, headers=texas | kept).status_code == 304
    germany = client.get(path, headers={"CF-IPCountry": "DE"} | kept)
    assert (germany.status_code, germany["Fairgate-Regime"]) == (200, "eu_opt_in; jurisdiction=DE; by=header")


def test_a_fixed_address_is_kept_and_is_the_same_for_all(nginx, shop):
    path = f"/v1/{shop.uuid}/regime/us_ca/gate.js"
    first, second = nginx(path, GERMANY), nginx(path, TEXAS)
    assert [first.cache, second.cache] == ["MISS", "HIT"]
    assert first.body == second.body == b"/* the gate of us_ca */" * 40
    assert first.regime == "us_ca; jurisdiction=*; by=url"
    assert first.control.startswith("public, max-age=")


def test_a_fixed_address_of_an_unknown_variant_is_the_strictest_and_is_not_kept(nginx, shop):
    path = f"/v1/{shop.uuid}/regime/us_lenient/gate.js"
    for place in (TEXAS, GERMANY):
        got = nginx(path, place)
        assert (got.cache, got.control, got.regime) == (
            "MISS",
            "private, no-cache",
            "eu_opt_in; jurisdiction=*; by=url",
        )


def test_what_a_visitor_claims_about_the_place_is_overwritten_by_the_proxy(nginx, shop):
    claimed = nginx(f"/v1/{shop.uuid}/gate.js", GERMANY | {"CF-IPCountry": "US", "CF-Region-Code": "TX"})
    assert claimed.regime == "eu_opt_in; jurisdiction=DE; by=header"


def test_a_header_that_the_proxy_forgot_makes_it_stricter_never_laxer(nginx, shop):
    lied = nginx(f"/v1/{shop.uuid}/gate.js", GERMANY | {"x-vercel-ip-country": "US"})
    assert lied.regime == "eu_opt_in; jurisdiction=*; by=fallback"


def test_without_the_proxy_nothing_is_believed(live_server, shop, settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    to = urlsplit(live_server.url)
    link = http.client.HTTPConnection(to.hostname, to.port, timeout=20)
    headers = {"CF-IPCountry": "US", "CF-Region-Code": "TX", "X-Forwarded-For": "10.0.0.1"}
    link.request("GET", f"/v1/{shop.uuid}/gate.js", headers=headers)
    answer = link.getresponse()
    assert answer.headers["Fairgate-Regime"] == "eu_opt_in; jurisdiction=*; by=fallback"
    assert b"eu_opt_in" in answer.read()
