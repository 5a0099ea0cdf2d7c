"""Drafts are rewritten; a version is published once, is in the ledger, and is never changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from consent.common import InvalidChange
from consent.ledger import checkpoint
from consent.models import AuditEvent, Document, DocumentText, DocumentVersion, LogEntry
from consent.policies import actions, markdown, queries
from consent.policies import verify as policies
from consent.publishing.verify import verify
from consent.sites.actions import create_site
from consent.sites.models import Site
from tests.consent.policies.sample_documents import WHO, published, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db) -> Site:
    return create_site(["shop.example"], WHO, name="Tea shop", languages=["en", "de"])


def logged(site: Site) -> list[dict]:
    entries = LogEntry.objects.filter(site_id=site.pk, type="document").order_by("index")
    return list(checkpoint.payloads(site.pk, entries).values())


def refused(call, *args, **more) -> str:
    with pytest.raises(InvalidChange) as error:
        call(*args, **more)
    return str(error.value)


def test_a_version_is_an_entry_of_the_ledger_with_the_hash_of_each_text(shop):
    document = written(shop)
    actions.save_draft(document, WHO, "de", title="Wie wir Daten nutzen", text="Wir behalten Logs 30 Tage.")
    version = actions.publish_version(document, WHO, base=0)
    [record] = logged(shop)
    said = {name: record[name] for name in ("document", "kind", "version", "original", "texts", "summary",
                                            "effective_on", "published_by")}  # fmt: skip
    assert said == {
        "document": "data", "kind": "privacy", "version": 1, "original": "en", "summary": {}, "effective_on": "",
        "published_by": WHO, "texts": {
            "en": markdown.digest("How we use data", "We keep logs for 30 days."),
            "de": markdown.digest("Wie wir Daten nutzen", "Wir behalten Logs 30 Tage."),
        },
    }  # fmt: skip
    assert (version.number, version.effective_at, version.entry) == (1, version.published_at, logged_index(shop))
    assert verify(shop).wrong == []
    assert list(AuditEvent.objects.filter(site=shop, verb__startswith="document").order_by("pk").values_list(
        "verb", flat=True)) == ["document.add", "document.edit", "document.edit", "document.publish"]  # fmt: skip


def logged_index(site: Site) -> int:
    return LogEntry.objects.get(site_id=site.pk, type="document").index


def test_the_same_text_is_published_once_and_each_change_says_what_it_is(shop):
    document = written(shop)
    published(document)
    assert refused(actions.publish_version, document, WHO, base=1) == "Nothing differs from version 1."
    actions.save_draft(document, WHO, "en", text="We keep logs for 90 days.")
    assert refused(actions.publish_version, document, WHO, base=1).startswith("Say in a few words what changed")
    actions.save_draft(document, WHO, "en", summary="Logs are kept longer.")
    assert refused(actions.publish_version, document, WHO, base=0) == (
        "Version 1 was published meanwhile: look at it first."
    )
    version = actions.publish_version(document, WHO, base=1)
    assert (version.number, version.texts["en"]["summary"]) == (2, "Logs are kept longer.")
    assert document.drafts.get().summary == ""
    assert len(logged(shop)) == 2


def test_a_published_version_is_neither_changed_nor_deleted(shop):
    version = published(written(shop))
    for change in (
        lambda: DocumentVersion.objects.filter(pk=version.pk).update(texts={}),
        lambda: DocumentVersion.objects.filter(pk=version.pk).update(number=7),
        lambda: DocumentVersion.objects.filter(pk=version.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert refused(actions.delete_document, version.document, WHO).startswith("What was published stays")
    assert DocumentVersion.objects.get() == version


def test_a_version_takes_effect_by_itself_on_its_day(shop):
    document = written(shop)
    first = published(document)
    day = timezone.now().date() + timedelta(days=10)
    second = published(document, "We keep logs for 90 days.", effective_on=day)
    versions = [first, second]
    before, after = second.effective_at - timedelta(seconds=1), second.effective_at
    assert second.effective_at.isoformat() == f"{day.isoformat()}T00:00:00+00:00"
    assert queries.in_force_of(versions) == first
    assert (queries.in_force_of(versions, before), queries.in_force_of(versions, after)) == (first, second)
    assert queries.in_force(shop, after) == [second]
    assert queries.in_force(shop, after, before=second.entry) == [first]
    assert queries.in_force_of(versions, first.effective_at - timedelta(days=1)) is None
    assert queries.replaced_at(first, versions) == second.effective_at
    third = published(document, "We keep none.")
    assert queries.in_force_of([*versions, third], after) == third  # a later number wins, whenever the other begins
    assert refused(published, document, "We keep some.", effective_on=timezone.now().date()) == (
        "The day must lie ahead; without one, the version is in force at once."
    )


def test_what_is_missing_is_said_before_anything_is_published(shop):
    document = actions.add_document(shop, WHO, kind="terms", title="Terms", language="en")
    assert refused(actions.publish_version, document, WHO, base=0) == "There is no text yet in en."
    actions.save_draft(document, WHO, "en", text="Be kind.")
    actions.save_draft(document, WHO, "de", title="Bedingungen")
    assert refused(actions.publish_version, document, WHO, base=0) == "There is no text yet in de."
    actions.remove_language(document, WHO, "de")
    assert refused(actions.remove_language, document, WHO, "en").startswith("The original stays")
    assert refused(actions.publish_version, document, WHO, base=0, material=["category C0002"]) == (
        "A first version changes nothing of which people were told."
    )
    assert actions.publish_version(document, WHO, base=0).number == 1
    assert refused(published, document, "Be kinder.", material=("category C0002",)) == (
        "Say in a sentence why people are asked again."
    )
    assert refused(published, document, "Be kinder.", why="It changed.", material=("category C0001",)) == (
        "Nobody is asked about category C0001."
    )
    assert len(logged(shop)) == 1


def test_a_draft_refuses_links_that_lead_nowhere(shop):
    document = written(shop)
    assert refused(actions.save_draft, document, WHO, "en", text="[a](/terms)").startswith(
        "These links lead nowhere: /terms."
    )
    assert DocumentText.objects.get().text == "We keep logs for 30 days."
    assert refused(actions.save_draft, document, WHO, "fr", text="x") == "The site does not speak fr."


def test_no_address_of_a_document_has_a_word_that_lists_of_ad_blockers_name(shop):
    kinds = [actions.add_document(shop, WHO, kind=kind, title="x", language="en").key
             for kind in ("privacy", "cookies", "terms", "other", "privacy")]  # fmt: skip
    assert kinds == ["data", "storage", "terms", "text", "data-2"]
    assert refused(actions.add_document, shop, WHO, kind="other", title="x", language="en", key="cookie-list") == (
        "Lists of ad blockers hide addresses with “cookie” in them: choose another name."
    )
    assert refused(actions.add_document, shop, WHO, kind="other", title="x", language="en", key="a b") == (
        "key: Use small letters, digits and hyphens."
    )
    assert refused(actions.add_document, shop, WHO, kind="other", title="x", language="en", key="terms") == (
        "There is a document named terms already."
    )
    actions.delete_document(Document.objects.get(key="text"), WHO)
    assert shop.documents.count() == 4


def test_a_visitor_gets_their_language_or_the_original(shop):
    document = written(shop)
    actions.save_draft(document, WHO, "de", title="Daten", text="x")
    version = published(document)
    assert [queries.language_for(version, wishes) for wishes in (("de-AT",), ("fr", "de"), ("fr",), ())] == [
        "de", "de", "en", "en",
    ]  # fmt: skip


def test_verification_names_a_version_that_the_ledger_does_not_know(shop):
    version = published(written(shop))
    assert list(policies.wrong(shop, {})) == ["Version 1 of the document data: the ledger has no entry for it."]
    assert version.number == 1


def test_nobody_replaces_or_publishes_what_they_have_not_seen(shop):
    document = written(shop)
    mine = actions.state_of(queries.draft_texts(document))
    actions.save_draft(document, WHO, "en", text="Bob wrote this.", seen=mine)
    assert refused(actions.save_draft, document, WHO, "en", text="I write this.", seen=mine).startswith(
        "Somebody else has saved this text meanwhile."
    )
    assert refused(actions.publish_version, document, WHO, base=0, seen=mine).startswith("Somebody has changed")
    actions.save_draft(document, WHO, "de", title="Daten", text="x", seen=actions.state_of({}))
    assert actions.publish_version(document, WHO, base=0, seen=actions.state_of(queries.draft_texts(document))).number


def test_a_material_change_is_not_lost_when_its_version_never_comes_into_force(shop):
    document = written(shop)
    published(document)
    mail = ("category C0002",)
    day = timezone.now().date() + timedelta(days=10)
    published(document, "We count visits.", why="We count.", effective_on=day, material=mail)
    late = published(document, "We count all visits.", effective_on=day + timedelta(days=1))
    assert late.number == 3
    assert "Version 2 was to ask people again about category C0002" in refused(published, document, "We count. So.")
    asked = published(document, "We count visits now.", why="We count.", material=mail)
    assert queries.material_changes(shop) == [asked]
    published(document, "We count each.", why="We count.", effective_on=day, material=mail)
    actions.save_draft(document, WHO, "en", text="We count nothing.", summary="Taken back.")
    taken_back = actions.publish_version(document, WHO, base=5, takes_back=True)
    assert (taken_back.number, queries.announced(document), queries.material_changes(shop)) == (6, [], [asked])
