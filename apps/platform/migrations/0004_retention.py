from django.db import migrations, models

import apps.platform.ids
import apps.platform.tenant
from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("platform", "0003_inbox_and_dead_letters")]

    operations = [
        migrations.CreateModel(
            name="Retention",
            fields=[
                (
                    "tenant",
                    models.UUIDField(
                        default=apps.platform.tenant.current_tenant_id, editable=False
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=apps.platform.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("events_since", models.DateTimeField()),
                ("highest_sequence", models.PositiveIntegerField(default=0)),
            ],
            options={
                "db_table": "platform_retention",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant",), name="platform_retention_one_row")
                ],
            },
        ),
        RunSQLFile("apps.platform", "0004_retention"),
    ]
