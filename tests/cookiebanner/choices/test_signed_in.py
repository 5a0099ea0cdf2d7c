"""The choices of a visitor whom the site has signed in, as the banner asks for them and changes them."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone
from msgspec import structs

from consent.common import InvalidChange
from consent.models import ConsentRecord, LogEntry, PendingChoice
from consent.preferences import erasing, queries
from consent.preferences.actions import add_topic, end_topic, set_wording
from consent.preferences.collecting import Offer, choice_of, collect
from consent.preferences.schema import ChoicesShown, TopicShown
from consent.preferences.subject_tokens import end_key, make_key
from consent.preferences.verify import wrong
from cookiebanner.public_api import choices
from tests.consent.preferences.tokens import subject_token
from tests.cookiebanner.choices.conftest import CALLS, NEWS, states

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"
STATE, CHANGE = "/api/v1/choices/state", "/api/v1/choices"
HOME = "https://www.shop.example"


@pytest.fixture
def key(shop) -> str:
    return make_key(shop, "alice@example.net")[1]


class Browser:
    """A page of the shop's on which somebody is signed in."""

    def __init__(self, site, key: str, person: str = ADA, origin: str = HOME, **claims: Any) -> None:
        self.site, self.origin = str(site.uuid), origin
        self.token = subject_token()(key, self.site, person, **claims)
        self.client = Client()

    def post(self, path: str, **body: Any) -> Any:
        said = {"site": self.site, "token": self.token, **body}
        headers = {"Origin": self.origin, "Accept-Language": "fr"}
        return self.client.post(path, json.dumps(said), content_type="text/plain", headers=headers)

    def state(self, language: str = "en") -> dict[str, Any]:
        answer = self.post(STATE, language=language)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def say(self, act: Any = None, **values: str) -> dict[str, Any]:
        said = [{"topic": topic, "value": value, "wording": 1} for topic, value in values.items()]
        answer = self.post(CHANGE, id=str(act or uuid4()), choices=said, language="de")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def refused(self, path: str = STATE, **body: Any) -> tuple[int, str]:
        answer = self.post(path, **body)
        assert set(answer.json()) >= {"code", "title", "status"}
        return answer.status_code, answer.json()["code"]


@pytest.fixture
def visitor(shop, topics, key) -> Browser:
    return Browser(shop, key)


def outcome(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["topic"], one["status"], one["why"]) for one in answer["taken"]]


def test_the_state_is_shown_in_the_visitor_s_language(visitor) -> None:
    shown = visitor.state("de")
    assert (shown["language"], shown["direction"], shown["texts"]["title"]) == ("de", "ltr", "Ihre Entscheidungen")
    news, calls = shown["topics"]
    assert (news["name"], news["value"], news["standing"], news["because"]) == ("Neues", "", "denied", "not_asked")
    assert (calls["standing"], calls["language"], calls["remark"]) == (
        "granted", "en", "Diesen Text gibt es nur auf English.",
    )  # fmt: skip
    assert (visitor.state("ar")["direction"], visitor.state("")["texts"]["yes"]) == ("rtl", "Oui")


def test_what_is_said_is_an_entry_with_a_receipt_and_a_no_is_as_easy(shop, visitor, ada) -> None:
    answer = visitor.say(news="yes", calls="no")
    assert outcome(answer) == [("news", "created", ""), ("calls", "created", "")]
    assert states(shop) == {"calls": "no", "news": "yes"}
    news = answer["topics"][0]
    assert (news["value"], news["standing"]) == ("yes", "granted")
    assert news["since"].startswith("Seit ")
    receipt = Client().get(news["receipt"])
    assert (receipt.status_code, json.loads(receipt.json()["record"])["action"]) == (200, "yes")
    event = queries.history(shop, ada)[0]
    assert (event["method"], event["source"], event["wording"], event["language"]) == (
        "signed_in", "www.shop.example", 1, answer["topics"][1]["language"],
    )  # fmt: skip
    assert "key" in event["evidence"]
    assert outcome(visitor.say(news="no")) == [("news", "created", "")]
    assert outcome(visitor.say(news="no")) == [("news", "unchanged", "")]
    assert states(shop) == {"calls": "no", "news": "no"}
    assert wrong(shop) == []


