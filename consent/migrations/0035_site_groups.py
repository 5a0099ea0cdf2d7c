from django.db import migrations, models

import consent.sites.names


class Migration(migrations.Migration):
    dependencies = [("consent", "0034_banner_tests")]

    operations = [
        migrations.AddField(
            model_name="site",
            name="group",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Of sites.",
                max_length=100,
                validators=[consent.sites.names.validate_one_line],
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="site",
            name="membership",
            field=models.BooleanField(default=False, help_text="Pay or consent: pages may say that one is a member."),
        ),
    ]
