"""Routing rules in versions, and on each attempt why it went its way."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

import apps.platform.ids
import apps.platform.tenant
from apps.platform.sql import RunSQLFile

_STATES = [
    ("proposed", "Proposed"),
    ("active", "Active"),
    ("retired", "Retired"),
    ("rejected", "Rejected"),
]


class Migration(migrations.Migration):
    """A table, a column and the guards of both."""

    dependencies: ClassVar = [("payments", "0007_privacy")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="attempt", name="route", field=models.JSONField(default=dict)
        ),
        migrations.CreateModel(
            name="RoutingVersion",
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
                ("version", models.PositiveIntegerField()),
                ("rules", models.JSONField()),
                ("note", models.CharField(max_length=300)),
                (
                    "state",
                    models.CharField(choices=_STATES, default="proposed", max_length=20),
                ),
                ("proposed_person", models.CharField(max_length=64)),
                ("proposed_by", models.CharField(max_length=221)),
                ("proposed_at", models.DateTimeField()),
                ("decided_person", models.CharField(blank=True, max_length=64)),
                ("decided_by", models.CharField(blank=True, max_length=221)),
                ("decided_at", models.DateTimeField(null=True)),
                ("said", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "db_table": "payments_routing_version",
                "ordering": ["-version"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version",), name="payments_routing_version_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["proposed", "active"])),
                        fields=("state",),
                        name="payments_routing_version_one_active",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("note", ""), _negated=True),
                        name="payments_routing_version_has_note",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["proposed", "active", "retired", "rejected"])
                        ),
                        name="payments_routing_version_state_known",
                    ),
                ],
            },
        ),
        RunSQLFile("apps.payments", "0008_routing"),
    ]
