import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("log", "0002_books"),
    ]

    operations = [
        migrations.AddField(
            model_name="tenantkey",
            name="kek",
            field=models.CharField(
                blank=True, default="", help_text="id of the key that wraps it", max_length=16
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="subjectkey",
            name="key_version",
            field=models.IntegerField(
                default=1, help_text="of the workspace key that wraps it; 0: its members do"
            ),
        ),
        migrations.AddField(
            model_name="subjectkey",
            name="members",
            field=models.ManyToManyField(related_name="groups", to="log.subjectkey"),
        ),
        migrations.CreateModel(
            name="LogKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(help_text="the book's key, as its file is called", max_length=40),
                ),
                ("from_size", models.BigIntegerField()),
                ("public_key", models.BinaryField(max_length=32)),
                (
                    "position",
                    models.BigIntegerField(
                        help_text="of the statement that said so; none for the first", null=True
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("name", "from_size"), name="log_key_once")],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.BigIntegerField(null=True)),
                ("reason", models.CharField(max_length=40)),
                (
                    "count",
                    models.BigIntegerField(help_text="statements that cannot be opened any more"),
                ),
                ("erased_at", models.DateTimeField()),
                (
                    "purged_at",
                    models.DateTimeField(help_text="projections and published bytes were cleaned", null=True),
                ),
                ("cleaned_at", models.DateTimeField(help_text="free pages were overwritten", null=True)),
                (
                    "key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasure",
                        to="log.subjectkey",
                    ),
                ),
            ],
        ),
    ]
