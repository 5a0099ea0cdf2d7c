"""Form, page and mails in every language that we ship: whole, in its direction, and nothing of it in English."""

from __future__ import annotations

import re
from datetime import date

import pytest
import time_machine
from django.core import mail

from consent.requests import actions
from consent.requests.texts import LANGUAGES, direction, words
from cookiebanner.staff import request_mails
from tests.cookiebanner.requests.test_walk import ADA, NOW, ask, only, text_of

pytestmark = pytest.mark.django_db
# Short words mean other things elsewhere, and a placeholder is filled.
ENGLISH = {said for said in words("en").values() if isinstance(said, str) and len(said) > 8 and "{" not in said}


def english_in(text: str, language: str) -> set[str]:
    """Texts of ours that stand in another language's page in English."""
    return {said for said in ENGLISH if re.search(rf"(?<!\w){re.escape(said)}(?!\w)", text) and language != "en"}


def test_the_form_in_every_language(visitor, open_shop):
    address = f"/v1/{open_shop.uuid}/requests/"
    for language in LANGUAGES:
        page = visitor.get(f"{address}?lang={language}&place={'DE' if language == 'ar' else 'US-CO'}")
        html = page.content.decode()
        assert (language, page["Content-Language"]) == (language, language)
        assert f'<html lang="{language}" dir="{direction(language)}">' in html
        assert (language, english_in(text_of(page), language), "{" in text_of(page)) == (language, set(), False)
    part = visitor.get(f"{address}part.html?lang=ar").content.decode()
    assert 'lang="ar" dir="rtl"' in part


def test_the_person_s_page_and_the_mails_in_every_language(visitor, open_shop):
    with time_machine.travel(NOW, tick=False):
        for language in LANGUAGES:
            row = actions.file_request(
                open_shop, kind="access", place="US-CO", language=language, email=f"{language.lower()}@example.com"
            )
            request_mails.send_now(row.pk, request_mails.CONFIRM)
            waiting = visitor.get(request_mails.path(row))
            row = actions.confirm(row)
            request_mails.send_now(row.pk, request_mails.RECEIPT)
            row = actions.extend(row, "1234", "x")
            request_mails.send_now(row.pk, request_mails.EXTENDED)
            row = actions.close(row, "denied", "5678", "x", because="exempt")
            request_mails.send_now(row.pk, request_mails.CLOSED)
            pages = [waiting, visitor.get(request_mails.path(row))]
            html = f'<html lang="{language}" dir="{direction(language)}">'
            assert [html in page.content.decode() for page in pages] == [True, True]
            mails = [message for message in mail.outbox if message.to == [row.email]]
            assert [row.number in message.subject for message in mails] == [True] * 4
            said = [*(text_of(page) for page in pages), *(f"{one.subject}\n{one.body}" for one in mails)]
            assert {(language, one) for one in said if english_in(one, language) or "{" in one} == set()


def test_a_date_is_written_as_people_write_it(visitor, open_shop):
    sent = ask(visitor, open_shop, place="US-CA", lang="pl", kind="opt_out")
    assert "Otrzymasz odpowiedź najpóźniej 21 grudnia 2026." in text_of(sent)
    assert request_mails.day(date(2026, 12, 21), "ar") == "21 ديسمبر 2026"
    assert only(open_shop).language == "pl"
    sent = ask(visitor, open_shop, place="US-CA", lang="he", kind="opt_out", email=f"2{ADA}")
    assert ('dir="rtl"' in sent.content.decode(), "21 בדצמבר 2026" in text_of(sent)) == (True, True)
