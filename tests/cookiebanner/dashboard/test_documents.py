"""A marketer adds a document, takes a page over, looks at it, sees what changes, and publishes it."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils import timezone

from consent.jobs import registry, runner
from consent.jobs.models import Job
from consent.models import Document, DocumentText, DocumentVersion
from consent.notices.actions import text_of
from consent.sites.actions import change_settings
from tests.consent.policies.sample_documents import published, written
from tests.cookiebanner.dashboard.test_move import Pages

pytestmark = pytest.mark.django_db
PAGE = "<html><body><nav>Menu</nav><main><h1>Privacy</h1><p>We keep <b>logs</b>.<p><img alt=Chart src=x></main></body></html>"


@pytest.fixture
def bob(login):
    return login("bob")


def page(site, rest: str = "") -> str:
    return f"/dashboard/{site.uuid}/documents/{rest}"


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_from_an_empty_list_to_a_version_that_visitors_read(bob, shop, client):
    assert "There is no document yet." in text(bob.get(page(shop)))
    made = bob.post(page(shop), {"kind": "privacy", "title": "Privacy policy", "language": "en"})
    assert made["Location"] == page(shop, "data/")
    looked = bob.post(page(shop, "data/"), {"do": "look", "language": "en", "title": "T", "text": "A *b* <i>c</i>"})
    assert "<p>A <em>b</em> &lt;i&gt;c&lt;/i&gt;</p>" in looked.content.decode()
    assert DocumentText.objects.get().text == ""
    saved = {"do": "save", "language": "en", "title": "Privacy", "text": "We keep logs."}
    assert bob.post(page(shop, "data/"), saved)["Location"] == page(shop, "data/") + "?language=en"
    assert bob.post(page(shop, "data/publish/"), {"base": 0})["Location"] == page(shop, "data/")
    body = text(bob.get(page(shop, "data/")))
    assert "Version 1 is in force since" in body
    assert f"http://testserver/v1/{shop.uuid}/read/data/part.html" in body
    assert "<p>We keep logs.</p>" in client.get(f"/v1/{shop.uuid}/read/data/").content.decode()
    assert "as published" in text(bob.get(page(shop)))


def test_what_a_draft_would_change_is_seen_word_by_word_before_it_is_published(bob, shop):
    published(written(shop, "We keep logs for 30 days.\n\nAnd that is all."))
    bob.post(page(shop, "data/"), {"do": "save", "language": "en", "title": "How we use data",
                                   "text": "We keep logs for 90 days.\n\nAnd that is all.", "summary": ""})  # fmt: skip
    body = bob.get(page(shop, "data/publish/")).content.decode()
    assert re.findall(r"<(ins|del)>.*?</span>\s*(\S+?)<span", body, re.S) == [("del", "30"), ("ins", "90")]
    assert "Words added: 1, taken away: 1." in " ".join(body.split())
    assert "And that is all" not in body
    refused = bob.post(page(shop, "data/publish/"), {"base": 1})
    assert "Say in a few words what changed" in text(refused)
    bob.post(page(shop, "data/"), {"do": "save", "language": "en", "title": "How we use data",
                                   "text": "We keep logs for 90 days.", "summary": "Longer."})  # fmt: skip
    day = (timezone.now() + timedelta(days=5)).date()
    assert bob.post(page(shop, "data/publish/"), {"base": 1, "effective_on": day.isoformat()}).status_code == 302
    assert (DocumentVersion.objects.get(number=2).effective_on, DocumentVersion.objects.count()) == (day, 2)
    again = bob.post(page(shop, "data/publish/"), {"base": 1})
    assert "Version 2 was published meanwhile" in text(again)
    idle = text(bob.get(page(shop, "data/publish/")))
    assert ("there is nothing to publish" in idle, "Say what it changes" in idle, idle.count("In force from")) == (
        True, False, 0,
    )  # fmt: skip
    assert "Look at the changes and publish" not in text(bob.get(page(shop, "data/")))


def test_the_second_of_two_editors_is_told_before_they_replace_or_publish(bob, shop):
    written(shop)
    form = {"language": "en", "title": "How we use data", "text": "I write.", "summary": "", "why": ""}
    seen = bob.get(page(shop, "data/")).context["seen"]
    look, published_as = page(shop, "data/publish/"), bob.get(page(shop, "data/publish/")).context["seen"]
    bob.post(page(shop, "data/"), {"do": "save", **form, "text": "They write.", "seen": seen})
    looked = bob.post(page(shop, "data/"), {"do": "look", **form, "seen": seen})
    refused = bob.post(page(shop, "data/"), {"do": "save", **form, "seen": looked.context["seen"]})
    assert ("Somebody else has saved this text" in text(refused), "I write." in text(refused)) == (True, True)
    assert DocumentText.objects.get().text == "They write."
    again = bob.post(look, {"base": 0, "seen": published_as})
    assert ("Somebody has changed the draft meanwhile" in text(again), DocumentVersion.objects.count()) == (True, 0)
    assert bob.post(look, {"base": 0, "seen": again.context["seen"]}).status_code == 302
    assert bob.post(page(shop, "data/"), {"do": "save", **form, "seen": refused.context["seen"]}).status_code == 302


@pytest.mark.parametrize("way", ["pasted", "file", "address"])
def test_a_page_is_taken_over_into_the_form_and_what_was_lost_is_said(bob, shop, way):
    written(shop, "Before.")
    served = Pages({"/privacy": (200, "", PAGE.encode())})
    ways: dict[str, dict[str, Any]] = {
        "pasted": {"pasted": PAGE},
        "file": {"file": SimpleUploadedFile("p.html", PAGE.encode(), "text/html")},
        "address": {"address": f"http://127.0.0.1:{served.server_port}/privacy"},
    }
    with override_settings(FAIRGATE_OUTGOING_NETWORKS=["127.0.0.1/32"]):
        found = bob.post(page(shop, "data/"), {"do": "import", "language": "en", **ways[way]})
    served.shutdown()
    served.server_close()
    assert served.asked == (["/privacy"] if way == "address" else [])
    body = found.content.decode()
    assert "We keep **logs**.\n\nChart</textarea>" in body
    assert 'value="Privacy"' in body
    assert "Read, and not saved yet." in body
    assert "1 picture: its description stands there" in body
    assert "<p>We keep <strong>logs</strong>.</p>" in body
    assert DocumentText.objects.get().text == "Before."


def test_an_address_that_may_not_be_reached_is_refused_in_words(bob, shop):
    written(shop)
    found = bob.post(page(shop, "data/"), {"do": "import", "language": "en", "address": "http://127.0.0.1:9/x"})
    assert "which is no public address" in text(found)
    assert "Give an address or a file" in text(bob.post(page(shop, "data/"), {"do": "import", "language": "en"}))


def test_a_named_person_has_read_the_draft_until_it_changes(bob, shop):
    where = page(shop, f"{written(shop).key}/")
    bob.post(where, {"do": "review", "language": "en", "signed_by": "Ann Reader"})
    assert "Ann Reader" in bob.get(where).content.decode()
    bob.post(where, {"do": "save", "language": "en", "title": "How", "text": "Otherwise.", "summary": "", "why": ""})
    assert "Ann Reader" not in bob.get(where).content.decode()
    bob.post(where, {"do": "review", "language": "en", "signed_by": "Ann Reader"})
    bob.post(where, {"do": "review", "language": "en", "undo": "1"})
    assert "Ann Reader" not in bob.get(where).content.decode()


def test_a_language_is_added_and_taken_out_and_a_draft_deleted(bob, shop):
    written(shop)
    assert "There is no text in Deutsch yet" in text(bob.get(page(shop, "data/?language=de")))
    bob.post(page(shop, "data/"), {"do": "save", "language": "de", "title": "Daten", "text": "Kurz."})
    assert sorted(DocumentText.objects.values_list("language", flat=True)) == ["de", "en"]
    bob.post(page(shop, "data/"), {"do": "remove", "language": "de"})
    assert list(DocumentText.objects.values_list("language", flat=True)) == ["en"]
    assert bob.get(page(shop, "data/?language=xx")).status_code == 404
    assert bob.post(page(shop, "data/"), {"do": "delete", "language": "en"})["Location"] == page(shop)
    assert not Document.objects.exists()


def look() -> None:
    """The worker's look for what is to begin, and what it queues."""
    registry.discover()
    Job.objects.create(kind="material_changes", run_after=timezone.now())
    for queue in (registry.UPKEEP, registry.DAILY, registry.WORK):
        runner.work_off(queue=queue)


def test_the_worker_begins_a_material_change_and_tells_of_one_that_waits(bob, shop):
    document = written(shop)
    published(document)
    change_settings(shop, "alice@example.net", publish_needs_approval=True)
    published(document, "We count.", why="We count.", material=("category C0002",))
    look()
    assert shop.releases.count() == 1
    [notice] = shop.notices.filter(ended_at=None, kind="material_change")
    needed = "Releases of this site need a second person's approval: ask for one, the draft holds the change."
    assert text_of(notice) == (f"How we use data, version 2, is in force, and nobody is asked again yet. {needed}")
    assert f"How we use data, version 2: nobody is asked again yet. {needed} Releases" in html.unescape(
        text(bob.get(page(shop)))
    )
    look()
    assert Job.objects.filter(kind="watch").count() == 1  # told once
    change_settings(shop, "alice@example.net", publish_needs_approval=False)
    assert "nobody is asked again yet. A release that does, and changes nothing else," in text(bob.get(page(shop)))
    look()
    look()
    assert list(shop.releases.order_by("number").values_list("note", flat=True))[1:] == ["How we use data, version 2"]
    assert "nobody is asked again yet" not in text(bob.get(page(shop)))
