from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("log", "0003_erasure"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditOutbox",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=60)),
                ("workspace", models.BigIntegerField()),
                ("organisation", models.BigIntegerField(null=True)),
                ("payload", models.TextField(help_text="canonical JSON; sealed when it is sequenced")),
                ("created_at", models.DateTimeField()),
            ],
        ),
    ]
