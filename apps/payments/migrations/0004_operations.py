"""Captures, voids, refunds and disputes."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

_OPERATIONS = [
    ("purchase", "Purchase"),
    ("authorise", "Authorise"),
    ("capture", "Capture"),
    ("void", "Void"),
    ("refund", "Refund"),
    ("payout", "Payout"),
]
_KINDS = [
    ("requested", "Requested"),
    ("action_required", "Action required"),
    ("approved", "Approved"),
    ("pending", "Pending"),
    ("unknown", "Unknown"),
    ("failed", "Failed"),
    ("succeeded", "Succeeded"),
    ("expired", "Expired"),
    ("cancelled", "Cancelled"),
    ("reversed", "Reversed"),
]


class Migration(migrations.Migration):
    """The wider lists first."""

    dependencies: ClassVar = [("payments", "0003_provider_stops")]
    operations: ClassVar = [
        migrations.RemoveConstraint("paymentevent", "payments_payment_event_kind_known"),
        migrations.AlterField(
            "attempt", "operation", models.CharField(choices=_OPERATIONS, max_length=20)
        ),
        migrations.AlterField(
            "providerstop", "operation", models.CharField(choices=_OPERATIONS, max_length=20)
        ),
        migrations.AlterField(
            "paymentevent", "kind", models.CharField(choices=_KINDS, max_length=20)
        ),
        migrations.AddConstraint(
            "paymentevent",
            models.CheckConstraint(
                condition=models.Q(kind__in=[value for value, _label in _KINDS]),
                name="payments_payment_event_kind_known",
            ),
        ),
    ]
