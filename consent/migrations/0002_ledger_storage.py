"""On PostgreSQL: records partitioned by month, tiles stored without a useless attempt to compress hashes.

Triggers are installed after each migrate, see consent/ledger/guards.py.
"""

from datetime import date

from django.db import migrations

PARTITIONED = """
ALTER TABLE consent_consentrecord RENAME TO consent_consentrecord_plain;
CREATE TABLE consent_consentrecord (LIKE consent_consentrecord_plain INCLUDING DEFAULTS)
    PARTITION BY RANGE (received_at);
CREATE TABLE consent_consentrecord_default PARTITION OF consent_consentrecord DEFAULT;
INSERT INTO consent_consentrecord SELECT * FROM consent_consentrecord_plain;
DROP TABLE consent_consentrecord_plain;
ALTER TABLE consent_consentrecord ADD PRIMARY KEY (site_id, leaf_index, received_at);
CREATE INDEX record_by_visitor ON consent_consentrecord (site_id, visitor);
CREATE INDEX record_by_replaces ON consent_consentrecord (site_id, replaces);
CREATE INDEX record_by_time ON consent_consentrecord (site_id, received_at);
ALTER TABLE consent_logtile ALTER COLUMN hashes SET STORAGE EXTERNAL;
"""


def store(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(PARTITIONED)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT (now() AT TIME ZONE 'UTC')::date")
        today = cursor.fetchone()[0]
        for plus in range(4):
            months = today.year * 12 + today.month - 1 + plus
            start = date(months // 12, months % 12 + 1, 1)
            end = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
            cursor.execute(
                f"CREATE TABLE consent_consentrecord_y{start:%Y}m{start:%m} PARTITION OF consent_consentrecord "
                f"FOR VALUES FROM ('{start} 00:00:00+00') TO ('{end} 00:00:00+00')"
            )


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]
    operations = [migrations.RunPython(store, migrations.RunPython.noop)]
