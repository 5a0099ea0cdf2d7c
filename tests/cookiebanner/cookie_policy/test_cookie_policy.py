"""The cookie policy says what the banner says, in three forms, without a script, at addresses that no list names."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import translation

from consent.banners import texts
from consent.catalogue.actions import add_service
from consent.publishing import actions as publishing
from consent.publishing import cookie_policy
from consent.publishing.tags import cookie_name
from consent.sites import actions
from consent.sites.models import Site
from tests.values import RESPONSIBLE

pytestmark = pytest.mark.django_db
NASTY = "<img src=x onerror=alert(1)>\"'&{site}"
# Words by which lists of ad blockers name addresses and elements to hide.
LISTED = re.compile(r"cookie|consent|gdpr|dsgvo|rgpd|privacy|policy|policies|banner|notice|cmp|legal|tracking", re.I)


def no_files(snapshot: Any, number: int, sha256: str) -> list[Any]:
    return []


@pytest.fixture
def shop(db) -> Site:
    site = actions.create_site(
        ["shop.example"], "alice@example.net", name="Tea shop", languages=["de", "en"], **RESPONSIBLE
    )
    kept = [
        {"name": "_c", "lifetime": "13 months", "purpose": "Counts visits.", "kind": "cookie"},
        {"name": "counted", "lifetime": "Until deleted", "purpose": "Remembers it.", "kind": "local"},
    ]
    add_service(
        site, "a", name="Counter", company="Count Ltd", category="C0002", patterns=["counter.example"], cookies=kept
    )
    publishing.publish(site, "a", no_files)
    return site


def address(site: Site, rest: str = "") -> str:
    return f"/v1/{site.uuid}/stored/{rest}"


def test_the_data_names_every_cookie_with_its_service_and_our_own(client, shop):
    found = client.get(address(shop, "en/list.json"))
    data = found.json()
    release = shop.releases.get()
    assert (found["Content-Type"], data["version"], data["published_at"], data["language"], data["languages"]) == (
        "application/json", 1, release.published_at.isoformat(), "en", ["de", "en"],
    )  # fmt: skip
    assert [(one["name"], one["always_active"]) for one in data["categories"]] == [
        ("Strictly necessary", True),
        ("Statistics", False),
    ]
    own, counter = (one["services"][0] for one in data["categories"])
    assert (own["name"], own["cookies"][0]["name"]) == ("Fairgate", cookie_name(str(shop.uuid)))
    assert (counter["name"], counter["provider"]) == ("Counter", "Count Ltd")
    assert counter["cookies"] == [
        {"name": "_c", "kind": "cookie", "kind_name": "Cookie", "lifetime": "13 months", "purpose": "Counts visits."},
        {
            "name": "counted",
            "kind": "local",
            "kind_name": "Local storage",
            "lifetime": "Until deleted",
            "purpose": "Remembers it.",
        },
    ]


class Texts(HTMLParser):
    """What a page says, and the names its elements have."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: list[str] = []
        self.names: list[str] = []
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names += [value or "" for name, value in attrs if name in ("id", "class")]

    def handle_data(self, data: str) -> None:
        self.said += [data.strip()] if data.strip() else []


@pytest.mark.parametrize("form", ["", "part.html"])
def test_page_and_part_say_the_same_in_the_language_of_the_path(client, shop, form):
    body = client.get(address(shop, f"de/{form}")).content.decode()
    page = Texts(body)
    start = page.said.index("Counter")
    assert page.said[start : start + 3] == ["Counter", "Anbieter:", "Count Ltd"]
    for words in ("Statistik", "13 Monate", "Lokaler Speicher", "Counts visits.", cookie_name(str(shop.uuid))):
        assert (words, words in page.said) == (words, True)
    assert "Version 1 vom " in body
    assert "script" not in page.tags
    assert [name for name in page.names if LISTED.search(name)] == []
    assert ("html" in page.tags, "style" in page.tags) == (not form, not form)


