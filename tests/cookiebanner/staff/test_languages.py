"""Each member of staff sees the dashboard in their language; what is stored and handed out is the same in all."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import polib
import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from consent.models import AccountLanguage, Artifact, AuditEvent, Release, Site
from consent.sites.actions import choose_language
from cookiebanner.staff import passwords
from cookiebanner.staff.languages import in_language_of
from cookiebanner.templatetags import fairgate
from scripts import messages

pytestmark = pytest.mark.django_db
GERMAN: dict[str, Any] = {"HTTP_ACCEPT_LANGUAGE": "de-AT,de;q=0.9,en;q=0.5"}
MARK = "⟦"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of German in which each message of ours stands in brackets."""
    made = polib.POFile()
    made.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": "nplurals=2; plural=(n != 1);"}
    for context, text, plural in messages.marked():
        entry = polib.POEntry(msgid=text, msgctxt=context or None, msgid_plural=plural)
        entry.msgstr = "" if plural else f"{MARK}{text}⟧"
        entry.msgstr_plural = {0: f"{MARK}{text}⟧", 1: f"{MARK}{plural}⟧"} if plural else {}
        made.append(entry)
    folder = tmp_path_factory.mktemp("locale")
    (folder / "de" / "LC_MESSAGES").mkdir(parents=True)
    made.save_as_mofile(str(folder / "de" / "LC_MESSAGES" / "django.mo"))
    return folder


@pytest.fixture(autouse=True)
def german(settings, folder):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    settings.LOCALE_PATHS = [folder]


def shown(page: str) -> tuple[str, bool]:
    """The language that a page names, and whether it is in brackets."""
    return re.findall(r'<html lang="([^"]+)"', page)[0], MARK in page


def test_the_browsers_wish_decides_until_somebody_chooses(alice, shop, people):
    address = reverse("dashboard:overview", kwargs={"uuid": shop.uuid})
    assert shown(alice.get(address).content.decode()) == ("en", False)
    response = alice.get(address, **GERMAN)
    assert shown(response.content.decode()) == ("de", True)
    assert (response["Content-Language"], response["Vary"]) == ("de", "Accept-Language, Cookie")
    assert shown(alice.get(address, HTTP_ACCEPT_LANGUAGE="xx, fr").content.decode()) == ("en", False)
    back = alice.post(reverse("language"), {"language": "en", "next": address})
    assert (back.status_code, back["Location"]) == (302, address)
    assert [(one.user, one.language) for one in AccountLanguage.objects.all()] == [(people["alice"], "en")]
    assert shown(alice.get(address, **GERMAN).content.decode()) == ("en", False)
    alice.post(reverse("language"), {"language": ""})
    assert AccountLanguage.objects.count() == 0


def test_the_switch_names_each_language_in_itself_and_needs_no_script(alice, shop):
    page = alice.get(reverse("sessions")).content.decode()
    form = re.findall(r'<form method="post" action="/accounts/language/".*?</form>', page, re.S)[0]
    options = re.findall(r'<option value="(\w+)" lang="(\w+)"(\s+selected)?>(\w+)<', form)
    assert [(value, lang, bool(chosen), name) for value, lang, chosen, name in options] == [
        ("en", "en", True, "English"),
        ("de", "de", False, "Deutsch"),
    ]
    assert 'name="next" value="/accounts/sessions/"' in form
    assert '<button class="small-button">' in form


def test_who_is_not_logged_in_chooses_for_the_browser(client):
    login = reverse("account_login")
    assert shown(client.get(login).content.decode()) == ("en", False)
    client.post(reverse("language"), {"language": "de", "next": login})
    assert shown(client.get(login).content.decode()) == ("de", True)
    assert AccountLanguage.objects.count() == 0


def test_the_switch_takes_no_other_language_and_leads_nowhere_else(client):
    assert client.post(reverse("language"), {"language": "xx"}).status_code == 404
    assert client.get(reverse("language")).status_code == 405
    away = client.post(reverse("language"), {"language": "de", "next": "https://elsewhere.example/"})
    assert away["Location"] == "/dashboard/"
    assert Client(enforce_csrf_checks=True).post(reverse("language"), {"language": "de"}).status_code == 403


