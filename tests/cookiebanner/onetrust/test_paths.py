from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from tests.cookiebanner.sample_releases import release, site

pytestmark = pytest.mark.django_db


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
    assert client.get(f"/consent/{shop.uuid}/{unknown}.json").status_code == 404


def test_parts_of_the_old_sdk_are_empty_scripts(client):
    answer = client.get("/scripttemplates/202407.1.0/otBannerSdk.js")
    assert (answer.status_code, answer.content) == (200, b"")


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