def test_what_customers_write_is_text(client, shop):
    shop.name = shop.controller = NASTY
    shop.controller_contact = NASTY
    shop.save()
    add_service(
        shop, "a", name=NASTY, company=NASTY, category="C0003", patterns=["x.example"], description=NASTY,
        cookies=[{"name": NASTY, "lifetime": NASTY, "purpose": NASTY}],
    )  # fmt: skip
    publishing.publish(shop, "a", no_files)
    for form in ("", "part.html"):
        body = client.get(address(shop, f"en/{form}")).content.decode()
        assert Texts(body).tags.count("img") == 0
        assert Texts(body).said.count(NASTY) >= 3
    data = client.get(address(shop, "en/list.json")).json()
    assert (data["site"], data["categories"][-1]["services"][0]["name"]) == (NASTY, NASTY)


@pytest.mark.parametrize(
    ("rest", "headers", "language", "vary"),
    [
        ("", {}, "de", "Accept-Encoding, Accept-Language"),
        ("", {"Accept-Language": "fr, en;q=0.5"}, "en", "Accept-Encoding, Accept-Language"),
        ("?lang=en", {"Accept-Language": "de"}, "en", "Accept-Encoding"),
        ("?l=en", {"Accept-Language": "de"}, "en", "Accept-Encoding"),
        ("en/", {"Accept-Language": "de"}, "en", "Accept-Encoding"),
        ("en-GB/", {}, "en", "Accept-Encoding"),
        ("?lang=eo", {"Accept-Language": "en"}, "de", "Accept-Encoding"),
    ],
)
def test_the_language_is_the_paths_the_querys_or_the_readers(client, shop, rest, headers, language, vary):
    found = client.get(address(shop, rest), headers=headers)
    assert (found.status_code, found["Content-Language"], found["Vary"]) == (200, language, vary)
    assert f'<html lang="{language}"' in found.content.decode()


def test_it_is_that_of_the_current_release_and_a_cache_is_told_so(client, shop):
    first = client.get(address(shop, "list.json"))
    assert first["Cache-Control"] == "public, max-age=300"
    assert client.get(address(shop, "list.json"), headers={"If-None-Match": first["ETag"]}).status_code == 304
    add_service(shop, "a", name="Draft only", category="C0003", patterns=["draft.example"])
    assert client.get(address(shop, "list.json")).content == first.content
    publishing.publish(shop, "a", no_files)
    second = client.get(address(shop, "list.json"), headers={"If-None-Match": first["ETag"]})
    assert (second.status_code, second.json()["version"], second["ETag"] == first["ETag"]) == (200, 2, False)
    packed = client.get(address(shop, "list.json"), headers={"Accept-Encoding": "gzip"})
    assert json.loads(gzip.decompress(packed.content)) == second.json()


def test_any_origin_reads_it_and_the_sites_hosts_frame_the_page(client, shop):
    for form in ("", "part.html", "list.json"):
        found = client.get(address(shop, form), headers={"Origin": "https://elsewhere.example"})
        assert (form, found["Access-Control-Allow-Origin"], found["X-Content-Type-Options"]) == (form, "*", "nosniff")
        assert (form, found.has_header("X-Frame-Options"), found.has_header("Set-Cookie")) == (form, False, False)
    policy = client.get(address(shop))["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    assert "frame-ancestors 'self' shop.example *.shop.example;" in policy


def test_the_page_leads_to_the_preferences_of_the_site(client, shop):
    away = client.get(address(shop, "en/")).content.decode()
    assert re.findall(r'class="open" href="([^"]+)"', away) == ["https://shop.example/#fairgate-open"]
    own = client.get(address(shop, "en/"), headers={"Host": "www.shop.example"}).content.decode()
    assert own.index('src="../../gate.js" data-language="en" nonce="') < own.index("<style>")
    assert '<button class="open" data-fairgate-open>' in own
    part = client.get(address(shop, "en/part.html"), headers={"Host": "www.shop.example"}).content.decode()
    assert '<a href="https://shop.example/#fairgate-open" data-fairgate-open>' in part


def test_there_is_none_without_a_release_and_none_for_strangers(client, shop):
    unpublished = Site.objects.create(name="New", languages=["en"])
    for uuid in (unpublished.uuid, "6f1b0b3e-52a4-4c6e-9d5a-0c8f5a2b7e11", "nonsense"):
        assert client.get(f"/v1/{uuid}/stored/").status_code == 404
    assert client.get(address(shop, "../stored/other.html")).status_code == 404
    assert client.post(address(shop)).status_code == 405
    shop.killed_at = shop.created_at
    shop.save()
    assert client.get(address(shop)).status_code == 200


def test_a_proxy_may_put_it_under_a_path_of_its_own(client, shop):
    assert client.get(f"/stats/of/v1/{shop.uuid}/stored/de/list.json").json()["language"] == "de"
    assert client.get(f"/fairgate-preview/v1/{shop.uuid}/stored/").status_code == 404


def test_no_address_has_a_word_that_lists_name(client, shop):
    for form in ("", "part.html", "list.json"):
        path = address(shop, f"de/{form}").replace(str(shop.uuid), "")
        assert (path, LISTED.search(path)) == (path, None)
    assert LISTED.search("/cookie-policy/")


def test_every_language_of_the_banner_has_the_words_of_the_page():
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in cookie_policy.FOLDER.glob("*.json")}
    assert sorted(found) == texts.shipped()
    for language, words in found.items():
        assert cookie_policy.words(language) == words
        assert (language, list(words)) == (language, list(found["en"]))
        for key, text in words.items():
            used, wanted = (sorted(texts.PLACEHOLDER.findall(one)) for one in (text, found["en"][key]))
            assert (language, key, used, bool(text.strip())) == (language, key, wanted, True)


