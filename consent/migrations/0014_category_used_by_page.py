from django.db import migrations, models


def keep_what_is_published(apps, schema_editor):
    """Empty categories were offered: pages of sites that have published may ask for them by their id."""
    category = apps.get_model("consent", "Category")
    category.objects.filter(
        necessary=False,
        services=None,
        purposes=None,
        site_id__in=apps.get_model("consent", "Release").objects.values("site_id"),
    ).update(used_by_page=True)


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0013_webhooks_and_turns"),
    ]

    operations = [
        migrations.AddField(
            model_name="category",
            name="used_by_page",
            field=models.BooleanField(
                default=False,
                help_text="Offered with nothing filed in it: pages or a tag manager ask for it by its id.",
            ),
        ),
        migrations.RunPython(keep_what_is_published, migrations.RunPython.noop),
    ]
