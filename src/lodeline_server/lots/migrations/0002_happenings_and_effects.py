"""What is the same for all lots of an event moves into a row of its own; touches are a view from now on.

Read points were not kept before: `lodeline rebuild --projection lots` fills them in for what came earlier.
"""

import django.db.models.deletion
from django.db import migrations, models

from lodeline_server.log.fields import Ordinal

HAPPENINGS = """
INSERT INTO lots_happening
    (position, workspace_id, event, time, step, site, point, party, captured_by, "group", void, ended)
SELECT position, workspace_id, event, time, step, site, '', party, captured_by, "group", void, ended
FROM lots_touch WHERE id IN (SELECT min(id) FROM lots_touch GROUP BY position)
"""
EFFECTS = """
INSERT INTO lots_effect (workspace_id, key, position, act, other, amount, uom, ilmd)
SELECT workspace_id, key, position, act, other, amount, uom, ilmd FROM lots_touch ORDER BY id
"""
VIEW = """
CREATE VIEW lots_touch AS
SELECT e.id, e.workspace_id, e.key, e.position, h.event, h.time, e.act, h.step, h.site, h.point, h.party,
    h.captured_by, h."group", e.other, e.amount, e.uom, e.ilmd, h.void, h.ended
FROM lots_effect e JOIN lots_happening h ON h.position = e.position
"""


def workspace(**options: object) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+",
        to="parties.workspace", **options,
    )  # fmt: skip


def number() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("lots", "0001_initial"), ("parties", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Happening",
            fields=[
                ("position", Ordinal(primary_key=True, serialize=False)),
                ("event", models.CharField(max_length=500)),
                ("time", models.DateTimeField()),
                ("step", models.CharField(blank=True, max_length=100)),
                ("site", models.CharField(blank=True, max_length=500)),
                ("point", models.CharField(blank=True, max_length=500)),
                ("party", models.CharField(blank=True, max_length=500)),
                ("captured_by", models.CharField(blank=True, max_length=500)),
                ("group", models.CharField(blank=True, max_length=500)),
                ("void", models.BooleanField(default=False)),
                ("ended", models.BigIntegerField(null=True)),
                ("workspace", workspace()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "event"), name="happening_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Effect",
            fields=[
                ("id", number()),
                ("key", models.CharField(max_length=500)),
                ("position", models.BigIntegerField(db_index=True)),
                ("act", models.CharField(max_length=10)),
                ("other", models.CharField(blank=True, max_length=500)),
                ("amount", models.CharField(blank=True, max_length=60)),
                ("uom", models.CharField(blank=True, max_length=3)),
                ("ilmd", models.JSONField(default=dict)),
                ("workspace", workspace()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "key"], name="effect_key"),
                    models.Index(
                        condition=models.Q(("other", ""), _negated=True),
                        fields=["workspace", "other"],
                        name="effect_other",
                    ),
                ],
            },
        ),
        migrations.RemoveIndex("lot", "lot_party"),
        migrations.AlterField("lot", "workspace", workspace()),
        migrations.AddField(
            "lot",
            "used",
            models.BigIntegerField(help_text="mg drawn so far; unknown: add up its touches", null=True),
        ),
        migrations.RunSQL(HAPPENINGS, migrations.RunSQL.noop),
        migrations.RunSQL(EFFECTS, migrations.RunSQL.noop),
        migrations.DeleteModel("Touch"),
        migrations.CreateModel(
            name="Touch",
            fields=[
                ("id", number()),
                ("key", models.CharField(max_length=500)),
                ("position", models.BigIntegerField()),
                ("event", models.CharField(max_length=500)),
                ("time", models.DateTimeField()),
                ("act", models.CharField(max_length=10)),
                ("step", models.CharField(blank=True, max_length=100)),
                ("site", models.CharField(blank=True, max_length=500)),
                ("point", models.CharField(blank=True, max_length=500)),
                ("party", models.CharField(blank=True, max_length=500)),
                ("captured_by", models.CharField(blank=True, max_length=500)),
                ("group", models.CharField(blank=True, max_length=500)),
                ("other", models.CharField(blank=True, max_length=500)),
                ("amount", models.CharField(blank=True, max_length=60)),
                ("uom", models.CharField(blank=True, max_length=3)),
                ("ilmd", models.JSONField(default=dict)),
                ("void", models.BooleanField(default=False)),
                ("ended", models.BigIntegerField(null=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="parties.workspace",
                    ),
                ),
            ],
            options={"db_table": "lots_touch", "managed": False},
        ),
        migrations.RunSQL(VIEW, "DROP VIEW lots_touch"),
    ]
