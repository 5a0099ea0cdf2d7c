from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0019_chained_trail_and_pictures"),
    ]

    operations = [
        migrations.AddField(
            model_name="lintwaiver",
            name="subject",
            field=models.CharField(blank=True, help_text="what of the rule; empty = all of it", max_length=200),
        ),
        migrations.AddField(
            model_name="lintwaiver",
            name="text",
            field=models.CharField(
                blank=True, help_text="the words that were signed off, and no others", max_length=400
            ),
        ),
    ]
