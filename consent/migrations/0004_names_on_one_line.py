from django.db import migrations, models

import consent.sites.names

NAMES = {
    "Site": ("name", "controller", "controller_contact"),
    "ApiToken": ("name",),
    "Service": ("name", "company"),
    "LintWaiver": ("signed_by",),
}


def clean(apps, schema_editor):
    """Line breaks and control characters of names become spaces; releases stay as they were published."""
    for model, fields in NAMES.items():
        for row in apps.get_model("consent", model).objects.all().only("pk", *fields).iterator():
            changed = [field for field in fields if not consent.sites.names.is_one_line(getattr(row, field))]
            for field in changed:
                setattr(row, field, consent.sites.names.one_line(getattr(row, field)) or "-")
            if changed:
                row.save(update_fields=changed)


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0003_necessary_reason"),
    ]

    operations = [
        migrations.RunPython(clean, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="apitoken",
            name="name",
            field=models.CharField(max_length=100, validators=[consent.sites.names.validate_one_line]),
        ),
        migrations.AlterField(
            model_name="lintwaiver",
            name="signed_by",
            field=models.CharField(max_length=200, validators=[consent.sites.names.validate_one_line]),
        ),
        migrations.AlterField(
            model_name="service",
            name="company",
            field=models.CharField(blank=True, max_length=200, validators=[consent.sites.names.validate_one_line]),
        ),
        migrations.AlterField(
            model_name="service",
            name="name",
            field=models.CharField(max_length=200, validators=[consent.sites.names.validate_one_line]),
        ),
        migrations.AlterField(
            model_name="site",
            name="controller",
            field=models.CharField(blank=True, max_length=200, validators=[consent.sites.names.validate_one_line]),
        ),
        migrations.AlterField(
            model_name="site",
            name="controller_contact",
            field=models.CharField(blank=True, max_length=300, validators=[consent.sites.names.validate_one_line]),
        ),
        migrations.AlterField(
            model_name="site",
            name="name",
            field=models.CharField(max_length=200, validators=[consent.sites.names.validate_one_line]),
        ),
    ]
