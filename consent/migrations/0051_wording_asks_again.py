from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0050_contents_once"),
    ]

    operations = [
        migrations.AddField(
            model_name="topicwording",
            name="asks_again",
            field=models.BooleanField(
                default=False,
                help_text="It asks for something else: a yes to the versions before it counts no more.",
            ),
        ),
    ]