@pytest.mark.parametrize(
    ("language", "direction", "date", "lifetime", "local"),
    [
        ("pt-BR", "ltr", "de 20", "13 meses", "Armazenamento local"),
        ("zh-Hans", "ltr", "月", "13 个月", "本地存储"),
        ("zh-Hant", "ltr", "月", "13 個月", "本機儲存空間"),
        ("zh-TW", "ltr", "月", "13 個月", "本機儲存空間"),
        ("nb", "ltr", ". ", "13 måneder", "Lokal lagring"),
        ("no", "ltr", ". ", "13 måneder", "Lokal lagring"),
        ("he", "rtl", " ב", "13 חודשים", "אחסון מקומי"),
        ("lt", "ltr", " m. ", "13 mėnesių", "Vietinė saugykla"),
        ("mt", "ltr", " ta’ ", "13-il xahar", "Ħażna lokali"),
    ],
)
def test_dates_and_lengths_of_time_are_in_the_language_of_the_page(
    client, shop, language, direction, date, lifetime, local
):
    shop.languages = ["en", language]
    shop.save()
    publishing.publish(shop, "a", no_files)
    found = client.get(address(shop, "list.json"), headers={"Accept-Language": language})
    row = found.json()["categories"][1]["services"][0]["cookies"]
    assert (found["Content-Language"], row[0]["lifetime"], row[1]["kind_name"]) == (language, lifetime, local)
    page = client.get(address(shop, f"{language}/")).content.decode()
    assert f'<html lang="{language}" dir="{direction}">' in page
    release = shop.releases.latest("number")
    shown = cookie_policy.cookie_policy(json.loads(release.snapshot), 2, release.published_at, language)["date"]
    assert (date in shown, shown in page) == (True, True)


def test_the_page_links_its_languages_by_their_own_names(client, shop):
    shop.languages = ["en", "pt", "pt-BR", "zh-Hans", "zh-TW", "mt"]
    shop.save()
    publishing.publish(shop, "a", no_files)
    said = Texts(client.get(address(shop, "en/")).content.decode()).said
    for name in ("Português", "Português Brasileiro", "简体中文", "繁體中文", "Malti"):
        assert (name, name in said) == (name, True)


def test_no_language_of_the_banner_shows_english_lengths_of_time():
    units = cookie_policy.UNITS
    for language in sorted({*texts.shipped()} - {"en"}):
        with translation.override(cookie_policy._django_language(language) or "en"):
            shown = [cookie_policy._lifetime(f"13{letter}", "", language) for letter in units]
        assert (language, [one for one in shown if re.search(r"years|months|weeks|days|hours", one)]) == (language, [])
