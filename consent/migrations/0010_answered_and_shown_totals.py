"""Day totals of how answers came about and on what layers were shown."""

from django.db import migrations, models

DEVICE = models.CharField(help_text="phone, tablet or desktop", max_length=8)
GPC = models.BooleanField(help_text="Global Privacy Control was on.")


class Migration(migrations.Migration):
    dependencies = [("consent", "0009_release_hosts")]
    operations = [
        migrations.CreateModel(
            "AnsweredTotal",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "site_id",
                        "day",
                        "release",
                        "device",
                        "layer",
                        "action",
                        "waited",
                        "gpc",
                        "asked",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("site_id", models.BigIntegerField()),
                ("day", models.DateField()),
                ("release", models.PositiveIntegerField()),
                ("device", DEVICE),
                (
                    "layer",
                    models.CharField(help_text="banner, preferences, api, signal or other", max_length=12),
                ),
                ("action", models.CharField(max_length=12)),
                (
                    "waited",
                    models.CharField(help_text="Time to answer: <1s, <3s … <300s, more, unknown", max_length=8),
                ),
                ("gpc", GPC),
                ("asked", models.BooleanField(help_text="The answer to a banner that was up.")),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            "ShownTotal",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "site_id",
                        "day",
                        "release",
                        "device",
                        "kind",
                        "gpc",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("site_id", models.BigIntegerField()),
                ("day", models.DateField()),
                ("release", models.PositiveIntegerField()),
                ("device", DEVICE.clone()),
                ("kind", models.CharField(help_text="view, banner or preferences", max_length=12)),
                ("gpc", GPC.clone()),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
        ),
    ]
