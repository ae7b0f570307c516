from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("log", "0005_anchors"),
    ]

    operations = [
        migrations.CreateModel(
            name="Witnessed",
            fields=[
                (
                    "origin_hash",
                    models.CharField(
                        help_text="SHA-256 of the origin, hex",
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("origin", models.TextField()),
                ("size", models.BigIntegerField(default=0)),
                ("root", models.BinaryField(max_length=32)),
                (
                    "note",
                    models.TextField(help_text="with the log's signatures and ours; empty before the first"),
                ),
                ("cosigned_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("book", models.CharField(max_length=40)),
                ("size", models.BigIntegerField()),
                ("key", models.TextField()),
                ("line", models.TextField()),
                ("time", models.BigIntegerField(help_text="POSIX seconds, as signed")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("book", "size", "key"), name="cosignature_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Cosigned",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("book", models.CharField(max_length=40)),
                ("size", models.BigIntegerField()),
                ("note", models.TextField()),
                ("reached", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("book", "size"), name="cosigned_once")],
            },
        ),
        migrations.CreateModel(
            name="Suspect",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin_hash", models.CharField(max_length=64)),
                ("origin", models.TextField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("split", "two trees of one size"),
                            ("proof", "no proof that it extends what we cosigned"),
                            ("size", "sent for another size than we cosigned last"),
                        ],
                        max_length=10,
                    ),
                ),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("request", models.TextField(help_text="the whole body, as it was sent")),
                ("ours", models.TextField(help_text="the note that we had cosigned; empty if none")),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("origin_hash", "size", "root"), name="suspect_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="WitnessAsked",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("book", models.CharField(max_length=40)),
                ("url", models.TextField()),
                ("size", models.BigIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                ("cosigned_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(default=0)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("book", "url"), name="witness_asked_once")],
            },
        ),
    ]
