"""From the form to the answer: a requester, an agent, a clerk and a visitor, in two languages, without JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from consent.requests.models import SubjectRequest
from consent.requests.texts import LANGUAGES
from cookiebanner.requests.form import Form
from tests.cookiebanner.staff.conftest import work

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ADA = "ada@example.com"


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the form that sends."""
    form = page[page.index('method="post"') :]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def ask(visitor, site, place="DE", lang="en", wait=5, **data):
    """Opens the form, waits as a person does, and sends it."""
    address = f"/v1/{site.uuid}/requests/"
    with time_machine.travel(NOW, tick=False) as clock:
        page = visitor.get(f"{address}?lang={lang}&place={place}").content.decode()
        clock.shift(wait)
        return visitor.post(f"{address}?lang={lang}", {**fields(page), "kind": "access", "email": ADA, **data})


def text_of(response) -> str:
    body = re.sub(r"<style>.*?</style>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def only(site) -> SubjectRequest:
    return SubjectRequest.objects.get(site=site)


def test_a_requester_asks_confirms_and_is_answered(visitor, open_shop, mailbox, alice):
    sent = ask(visitor, open_shop, name="Ada", details="What do you have?")
    assert (sent.status_code, "sent a link to ada@example.com" in text_of(sent)) == (200, True)
    row = only(open_shop)
    assert (row.status, row.due.isoformat(), row.receipt_due) == ("unconfirmed", "2026-12-30", None)
    with time_machine.travel(NOW + timedelta(hours=1)):
        subject, body = mailbox.last(ADA)
        assert subject == f"Please confirm your request {row.number}"
        link = mailbox.link(ADA)
        page = visitor.get(link)
        assert (page.status_code, only(open_shop).status) == (200, "unconfirmed")  # opening it does nothing
        assert "Yes, this is my request" in text_of(page)
        assert "Confirmed. You will be answered by" in text_of(visitor.post(link, {"do": "confirm"}))
        assert only(open_shop).status == "open"
        visitor.post(link, {"do": "confirm"})  # replayed: nothing more
        assert mailbox.last(ADA)[0] == f"We have your request {row.number}"
        assert [to for to, _ in mailbox.mails].count([ADA]) == 2
        assert mailbox.last("privacy@example.net")[0].startswith(
            f"Tea shop: request {row.number} came in, due on 2026-12-30"
        )
        assert ADA not in mailbox.last("privacy@example.net")[1]
        # the clerk
        address = f"/dashboard/{open_shop.uuid}/requests/{row.number}/"
        listed = text_of(alice.get(f"/dashboard/{open_shop.uuid}/requests/"))
        assert (row.number in listed, "30 Dec 2026" in listed) == (True, True)
        file = SimpleUploadedFile("copy.json", b'{"orders": []}')
        done = alice.post(address, {"do": "file", "file": file}, follow=True)
        [code] = re.findall(r"the code ([0-9A-Z]{10}) until", text_of(done))
        answer = {"do": "close", "outcome": "complied", "because": "", "text": "Here is what we have. Yours, the shop"}
        assert alice.post(address, answer).status_code == 302
        subject, body = mailbox.last(ADA)
        assert subject == f"The answer to your request {row.number}"
        assert "Here is what we have." in body
        assert "You may complain to: the data protection authority" in body
        # the visitor fetches the file
        person = visitor.get(mailbox.link(ADA))
        assert "Here is what we have." in text_of(person)
        [path] = re.findall(r'action="(/requests/[^"]+/files/\d+/)"', person.content.decode())
        assert visitor.post(path, {"code": "WRONG"}).status_code == 403
        fetched = visitor.post(path, {"code": f" {code.lower()} "})
        assert (fetched.status_code, fetched.content) == (200, b'{"orders": []}')
        assert fetched["Content-Disposition"].startswith("attachment")
    row = only(open_shop)
    assert (row.status, row.outcome, str(row.keep_until)) == ("closed", "complied", "2029-11-30")


def test_an_opt_out_in_german_holds_at_once_and_nobody_is_verified(visitor, open_shop, mailbox):
    sent = ask(visitor, open_shop, place="US-CA", lang="de", kind="opt_out")
    assert sent["Content-Language"] == "de"
    assert "Sie gilt ab sofort. Sie müssen nicht nachweisen, wer Sie sind." in text_of(sent)
    row = only(open_shop)
    assert (row.status, row.due.isoformat(), row.confirmed_at) == ("open", "2026-12-21", None)
    with time_machine.travel(LATER):
        subject, body = mailbox.last(ADA)
    assert subject == f"Wir haben Ihre Anfrage {row.number}"
    assert ("21. Dezember 2026" in body, "nicht nachweisen" in body, body.startswith("Guten Tag,")) == (
        True,
        True,
        True,
    )


def test_an_agent_asks_with_proof(visitor, open_shop, alice):
    proof = SimpleUploadedFile("power of attorney.pdf", b"%PDF-1.7 signed")
    sent = ask(visitor, open_shop, place="US-CA", kind="erasure", agent="Bea, attorney", file=proof)
    assert sent.status_code == 200
    row = only(open_shop)
    [file] = row.files.all()
    assert (row.agent, file.name, file.media_type, file.for_person) == (
        "Bea, attorney", "power of attorney.pdf", "application/pdf", False,
    )  # fmt: skip
    page = text_of(alice.get(f"/dashboard/{open_shop.uuid}/requests/{row.number}/"))
    assert ("Bea, attorney" in page, "power of attorney.pdf" in page) == (True, True)
    got = alice.get(f"/dashboard/{open_shop.uuid}/requests/{row.number}/files/{file.pk}/")
    assert (got.content, got["Content-Type"]) == (b"%PDF-1.7 signed", "application/octet-stream")


def test_a_clerk_files_what_came_by_telephone(open_shop, alice, mailbox):
    address = f"/dashboard/{open_shop.uuid}/requests/new/"
    given = {"channel": "telephone", "received": "2026-11-20", "kind": "erasure", "place": "US-CA", "language": "es",
             "name": "Ada", "email": ADA, "details": "All of it."}  # fmt: skip
    with time_machine.travel(LATER):
        response = alice.post(address, given, follow=True)
        assert "Filed as" in text_of(response)
        row = only(open_shop)
        assert (row.status, row.due.isoformat(), str(row.receipt_due)) == ("open", "2027-01-04", "2026-12-04")
        assert mailbox.last(ADA)[0] == f"Tenemos su petición {row.number}"
        assert only(open_shop).acknowledged_at is not None
        future = alice.post(address, {**given, "received": "2026-12-24"})
    assert "in the future" in text_of(future)


def test_an_extension_is_told_and_only_one(open_shop, alice, mailbox, visitor):
    ask(visitor, open_shop, kind="complaint")
    row = only(open_shop)
    address = f"/dashboard/{open_shop.uuid}/requests/{row.number}/"
    with time_machine.travel(LATER):
        alice.post(address, {"do": "extend", "reason": "The archive is on paper."})
        assert only(open_shop).due.isoformat() == "2027-02-28"
        subject, body = mailbox.last(ADA)
        assert (subject, "The archive is on paper." in body) == (f"Your request {row.number} takes longer", True)
        again = alice.post(address, {"do": "extend", "reason": "Still."})
    assert "no law allows it twice" in text_of(again)


def test_a_denial_names_its_ground_the_authority_and_the_appeal(open_shop, alice, mailbox, visitor):
    ask(visitor, open_shop, place="US-CO", kind="access")
    with time_machine.travel(LATER):
        visitor.post(mailbox.link(ADA), {"do": "confirm"})
        row = only(open_shop)
        address = f"/dashboard/{open_shop.uuid}/requests/{row.number}/"
        bare = alice.post(address, {"do": "close", "outcome": "denied", "because": "", "text": "No."})
        assert "needs its ground" in text_of(bare)
        alice.post(address, {"do": "close", "outcome": "denied", "because": "unverifiable", "text": "We can't tell."})
        _, body = mailbox.last(ADA)
        assert "We could not verify that the data are yours." in body
        assert "You may appeal against this answer" in body
        page = visitor.get(mailbox.link(ADA)).content.decode()
    [appeal] = re.findall(r'href="(/v1/[^"]+kind=appeal[^"]*)"', page)
    assert row.number in appeal
    unknown = ask(visitor, open_shop, place="US-CO", kind="appeal", details="ABCD-EFGH")
    assert (unknown.status_code, "no answer of ours by this number" in text_of(unknown)) == (400, True)
    ask(visitor, open_shop, place="US-CO", kind="appeal", details=f"Against {row.number.lower()}")
    made = SubjectRequest.objects.get(site=open_shop, kind="appeal")
    assert (made.appeal_of, made.due.isoformat()) == (row, "2027-01-14")


def test_who_complains_is_told_of_the_authority_at_once(visitor, open_shop, mailbox):
    sent = ask(visitor, open_shop, lang="pl", kind="complaint", details="Newsletter mimo sprzeciwu.")
    where = "organ ochrony danych w Twoim kraju, https://www.edpb.europa.eu/about-edpb/about-edpb/members_en"
    assert f"Możesz złożyć skargę tutaj: {where}" in text_of(sent)
    with time_machine.travel(LATER):
        assert f"Możesz złożyć skargę tutaj: {where}" in mailbox.last(ADA)[1]
        ask(visitor, open_shop, place="US-CA", kind="opt_out", email=f"2{ADA}")
        assert "You may complain to" not in mailbox.last(f"2{ADA}")[1]


def test_the_person_takes_it_back(visitor, open_shop, mailbox):
    ask(visitor, open_shop)
    with time_machine.travel(LATER):
        link = mailbox.link(ADA)
        assert "Taken back." in text_of(visitor.post(link, {"do": "withdraw"}))
        assert only(open_shop).status == "withdrawn"
        assert visitor.post(link, {"do": "withdraw"}).status_code == 302
    work()


def test_what_may_be_asked_follows_from_the_place(visitor, open_shop):
    def kinds(place: str) -> list[str]:
        page = visitor.get(f"/v1/{open_shop.uuid}/requests/?place={place}").content.decode()
        return re.findall(r'name="kind"\s+value="(\w+)"', page)

    assert kinds("DE") == ["access", "correction", "erasure", "restriction", "portability", "objection", "complaint"]
    assert kinds("US-CA") == [
        "access", "correction", "erasure", "portability", "opt_out", "limit", "shine_the_light", "complaint",
    ]  # fmt: skip
    assert {"appeal", "opt_out"} < set(kinds("US-CO"))
    assert kinds("nowhere") == kinds("*")


def test_the_old_form_s_address_leads_to_ours(visitor, open_shop, alice):
    tenant, form = "ecdd9f78-0001-4000-8000-000000000001", "0960dcd9-0001-4000-8000-000000000001"
    given = {
        "enabled": "on",
        "sells": "on",
        "notify": "",
        "old": f"https://privacyportal.example/dsarwebform/{tenant}/{form}.html",
    }
    assert alice.post(f"/dashboard/{open_shop.uuid}/requests/form/", given).status_code == 302
    got = visitor.get(f"/dsarwebform/{tenant.upper()}/{form}.html")
    assert (got.status_code, got["Location"]) == (302, f"/v1/{open_shop.uuid}/requests/")
    other = f"/dsarwebform/{tenant}/other.html"
    assert visitor.get(other).status_code == 200  # a sentence: nobody knows whose it was


def test_the_part_posts_to_the_page(visitor, open_shop):
    part = visitor.get(f"/v1/{open_shop.uuid}/requests/part.html").content.decode()
    assert (part.lstrip().startswith("<style>"), "<html" in part) == (True, False)
    assert f'action="https://consent.example.net/v1/{open_shop.uuid}/requests/' in part


def test_figures_of_the_year(visitor, open_shop, alice, mailbox):
    for place, kind in (("US-CA", "opt_out"), ("US-CA", "limit"), ("DE", "access")):
        ask(visitor, open_shop, place=place, kind=kind)
    row = SubjectRequest.objects.get(kind="opt_out")
    with time_machine.travel(NOW + timedelta(days=4)):
        alice.post(
            f"/dashboard/{open_shop.uuid}/requests/{row.number}/",
            {"do": "close", "outcome": "complied", "because": "", "text": "Done."},
        )
        csv = alice.get(f"/dashboard/{open_shop.uuid}/requests/figures/?as=csv").content.decode("utf-8-sig")
        page = text_of(alice.get(f"/dashboard/{open_shop.uuid}/requests/figures/"))
    lines = {line.split(",")[0]: line.split(",") for line in csv.splitlines()}
    assert lines["opt_out"][1:3] == ["1", "1"]
    assert lines["opt_out"][-2:] == ["3", "3"]  # whole days between noon plus five seconds and noon four days later
    assert (lines["limit"][1], lines["limit"][-3], lines["access"][1]) == ("1", "1", "0")  # unconfirmed is nobody's
    assert "Requests of 2026" in page


def test_the_fields_of_the_page_are_those_of_the_form(visitor, open_shop):
    page = visitor.get(f"/v1/{open_shop.uuid}/requests/").content.decode()
    sent = set(re.findall(r'name="(\w+)"', page[page.index('method="post"') :]))
    assert sent == set(Form.base_fields) | {"place"}


def test_an_owner_signs_that_words_were_read_and_takes_it_back(open_shop, alice):
    at = f"/dashboard/{open_shop.uuid}/requests/form/"
    assert text_of(alice.get(at)).count("Machine-made") == len(LANGUAGES)
    signed = alice.post(at, {"language": "pl", "signed_by": "<b>Anna</b>"}, follow=True).content.decode()
    assert (signed.count("Machine-made"), "&lt;b&gt;Anna&lt;/b&gt;, " in signed) == (len(LANGUAGES) - 1, True)
    nobody = text_of(alice.post(at, {"language": "de", "signed_by": ""}, follow=True))
    assert ("Say who has read the words." in nobody, nobody.count("Machine-made")) == (True, len(LANGUAGES) - 1)
    back = text_of(alice.post(at, {"language": "pl", "undo": "1"}, follow=True))
    assert back.count("Machine-made") == len(LANGUAGES)