def test_an_act_that_comes_again_brings_nothing_back(shop, visitor) -> None:
    act = uuid4()
    visitor.say(act, news="yes")
    assert outcome(visitor.say(act, news="yes")) == [("news", "unchanged", "")]
    visitor.say(news="no")
    count = LogEntry.objects.filter(type="choice").count()
    assert outcome(visitor.say(act, news="yes")) == [("news", "replayed", "")]
    assert (states(shop), LogEntry.objects.filter(type="choice").count()) == ({"news": "no"}, count)
    visitor.say(news="yes")
    assert outcome(visitor.say(act, news="no")) == [("news", "conflict", "")]
    assert states(shop) == {"news": "yes"}


def test_another_s_act_under_the_same_number_is_their_own(shop, key, visitor) -> None:
    act = uuid4()
    visitor.say(act, news="yes")
    eve = Browser(shop, key, "eve@example.org")
    assert [one["value"] for one in eve.state()["topics"]] == ["", ""]
    assert outcome(eve.say(act, news="no")) == [("news", "created", "")]
    assert [one["value"] for one in visitor.state()["topics"]] == ["yes", ""]
    swapped = {
        "id": str(act),
        "choices": [{"topic": "news", "value": "no", "wording": 1}],
        "subject": "eve@example.org",
    }
    assert visitor.refused(CHANGE, **swapped) == (400, "unknown_field")


def test_the_later_act_wins_whichever_door_it_came_by(shop, visitor, ada) -> None:
    def by_api(value: str, at: str) -> str:
        fields = {"id": ADA, "topic": "news", "value": value, "at": at, "method": "app", "wording": 1}
        now = timezone.now()
        return collect(Offer.of(shop), [choice_of(Offer.of(shop), fields, now)], now)[0].status

    assert by_api("no", "2026-01-01T10:00:00Z") == "created"
    assert outcome(visitor.say(news="yes")) == [("news", "created", "")]
    assert by_api("no", "2026-01-02T10:00:00Z") == "older"
    assert states(shop) == {"news": "yes"}


def test_a_parent_and_a_double_opt_in_agree_in_their_own_way(shop, topics, key, mailbox) -> None:
    add_topic(shop, "x", key="child", kind="parental", basis="opt_in", texts=CALLS)
    add_topic(shop, "x", key="letter", kind="email", basis="opt_in", double_opt_in=True, texts=NEWS)
    visitor = Browser(shop, key)
    assert [one["way"] for one in visitor.state()["topics"]] == ["here", "here", "parent", "elsewhere"]
    assert outcome(visitor.say(child="yes", letter="yes")) == [
        ("child", "refused", "parent"), ("letter", "refused", "confirmation"),
    ]  # fmt: skip
    assert outcome(visitor.say(child="no")) == [("child", "created", "")]
    known = Browser(shop, key, email=ADA)
    answer = known.say(letter="yes")
    assert (outcome(answer), answer["topics"][3]["waits"]) == ([("letter", "mailed", "")], True)
    assert "letter" not in states(shop)
    known.client.post(mailbox.link(ADA), {"do": "confirm"})
    assert (states(shop)["letter"], PendingChoice.objects.count()) == ("yes", 0)
    assert outcome(visitor.say(letter="no")) == [("letter", "created", "")]


def test_cpni_by_opt_out_counts_the_days_here_too(shop, key) -> None:
    add_topic(shop, "x", key="records", kind="cpni", basis="opt_out", channel="email", texts=CALLS)
    visitor = Browser(shop, key)
    assert [(one["standing"], one["because"]) for one in visitor.state()["topics"]] == [("denied", "no_notice")]
    now = timezone.now()
    fields = {"id": ADA, "topic": "records", "value": "notice", "at": now.isoformat(), "method": "mail", "wording": 1}
    collect(Offer.of(shop), [choice_of(Offer.of(shop), fields, now)], now)
    [waiting] = visitor.state()["topics"]
    assert (waiting["standing"], waiting["because"], waiting["value"]) == ("waiting", "waiting_period", "")
    visitor.say(records="no")
    assert [(one["standing"], one["value"]) for one in visitor.state()["topics"]] == [("denied", "no")]


