from __future__ import annotations

import json
from ipaddress import ip_network
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from cookiebanner.onetrust import respond
from tests.cookiebanner.sample_releases import release, site

pytestmark = pytest.mark.django_db
ANY = "de507273-db36-4f1c-9575-6e6ea429f7c6"


@pytest.fixture
def shop():
    made = site()
    release(made)
    return made


def test_the_stub_is_the_built_file_wherever_it_is_asked_for(client, shop, tmp_path, settings):
    settings.FAIRGATE_FILES = tmp_path
    (tmp_path / "static" / "banner").mkdir(parents=True)
    (tmp_path / "static" / "banner" / "stub.js").write_bytes(b"/* the stub */" * 50)
    for path in (
        "/scripttemplates/otSDKStub.js",
        f"/consent/{shop.uuid}/otSDKStub.js",
        f"/consent/{shop.uuid}.js",
        f"/langswitch/{shop.uuid}-test.js",
        "/x/scripttemplates/otSDKStub.js",
    ):
        answer = client.get(path)
        assert answer.content == b"/* the stub */" * 50
        assert answer["Cache-Control"] == "public, max-age=3600"
        assert answer["ETag"][0] == '"'
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_a_missing_stub_is_an_empty_script(client, tmp_path, settings):
    settings.FAIRGATE_FILES = tmp_path
    answer = client.get("/scripttemplates/otSDKStub.js")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_domain_data_names_the_site_and_its_languages(client, shop):
    answer = client.get(f"/consent/{shop.uuid}/{shop.uuid}.json")
    assert answer["Content-Type"] == "application/json"
    data = json.loads(answer.content)
    assert data["Domain"] == "shop.example"
    assert data["RuleSet"][0]["LanguageSwitcherPlaceholder"] == {"default": "en", "en": "en", "de": "de"}
    unknown = uuid4()
    assert client.get(f"/consent/{unknown}/{unknown}.json").json() == {}
    assert client.get(f"/consent/{shop.uuid}/{unknown}.json").json() == {}


@pytest.mark.parametrize(
    ("variant", "country", "kind"),
    [
        ("eu_opt_in", "FR", "GDPR"), ("uk_pecr", "GB", "GDPR"), ("us_ca", "US-CA", "CPRA"), ("us_optout_gpc", "US-CO", "COLORADO"),
        ("us_optout", "US-VA", "CDPA"), ("opt_in_generic", "BR", "LGPD"), ("jp_notice", "JP", "GENERIC"),
    ],
)  # fmt: skip
def test_the_rule_is_that_of_the_visitors_law(client, shop, settings, variant, country, kind):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    name, _, region = country.partition("-")
    headers = {"CF-IPCountry": name, **({"CF-Region-Code": region} if region else {})}
    (rule,) = client.get(f"/consent/{shop.uuid}/{shop.uuid}.json", headers=headers).json()["RuleSet"]
    assert rule["Type"] == kind
    place = client.get("/cookieconsentpub/v1/geo/location", headers=headers)
    assert place.json() == {"country": name, "state": region, "stateName": ""}
    assert place["Access-Control-Allow-Origin"] == "*"
    gate = client.get(f"/consent/{shop.uuid}/OtAutoBlock.js", headers=headers)
    assert (gate["Server-Timing"], gate["Cache-Control"]) == (f'place;desc="{country}"', "private, no-cache")


def test_no_place_is_told_where_none_is_known(client, shop):
    """Nor behind an address that is the same for all visitors."""
    assert client.get("/cookieconsentpub/v1/geo/location").json() == {"country": "", "state": "", "stateName": ""}
    for path in (f"/consent/{shop.uuid}/OtAutoBlock.js", f"/v1/{shop.uuid}/regime/us_ca/gate.js"):
        assert "Server-Timing" not in client.get(path, headers={"CF-IPCountry": "FR"})


@pytest.mark.parametrize("rule", ["rule", "rule/condition", "rule/variants/b"])
@pytest.mark.parametrize(("asked", "language"), [("de", "de"), ("de-AT", "de"), ("pt_BR", "en"), ("en", "en")])
def test_a_file_of_texts_names_the_nearest_language(client, shop, rule, asked, language):
    data = client.get(f"/consent/{shop.uuid}/{rule}/{asked}.json").json()["DomainData"]
    assert data == {"cctId": str(shop.uuid), "Domain": "shop.example", "Language": {"Culture": language}}
    assert client.get(f"/consent/{uuid4()}/{rule}/{asked}.json").json() == {}


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/scripttemplates/202407.1.0/otBannerSdk.js", "text/javascript; charset=utf-8", b""),
        ("/scripttemplates/202407.1.0/assets/otCommonStyles.css", "text/css; charset=utf-8", b""),
        ("/scripttemplates/202407.1.0/assets/v2/otPcCenter.json", "application/json", b"{}"),
        ("/vendorlist/iab2V2Data.json", "application/json", b"{}"),
        ("/logos/static/ot_logo.png", "image/gif", respond.PIXEL),
        (f"/consent/{ANY}/logos/a/b.svg", "image/gif", respond.PIXEL),
        (f"/consent/{ANY}/something-new.js", "text/javascript; charset=utf-8", b""),
    ],
)
def test_what_else_a_page_asks_for_is_an_empty_file_of_its_kind(client, path, kind, body):
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, kind, body)
    assert answer["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/consent/", "/consent/x.js", "/dashboard/consent/x.json", "/logos/page.html"])
def test_pages_that_only_look_like_it_are_not_taken(path):
    assert respond.parse(path) is None


def test_a_privacy_request_goes_to_the_linking_sites_own_policy(client, shop):
    path = f"/dsarwebform/{uuid4()}/{uuid4()}.html"
    answer = client.get(path, headers={"Referer": "https://www.shop.example/about"})
    assert (answer.status_code, answer["Location"]) == (302, "https://shop.example/privacy")
    answer = client.get(path, headers={"Referer": "https://stranger.example/"})
    assert answer.status_code == 200
    assert "shop.example" not in answer.content.decode()
    assert client.get(path).status_code == 200


def test_the_built_stub_is_there():
    assert Path(settings.FAIRGATE_FILES, "static", "banner", "stub.js").stat().st_size > 100
