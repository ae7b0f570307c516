"""A site finds its events, and those of a month among them: also through the view of touches."""

from django.db import migrations, models

VIEW = """
CREATE VIEW lots_touch AS
SELECT e.id, e.workspace_id, e.key, e.position, h.event, h.time, e.act, h.step, h.site, h.point, h.party,
    h.captured_by, h."group", e.other, e.amount, e.uom, e.ilmd, h.void, h.ended{more}
FROM lots_effect e JOIN lots_happening h ON h.position = e.position
"""
DROP = "DROP VIEW lots_touch"


class Migration(migrations.Migration):
    dependencies = [("lots", "0005_happening_group")]

    operations = [
        migrations.AddIndex(
            model_name="happening",
            index=models.Index(fields=["workspace", "site", "time"], name="happening_site"),
        ),
        migrations.RunSQL(DROP, VIEW.format(more="")),
        migrations.RunSQL(VIEW.format(more=", h.workspace_id AS happened_in"), DROP),
        migrations.AddField(
            "touch",
            "happened_in",
            models.BigIntegerField(help_text="the workspace, where events are looked for and not lots"),
        ),
    ]
