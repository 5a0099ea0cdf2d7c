"""Day totals of banners and what was decided at them, in one dimension at a time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0031_banner_drafts_and_files")]
    operations = [
        migrations.CreateModel(
            "AskedTotal",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "site_id",
                        "by",
                        "day",
                        "name",
                        "regime",
                        "release",
                        "arm",
                        "what",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("site_id", models.BigIntegerField()),
                ("by", models.CharField(help_text="all, place, language, device or layer", max_length=8)),
                ("day", models.DateField()),
                ("name", models.CharField(help_text='Of the dimension; "" where by is all.', max_length=20)),
                ("regime", models.CharField(max_length=40)),
                ("release", models.PositiveIntegerField()),
                ("arm", models.CharField(help_text='A or B of a test; "" without one.', max_length=1)),
                ("what", models.CharField(help_text="See consent/stats/asked.py.", max_length=84)),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
        ),
    ]
