import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0024_scans"),
    ]

    operations = [
        migrations.AddField(
            model_name="site",
            name="publish_needs_approval",
            field=models.BooleanField(default=False, help_text="Of another member than the one who asks."),
        ),
        migrations.CreateModel(
            name="PublishRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("snapshot", models.TextField(help_text="Canonical JSON of the content")),
                ("sha256", models.CharField(max_length=64)),
                ("base", models.PositiveIntegerField(help_text="The release that it was made to follow; 0 = none")),
                ("note", models.CharField(blank=True, max_length=500)),
                ("publish_at", models.DateTimeField(blank=True, help_text="empty = as soon as it may be", null=True)),
                ("requested_by", models.CharField(max_length=254)),
                ("requested_at", models.DateTimeField(auto_now_add=True)),
                ("approved_by", models.CharField(blank=True, max_length=254)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("published", "Published"),
                            ("withdrawn", "Withdrawn"),
                            ("declined", "Declined"),
                            ("failed", "Not published"),
                        ],
                        max_length=10,
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=500)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="publish_requests", to="consent.site"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("site",),
                        name="one_open_publish_request_per_site",
                    )
                ],
            },
        ),
    ]
