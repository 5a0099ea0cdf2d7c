"""Prepared answers from the owner's page into the mail, without JavaScript."""

from __future__ import annotations

import re
from html import unescape

import pytest
import time_machine

from consent.requests import actions, prepared
from consent.requests.models import PreparedAnswer
from tests.cookiebanner.requests.test_walk import ADA, NOW, text_of

pytestmark = pytest.mark.django_db


def words_in(page) -> str:
    """What the field of the answer holds."""
    [found] = re.findall(
        r'<textarea name="text"[^>]*id="close-text"[^>]*>(.*?)</textarea>', page.content.decode(), re.S
    )
    return unescape(found).strip()


def options(page) -> list[str]:
    return re.findall(r'<option value="([\w:-]+)"[^>]*\s*>[^<]* \(', page.content.decode())


def test_words_are_written_chosen_changed_and_sent(open_shop, alice, login, clerk, mailbox):
    carol, site = login("carol"), f"/dashboard/{open_shop.uuid}/requests/"
    given = {"name": "Copy", "kind": "access", "language": "fr", "text": "Voici, {name}, la demande {number}."}
    assert alice.post(f"{site}answers/", given).status_code == 302
    own = PreparedAnswer.objects.get()
    with time_machine.travel(NOW, tick=False):
        row = actions.file_request(
            open_shop, kind="access", place="FR", language="fr", name="Ada", email=ADA, actor="alice@example.net"
        )
        page = carol.get(f"{site}{row.number}/")
        assert options(page) == [str(own.pk), "fr:access_done", "fr:access_nothing", "fr:unverifiable"]
        assert words_in(page) == ""
        chosen = carol.get(f"{site}{row.number}/?answer={own.pk}")
        assert words_in(chosen) == f"Voici, Ada, la demande {row.number}."
        answer = {"do": "close", "outcome": "complied", "because": "", "text": words_in(chosen) + " À bientôt."}
        assert carol.post(f"{site}{row.number}/", answer).status_code == 302
        _, body = mailbox.last(ADA)
    assert f"Voici, Ada, la demande {row.number}. À bientôt." in body


def test_a_gap_must_be_filled_and_what_was_written_is_not_lost(open_shop, alice):
    row = actions.file_request(open_shop, kind="correction", place="DE", language="en", email=ADA, actor="x")
    at = f"/dashboard/{open_shop.uuid}/requests/{row.number}/"
    text = words_in(alice.get(f"{at}?answer=en:correction_done"))
    assert "as you asked: […]." in text
    page = alice.post(at, {"do": "close", "outcome": "complied", "because": "", "text": f"Mine. {text}"})
    assert ("Fill in what stands as […]" in text_of(page), words_in(page)) == (True, f"Mine. {text}")
    row.refresh_from_db()
    assert row.status == "open"


def test_what_is_not_offered_can_not_be_taken(open_shop, foreign, alice):
    theirs = prepared.save(foreign, "x", name="Theirs", kind="", language="en", text="Zebracorn")
    row = actions.file_request(open_shop, kind="access", place="DE", language="en", email=ADA, actor="x")
    at = f"/dashboard/{open_shop.uuid}/requests/{row.number}/"
    for key in (theirs.pk, "en:erasure_done", "x", "../1"):
        assert words_in(alice.get(at, {"answer": key})) == ""


def test_the_owner_deletes_one_and_brings_it_back(open_shop, alice):
    address = f"/dashboard/{open_shop.uuid}/requests/answers/"
    begun = alice.get(f"{address}?from=de:erasure_done")
    assert 'value="Gelöscht"' in begun.content.decode()
    wrong = alice.post(address, {"name": "X", "kind": "", "language": "en", "text": "{nmae}"})
    assert (wrong.status_code, "{nmae} stands for nothing" in text_of(wrong)) == (200, True)
    alice.post(address, {"name": "<b>Mine</b>", "kind": "", "language": "en", "text": "Hello"})
    one = PreparedAnswer.objects.get()
    page = alice.post(f"{address}{one.pk}/", {"name": "", "kind": "", "language": "en", "text": "Bye"})
    assert (page.status_code, PreparedAnswer.objects.get().text) == (200, "Hello")
    alice.post(f"{address}{one.pk}/", {"name": "Mine", "kind": "erasure", "language": "en", "text": "Bye"})
    assert [(one.name, one.kind, one.text) for one in PreparedAnswer.objects.all()] == [("Mine", "erasure", "Bye")]
    listed = alice.post(f"{address}{one.pk}/", {"do": "delete"}, follow=True)
    assert ("Mine is deleted." in text_of(listed), "Bring back" in text_of(listed)) == (True, True)
    back = alice.post(f"{address}{one.pk}/", {"do": "restore"}, follow=True)
    assert ("Mine is back." in text_of(back), "Bring back" in text_of(back)) == (True, False)
