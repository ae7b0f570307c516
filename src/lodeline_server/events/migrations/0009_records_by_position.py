"""A record's position in the log is its key: one index and one number less for each event that is captured."""

import django.db.models.deletion
from django.db import migrations, models

import lodeline_server.log.fields


class Migration(migrations.Migration):
    dependencies = [("events", "0008_leaner_rows")]

    operations = [
        migrations.AlterField(
            "eventrecord",
            "job",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="records",
                to="events.capturejob",
            ),
        ),
        migrations.RemoveField("eventrecord", "id"),
        migrations.AlterField(
            "eventrecord",
            "position",
            lodeline_server.log.fields.Ordinal(primary_key=True, serialize=False),
        ),
    ]
