"""A colleague finds a request in the queue, looks at the person's consent records and erases them, by keyboard."""

from __future__ import annotations

from uuid import uuid4

import pytest

from consent.ledger.models import ConsentRecord
from consent.requests import actions
from tests.browser.uncaught import uncaught
from tests.cookiebanner.audit.test_audit import answer
from tests.cookiebanner.audit.test_browser import check, page

__all__ = ["page", "uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_records_are_found_and_erased_from_the_request_by_keyboard(page, live_server, shop, people):  # noqa: F811
    visitor = uuid4()
    answer(shop, visitor)
    answer(shop, visitor, action="withdraw")
    row = actions.file_request(
        shop, kind="erasure", place="US-CA", language="en", email="ada@example.com", reference=str(visitor),
        channel="telephone", actor="alice@example.net",
    )  # fmt: skip
    page.goto(f"{live_server.url}/dashboard/{shop.uuid}/requests/")
    page.get_by_label("Answers for it").select_option("Nobody")
    page.get_by_label("Number or address").fill(row.number[2:6].lower())
    page.keyboard.press("Enter")
    page.get_by_role("link", name=row.number).press("Enter")
    page.get_by_role("link", name="Consent records").wait_for()
    check(page, "request")
    page.get_by_role("link", name="Consent records").press("Enter")
    page.get_by_role("heading", name="2 records").wait_for()
    page.get_by_label("Reason").fill(f"As {row.number} says")
    page.get_by_role("button", name="Erase these records").press("Enter")
    page.get_by_text("leave the request's number out of it").first.wait_for()
    check(page, "records, with a mistake")
    page.get_by_label("Reason").fill("Asked by telephone.")
    page.get_by_role("button", name="Erase these records").press("Enter")
    page.get_by_text("2 consent records erased.").wait_for()
    assert set(ConsentRecord.objects.filter(type="consent").values_list("payload", flat=True)) == {None}
