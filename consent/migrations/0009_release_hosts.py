"""The hosts of each release beside its snapshot; those of older releases are copied out of it."""

import json

from django.db import migrations, models


def copy_out(apps, schema_editor):
    releases = apps.get_model("consent", "Release").objects.using(schema_editor.connection.alias)
    for pk, snapshot in releases.order_by("pk").values_list("pk", "snapshot").iterator(chunk_size=50):
        hosts = json.loads(snapshot).get("site", {}).get("hosts", [])
        if hosts:
            releases.filter(pk=pk).update(hosts=hosts)


class Migration(migrations.Migration):
    dependencies = [("consent", "0008_no_visitor_in_jobs_and_trail")]
    operations = [
        migrations.AddField(
            "release", "hosts", models.JSONField(default=list, editable=False, help_text="The snapshot's hosts")
        ),
        migrations.RunPython(copy_out, migrations.RunPython.noop),
    ]
