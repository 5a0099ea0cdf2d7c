"""A record names the versions of the documents that were in force when it was given, by the ledger's order."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from consent.ledger import checkpoint
from consent.ledger.append import append
from consent.models import DocumentVersion
from consent.policies import actions, markdown, queries
from tests.consent.ledger.sample_ledger import answer
from tests.consent.policies.sample_documents import WHO, published, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def answers(shop) -> list:
    """Answers before any document, after its first version, and after its second, a third one being announced."""
    given = [append([answer(shop, language="en")])[0]]
    document = written(shop, title="How we use data")
    actions.save_draft(document, WHO, "en", text="First.")
    published(document)
    given += append([answer(shop, language="en")])
    published(document, "Second.")
    published(document, "Third.", effective_on=timezone.now().date() + timedelta(days=3))
    given += append([answer(shop, language="en")])
    checkpoint.make(shop)
    return given


def test_the_page_of_a_record_names_the_versions_in_force_then(shop, login, answers):
    client = login("dana")
    for outcome, wanted in zip(answers, ([], ["1"], ["2"]), strict=True):
        page = client.get(f"/audit/{shop.uuid}/records/{outcome.index}/")
        body = page.content.decode()
        assert page.status_code == 200
        assert re.findall(rf'href="/v1/{shop.uuid}/read/data/(\d+)/"', body) == wanted


def test_the_receipt_names_them_with_the_hash_of_the_text(shop, client, answers):
    ids = [row["record_id"] for row in records(shop)]
    found = [
        client.get(f"/api/v1/consents/{one}/receipt", headers={"accept": "application/json"}).json() for one in ids
    ]
    versions = {one.number: one for one in DocumentVersion.objects.all()}
    assert [one["documents"] for one in found] == [
        [],
        [{"document": "data", "version": 1, "entry": versions[1].entry,
          "sha256": markdown.digest("How we use data", "First.")}],
        [{"document": "data", "version": 2, "entry": versions[2].entry,
          "sha256": markdown.digest("How we use data", "Second.")}],
    ]  # fmt: skip
    page = client.get(f"/api/v1/consents/{ids[2]}/receipt", headers={"accept": "text/html"}).content.decode()
    assert f'<a href="/v1/{shop.uuid}/read/data/2/en/">№ 2</a>' in page


def records(shop) -> list:
    from consent.models import LogEntry

    rows = LogEntry.objects.filter(site_id=shop.pk, type="consent").order_by("index")
    return list(rows.values("record_id"))


def test_an_answer_in_the_moment_of_a_publication_follows_the_ledgers_order(shop, answers):
    second = DocumentVersion.objects.get(number=2)
    assert [one.number for one in queries.in_force(shop, second.published_at, before=second.entry)] == [1]
    assert [one.number for one in queries.in_force(shop, second.published_at, before=second.entry + 1)] == [2]
