import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0051_wording_asks_again"),
    ]

    operations = [
        migrations.CreateModel(
            name="SubjectKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="`kid` of its tokens.", max_length=16, unique=True)),
                ("by", models.CharField(max_length=254)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subject_keys",
                        to="consent.site",
                    ),
                ),
            ],
            options={"ordering": ("pk",)},
        ),
        migrations.RemoveConstraint(model_name="textreview", name="one_text_review_per_language"),
        migrations.AddField(
            model_name="textreview",
            name="about",
            field=models.CharField(blank=True, default="", max_length=80),
        ),
        migrations.AddConstraint(
            model_name="textreview",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at", None)),
                fields=("site", "about", "language"),
                name="one_text_review_per_language",
            ),
        ),
    ]
