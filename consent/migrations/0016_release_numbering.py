from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0015_report_trackers_before_the_gate"),
    ]

    operations = [
        migrations.AddField(
            model_name="release",
            name="numbering",
            field=models.JSONField(default=dict, editable=False, help_text="Slots of all that was offered so far"),
        ),
    ]
