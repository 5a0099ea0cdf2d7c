"""The pages of choices beyond cookies: topics, wordings, people, imports, erasures, walked as a marketer does."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from consent import private_files
from consent.jobs import registry, runner
from consent.models import ChoiceImport, ChoiceState, Site, SubjectKey, Topic
from consent.preferences import imports
from consent.preferences.collecting import METHODS, OWN_METHODS, VALUES
from consent.preferences.standing import PARENTAL_METHODS, Standing
from consent.preferences.subject_tokens import read
from consent.preferences.subjects import subject_of
from cookiebanner.templatetags import fairgate
from tests.consent.preferences.sample_topics import choice, imported, said, topic
from tests.consent.preferences.tokens import subject_token

pytestmark = pytest.mark.django_db
NEW = {"key": "news", "kind": "email", "basis": "opt_in", "channel": "email", "name_en": "News", "text_en": "Offers."}


@pytest.fixture(autouse=True)
def data(settings, tmp_path):
    settings.FAIRGATE_DATA = tmp_path


def at(site: Site, name: str, **more: object) -> str:
    return reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid, **more})


def test_a_topic_is_made_worded_and_ended(alice, shop) -> None:
    assert alice.post(at(shop, "topic_new"), NEW | {"text_en": ""}).status_code == 200
    assert Topic.objects.count() == 0
    page = at(shop, "topic", topic="news")
    assert alice.post(at(shop, "topic_new"), NEW).headers["Location"] == page
    alice.post(page, {"do": "words", "name_en": "News", "text_en": "Offers, daily."})
    unseen = alice.post(page, {"do": "words", "name_en": "News", "text_en": "Weekly.", "version": "1"})
    assert ("Version 2 was published meanwhile" in unseen.content.decode(), unseen.status_code) == (True, 400)
    alice.post(page, {"do": "words", "name_en": "N", "text_en": "Partners.", "version": "2", "asks_again": "on"})
    assert "asks anew" in alice.get(page).content.decode()
    alice.post(page, {"do": "change", "channel": "", "order": "4", "double_opt_in": "on"})
    row = Topic.objects.get()
    assert [one.texts["en"]["text"] for one in row.wordings.all()] == ["Offers.", "Offers, daily.", "Partners."]
    assert (row.channel, row.order, row.double_opt_in, row.ended_at) == ("", 4, True, None)
    assert "Version\n  2" in alice.get(page).content.decode() or "Version 2" in alice.get(page).content.decode()
    alice.post(page, {"do": "end"})
    row.refresh_from_db()
    assert (row.ended_at is None, "Ended." in alice.get(page).content.decode()) == (False, True)


def test_somebody_is_found_by_their_id_and_no_address_holds_it(alice, shop) -> None:
    topic(shop)
    said(shop, choice(shop, id="ada@example.org", evidence="form 7"), choice(shop, "no", id="bob@example.org"))
    found = alice.post(at(shop, "choice_people"), {"who": "Ada@example.org"})
    subject = subject_of(shop, "ada@example.org")
    assert found.headers["Location"] == at(shop, "choice_person", subject=subject)
    page = alice.get(found.headers["Location"]).content.decode()
    assert ("form 7" in page, "the person said so" in page, "ada@" in page) == (True, True, False)
    listed = alice.get(at(shop, "choice_people") + "?topic=news&value=no").content.decode()
    assert (str(subject_of(shop, "bob@example.org")) in listed, str(subject) in listed) == (True, False)


def test_whose_notice_of_cpni_is_two_years_old_is_listed(alice, shop) -> None:
    topic(shop, "calls", kind="cpni", basis="opt_out")
    said(shop, choice(shop, "notice", "2020-06-01", topic="calls", id="old"))
    said(shop, choice(shop, "notice", topic="calls", id="new"))
    ChoiceState.objects.filter(subject=subject_of(shop, "new")).update(noticed_at=timezone.now())
    rows = alice.get(at(shop, "choice_people") + "?topic=calls&value=due").context["rows"]
    assert [row.subject for row in rows] == [subject_of(shop, "old")]


def test_pages_of_people_follow_each_other_and_leave_nobody_out(alice, shop) -> None:
    topic(shop)
    said(shop, *(choice(shop, id=f"c-{number}") for number in range(120)))
    seen: list[str] = []
    address: str | None = at(shop, "choice_people")
    while address:
        page = alice.get(address)
        seen += [str(row.subject) for row in page.context["rows"]]
        older = page.context["older"]
        address = f"{at(shop, 'choice_people')}?{older}" if older else None
    assert (len(seen), len(set(seen))) == (120, 120)


def test_a_file_is_imported_and_what_was_not_taken_is_handed_out(alice, shop) -> None:
    topic(shop)
    file = SimpleUploadedFile("crm.csv", b"id,topic,value,at\nc-1,news,yes,2019-05-01\n=c-2,news,perhaps,2019-05-01\n")
    sent = alice.post(at(shop, "choice_imports"), {"file": file, "format": "csv", "source": "CRM"})
    row = ChoiceImport.objects.get()
    assert sent.headers["Location"] == at(shop, "choice_import", imported=row.pk)
    assert "hx-trigger" in alice.get(sent.headers["Location"]).content.decode()
    registry.discover()
    runner.work_off(queue="work")
    page = alice.get(sent.headers["Location"]).content.decode()
    assert ("A value is one of yes, no, notice." in page, "hx-trigger" in page) == (True, False)
    sent_out = alice.get(at(shop, "choice_refused", imported=row.pk))
    assert (sent_out.streaming, sent_out["Content-Security-Policy"]) == (True, "default-src 'none'; sandbox")
    refused = sent_out.getvalue().decode("utf-8-sig")
    assert refused == '3,"A value is one of yes, no, notice.","\'=c-2,news,perhaps,2019-05-01"\r\n'  # no formula
    wrong = SimpleUploadedFile("x.csv", b"a,b\n")
    again = alice.post(at(shop, "choice_imports"), {"file": wrong, "format": "csv", "source": "CRM"})
    assert ("it lacks id, topic, value, at." in again.content.decode(), ChoiceImport.objects.count()) == (True, 1)


def test_a_large_file_is_made_while_it_is_sent(alice, shop, settings, tmp_path) -> None:
    settings.FAIRGATE_DATA = tmp_path
    row = imported(shop)
    private_files.folder(imports.folder())
    with imports.refused_path(row).open("w") as file:
        file.writelines(f"{number},It is no CSV.,x,\r\n" for number in range(1, 2_501))
    pieces = list(alice.get(at(shop, "choice_refused", imported=row.pk)).streaming_content)
    assert [piece.count(b"\r\n") for piece in pieces] == [999, 1_000, 501]  # the first begins with the mark of UTF-8
    assert b"".join(pieces).decode("utf-8-sig").splitlines()[-1] == "2500,It is no CSV.,x"


def test_an_owner_erases_somebody_and_nobody_else_does(alice, login, shop) -> None:
    topic(shop)
    said(shop, choice(shop, id="ada@example.org"))
    body = {"who": "ada@example.org", "reason": "Asked by letter."}
    assert (login("bob").post(at(shop, "choice_erase"), body).status_code, ChoiceState.objects.count()) == (403, 1)
    named = alice.post(at(shop, "choice_erase"), body | {"reason": "ada@example.org asked"})
    assert ("leave ids and mail addresses out" in named.content.decode(), ChoiceState.objects.count()) == (True, 1)
    assert (alice.post(at(shop, "choice_erase"), body).status_code, ChoiceState.objects.count()) == (302, 0)


def test_a_choice_and_its_wording_are_read_on_the_audit_pages(alice, shop) -> None:
    row = topic(shop)
    [taken] = said(shop, choice(shop, id="ada@example.org", evidence="form 7"))
    for index, words in ((taken.index, "Choice beyond cookies"), (row.wordings.get().entry, "Wording of a choice")):
        page = alice.get(reverse("audit:record", kwargs={"uuid": shop.uuid, "index": index}))
        assert (page.status_code, words in page.content.decode()) == (200, True)
    found = alice.get(reverse("audit:search", kwargs={"uuid": shop.uuid}) + "?kind=choice").content.decode()
    assert "Choice beyond cookies" in found
    ledger = alice.get(reverse("audit:ledger", kwargs={"uuid": shop.uuid}))
    assert ledger.status_code == 200


def test_a_file_of_any_size_is_imported_by_the_command(shop, tmp_path) -> None:
    topic(shop)
    file = tmp_path / "crm.csv"
    file.write_text("id,topic,value,at\nc-1,news,yes,2019-05-01\n")
    call_command("import_choices", str(file), "--site", str(shop.uuid), "--source", "CRM", stdout=StringIO())
    registry.discover()
    runner.work_off(queue="work")
    assert (ChoiceImport.objects.get().stored, ChoiceState.objects.get().source) == (1, "CRM")
    file.write_text("a,b\n")
    with pytest.raises(CommandError, match="it lacks id, topic, value, at."):
        call_command("import_choices", str(file), "--site", str(shop.uuid), "--source", "CRM")


def test_topics_are_called_by_their_names_and_standings_said_in_words(alice, shop) -> None:
    topic(shop)
    said(shop, choice(shop, id="ada@example.org"))
    subject = subject_of(shop, "ada@example.org")
    pages = {
        name: " ".join(re.sub(r"<[^>]+>", " ", alice.get(address).content.decode()).split())
        for name, address in {
            "list": at(shop, "choices"),
            "topic": at(shop, "topic", topic="news"),
            "people": at(shop, "choice_people"),
            "person": at(shop, "choice_person", subject=subject),
        }.items()
    }
    assert {name: "News by e-mail" in words for name, words in pages.items()} == dict.fromkeys(pages, True)
    assert "News by e-mail yes the person said so" in pages["person"]
    assert "News by e-mail Yes 1 May 2026, 10:00" in pages["people"]
    assert [name for name, words in pages.items() if " in an app" in words] == ["people", "person"]


def test_every_way_to_choose_and_every_standing_has_words() -> None:
    assert set(fairgate.METHODS) == {*METHODS, *OWN_METHODS, *PARENTAL_METHODS}
    assert (set(fairgate.SAID), set(fairgate.STANDINGS)) == (set(VALUES), set(Standing))


def test_what_became_of_words_is_said_and_a_site_without_topics_says_what_one_is(alice, shop) -> None:
    assert "There is no topic yet" in alice.get(at(shop, "choices")).content.decode()
    topic(shop)
    page, same = at(shop, "topic", topic="news"), {"do": "words", "name_en": "News by e-mail"}
    same["text_en"] = "We write to you about offers, twice a month."
    for body, words in (
        (same, "Nothing differs from version 1."),
        (same | {"name_de": "Neues"}, "In de, the name or the text is empty."),
        (same | {"text_en": "Daily."}, "in the words of version 2."),
        ({"do": "end"}, "The topic has ended."),
    ):
        assert words in alice.post(page, body, follow=True).content.decode()


def test_keys_for_signed_in_visitors_are_made_shown_once_and_ended(alice, shop) -> None:
    page = at(shop, "subject_keys")
    made = alice.post(page, {"make": "1"}).content.decode()
    row = SubjectKey.objects.get(site=shop)
    [key] = re.findall(rf"{row.name}\.[\w-]{{43}}", made)
    assert read(shop, subject_token()(key, str(shop.uuid), "c-1"), timezone.now()).identifier == "c-1"
    shown = alice.get(page).content.decode()
    assert (row.name in shown, key in shown, shown.count('aria-current="page"')) == (True, False, 1)
    alice.post(page, {"make": "1"})
    assert "two keys already" in alice.post(page, {"make": "1"}).content.decode()
    alice.post(page, {"end": row.name})
    row.refresh_from_db()
    assert (row.ended_at is None, SubjectKey.objects.filter(ended_at=None).count()) == (False, 1)


def test_who_has_read_the_words_is_signed_and_taken_back(alice, shop) -> None:
    topic(shop)
    signed = {"do": "review", "language": "en", "signed_by": "Ann Reader"}
    for page in (at(shop, "choices"), at(shop, "topic", topic="news")):
        assert "Ann Reader" not in alice.get(page).content.decode()
        alice.post(page, signed)
        assert "Ann Reader" in alice.get(page).content.decode()
        alice.post(page, {"do": "review", "language": "en", "undo": "1"})
        assert "Ann Reader" not in alice.get(page).content.decode()
        refused = alice.post(page, signed | {"language": "eo"}, follow=True).content.decode()
        assert "in this language" in refused
