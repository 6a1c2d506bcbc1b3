"""Phone numbers sealed and kept once, found by a blind index; bodies of callbacks sealed."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import apps.platform.ids
import apps.platform.secrets.sealing
import apps.platform.tenant
from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    """The columns keep their names and hold the number's id, so what guards them still does."""

    dependencies: ClassVar = [("payments", "0009_operators")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="PhoneNumber",
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
                ("sealed", models.CharField(max_length=200)),
                ("blind_index", models.BinaryField(max_length=32)),
                ("shown", models.CharField(max_length=20)),
                ("sealed_by", models.CharField(max_length=8)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "payments_phone_number",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["sealed_by"], name="payments_phone_number_key")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("blind_index",), name="payments_phone_number_kept_once"
                    )
                ],
            },
        ),
        migrations.RemoveField(model_name="attempt", name="phone"),
        migrations.RemoveField(model_name="paymentintent", name="payer_phone"),
        migrations.AddField(
            model_name="attempt",
            name="phone_number",
            field=models.ForeignKey(
                db_column="phone",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attempts",
                to="payments.phonenumber",
            ),
        ),
        migrations.AddField(
            model_name="paymentintent",
            name="payer_number",
            field=models.ForeignKey(
                db_column="payer_phone",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="intents",
                to="payments.phonenumber",
            ),
        ),
        migrations.AddField(
            model_name="callback",
            name="sealed_by",
            field=models.CharField(default=apps.platform.secrets.sealing.sealed_by, max_length=8),
        ),
        RunSQLFile("apps.payments", "0010_phones"),
    ]
