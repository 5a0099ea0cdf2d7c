from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0017_report_missed_libraries")]

    operations = [
        migrations.AlterField(
            model_name="gatereport",
            name="kind",
            field=models.CharField(
                choices=[
                    ("unknown", "Unknown host"),
                    ("disarmed", "Patch not armed"),
                    ("late", "The gate runs too late"),
                    ("before", "A tracker stands before the gate"),
                    ("design", "Site CSS made the buttons unequal"),
                    ("unknown_id", "The page names an unknown category or service"),
                    ("broken", "A file of ours did not do its work"),
                    ("missing", "Code of the page missed a held library"),
                    ("unkept", "A browser kept no answer"),
                ],
                max_length=10,
            ),
        ),
    ]
