"""Documents by the API: written, compared, published, read; never over what somebody else wrote meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.models import AuditEvent, Document
from consent.policies import markdown
from tests.values import present

pytestmark = pytest.mark.django_db
FIRST = {"title": "How we use data", "text": "We keep logs for 30 days."}
SECOND = {"text": "We keep logs for 90 days.", "summary": "Logs are kept longer.", "why": "Logs are kept longer."}


@pytest.fixture
def api(program):
    made = program()
    answer = made.post("documents", {"kind": "privacy", "title": "Draft", "language": "en"})
    assert (answer.status_code, answer["Location"]) == (201, made.at + "documents/data")
    return made


def written(api, parts: dict) -> None:
    answer = api.change("PUT", "documents/data/draft/en", parts)
    assert answer.status_code == 200, answer.content


def test_from_a_draft_to_versions_and_what_they_changed(api, shop):
    assert api.get("documents").json()["items"] == [
        {"key": "data", "kind": "privacy", "original": "en", "languages": ["en"], "versions": 0, "in_force": None,
         "created_at": api.get("documents/data").json()["created_at"]},
    ]  # fmt: skip
    written(api, FIRST)
    assert api.get("documents/data/draft/en").json() == {"language": "en", "summary": "", "why": "", **FIRST}
    first = api.post("documents/data/versions", {"base": 0})
    assert (first.status_code, first["Location"]) == (201, api.at + "documents/data/versions/1")
    assert first.json()["sha256"] == {"en": markdown.digest(FIRST["title"], FIRST["text"])}
    written(api, SECOND)
    shown = api.get("documents/data/differences").json()
    assert (shown["against"], shown["added"], shown["removed"], shown["more"]) == (1, 1, 1, 0)
    [changed] = shown["paragraphs"]
    assert [(one["kind"], one["text"].strip()) for one in changed["pieces"]] == [
        ("same", "We keep logs for"), ("removed", "30"), ("added", "90"), ("same", "days."),
    ]  # fmt: skip
    day = timezone.now().date() + timedelta(days=2)
    body = {"base": 1, "effective_on": day.isoformat(), "material": ["category C0002"]}
    second = api.post("documents/data/versions", body).json()
    assert (second["material"], second["effective_at"]) == (["category C0002"], f"{day}T00:00:00Z")
    assert second["texts"] == {"en": {"title": FIRST["title"], **SECOND}}
    assert api.get("documents/data/versions/2").json() == second
    items = api.get("documents/data/versions").json()["items"]
    assert [(one["number"], one["replaced_at"]) for one in items] == [(2, None), (1, f"{day}T00:00:00Z")]
    assert api.get("documents/data/versions/2/differences?language=en").json() == shown
    assert {name: api.get("documents/data").json()[name] for name in ("versions", "in_force")} == {
        "versions": 2, "in_force": 1,
    }  # fmt: skip
    told = present(AuditEvent.objects.filter(site=shop).first())
    assert (told.verb, told.detail["number"], told.actor.startswith("CI (token ")) == ("document.publish", 2, True)


def test_nothing_is_written_over_what_was_not_read(api):
    at = "documents/data/draft/en"
    assert api.ask("PUT", at, FIRST).json()["code"] == "if_match_needed"
    old = api.get(at)["ETag"]
    written(api, FIRST)
    assert api.ask("PUT", at, SECOND, If_Match=old).json()["code"] == "changed_meanwhile"
    assert api.get(at, If_None_Match=api.get(at)["ETag"]).status_code == 304
    assert api.ask("DELETE", "documents/data").json()["code"] == "if_match_needed"
    assert api.post("documents/data/versions", {"base": 3}).json()["code"] == "refused"
    assert api.get("documents/data/versions").json()["items"] == []


def test_a_language_is_added_and_taken_out_and_a_draft_deleted(api, shop):
    shop.languages = ["en", "de"]
    shop.save()
    at = "documents/data/draft/de"
    assert api.get(at).status_code == 404
    assert api.ask("PUT", at, {"title": "Daten", "text": "[hier](javascript:1)"}).json()["code"] == "refused"
    assert api.ask("PUT", at, {"title": "Daten"}, If_None_Match="*").status_code == 201
    assert api.get("documents/data").json()["languages"] == ["en", "de"]
    assert api.change("DELETE", at).status_code == 204
    assert api.change("DELETE", "documents/data/draft/en").json()["code"] == "refused"  # the original
    assert api.get("documents/data/differences?language=de").status_code == 404
    assert api.change("DELETE", "documents/data").status_code == 204
    assert not Document.objects.exists()


def test_what_was_published_stays_and_publishing_has_its_own_scope(api, program):
    written(api, FIRST)
    writer = program("view", "edit")
    assert writer.post("documents/data/versions", {"base": 0}).json()["scope"] == "publish"
    assert program("view", "publish").post("documents/data/versions", {"base": 0}).status_code == 201
    assert writer.change("DELETE", "documents/data").json()["code"] == "refused"
    assert writer.get("documents/data/versions/2").status_code == 404
