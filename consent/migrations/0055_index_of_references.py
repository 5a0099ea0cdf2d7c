from django.db import migrations

# Answers that were said elsewhere, by the number that they have there (consent/answers/references.py): what is typed
# into a search, and found nowhere, must not read every record. On PostgreSQL the records are read once for it.
POSTGRESQL = """
CREATE INDEX record_by_reference ON consent_consentrecord
    (site_id, (substring(payload from '"reference":"([0-9a-f]{64})"'))) WHERE action IN ('import', 'receipt')
"""
SQLITE = """
CREATE INDEX record_by_reference ON consent_consentrecord
    (site_id, substr(payload, instr(payload, '"reference":"') + 13, 64)) WHERE action IN ('import', 'receipt')
"""


def make(apps, schema_editor):
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def drop(apps, schema_editor):
    schema_editor.execute("DROP INDEX record_by_reference")


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0054_indexes"),
    ]
    operations = [migrations.RunPython(make, drop)]
