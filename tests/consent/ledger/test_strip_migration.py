"""What an earlier version left in jobs and in the audit trail no longer names a visitor."""

from __future__ import annotations

import json
import uuid
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from consent.ledger.append import append
from consent.models import AuditEvent, Job, LogEntry
from tests import append_only
from tests.consent.ledger.sample_ledger import answer, make_site

strip = import_module("consent.migrations.0008_no_visitor_in_jobs_and_trail").strip


@pytest.mark.django_db
def test_old_deliveries_keep_indexes_and_old_refusals_name_no_visitor():
    site = make_site()
    visitor = uuid.uuid4()
    draft, other = answer(site, visitor=visitor), answer(site, visitor=visitor)
    append([draft, other])
    event = {"id": str(draft.record_id), "index": 1, "visitor": str(visitor), "choices": {"categories": {}}}
    for state in ("waiting", "done", "failed"):
        Job.objects.create(
            kind="optout_webhook", site=site, params={"optouts": [event]}, state=state, run_after=timezone.now()
        )
    Job.objects.create(kind="optout_webhook", site=site, params={"indexes": [2]}, run_after=timezone.now())
    Job.objects.create(kind="screenshots", site=site, params={"release": 1}, run_after=timezone.now())
    for subject in (visitor, draft.record_id, uuid.uuid4(), "somebody"):
        detail = {"subject": str(subject), "ground": "17(3)(e)", "reason": "A claim."}
        AuditEvent.objects.create(site=site, actor="command", verb="erasure.refuse", detail=detail)

    append_only.drop(connection)  # a database that this migrates has no trigger on it yet
    for _ in range(2):  # safe to repeat
        strip(apps, None)

    told = Job.objects.filter(kind="optout_webhook").order_by("pk")
    assert [job.params for job in told] == [{"indexes": [1]}] * 3 + [{"indexes": [2]}]
    assert Job.objects.get(kind="screenshots").state == "cancelled"
    details = list(AuditEvent.objects.order_by("pk").values_list("detail", flat=True))
    assert [detail["indexes"] for detail in details] == [[1, 2], [1], [], []]
    assert {detail["reason"] for detail in details} == {"A claim."}
    everything = json.dumps([details, list(Job.objects.values_list("params", flat=True))])
    assert [text for text in (visitor, draft.record_id, "somebody") if str(text) in everything] == []
    assert LogEntry.objects.count() == 3
