import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0042_request_entries_and_steps"),
    ]

    operations = [
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
                    ("request", "Request"),
                    ("document", "Document"),
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
                    ("request", "Request"),
                    ("document", "Document"),
                    ("trail", "Trail"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        help_text="Its name in addresses; never changed.",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z][a-z0-9]*(-[a-z0-9]+)*\\Z", "Use small letters, digits and hyphens."
                            )
                        ],
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("privacy", "Privacy policy"),
                            ("cookies", "Cookie policy"),
                            ("terms", "Terms"),
                            ("other", "Another document"),
                        ],
                        max_length=10,
                    ),
                ),
                ("original", models.CharField(help_text="The language of the text that counts.", max_length=20)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="documents", to="consent.site"
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="DocumentText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=20)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True, max_length=200000)),
                ("summary", models.TextField(blank=True, max_length=1000)),
                (
                    "why",
                    models.CharField(
                        blank=True, help_text="Of a material change: why people are asked again.", max_length=300
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to="consent.document"
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="DocumentVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("original", models.CharField(max_length=20)),
                ("texts", models.JSONField()),
                (
                    "material",
                    models.JSONField(
                        blank=True, default=list, help_text="Keys of the categories and purposes that are asked again."
                    ),
                ),
                ("published_by", models.CharField(max_length=254)),
                ("published_at", models.DateTimeField()),
                ("effective_on", models.DateField(blank=True, help_text="null = from its publication on", null=True)),
                ("effective_at", models.DateTimeField()),
                ("entry", models.BigIntegerField()),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="consent.document"
                    ),
                ),
            ],
            options={
                "ordering": ("document_id", "number"),
            },
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(fields=("site", "key"), name="document_key_once"),
        ),
        migrations.AddConstraint(
            model_name="documenttext",
            constraint=models.UniqueConstraint(fields=("document", "language"), name="document_text_once"),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.UniqueConstraint(fields=("document", "number"), name="document_version_once"),
        ),
    ]
