import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0023_cookie_texts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ScanPlan",
            fields=[
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="scan_plan",
                        serialize=False,
                        to="consent.site",
                    ),
                ),
                (
                    "start",
                    models.URLField(
                        blank=True, help_text="A page or a sitemap; empty = the first host.", max_length=500
                    ),
                ),
                (
                    "pages",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                    ),
                ),
                (
                    "depth",
                    models.PositiveSmallIntegerField(
                        default=4, validators=[django.core.validators.MaxValueValidator(10)]
                    ),
                ),
                (
                    "delay",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="Seconds between two pages.",
                        validators=[django.core.validators.MaxValueValidator(30)],
                    ),
                ),
                ("obey_robots", models.BooleanField(default=True)),
                (
                    "schedule",
                    models.CharField(
                        choices=[("off", "Only when asked for"), ("weekly", "Every week"), ("monthly", "Every month")],
                        default="off",
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="consentrecord",
            name="type",
            field=models.CharField(
                choices=[
                    ("consent", "Consent"),
                    ("release", "Release"),
                    ("screenshot", "Screenshot"),
                    ("erasure", "Erasure"),
                    ("waiver", "Waiver"),
                    ("key_rotation", "Key Rotation"),
                    ("restart", "Restart"),
                    ("clock_repair", "Clock Repair"),
                    ("pictures", "Pictures"),
                    ("void", "Void"),
                    ("scan", "Scan"),
                    ("trail", "Trail"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="logentry",
            name="type",
            field=models.CharField(
                choices=[
                    ("consent", "Consent"),
                    ("release", "Release"),
                    ("screenshot", "Screenshot"),
                    ("erasure", "Erasure"),
                    ("waiver", "Waiver"),
                    ("key_rotation", "Key Rotation"),
                    ("restart", "Restart"),
                    ("clock_repair", "Clock Repair"),
                    ("pictures", "Pictures"),
                    ("void", "Void"),
                    ("scan", "Scan"),
                    ("trail", "Trail"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="Scan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("plan", models.JSONField(default=dict, help_text="The plan as it was then.")),
                (
                    "actor",
                    models.CharField(blank=True, help_text="Who asked for it; empty = the schedule.", max_length=254),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("stop_asked", models.BooleanField(default=False)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("report", models.JSONField(default=dict)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("entry", models.BigIntegerField(blank=True, null=True)),
                (
                    "job",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="consent.job",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scans", to="consent.site"
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="ScanNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("new_tracker", models.BooleanField(default=True)),
                ("before_answer", models.BooleanField(default=True)),
                ("after_refusal", models.BooleanField(default=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scan_notices", to="consent.site"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("site", "user"), name="scan_notice_once_per_person")],
            },
        ),
    ]
