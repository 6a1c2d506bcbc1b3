import django.core.serializers.json
from django.db import migrations, models

import apps.platform.ids
import apps.platform.tenant


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
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
                ("scope", models.CharField(max_length=100)),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("body", models.TextField(blank=True)),
                ("object_id", models.CharField(blank=True, max_length=100)),
                ("created_at", models.DateTimeField()),
                ("answer_purged_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "platform_idempotency_key",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("answer_purged_at", None)),
                        fields=["created_at"],
                        name="platform_idempotency_unpurged",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scope", "key"), name="platform_idempotency_key_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", None),
                            ("status__range", (200, 299)),
                            ("status__range", (400, 499)),
                            _connector="OR",
                        ),
                        name="platform_idempotency_key_answer_final",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
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
                ("kind", models.CharField(max_length=80)),
                ("title", models.CharField(max_length=200)),
                ("owner_kind", models.CharField(max_length=20)),
                ("owner_name", models.CharField(max_length=200)),
                ("owner_id", models.UUIDField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=20,
                    ),
                ),
                (
                    "total",
                    models.PositiveIntegerField(help_text="Units of work in all; 0 if not known."),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("note", models.CharField(blank=True, max_length=200)),
                (
                    "arguments",
                    models.JSONField(
                        default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder
                    ),
                ),
                (
                    "checkpoint",
                    models.JSONField(
                        default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder
                    ),
                ),
                ("result_file", models.CharField(blank=True, max_length=300)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "platform_job",
                "ordering": ["-created_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "queued",
                                    "running",
                                ],
                            )
                        ),
                        fields=["due_at"],
                        name="platform_job_open",
                    ),
                    models.Index(fields=["created_at", "id"], name="platform_job_page"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["queued", "running", "done", "failed", "cancelled"])
                        ),
                        name="platform_job_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lease__isnull", False),
                                ("lease_until__isnull", False),
                                ("state", "running"),
                            ),
                            models.Q(
                                models.Q(
                                    ("state", "running"),
                                    _negated=True,
                                ),
                                ("lease", None),
                                ("lease_until", None),
                            ),
                            _connector="OR",
                        ),
                        name="platform_job_lease_while_running",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finished_at__isnull", False),
                                (
                                    "state__in",
                                    (
                                        "done",
                                        "failed",
                                        "cancelled",
                                    ),
                                ),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "state__in",
                                        (
                                            "done",
                                            "failed",
                                            "cancelled",
                                        ),
                                    ),
                                    _negated=True,
                                ),
                                ("finished_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="platform_job_finished_when_final",
                    ),
                ],
            },
        ),
    ]
