"""Visitors read each version of a document, what it changed and what is in force, without a script."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
from django.utils import timezone

from consent.policies import actions, markdown
from consent.policies.actions import LISTED
from consent.policies.models import Document, DocumentVersion
from consent.sites.actions import create_site
from consent.sites.models import Site
from tests.consent.policies.sample_documents import WHO, published, written
from tests.values import RESPONSIBLE

pytestmark = pytest.mark.django_db
NASTY = "<img src=x onerror=alert(1)>\"'&{number}"


@pytest.fixture
def shop(db) -> Site:
    return create_site(["shop.example"], WHO, name="Tea shop", languages=["en", "de", "bg"], **RESPONSIBLE)


@pytest.fixture
def terms(shop) -> Document:
    """Two versions in English, the second one in German too, a third one to come."""
    document = written(shop, "Be *kind*.\n\n# Rules\n\nNo shouting.", kind="terms", title="Terms")
    published(document)
    actions.save_draft(document, WHO, "de", title="Bedingungen", text="Sei nett.", summary="Erstmals auf Deutsch.")
    published(document, "Be *kinder*.\n\n# Rules\n\nNo shouting.", "We ask for more kindness.")
    published(document, "Be *kindest*.", "And more.", effective_on=timezone.now().date() + timedelta(days=9))
    return document


def address(document: Document, rest: str = "") -> str:
    return f"/v1/{document.site.uuid}/read/{document.key}/{rest}"


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.elements: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "action", "data")]


def links(body: str) -> Links:
    found = Links()
    found.feed(body)
    return found


def text_of(body: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", body, flags=re.S).split())


def test_the_page_is_the_version_in_force_with_what_changed_and_what_comes(client, terms):
    found = client.get(address(terms), headers={"accept-language": "en"})
    body = found.content.decode()
    assert (found.status_code, found["Content-Type"], found["Content-Language"]) == (
        200, "text/html; charset=utf-8", "en",
    )  # fmt: skip
    assert '<p>Be <em>kinder</em>.</p>\n<h2 id="s-rules">Rules</h2>' in body
    said = text_of(body)
    assert "Version 2 · In force since " in said
    assert "Version 3 takes effect on " in said
    assert "Recent changes" in said
    assert "We ask for more kindness." in said
    assert "And more." not in said  # of a version that is not in force yet
    assert markdown.digest("Terms", "Be *kinder*.\n\n# Rules\n\nNo shouting.") in said
    assert "script" not in links(body).elements


def test_every_link_of_every_page_leads_somewhere_of_the_document(client, terms):
    waiting, seen = [address(terms), address(terms, "de/"), address(terms, "part.html")], {}
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        page = client.get(here, headers={"accept-language": "en"})
        assert page.status_code == 200, here
        seen[here] = page.content.decode()
        waiting += [urljoin(here, link).partition("#")[0] for link in links(seen[here]).found]
    paths = {path.removeprefix(address(terms)) for path in seen}
    assert {"", "de/", "1/", "2/", "3/", "versions/", "2/changes/", "3/changes/", "2/de/", "versions/de/"} <= paths
    assert not [path for path in seen if any(word in path for word in LISTED)]


def test_a_version_keeps_its_address_and_says_whether_it_holds(client, terms):
    bodies = {n: text_of(client.get(address(terms, f"{n}/")).content.decode()) for n in (1, 2, 3)}
    assert "Be kind ." in bodies[1]
    assert "This version is no longer in force." in bodies[1]
    assert "In force from " in bodies[1]
    assert "no longer in force" not in bodies[2] + bodies[3]
    assert "This version is not in force yet." in bodies[3]
    assert [client.get(address(terms, rest)).status_code for rest in ("4/", "0/", "x/", "versions/part.html")] == [
        404, 404, 404, 404,
    ]  # fmt: skip


def test_a_version_takes_effect_without_anybody_doing_anything(client, terms, monkeypatch):
    assert "kinder" in client.get(address(terms)).content.decode()
    later = DocumentVersion.objects.get(number=3).effective_at
    monkeypatch.setattr(timezone, "now", lambda: later)
    body = client.get(address(terms)).content.decode()
    assert ("kindest" in body, "takes effect on" in body, "And more." in body) == (True, False, True)
    assert "This version is no longer in force." in client.get(address(terms, "2/")).content.decode()


def test_what_a_version_changed_is_shown_word_by_word(client, terms):
    body = client.get(address(terms, "2/changes/")).content.decode()
    assert re.findall(r"<(ins|del)><span[^>]*>(.*?)</span>(.*?)</\1>", body, re.S) == [
        ("del", "removed: ", " kind."), ("ins", "added: ", " kinder."),
    ]  # fmt: skip
    assert "Words added: 1, taken away: 1." in text_of(body)
    assert "No shouting" not in body
    assert "The first version." in client.get(address(terms, "1/changes/")).content.decode()


def test_a_reader_gets_their_language_or_the_original_and_is_told(client, terms):
    german = client.get(address(terms), headers={"accept-language": "de-AT,en;q=0.5"})
    other = client.get(address(terms) + "?lang=fr")
    none = client.get(address(terms))
    assert [one["Content-Language"] for one in (german, other, none)] == ["de", "en", "en"]
    assert "Dies ist eine Übersetzung" in german.content.decode()
    assert "Letzte Änderungen" in german.content.decode()
    assert "Erstmals auf Deutsch." in german.content.decode()
    told = "There is no text in your language; this is the original."
    assert [told in one.content.decode() for one in (german, other, none)] == [False, True, False]
    assert [one["Vary"] for one in (german, other)] == ["Accept-Encoding, Accept-Language", "Accept-Encoding"]


def test_a_text_in_a_language_without_words_of_ours_says_which_part_is_english(client, shop):
    assert only_version(client, shop, "eu", "Baldintzak", "Izan onak.") == (True, True, "Version 1")


def test_words_and_text_from_right_to_left_say_so(client, shop):
    assert only_version(client, shop, "ar", "الشروط", "كن لطيفًا.", "rtl", "ar") == (True, True, "الإصدار 1")


def only_version(client, shop, language, title, text, direction="ltr", ours="en") -> tuple[bool, bool, str]:
    """Of the page of a text: whether page and article say their language and direction; which version it is."""
    shop.languages = [*shop.languages, language]
    shop.save()
    document = actions.add_document(shop, WHO, kind="terms", title=title, language=language)
    actions.save_draft(document, WHO, language, text=text)
    actions.publish_version(document, WHO, base=0)
    body = client.get(address(document)).content.decode()
    article = f'<article lang="{language}" dir="{direction}">' in body
    return f'<html lang="{ours}" dir="{direction}"' in body, article, body.split('class="said"')[1][1:].split(" ·")[0]


def test_the_part_and_the_data_say_the_same(client, terms):
    part = client.get(address(terms, "part.html")).content.decode()
    assert ("<html" in part, "<style" in part, "<p>Be <em>kinder</em>.</p>" in part) == (False, False, True)
    data = client.get(address(terms, "text.json"))
    version = DocumentVersion.objects.get(number=2)
    found = data.json()
    assert data["Content-Type"] == "application/json"
    assert {name: found[name] for name in ("document", "version", "language", "original", "languages", "markdown",
                                           "html", "sha256", "ledger_entry", "effective_at")} == {
        "document": "terms", "version": 2, "language": "en", "original": "en", "languages": ["de", "en"],
        "markdown": version.texts["en"]["text"], "html": markdown.to_html(version.texts["en"]["text"]),
        "sha256": markdown.digest("Terms", version.texts["en"]["text"]), "ledger_entry": version.entry,
        "effective_at": version.effective_at.isoformat(),
    } | {"languages": list(version.texts)}  # fmt: skip
    assert [one["version"] for one in found["versions"]] == [1, 2, 3]


def test_it_is_compressed_revalidated_and_framed_by_the_site_alone(client, terms):
    found = client.get(address(terms), headers={"accept-encoding": "gzip"})
    assert b"<!doctype html>" in gzip.decompress(found.content)
    assert found["Cache-Control"] == "public, max-age=300"
    again = client.get(address(terms), headers={"accept-encoding": "gzip", "if-none-match": found["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    policy = found["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("; frame-ancestors 'self'; base-uri 'none'; form-action 'none'")
    published(terms, "Be someone else.", "Other.")
    fresh = client.get(address(terms), headers={"accept-encoding": "gzip", "if-none-match": found["ETag"]})
    assert (fresh.status_code, b"someone else" in gzip.decompress(fresh.content)) == (200, True)


def test_what_the_owner_writes_does_no_harm_anywhere(client, shop):
    document = written(shop, NASTY, kind="terms", title=NASTY)
    published(document)
    published(document, NASTY + " more", NASTY)
    for rest in ("", "part.html", "1/", "2/changes/", "versions/"):
        body = client.get(address(document, rest)).content.decode()
        assert "img" not in links(body).elements, rest
        assert "&lt;img" in body, rest


def test_a_draft_and_another_sites_document_are_nowhere(client, shop, terms):
    draft = written(shop, "Secret plans.", kind="other", title="Plans")
    assert client.get(address(draft)).status_code == 404
    other = create_site(["other.example"], WHO, name="Other", languages=["en"])
    assert client.get(f"/v1/{other.uuid}/read/{terms.key}/").status_code == 404
    assert client.post(address(terms)).status_code == 405
