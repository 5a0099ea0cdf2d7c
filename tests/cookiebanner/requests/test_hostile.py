"""What people send who mean no good, and what the clock does to what is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from consent.jobs.models import Job
from consent.requests import actions
from consent.requests.models import RequestFile, SubjectRequest
from cookiebanner.lane.threads import LARGEST_REQUEST, limit_of
from cookiebanner.staff import request_mails
from tests.cookiebanner.requests.test_walk import ADA, LATER, NOW, ask, fields, only, text_of
from tests.cookiebanner.staff.conftest import work

pytestmark = pytest.mark.django_db


def filed(site, **more) -> SubjectRequest:
    """A request that is open."""
    given = {"kind": "access", "place": "DE", "language": "en", "email": ADA, "actor": "alice@example.net", **more}
    return actions.file_request(site, **given)


def test_html_in_a_name_is_text_everywhere(visitor, open_shop, alice, mailbox):
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    ask(visitor, open_shop, kind="complaint", name=bad, details=bad, agent=bad, reference='"><b>')
    row = only(open_shop)
    for page in (f"requests/{row.number}/", "requests/"):
        html = alice.get(f"/dashboard/{open_shop.uuid}/{page}").content.decode()
        assert ("<script>alert" in html, "<img src=x" in html, '"><b>' in html) == (False, False, False)
    wrong = ask(visitor, open_shop, email='"><script>alert(1)</script>@x', name=bad)
    assert (wrong.status_code, "<script>alert" in wrong.content.decode()) == (400, False)


@pytest.mark.parametrize("field", ["name", "email", "agent", "reference"])
def test_no_header_is_injected_into_a_mail(visitor, open_shop, mailbox, field):
    value = f"{ADA}\r\nBcc: eve@example.com" if field == "email" else "Ada\r\nBcc: eve@example.com"
    sent = ask(visitor, open_shop, kind="complaint", **{field: value})
    with time_machine.travel(LATER):
        work()
    assert (sent.status_code, {tuple(to) for to, _ in mailbox.mails}) in (
        (400, set()), (200, {(ADA,), ("privacy@example.net",)}),
    )  # fmt: skip
    assert all(message["Bcc"] is None for _, message in mailbox.mails)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ"), ("a.svg", b"<svg onload=alert(1)>"), ("a.html", b"<script>"), ("a.pdf", b"MZ no pdf"),
        ("a.png", b"GIF89a"), ("a.txt", b"\x00\x01"), ("a.csv", b"\xff\xfe"), ("noending", b"x"), ("a.pdf", b""),
        ("big.txt", b"x" * (10 * 1024 * 1024 + 1)),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_is_refused_and_nothing_is_lost(visitor, open_shop, name, content):
    sent = ask(visitor, open_shop, name="Ada Lovelace", details="My words", file=SimpleUploadedFile(name, content))
    page = sent.content.decode()
    assert (sent.status_code, 'value="Ada Lovelace"' in page, ">My words</textarea>" in page) == (400, True, True)
    assert (SubjectRequest.objects.count(), Job.objects.filter(kind=request_mails.JOB).count()) == (0, 0)


def test_a_file_s_name_is_no_path(open_shop):
    made, _ = actions.attach(filed(open_shop), "..\\..\\etc/<b>pass\nwd.txt", b"x")
    assert made.name == "_b_pass_wd.txt"


def test_fifty_megabytes_are_refused_before_they_are_read():
    assert limit_of(f"/v1/{'0' * 36}/requests/") == LARGEST_REQUEST < 50 * 2**20


def test_codes_can_not_be_guessed(visitor, open_shop):
    row = filed(open_shop)
    made, code = actions.attach(row, "a.txt", b"secret", for_person=True)
    path = f"{request_mails.path(row)}files/{made.pk}/"
    said = [visitor.post(path, {"code": f"GUESS{number}"}) for number in range(RequestFile.WRONG_CODES)]
    assert [one.status_code for one in said] == [403] * RequestFile.WRONG_CODES
    right = visitor.post(path, {"code": code})
    assert (right.status_code, "no longer handed out" in text_of(right)) == (403, True)
    assert code not in str(made.__dict__)


def test_links_are_nobody_else_s_and_end(visitor, open_shop, foreign, alice):
    row = filed(open_shop)
    path = request_mails.path(row)
    token = path.split("/")[2]
    assert visitor.get(path).status_code == 200
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x", "a:b:c", token.replace(":", ".")):
        assert visitor.get(f"/requests/{wrong}/").status_code == 404
    other = filed(foreign)
    made, code = actions.attach(other, "a.txt", b"secret", for_person=True)
    assert visitor.post(f"{path}files/{made.pk}/", {"code": code}).status_code == 404  # another tenant's file
    for page in ("", "export/", f"files/{made.pk}/"):
        address = f"/dashboard/{open_shop.uuid}/requests/{other.number}/{page}"
        assert (alice.post if page == "export/" else alice.get)(address).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=request_mails.LINK_DAYS + 1)):
        assert visitor.get(path).status_code == 404


def test_a_link_that_comes_too_late_or_again_changes_nothing(visitor, open_shop):
    ask(visitor, open_shop)
    row = only(open_shop)
    with time_machine.travel(NOW):
        path = request_mails.path(row)
    with time_machine.travel(NOW + timedelta(days=15)):
        actions.forget()
        assert visitor.post(path, {"do": "confirm"}).status_code == 302
        assert (only(open_shop).status, only(open_shop).confirmed_at) == ("lapsed", None)
    ended = filed(open_shop, email="b@example.com")
    actions.withdraw(ended)
    visitor.post(request_mails.path(ended), {"do": "confirm"})
    ended.refresh_from_db()
    assert ended.status == "withdrawn"


def test_lines_in_a_name_are_one_line_and_no_english_error(visitor, open_shop):
    sent = ask(
        visitor, open_shop, lang="fr", kind="complaint", name="Ada\r\n  Lovelace", agent="a\tb", reference="1\n2"
    )
    row = only(open_shop)
    assert (sent.status_code, row.name, row.agent, row.reference) == (200, "Ada Lovelace", "a b", "1 2")


def test_programs_are_told_what_people_are_told_and_nothing_is_kept(visitor, open_shop):
    trapped = ask(visitor, open_shop, website="https://spam.example")
    assert (trapped.status_code, SubjectRequest.objects.count()) == (200, 0)
    assert text_of(trapped) == text_of(ask(visitor, open_shop))
    quick = ask(visitor, open_shop, wait=1)
    assert (quick.status_code, "That was very fast" in text_of(quick)) == (400, True)
    forged = ask(visitor, open_shop, stamp="1700000000.0:forged")
    assert (forged.status_code, SubjectRequest.objects.count()) == (400, 1)


def test_nobody_s_mailbox_is_filled(visitor, open_shop, settings):
    said = [ask(visitor, open_shop).status_code for _ in range(5)]
    assert said == [200, 200, 200, 429, 429]
    settings.FAIRGATE_RATE_LIMIT = 60
    said = [ask(visitor, open_shop, email=f"ada{number}@example.com").status_code for number in range(8)]
    assert said == [200] * 6 + [429] * 2


def test_a_site_without_a_form_has_none(visitor, shop):
    assert visitor.get(f"/v1/{shop.uuid}/requests/").status_code == 404
    assert visitor.get("/v1/no-site/requests/").status_code == 404


@pytest.mark.parametrize("place", ["'; drop", "DE\x00", "🇩🇪", "x" * 5000, "US-", "-"])
def test_an_odd_place_is_no_error(visitor, open_shop, place):
    assert visitor.get(f"/v1/{open_shop.uuid}/requests/", {"place": place, "lang": place}).status_code == 200


def whole_database() -> str:
    """Every value of every row of every table."""
    found = []
    for model in apps.get_models():
        if model._meta.managed and model._meta.db_table in connection.introspection.table_names():
            found += [repr(row) for row in model._base_manager.values_list()]
    return "\n".join(found)


def test_what_nobody_confirmed_lapses_and_leaves_no_address(visitor, open_shop):
    ask(visitor, open_shop, name="Lovelace", file=SimpleUploadedFile("a.txt", b"x"))
    with time_machine.travel(NOW + timedelta(days=13)):
        assert actions.forget()["lapsed"] == 0
    with time_machine.travel(NOW + timedelta(days=15)):
        assert actions.forget()["lapsed"] == 1
    row = only(open_shop)
    assert (row.status, row.email, row.name, row.files.count()) == ("lapsed", "", "", 0)
    assert "Lovelace" not in whole_database()


def test_the_form_takes_no_cookie_and_sets_none(visitor, open_shop):
    page = visitor.get(f"/v1/{open_shop.uuid}/requests/")
    assert (page.cookies, "script" in page.content.decode(), fields(page.content.decode())["place"]) == ({}, False, "*")
    assert page["Content-Security-Policy"].startswith("default-src 'none'")
