"""RFC 8058 by the rules of a mail program, and the page behind the same link."""

from __future__ import annotations

import re

import pytest

from consent.models import LogEntry
from consent.preferences import erasing, queries
from cookiebanner.staff import choice_links
from tests.cookiebanner.choices.conftest import Stranger, states
from tests.cookiebanner.staff.conftest import URL

pytestmark = pytest.mark.django_db
BODIES = [
    ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
    ("multipart/form-data; boundary=b",
     b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'),
    ("text/plain", b"List-Unsubscribe=One-Click"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def address(settings):
    settings.FAIRGATE_URL = URL


def mail_program(headers: dict[str, str], kind: str, body: bytes) -> int:
    """What RFC 8058 lets a receiver do: an HTTPS address in angle brackets, one POST with exactly that pair, no cookies,
    no login, and no redirect followed. Returns the status."""
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [found] = re.findall(r"<(https://[^<>\s]+)>", headers["List-Unsubscribe"])
    answer = Stranger().post(found.removeprefix(URL), body, content_type=kind)
    return answer.status_code


@pytest.mark.parametrize(("kind", "body"), BODIES)
def test_one_click_ends_it_at_once(shop, topics, ada, stranger, kind: str, body: bytes) -> None:
    stranger.post(choice_links.page(shop, ada, "en"), {"topic-news": "yes", "topic-calls": "yes"})
    headers = choice_links.headers(shop, ada, topics["news"], "de")
    assert (mail_program(headers, kind, body), states(shop)) == (200, {"calls": "yes", "news": "no"})
    assert mail_program(headers, kind, body) == 200
    one = queries.history(shop, ada)[0]
    assert (one["method"], one["value"], one["topic"], one["wording"]) == ("one_click", "no", "news", 1)


def test_of_somebody_unknown_a_no_is_taken_too(shop, topics, ada) -> None:
    assert mail_program(choice_links.headers(shop, ada, topics["news"], ""), *BODIES[0]) == 200
    assert states(shop) == {"news": "no"}


def test_opening_the_link_shows_a_button_and_changes_nothing(shop, topics, ada, stranger) -> None:
    at = choice_links.stop(shop, ada, topics["news"], "de")
    for opened in (stranger.get(at), stranger.head(at)):
        assert opened.status_code == 200
    for body in (b"List-Unsubscribe=Other", b"", b"do=start"):  # nothing was done: no program may take it for done
        assert stranger.post(at, body, content_type="application/x-www-form-urlencoded").status_code == 400
    assert "Beenden: Neues" in stranger.get(at).content.decode()
    assert LogEntry.objects.filter(type="choice").count() == 0
    said = stranger.post(at, {"do": "stop"}).content.decode()
    assert ("Es ist beendet." in said, states(shop)) == (True, {"news": "no"})


def test_for_who_was_erased_it_answers_and_stores_nothing(shop, topics, ada) -> None:
    headers = choice_links.headers(shop, ada, topics["news"], "")
    erasing.erase(shop, "ada@example.org", "x", "asked")
    assert (mail_program(headers, *BODIES[0]), states(shop)) == (200, {})


def test_the_header_is_one_line_that_mail_carries(shop, topics, ada) -> None:
    made = choice_links.headers(shop, ada, topics["news"], "en")["List-Unsubscribe"]
    assert (made.isascii(), len(made) < 500, made.count("\n")) == (True, True, 0)
