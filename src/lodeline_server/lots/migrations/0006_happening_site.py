"""A site finds its events, and those of a month among them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lots", "0005_happening_group")]

    operations = [
        migrations.AddIndex(
            model_name="happening",
            index=models.Index(fields=["workspace", "site", "time"], name="happening_site"),
        ),
    ]
