from django.db import migrations, models

import apps.platform.ids
import apps.platform.tenant


def own_columns():
    return [
        (
            "tenant",
            models.UUIDField(default=apps.platform.tenant.current_tenant_id, editable=False),
        ),
        (
            "id",
            models.UUIDField(
                default=apps.platform.ids.new_id, editable=False, primary_key=True, serialize=False
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("platform", "0002_idempotency_and_jobs")]

    operations = [
        migrations.CreateModel(
            name="InboxMessage",
            fields=[
                *own_columns(),
                ("consumer", models.CharField(max_length=100)),
                ("source", models.CharField(max_length=255)),
                ("event_id", models.CharField(max_length=255)),
                ("received_at", models.DateTimeField()),
                ("handled_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "db_table": "platform_inbox_message",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("consumer", "event_id", "source"),
                        name="platform_inbox_message_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                *own_columns(),
                ("consumer", models.CharField(max_length=100)),
                ("stream", models.CharField(max_length=100)),
                ("stream_sequence", models.BigIntegerField()),
                ("subject", models.CharField(max_length=255)),
                ("source", models.CharField(blank=True, max_length=255)),
                ("event_id", models.CharField(max_length=255)),
                ("body", models.TextField()),
                ("headers", models.JSONField(default=dict)),
                ("error_code", models.CharField(max_length=100)),
                ("error", models.TextField()),
                ("failures", models.PositiveSmallIntegerField()),
                ("arrived_at", models.DateTimeField()),
                ("died_at", models.DateTimeField(db_index=True)),
                ("replayed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "platform_dead_letter",
                "ordering": ["died_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("replayed_at", None)),
                        fields=["died_at"],
                        name="platform_dead_letter_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("consumer", "event_id", "source"),
                        name="platform_dead_letter_once",
                    )
                ],
            },
        ),
    ]
