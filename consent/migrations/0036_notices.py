import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KINDS = ("new_tracker", "before_answer", "after_refusal")


def keep_choices(apps, schema_editor):
    """What a person had switched of a scan's notices holds by mail and on the overview, as it did."""
    choice = apps.get_model("consent", "NoticeChoice")
    for row in apps.get_model("consent", "ScanNotice").objects.order_by("pk").iterator():
        choice.objects.bulk_create(
            choice(site_id=row.site_id, user_id=row.user_id, kind=kind, channel=channel, wanted=getattr(row, kind))
            for channel in ("mail", "dashboard")
            for kind in KINDS
        )


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("consent", "0035_site_groups")]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("subject", models.CharField(blank=True, max_length=253)),
                ("detail", models.JSONField(default=dict)),
                ("since", models.DateTimeField(auto_now_add=True)),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
                ("hooked_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="consent.site"
                    ),
                ),
            ],
            options={"ordering": ("-pk",)},
        ),
        migrations.CreateModel(
            name="NoticeChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("channel", models.CharField(help_text="mail, dashboard or webhook", max_length=10)),
                ("wanted", models.BooleanField()),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notice_choices", to="consent.site"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("site", "kind", "subject"), name="one_open_notice"
            ),
        ),
        migrations.AddConstraint(
            model_name="noticechoice",
            constraint=models.UniqueConstraint(fields=("site", "user", "kind", "channel"), name="one_notice_choice"),
        ),
        migrations.RunPython(keep_choices, migrations.RunPython.noop),
    ]
