from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0021_law_subscriptions"),
    ]

    operations = [
        migrations.AddField(
            model_name="site",
            name="moved_from",
            field=models.JSONField(default=dict, blank=True, help_text="Whose answers are taken over: moved_from.py."),
        ),
    ]
