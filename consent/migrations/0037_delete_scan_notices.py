from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("consent", "0036_notices")]

    operations = [migrations.DeleteModel(name="ScanNotice")]
