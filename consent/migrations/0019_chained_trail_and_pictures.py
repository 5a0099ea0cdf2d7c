"""The audit trail becomes a chain, with what is there already; each anchor gets its line in it."""

from __future__ import annotations

import hashlib
from typing import Any

import django.utils.timezone
from django.db import migrations, models

from consent.trail.chain import link

CHUNK = 2_000
TYPES = [
    ("consent", "Consent"),
    ("release", "Release"),
    ("screenshot", "Screenshot"),
    ("erasure", "Erasure"),
    ("waiver", "Waiver"),
    ("key_rotation", "Key Rotation"),
    ("restart", "Restart"),
    ("clock_repair", "Clock Repair"),
    ("pictures", "Pictures"),
    ("void", "Void"),
    ("trail", "Trail"),
]


def chain(apps: Any, schema_editor: Any) -> None:
    """Numbers and links the lines of each site in the order in which they were written. Safe to repeat."""
    Event, Head = apps.get_model("consent", "AuditEvent"), apps.get_model("consent", "TrailHead")
    Site, Anchor = apps.get_model("consent", "Site"), apps.get_model("consent", "Anchor")
    names = {None: "", **{pk: str(uuid) for pk, uuid in Site.objects.values_list("pk", "uuid")}}
    heads: dict[int | None, tuple[int, str]] = {}
    for anchor in Anchor.objects.order_by("pk"):
        detail = {
            "size": anchor.size, "method": anchor.method, "target": anchor.target,
            "evidence": hashlib.sha256(bytes(anchor.evidence)).hexdigest(),
        }  # fmt: skip
        if anchor.site_id in names and not _told(Event, anchor.site_id, detail):
            Event.objects.create(site_id=anchor.site_id, actor="upgrade", verb="ledger.anchor", detail=detail)
    waiting: list[Any] = []
    for event in Event.objects.order_by("pk").iterator(CHUNK):
        count, previous = heads.get(event.site_id, (0, ""))
        event.number = count + 1
        event.hash = link(
            previous, site=names[event.site_id], actor=event.actor, verb=event.verb, detail=event.detail, at=event.at
        )
        heads[event.site_id] = (event.number, event.hash)
        waiting.append(event)
        if len(waiting) == CHUNK:
            Event.objects.bulk_update(waiting, ["number", "hash"])
            waiting = []
    Event.objects.bulk_update(waiting, ["number", "hash"])
    rows = [Head(site_id=site or 0, count=count, hash=hash) for site, (count, hash) in heads.items()]
    Head.objects.bulk_create(rows, update_conflicts=True, unique_fields=["site_id"], update_fields=["count", "hash"])


def _told(Event: Any, site_id: int, detail: dict[str, Any]) -> bool:  # noqa: N803 - a model
    return Event.objects.filter(site_id=site_id, verb="ledger.anchor", detail=detail).exists()


class Migration(migrations.Migration):
    dependencies = [("consent", "0018_report_answers_that_nothing_keeps")]

    operations = [
        migrations.CreateModel(
            name="TrailHead",
            fields=[
                ("site_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("count", models.BigIntegerField(default=0)),
                ("hash", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="IssuedCheckpoint",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "site_id", "size", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("site_id", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="auditevent",
            name="number",
            field=models.BigIntegerField(editable=False, help_text="1, 2, 3 … in the site's trail", null=True),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="hash",
            field=models.CharField(blank=True, editable=False, max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="auditevent", name="at", field=models.DateTimeField(default=django.utils.timezone.now)
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="chain",
            field=models.BinaryField(help_text="null in checkpoints of earlier versions", max_length=32, null=True),
        ),
        migrations.AlterField(
            model_name="consentrecord", name="type", field=models.CharField(choices=TYPES, max_length=12)
        ),
        migrations.AlterField(model_name="logentry", name="type", field=models.CharField(choices=TYPES, max_length=12)),
        migrations.AddConstraint(
            model_name="auditevent",
            constraint=models.UniqueConstraint(fields=("site", "number"), name="audit_number_once_per_site"),
        ),
        migrations.RunPython(chain, migrations.RunPython.noop),
    ]
