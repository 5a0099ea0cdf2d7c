"""What an earlier version left outside the ledger, where an erasure did not reach it.

Jobs that tell opt-outs held visitor, record id and choices; they keep the indexes in the log. Lines of the audit trail
about refused erasures named the visitor; they name the indexes. Pictures that still waited to be taken are called off.
"""

from uuid import UUID

from django.db import migrations
from django.utils import timezone

NAMED = 100


def indexes_of(subject, site_id, LogEntry, ConsentRecord):
    try:
        uuid = UUID(str(subject))
    except ValueError:
        return []
    found = set(LogEntry.objects.filter(site_id=site_id, record_id=uuid).values_list("index", flat=True))
    found |= set(ConsentRecord.objects.filter(site_id=site_id, visitor=uuid).values_list("index", flat=True))
    return sorted(found)


def strip(apps, schema_editor):
    Job, AuditEvent = apps.get_model("consent", "Job"), apps.get_model("consent", "AuditEvent")
    LogEntry, ConsentRecord = apps.get_model("consent", "LogEntry"), apps.get_model("consent", "ConsentRecord")
    for job in Job.objects.filter(kind="optout_webhook").order_by("pk").iterator():
        if "optouts" in job.params:
            told = [event.get("index") for event in job.params["optouts"]]
            job.params = {"indexes": [index for index in told if isinstance(index, int)]}
            job.save(update_fields=["params"])
    for event in AuditEvent.objects.filter(verb="erasure.refuse").order_by("pk"):
        if "subject" in event.detail:
            detail = dict(event.detail)
            indexes = indexes_of(detail.pop("subject"), event.site_id, LogEntry, ConsentRecord)
            event.detail = {"records": len(indexes), "indexes": indexes[:NAMED], **detail}
            event.save(update_fields=["detail"])
    Job.objects.filter(kind="screenshots", state__in=("waiting", "running")).update(
        state="cancelled", finished_at=timezone.now(), leased_until=None, message="Pictures are no longer taken."
    )


class Migration(migrations.Migration):
    dependencies = [("consent", "0007_last_signature_and_clock_repairs")]
    operations = [migrations.RunPython(strip, migrations.RunPython.noop)]
