from django.db import migrations, models
from django.db.models import Q


def take_from_trail(apps, schema_editor):
    """What `adopt` filed before there was the field, as the audit trail tells it, stands in the category it has now."""
    sites = apps.get_model("consent", "Site").objects.filter(Q(level="drop_in") | ~Q(moved_from={}))
    for site in sites.iterator():
        keys = set()
        for event in site.audit_events.filter(verb="page.adopt").iterator():
            keys.update(event.detail.get("added", ()), event.detail.get("services", ()))
        for service in site.services.filter(key__in=keys).select_related("category"):
            service.earlier_category = service.category.key
            service.save(update_fields=["earlier_category"])


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0026_text_reviews"),
    ]

    operations = [
        migrations.AddField(
            model_name="service",
            name="earlier_category",
            field=models.CharField(
                blank=True,
                help_text="Where the banner had it that the site moved from; empty = it had not.",
                max_length=40,
            ),
        ),
        migrations.RunPython(take_from_trail, migrations.RunPython.noop),
    ]
