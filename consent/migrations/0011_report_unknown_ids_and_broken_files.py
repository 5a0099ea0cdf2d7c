from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0010_answered_and_shown_totals")]

    operations = [
        migrations.AlterField(
            model_name="gatereport",
            name="kind",
            field=models.CharField(
                choices=[
                    ("unknown", "Unknown host"),
                    ("disarmed", "Patch not armed"),
                    ("late", "Gate too late (async or deferred)"),
                    ("design", "Site CSS made the buttons unequal"),
                    ("unknown_id", "The page names an unknown category or service"),
                    ("broken", "A file of ours did not do its work"),
                ],
                max_length=10,
            ),
        ),
    ]
