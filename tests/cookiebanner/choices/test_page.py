"""The page behind a signed link: no login, no script, every language; and that a link opens only what it is for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.banners.texts import direction
from consent.models import ChoiceState, ConsentRecord, LogEntry
from consent.preferences import confirming, erasing, queries
from consent.preferences.actions import add_topic, change_topic, end_topic, set_wording
from consent.preferences.texts import LANGUAGES, words
from cookiebanner.staff import choice_links
from tests.cookiebanner.choices.conftest import NEWS, states

pytestmark = pytest.mark.django_db


def test_what_is_pressed_is_saved_and_withdrawing_is_as_easy(shop, topics, ada, stranger) -> None:
    at = choice_links.page(shop, ada, "en")
    assert stranger.get(at).status_code == 200
    assert LogEntry.objects.filter(type="choice").count() == 0
    answer = stranger.post(at, {"save": "1", "topic-news": "yes"})
    assert (answer.status_code, "Saved." in answer.content.decode()) == (200, True)
    assert states(shop) == {"news": "yes"}
    stranger.post(at, {"save": "1", "topic-news": "yes", "topic-calls": "no"})
    assert (states(shop), LogEntry.objects.filter(type="choice").count()) == ({"calls": "no", "news": "yes"}, 2)
    stranger.post(at, {"save": "1", "topic-news": "no", "topic-calls": "no"})
    assert states(shop) == {"calls": "no", "news": "no"}
    one = queries.history(shop, ada)[0]
    assert (one["method"], one["wording"], one["language"], one["value"]) == ("page", 1, "en", "no")


def test_one_button_says_no_to_everything(shop, topics, ada, stranger) -> None:
    at = choice_links.page(shop, ada, "en")
    stranger.post(at, {"save": "1", "topic-news": "yes"})
    stranger.post(at, {"all_no": "1", "topic-news": "yes"})
    assert states(shop) == {"calls": "no", "news": "no"}


def test_no_answer_is_chosen_for_anybody_and_what_is_unknown_is_left_alone(shop, topics, ada, stranger) -> None:
    at = choice_links.page(shop, ada, "en")
    assert " checked" not in stranger.get(at).content.decode()
    stranger.post(at, {"save": "1", "topic-news": "maybe", "topic-other": "yes"})
    assert states(shop) == {}
    end_topic(topics["news"], "x")
    stranger.post(at, {"save": "1", "topic-news": "yes"})
    assert states(shop) == {}
    assert "topic-news" not in stranger.get(at).content.decode()


def test_a_parents_yes_is_not_given_here_and_a_no_is(shop, ada, stranger) -> None:
    add_topic(shop, "x", key="child", kind="parental", basis="opt_in", texts=NEWS)
    at = choice_links.page(shop, ada, "en")
    stranger.post(at, {"topic-child": "yes"})
    assert states(shop) == {}
    stranger.post(at, {"topic-child": "no"})
    assert states(shop) == {"child": "no"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text(shop, topics, ada, stranger, language: str) -> None:
    page = stranger.get(choice_links.page(shop, ada, language))
    assert f'<html lang="{language}" dir="{direction(language)}">' in page.content.decode()
    assert page.headers["Content-Language"] == language
    assert f"<h1>{words(language)['title']}</h1>" in page.content.decode().replace("&#x27;", "'")


def test_the_persons_wish_decides_and_a_text_in_another_language_says_so(shop, topics, ada, stranger) -> None:
    at = choice_links.page(shop, ada, "de")
    german = stranger.get(at).content.decode()
    assert ("Neues" in german, "Diesen Text gibt es nur auf English." in german) == (True, True)
    assert '<legend><bdi lang="en">Calls</bdi></legend>' in german
    assert "Vos choix" in stranger.get(at + "?lang=fr").content.decode()
    plain = choice_links.page(shop, ada, "")
    assert "Sus decisiones" in stranger.get(plain, headers={"Accept-Language": "es-MX"}).content.decode()
    assert "Your choices" in stranger.get(plain, headers={"Accept-Language": "eo"}).content.decode()


def test_a_link_lapses_and_opens_only_what_it_is_for(shop, topics, ada, stranger, monkeypatch) -> None:
    late = choice_links.page(shop, ada, "en", timedelta(seconds=-1))
    stop = choice_links.stop(shop, ada, topics["news"], "en")
    token = stop.split("/")[-2]
    for at in (late, f"/choices/{token}/", "/choices/nonsense/", f"/choices/confirm/{token}/", "/choices/stop/x/"):
        answer = stranger.post(at, {"topic-news": "yes", "do": "confirm"})
        assert (at, answer.status_code) == (at, 404)
    assert states(shop) == {}
    longest = choice_links.page(shop, ada, "en", timedelta(days=9999)).split("/")[-2]
    ahead = timezone.now() + timedelta(days=91)
    monkeypatch.setattr(choice_links.timezone, "now", lambda: ahead)
    assert choice_links.of_page(longest) is None


def test_who_was_erased_has_no_page(shop, topics, ada, stranger) -> None:
    at = choice_links.page(shop, ada, "en")
    stranger.post(at, {"topic-news": "yes"})
    erasing.erase(shop, "ada@example.org", "x", "asked")
    assert (stranger.get(at).status_code, stranger.post(at, {"topic-news": "yes"}).status_code) == (404, 404)
    assert ChoiceState.objects.count() == 0


def test_the_page_is_kept_nowhere_and_framed_by_nobody(shop, topics, ada, stranger) -> None:
    page = stranger.get(choice_links.page(shop, ada, "en"))
    assert "script" not in page.content.decode()
    names = ("Cache-Control", "Referrer-Policy", "X-Robots-Tag", "X-Frame-Options")
    assert [page.headers[name] for name in names] == ["private, no-store", "no-referrer", "noindex", "DENY"]
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert ConsentRecord.objects.filter(type="choice").count() == 0


def test_what_is_stored_names_the_text_that_was_read(shop, topics, ada, stranger) -> None:
    """New words that come between the look and the press were not read; nor was a text in the page's language that there
    is not."""
    at = choice_links.page(shop, ada, "de")
    form = stranger.get(at).content.decode()
    assert '<input type="hidden" name="wording-news" value="1">' in form
    set_wording(topics["news"], "x", {"en": {"name": "News", "text": "We sell your address."}})
    stranger.post(at, {"topic-news": "yes", "wording-news": "1", "topic-calls": "no", "wording-calls": "1"})
    said = {one["topic"]: (one["value"], one["wording"], one["language"]) for one in queries.history(shop, ada)}
    assert said == {"news": ("yes", 1, "de"), "calls": ("no", 1, "en")}
    stranger.post(at, {"topic-news": "no", "wording-news": "77"})
    assert queries.history(shop, ada)[0]["wording"] == 2


def test_words_that_ask_for_something_else_are_answered_anew(shop, topics, ada, stranger) -> None:
    at = choice_links.page(shop, ada, "en")
    stranger.post(at, {"topic-news": "yes"})
    set_wording(topics["news"], "x", {"en": {"name": "News", "text": "Partners write."}}, asks_again=True)
    assert 'value="yes" aria-describedby="text-news"\n  > Yes' in stranger.get(at).content.decode()
    stranger.post(at, {"topic-news": "yes", "wording-news": "2"})
    assert (queries.history(shop, ada)[0]["wording"], len(queries.history(shop, ada))) == (2, 2)


def test_what_wants_a_confirmed_address_is_agreed_to_here_only_once_it_is(shop, topics, ada, stranger) -> None:
    change_topic(topics["news"], "x", double_opt_in=True)
    at = choice_links.page(shop, ada, "en")
    assert words("en")["by_mail"] in stranger.post(at, {"topic-news": "yes"}).content.decode()
    assert states(shop) == {}
    row, _ = confirming.ask(shop, topics["news"], identifier="ada@example.org", address="a@example.org", language="en")
    confirming.confirm(row)
    for value in ("no", "yes"):
        stranger.post(at, {"topic-news": value})
        assert states(shop) == {"news": value}
