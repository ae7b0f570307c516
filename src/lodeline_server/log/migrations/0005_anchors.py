from django.db import migrations, models

import lodeline.log.anchors.states

STATES = [(one.value, one.value) for one in lodeline.log.anchors.states.State]


class Migration(migrations.Migration):
    dependencies = [
        ("log", "0004_audit_outbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="Anchor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("book", models.CharField(max_length=40)),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("kind", models.CharField(max_length=20)),
                ("target", models.CharField(max_length=60)),
                ("note", models.TextField()),
                ("state", models.CharField(choices=STATES, max_length=12)),
                ("request", models.BinaryField(default=b"")),
                ("receipt", models.BinaryField(default=b"")),
                ("detail", models.JSONField(default=dict)),
                ("queued_at", models.DateTimeField()),
                ("next_at", models.DateTimeField(null=True)),
                ("busy_until", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField()),
                ("attested_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(default=0, help_text="in a row")),
                ("losses", models.IntegerField(default=0)),
                ("error", models.TextField(default="")),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["book", "target", "size"],
                        condition=models.Q(("attested_at", None), _negated=True),
                        name="anchor_covering",
                    ),
                    models.Index(
                        fields=["next_at"],
                        condition=models.Q(("next_at", None), _negated=True),
                        name="anchor_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("book", "size", "root", "kind", "target"), name="anchor_once"
                    )
                ],
            },
        ),
    ]
