"""Reports about what is no host name, and sightings on what is none, go: a URL with a token was stored and shown.

What gates noticed of themselves is told again at the next visit, in closed words.
"""

import re

from django.db import migrations

# As in consent/sites/origins.py on the day of this migration.
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63}){0,126}")
_ADDRESS = re.compile(r"[0-9a-f:.]{2,45}")
_WORD = re.compile(r"[A-Za-z_]{1,40}")


def is_host(text):
    shape = _ADDRESS if ":" in text else _NAME
    return len(text) <= 253 and shape.fullmatch(text) is not None


def clean(apps, schema_editor):
    reports = apps.get_model("consent", "GateReport").objects.using(schema_editor.connection.alias)
    sightings = apps.get_model("consent", "SiteSighting").objects.using(schema_editor.connection.alias)
    going = [
        pk
        for pk, kind, subject, page in reports.values_list("pk", "kind", "subject", "page_host").iterator()
        if not (is_host(subject) if kind == "unknown" else kind != "design" and _WORD.fullmatch(subject))
        or not (page == "" or is_host(page))
    ]
    strange = [pk for pk, host in sightings.values_list("pk", "host").iterator() if not is_host(host)]
    for rows, keys in ((reports, going), (sightings, strange)):
        for start in range(0, len(keys), 500):
            rows.filter(pk__in=keys[start : start + 500]).delete()


class Migration(migrations.Migration):
    dependencies = [("consent", "0011_report_unknown_ids_and_broken_files")]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