def test_only_the_wording_and_the_topics_that_there_are(shop, topics, visitor) -> None:
    set_wording(topics["news"], "x", {"en": {"name": "News", "text": "Offers, once a month."}})
    assert visitor.state()["topics"][0]["wording"] == 2
    assert outcome(visitor.say(news="yes", nothing="yes")) == [
        ("news", "created", ""),
        ("nothing", "refused", "unknown_topic"),
    ]
    answer = visitor.post(CHANGE, id=str(uuid4()), choices=[{"topic": "calls", "value": "no", "wording": 9}])
    assert outcome(answer.json()) == [("calls", "refused", "unknown_wording")]
    end_topic(topics["calls"], "x")
    assert [one["key"] for one in visitor.state()["topics"]] == ["news"]
    assert outcome(visitor.say(calls="no")) == [("calls", "refused", "unknown_topic")]


def test_who_was_erased_is_shown_and_kept_nothing(shop, visitor) -> None:
    visitor.say(news="yes")
    erasing.erase(shop, ADA, "x", "asked")
    assert visitor.refused() == (410, "erased")
    assert visitor.refused(CHANGE, id=str(uuid4()), choices=[{"topic": "news", "value": "yes", "wording": 1}]) == (
        410, "erased",
    )  # fmt: skip
    assert not ConsentRecord.objects.filter(type="choice", payload__isnull=False).exists()


def test_only_the_site_s_own_pages_ask(shop, foreign, topics, key) -> None:
    for origin in ("https://zebracorn.example", "https://evil.test", "null", "https://shop.example.evil.test"):
        other = Browser(shop, key, origin=origin)
        assert other.refused() == (403, "origin_not_allowed")
        answer = other.post(STATE)
        assert b"News" not in answer.content
    theirs = Browser(foreign, make_key(foreign, "charlie@example.net")[1], origin=HOME)
    assert theirs.refused() == (403, "origin_not_allowed")
    theirs.site = str(shop.uuid)  # another site's token on the shop's own page
    assert theirs.refused() == (403, "token_refused")
    assert Browser(shop, key).post(STATE).headers["Access-Control-Allow-Origin"] == HOME
    assert "Access-Control-Allow-Credentials" not in Browser(shop, key).post(STATE).headers
    assert Client().get(STATE).status_code == 405


def test_a_token_that_proves_nothing_gets_nothing(shop, visitor, key) -> None:
    good = visitor.token
    with time_machine.travel(timezone.now().timestamp() + 700, tick=True):
        assert visitor.refused() == (403, "token_refused")
    parts = good.split(".")
    for token in ("nonsense", ".".join([*parts[:3], parts[3][::-1], parts[4]])):
        visitor.token = token
        assert visitor.refused() == (403, "token_refused")
    visitor.token = ""
    assert visitor.refused() == (400, "invalid_field")
    visitor.token = good
    assert visitor.post(STATE).status_code == 200
    end_key(shop, "alice@example.net", key.partition(".")[0])
    assert visitor.refused() == (403, "token_refused")


def test_it_is_as_rare_as_answers_are(visitor, settings) -> None:
    settings.FAIRGATE_RATE_LIMIT = 3
    assert [visitor.post(STATE).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_no_log_and_no_refusal_says_who_it_is(visitor, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    visitor.say(news="yes")
    visitor.token = visitor.token[:-3]
    answer = visitor.post(STATE)
    said = caplog.text + answer.content.decode()
    assert not any(word in said for word in (ADA, "ada", visitor.token[:40]))


def test_the_method_is_ours_alone(shop, topics) -> None:
    fields = {"id": ADA, "topic": "news", "value": "yes", "at": "2026-01-01", "method": "signed_in"}
    with pytest.raises(InvalidChange, match="A method is one of"):
        choice_of(Offer.of(shop), fields, timezone.now())


@pytest.mark.parametrize(("interface", "struct"), [("OwnTopic", TopicShown), ("OwnChoices", ChoicesShown)])
def test_the_types_for_pages_say_what_the_server_answers(interface, struct) -> None:
    types = (Path(settings.BASE_DIR) / "cookiebanner/banner/fairgate.d.ts").read_text()
    [body] = re.findall(rf"interface {interface} {{\n(.*?)\n}}", types, re.S)
    said = re.findall(r"^  (\w+)\??:", body, re.M)
    assert said == [field.name for field in structs.fields(struct)]
    if struct is ChoicesShown:
        assert f"/** {', '.join(choices.TEXTS)}. */" in body