def test_pages_of_others_than_staff_stay_as_they_are(client):
    client.cookies["fairgate_language"] = "de"
    for address in ("/nowhere/", "/demo/", "/api/docs/", "/livez"):
        response = client.get(address, **GERMAN)
        assert (MARK in response.content.decode(), "Content-Language" in response) == (False, False), address


def test_a_mail_is_written_in_the_language_that_its_reader_chose(people):
    choose_language(people["alice"], "de")
    with translation.override("de"), in_language_of(people["bob"]):
        assert translation.get_language() == "en"
    with in_language_of(people["alice"]):
        assert fairgate.level("drop_in") == f"{MARK}Drop-in⟧"
    people["alice"].account_language.language = "xx"  # of a version that offered it
    with in_language_of(people["alice"]):
        assert translation.get_language() == "en"
    assert mail.outbox == []
    assert passwords.send_now("alice@example.net")
    assert passwords.send_now("bob@example.net")
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["alice@example.net"], f"{MARK}A new password for Fairgate⟧"),
        (["bob@example.net"], "A new password for Fairgate"),
    ]


def test_numbers_and_days_are_written_as_the_language_does():
    assert (fairgate.thousands(1234567), fairgate.bytes_words(1500)) == ("1,234,567", "1.5 kB")
    with translation.override("de"):
        assert (fairgate.thousands(1234567), fairgate.bytes_words(1500)) == ("1.234.567", "1,5 kB")
        assert fairgate.place("DE") == "Deutschland"
        assert (fairgate.in_sentence("Ort"), fairgate.name_of_language("fr")) == ("Ort", "Französisch")
    assert (fairgate.place("US-CA"), fairgate.in_sentence("Place"), fairgate.in_sentence("GPC sent")) == (
        "California",
        "place",
        "GPC sent",
    )
    assert fairgate.in_a_list(["A", "B", "C"]) == "A, B and C"


def test_a_short_day_in_french_has_its_month_in_small_letters_and_with_a_full_stop():
    with translation.override("fr"):
        assert date_format(date(2026, 11, 3), "SHORT_DATE_FORMAT") == "3 nov. 2026"


@pytest.mark.parametrize("name", ["jurisdictions_csv", "numbers_csv"])
def test_a_document_is_english_whoever_asks(alice, shop, name):
    response = alice.get(reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid}), **GERMAN)
    assert (response.status_code, response["Content-Language"]) == (200, "en")


def published(person: Client, shop, headers: dict[str, Any]) -> dict[str, object]:
    """What a publish and the documents leave behind, in one language; all of it is taken back."""
    at = {"uuid": shop.uuid}
    point = transaction.savepoint()
    try:
        with time_machine.travel("2026-11-30T12:00:00Z", tick=False):
            Site.objects.filter(pk=shop.pk).update(controller="Tea and Sons")
            person.post(reverse("dashboard:publish", kwargs=at), {"note": "First"}, **headers)
            release = Release.objects.filter(site=shop).latest("number")
            assert (release.note, "Tea and Sons" in release.snapshot) == ("First", True)
            return {
                "release": (release.snapshot, release.numbering),
                "artifacts": sorted(Artifact.objects.filter(release=release).values_list("name", "content")),
                "trail": list(AuditEvent.objects.filter(site=shop).values_list("verb", "detail", "hash")),
                "law": person.get(reverse("dashboard:jurisdictions_csv", kwargs=at), **headers).content,
                "numbers": person.get(reverse("dashboard:numbers_csv", kwargs=at), **headers).content,
                "api": person.get("/api/schema/", **headers).content,
            }
    finally:
        transaction.savepoint_rollback(point)


def test_what_is_published_stored_and_handed_out_is_the_same_in_every_language(alice, shop):
    english = published(alice, shop, {"HTTP_ACCEPT_LANGUAGE": "en"})
    german = published(alice, shop, GERMAN)
    assert english == german
    assert MARK not in str(english)
