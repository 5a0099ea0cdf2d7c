from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.utils import timezone


def move_sessions(apps, schema_editor):
    Old, New = apps.get_model("sessions", "Session"), apps.get_model("consent", "Session")
    decode = SessionStore().decode
    waiting = []
    for row in Old.objects.filter(expire_date__gt=timezone.now()).iterator(chunk_size=1000):
        user = str(decode(row.session_data).get(SESSION_KEY, ""))
        waiting.append(
            New(
                session_key=row.session_key,
                session_data=row.session_data,
                expire_date=row.expire_date,
                user=int(user) if user.isdecimal() else None,
            )
        )
    New.objects.bulk_create(waiting, batch_size=1000)
    Old.objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0053_turns"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["site", "actor", "-id"], name="audit_by_actor"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["site", "verb", "-id"], name="audit_by_verb"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["kind", "state", "created_at"], name="job_by_kind"),
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("user", models.BigIntegerField(db_index=True, null=True)),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
            },
        ),
        migrations.RunPython(move_sessions, migrations.RunPython.noop),
    ]
