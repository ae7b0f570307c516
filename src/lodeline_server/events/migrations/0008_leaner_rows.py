"""Indexes that another one covers go: every one of them costs each event that is captured."""

import django.db.models.deletion
from django.db import migrations, models


def workspace() -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
        to="parties.workspace",
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("events", "0007_sheets_and_outcomes"), ("parties", "0001_initial")]

    operations = [
        migrations.AlterField("eventrecord", "workspace", workspace()),
        migrations.AlterField(
            "eventrecord",
            "job",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="records",
                to="events.capturejob",
            ),
        ),
        migrations.AlterField("thing", "workspace", workspace()),
    ]
