"""The draft of a second banner that is tested against a site's own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0033_asked_totals")]
    operations = [
        migrations.CreateModel(
            "BannerTest",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ends", models.DateField(help_text="The last day (UTC) on which B is shown.")),
                ("layout", models.CharField(max_length=20)),
                ("position", models.CharField(max_length=20)),
                ("theme", models.JSONField(blank=True, default=dict)),
                (
                    "texts",
                    models.JSONField(blank=True, default=dict, help_text="{language: {key: text}} over those of A"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="banner_test", to="consent.site"
                    ),
                ),
            ],
        ),
    ]
