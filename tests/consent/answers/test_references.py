"""A refusal that was said to an earlier system is found by its number there, which is stored nowhere."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.answers import references
from consent.models import ConsentRecord, LogEntry, Site
from tests import corpus
from tests.values import present

pytestmark = pytest.mark.django_db
NUMBER = "8C1D7A52-0B6E-4F3A-9D21-5E7F0A3B2C41"
NONE = {"categories": {"C0001": "granted", "C0002": "denied", "C0004": "denied"}}


def post(client, **changes):
    body = (
        corpus.DATA["body"] | {"id": str(uuid.uuid4()), "visitor": None, "action": "import", "choices": NONE} | changes
    )
    return client.post("/api/v1/consents", json.dumps(body), "text/plain", headers={"Origin": "https://shop.example"})


def test_a_refusal_is_found_by_its_number_and_the_number_is_nowhere(client, settings):
    site = corpus.make_world()
    assert [post(client, reference=number).status_code for number in (NUMBER, "other", NUMBER)] == [201, 201, 201]
    assert post(client).status_code == 201
    found = references.found(site, f" {NUMBER.lower()} ")
    assert [row.index for row in found] == [2, 0]
    assert [row.index for row in references.found(site, "other")] == [1]
    assert references.found(site, "nobody's") == []
    kept = [*ConsentRecord.objects.values_list("payload", "visitor"), *LogEntry.objects.values_list("record_id")]
    assert NUMBER.lower() not in repr(kept).lower()
    assert json.loads(present(found[0].payload))["reference"] == references.hashed(str(site.uuid), NUMBER)
    # Another key gives another hash, and the one that was before still finds it.
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert len(references.found(site, NUMBER)) == 2
    settings.SECRET_KEY_FALLBACKS = []
    assert references.found(site, NUMBER) == []


def test_two_sites_can_not_be_joined_by_it():
    assert references.hashed("one", NUMBER) != references.hashed("two", NUMBER)


def test_another_site_s_is_not_found(client):
    corpus.make_world()
    post(client, reference=NUMBER)
    assert references.found(Site.objects.exclude(uuid=corpus.DATA["site"]).get(), NUMBER) == []


def test_an_erased_one_is_not_found(client):
    site = corpus.make_world()
    post(client, reference=NUMBER)
    from consent.ledger import erasure

    erasure.erase(site, record_id=ConsentRecord.objects.get().record_id, actor="alice", reason="asked")
    assert references.found(site, NUMBER) == []


@pytest.mark.parametrize(
    "changes", [{"action": "reject_all", "reference": NUMBER}, {"reference": ""}, {"reference": "x" * 101}, {"reference": "\u202e"}]
)  # fmt: skip
def test_no_other_answer_has_one(client, changes):
    corpus.make_world()
    got = post(client, **changes)
    assert (got.status_code, got.json()["field"]) == (400, "reference")


def test_looking_for_a_number_reads_no_other_answers(client):
    """What a stranger types into a request must not read a log of millions: the database goes by the index."""
    corpus.make_world()
    post(client, reference=NUMBER)
    asked = str(uuid.uuid4())
    with CaptureQueriesContext(connection) as seen:
        references.found(Site.objects.get(uuid=corpus.DATA["site"]), asked)
    [statement] = [query["sql"] for query in seen if "consent_consentrecord" in query["sql"]]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a table of few rows is read whole by preference
            cursor.execute("EXPLAIN " + statement.replace("%", "%%"), [])
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "substring" in plan.partition("Index Cond")[2].partition("\n")[0], plan
        else:
            cursor.execute("EXPLAIN QUERY PLAN " + statement.replace("%", "%%"), [])
            assert "record_by_reference" in repr(cursor.fetchall())
