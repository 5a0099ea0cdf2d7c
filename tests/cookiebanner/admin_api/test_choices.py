"""Choices beyond cookies by the API: in from apps and back ends, out to other systems, links, mails, imports."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.core import mail
from django.utils import timezone

from consent.answers import feeds
from consent.jobs import registry, runner
from consent.models import ChoiceState, LogEntry, PendingChoice
from consent.preferences import subjects
from consent.sites.actions import change_settings
from cookiebanner.staff import choice_links
from tests.values import present

pytestmark = pytest.mark.django_db
TEXTS = {"en": {"name": "News", "text": "Offers, twice a month."}}
TOPIC = {"key": "news", "kind": "email", "basis": "opt_in", "texts": TEXTS}
YES = {"id": "ada@example.org", "topic": "news", "value": "yes", "at": "2026-05-01T10:00:00Z", "method": "app"}


@pytest.fixture
def api(program):
    made = program()
    assert made.post("topics", TOPIC).status_code == 201
    return made


def told(api, *choices: dict) -> list[dict]:
    answer = api.post("choices", {"choices": list(choices)})
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def test_a_topic_is_made_worded_changed_and_ended(api) -> None:
    first = api.get("topics/news").json()
    assert (first["version"], first["texts"], first["ended_at"]) == (1, TEXTS, None)
    again = {"texts": {"en": {"name": "News", "text": "Daily."}}}
    worded = api.ask("PUT", "topics/news/wording", again)
    assert worded.json()["code"] == "if_match_needed"
    worded = api.ask("PUT", "topics/news/wording", again, If_Match=api.get("topics/news").headers["ETag"])
    assert (worded.json()["version"], worded.json()["texts"]) == (2, again["texts"])
    assert api.change("PATCH", "topics/news", {"order": 3}).json()["order"] == 3
    assert api.change("DELETE", "topics/news").json()["ended_at"] is not None
    assert api.post("topics", TOPIC).json()["code"] == "refused"
    assert [one["key"] for one in api.get("topics").json()["items"]] == ["news"]


def test_each_choice_is_judged_by_itself(api, shop) -> None:
    ada = str(subjects.subject_of(shop, "ada@example.org"))
    items = told(api, YES | {"wording": 1}, YES | {"topic": "other"}, YES | {"value": "no", "at": "2026-04-01"})
    assert [(one["status"], one["subject"], one["why"]) for one in items] == [
        ("created", ada, ""), ("refused", None, "There is no topic 'other'."), ("older", ada, ""),
    ]  # fmt: skip
    assert told(api, YES | {"wording": 1})[0] == items[0] | {"status": "replayed"}
    assert ChoiceState.objects.get().value == "yes"
    assert api.post("choices", {"choices": [YES | {"ip": "1.2.3.4"}]}).json()["errors"] == [
        {"pointer": "#/choices/0/ip", "detail": "There is no such field."}
    ]


def test_who_sends_a_choice_is_told_where_its_receipt_is(api, client) -> None:
    bad, yes = told(api, YES | {"topic": "other"}, YES)
    proof = client.get(yes["receipt"]).json()
    assert (bad["receipt"], proof["id"], proof["index"]) == ("", yes["record"], yes["index"])
    [news] = api.get(f"choices/{yes['subject']}").json()["topics"]
    assert news["receipt"] == yes["receipt"]
    api.post("choices/erasures", {"id": "ada@example.org"})
    [again], [nobody] = told(api, YES), api.post("choices/find", {"id": "c-9"}).json()["topics"]
    assert (again["status"], again["receipt"], nobody["receipt"]) == ("suppressed", "", "")


def test_an_idempotency_key_makes_it_once(api) -> None:
    first = api.post("choices", {"choices": [YES]}, Idempotency_Key="k1")
    second = api.post("choices", {"choices": [YES]}, Idempotency_Key="k1")
    assert (second.headers["Idempotency-Replayed"], second.json()) == ("true", first.json())
    assert LogEntry.objects.filter(type="choice").count() == 1


def test_other_systems_read_how_somebody_stands_and_what_changed(api) -> None:
    [yes] = told(api, YES)
    found = api.post("choices/find", {"id": "Ada@example.org"}).json()
    assert found == api.get(f"choices/{yes['subject']}").json()
    [news] = found["topics"]
    assert {name: news[name] for name in ("topic", "standing", "because", "value", "index")} == {
        "topic": "news", "standing": "granted", "because": "said", "value": "yes", "index": yes["index"],
    }  # fmt: skip
    page = api.get("choices?limit=1").json()
    assert ([one["id"] for one in page["items"]], page["cursor"]) == ([yes["record"]], yes["index"])
    assert api.get(f"choices?after={page['cursor']}").json() == {"items": [], "cursor": page["cursor"]}
    [no] = told(api, YES | {"value": "no", "at": "2026-05-02"})
    changed = api.get(f"choices?after={page['cursor']}").json()
    assert [(one["value"], one["subject"], one["topic"]) for one in changed["items"]] == [("no", no["subject"], "news")]
    [nobody] = api.post("choices/find", {"id": "c-9"}).json()["topics"]
    assert (nobody["standing"], nobody["because"]) == ("denied", "not_asked")


def test_links_and_the_headers_of_rfc_8058(api, shop, settings) -> None:
    settings.FAIRGATE_URL = "https://consent.example.net"
    made = api.post("choices/links", {"id": "ada@example.org", "topic": "news", "language": "de"}).json()
    assert made["headers"] == {
        "List-Unsubscribe": f"<{made['unsubscribe']}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }  # fmt: skip
    assert {made[name].partition("/choices/")[0] for name in ("page", "unsubscribe")} == {settings.FAIRGATE_URL}
    person = present(choice_links.of_page(made["page"].split("/")[-2]))
    assert (person.subject, person.language) == (UUID(made["subject"]), "de")
    assert choice_links.of_stop(made["page"].split("/")[-2]) is None
    assert choice_links.of_page(made["unsubscribe"].split("/")[-2]) is None
    assert "ada" not in json.dumps(made)
    settings.FAIRGATE_URL = ""
    assert api.post("choices/links", {"id": "c"}).json()["code"] == "refused"


def test_double_opt_in_sends_one_mail_with_a_link_that_confirms(api, shop, settings) -> None:
    settings.FAIRGATE_URL = "https://consent.example.net"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    body = {"id": "c-1", "topic": "news", "address": "ada@example.org", "language": "de", "source": "footer"}
    asked = api.post("choices/confirmations", body)
    assert (asked.status_code, api.post("choices/confirmations", body).json()) == (202, asked.json())
    registry.discover()
    runner.work_off(queue="work")
    [sent] = mail.outbox
    assert (sent.to, sent.subject.endswith("bitte „News“ bestätigen")) == (["ada@example.org"], True)
    [link] = [line for line in sent.body.splitlines() if line.startswith("https://")]
    row = choice_links.of_confirm(link.split("/")[-2])
    assert row == PendingChoice.objects.get()
    assert LogEntry.objects.filter(type="choice").count() == 0
    PendingChoice.objects.update(asked_at=timezone.now() + timedelta(seconds=1))  # asked for anew: another link
    assert choice_links.of_confirm(link.split("/")[-2]) is None


def test_an_import_runs_in_the_background_and_says_how_it_ended(api, settings, tmp_path) -> None:
    settings.FAIRGATE_DATA = tmp_path
    content = "id,topic,value,at\nc-1,news,yes,2019-05-01\nc-2,news,maybe,2019-05-01\n"
    begun = api.post("choices/imports", {"name": "crm", "format": "csv", "source": "CRM", "content": content})
    assert (begun.status_code, begun.json()["state"]) == (202, "waiting")
    registry.discover()
    runner.work_off(queue="work")
    [row] = api.get("choices/imports").json()["items"]
    assert [row[name] for name in ("state", "rows", "stored", "refused", "read")] == ["done", 2, 1, 1, len(content)]


def test_an_erasure_keeps_the_person_out(api) -> None:
    [yes] = told(api, YES)
    assert api.post("choices/erasures", {"id": "ada@example.org"}).json() == {"records": 1, "states": 1}
    assert told(api, YES | {"at": "2026-05-03"})[0]["status"] == "suppressed"
    assert api.post("choices/links", {"id": "ada@example.org"}).json()["code"] == "refused"
    assert [one["erased"] for one in api.get("choices").json()["items"]] == [True]
    assert api.get(f"choices/{yes['subject']}").json()["topics"][0]["because"] == "suppressed"
    assert api.post("choices/erasures", {"id": "c", "reason": "ada@example.org asked"}).json()["code"] == "refused"


def test_a_webhook_is_told_of_choices_in_the_order_of_the_log(api, shop, settings) -> None:
    change_settings(shop, "x", webhook_url="https://hooks.example.net/in")
    told(api, YES)
    hook = feeds.listen(shop, "x", events=["choices"])
    items = told(api, YES | {"value": "no", "at": "2026-05-02"}, YES | {"id": "c-2"})
    places = feeds.next_places(hook, feeds.CHOICES)
    assert places == [one["index"] for one in items]
    rows = feeds.rows(shop, feeds.CHOICES, places)
    assert [(row["subject"], row["topic"], row["value"], row["acted_at"]) for row in rows] == [
        (items[0]["subject"], "news", "no", "2026-05-02T00:00:00.000000Z"),
        (items[1]["subject"], "news", "yes", "2026-05-01T10:00:00.000000Z"),
    ]
    api.post("choices/erasures", {"id": "c-2"})
    assert [row["id"] for row in feeds.rows(shop, feeds.CHOICES, places)] == [items[0]["record"]]
    feeds.mark_told(hook, feeds.CHOICES, places)
    assert feeds.next_places(hook, feeds.CHOICES) == []
