"""What payers are asked to do."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.payments.domain.states import CaptureMethod, IntentStatus
from apps.payments.models.phone_numbers import PhoneNumber, number_of
from apps.platform.models.rows import Identified, choices


class PaymentIntent(Identified):
    """A payment somebody should make. Status and amounts are a projection of its events.

    ``allocation`` is the list of credit legs ``{"account", "amount_minor"}``; it adds up to the
    amount. ``payment_method`` is a provider's own token, never a card number; ``return_url`` is
    where a payer who was sent to the provider's page comes back to. ``fingerprint`` is the SHA-256
    of what was asked under the idempotency key.
    """

    reference = models.CharField(max_length=100)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    payer_number = models.ForeignKey(
        PhoneNumber, models.PROTECT, null=True, related_name="intents", db_column="payer_phone"
    )
    payment_method = models.CharField(max_length=200, blank=True)
    capture_method = models.CharField(
        max_length=20, choices=choices(CaptureMethod), default=CaptureMethod.AUTOMATIC
    )
    return_url = models.CharField(max_length=500, blank=True)
    allocation = models.JSONField()
    description = models.CharField(max_length=200, blank=True)
    metadata = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    status = models.CharField(
        max_length=30, choices=choices(IntentStatus), default=IntentStatus.REQUIRES_METHOD
    )
    authorised_minor = models.BigIntegerField(default=0)
    captured_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    disputed_minor = models.BigIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    idempotency_key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    created_by = models.CharField(max_length=250)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "payments_payment_intent"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["reference"], name="payments_payment_intent_reference_once"
            ),
            models.UniqueConstraint(
                fields=["idempotency_key"], name="payments_payment_intent_key_once"
            ),
            models.CheckConstraint(
                name="payments_payment_intent_amount_positive",
                condition=models.Q(amount_minor__gt=0),
            ),
            models.CheckConstraint(
                name="payments_payment_intent_captured_not_negative",
                condition=models.Q(captured_minor__gte=0),
            ),
            models.CheckConstraint(
                name="payments_payment_intent_status_known",
                condition=models.Q(status__in=[status.value for status in IntentStatus]),
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="payments_intent_newest"),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(status__in=["requires_method", "failed"]),
                name="payments_intent_may_expire",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def payer_phone(self) -> str:
        """The payer's number, opened; empty where the payer is known otherwise."""
        return number_of(self.payer_number)
