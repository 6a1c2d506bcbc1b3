"""Files exchanged with banks, the payouts that leave in them, and the guards around both."""

import django.db.models.deletion
from django.db import migrations, models

import apps.platform.ids
import apps.platform.tenant
from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0005_pay_ins"),
    ]

    operations = [
        migrations.CreateModel(
            name="BankFile",
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
                (
                    "direction",
                    models.CharField(choices=[("in", "In"), ("out", "Out")], max_length=3),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("built", "Built"),
                            ("delivering", "Delivering"),
                            ("unknown", "Unknown"),
                            ("delivered", "Delivered"),
                            ("received", "Received"),
                            ("done", "Done"),
                            ("quarantined", "Quarantined"),
                            ("discarded", "Discarded"),
                        ],
                        max_length=20,
                    ),
                ),
                ("file_format", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=200)),
                ("message_id", models.CharField(blank=True, max_length=35)),
                ("sha256", models.CharField(max_length=64)),
                ("size_bytes", models.BigIntegerField()),
                ("stored_as", models.CharField(max_length=200)),
                ("count", models.PositiveIntegerField(default=0)),
                ("total_minor", models.BigIntegerField(null=True)),
                ("currency", models.CharField(max_length=3)),
                ("problem_code", models.CharField(blank=True, max_length=80)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("duplicates", models.PositiveIntegerField(default=0)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "provider_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_files",
                        to="payments.provideraccount",
                    ),
                ),
            ],
            options={
                "db_table": "payments_bank_file",
                "ordering": ["-created_at", "-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_try_at__isnull", False)),
                        fields=["next_try_at"],
                        name="payments_bank_file_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider_account", "direction", "sha256"),
                        name="payments_bank_file_digest_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("direction", "out")),
                        fields=("message_id",),
                        name="payments_bank_file_message_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "built",
                                    "delivering",
                                    "unknown",
                                    "delivered",
                                    "received",
                                    "done",
                                    "quarantined",
                                    "discarded",
                                ],
                            )
                        ),
                        name="payments_bank_file_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("direction", "out"), _negated=True),
                            models.Q(
                                ("count__gt", 0),
                                ("total_minor__gt", 0),
                                ("total_minor__isnull", False),
                                models.Q(("message_id", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="payments_bank_file_out_has_totals",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BankFileSighting",
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
                ("name", models.CharField(max_length=200)),
                ("size_bytes", models.BigIntegerField()),
                ("modified_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField()),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sightings",
                        to="payments.bankfile",
                    ),
                ),
                (
                    "provider_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.provideraccount",
                    ),
                ),
            ],
            options={
                "db_table": "payments_bank_file_sighting",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider_account", "name", "size_bytes", "modified_at"),
                        name="payments_bank_file_sighting_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BankPayout",
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
                ("payee", models.JSONField()),
                ("is_told", models.BooleanField(default=False)),
                (
                    "attempt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_payout",
                        to="payments.attempt",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="payments.bankfile",
                    ),
                ),
            ],
            options={
                "db_table": "payments_bank_payout",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("file__isnull", False), ("is_told", False)),
                        fields=["file"],
                        name="payments_bank_payout_untold",
                    ),
                ],
            },
        ),
        RunSQLFile("apps.payments", "0006_bank_files"),
    ]
