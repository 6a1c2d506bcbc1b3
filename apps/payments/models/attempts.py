"""Tries at a provider, in both directions."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.payments.domain.states import (
    CHARGES,
    CHECKABLE,
    LIVE_ATTEMPTS,
    SENDABLE,
    AttemptState,
    Direction,
    Operation,
    Step,
)
from apps.payments.models.accounts import ProviderAccount
from apps.payments.models.intents import PaymentIntent
from apps.payments.models.phone_numbers import PhoneNumber, number_of
from apps.platform.models.rows import Identified, choices

_LIVE = sorted(state.value for state in LIVE_ATTEMPTS)
_CHARGES = [operation.value for operation in CHARGES]
_BUILDING = [Operation.CAPTURE.value, Operation.VOID.value, Operation.REFUND.value]
_OUT = [Operation.PAYOUT.value, Operation.REFUND.value]
_MONEY_MOVED = ["no", "yes", "unknown"]
_RETRIES = ["", "never", "same_key", "after_verify", "new_attempt"]


class Attempt(Identified):
    """One try to have one operation carried out through one provider account.

    Written and committed before the first byte is sent. A payout belongs to the ``payout_ref`` that
    settlements gave it, everything else to an intent; captures, voids and refunds also to the
    attempt they build on (``parent``). ``party`` is who pays or is paid where that is no phone;
    ``allocation`` the legs of a capture, credited when it comes; ``action`` what the payer must
    do. ``provider_key`` is our reference at the provider; after ``key_valid_until`` it must not be
    sent again. ``number`` counts the attempts of one operation from 1. ``held`` says why it did
    not leave when it was last due.
    """

    direction = models.CharField(max_length=3, choices=choices(Direction))
    operation = models.CharField(max_length=20, choices=choices(Operation))
    number = models.PositiveSmallIntegerField()
    intent = models.ForeignKey(PaymentIntent, models.PROTECT, null=True, related_name="attempts")
    payout_ref = models.UUIDField(null=True)
    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="attempts")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    phone_number = models.ForeignKey(
        PhoneNumber, models.PROTECT, null=True, related_name="attempts", db_column="phone"
    )
    party = models.JSONField(default=dict)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    is_last = models.BooleanField(default=True)
    allocation = models.JSONField(default=list)
    reason = models.CharField(max_length=200, blank=True)
    debit_account = models.CharField(max_length=64, blank=True)
    provider_key = models.CharField(max_length=64)
    key_valid_until = models.DateTimeField(null=True)
    callback_token_hash = models.BinaryField(max_length=32)
    idempotency_key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    traceparent = models.CharField(max_length=64, blank=True)
    route = models.JSONField(default=dict)  # why it goes through this account

    state = models.CharField(
        max_length=20, choices=choices(AttemptState), default=AttemptState.QUEUED
    )
    step = models.CharField(max_length=10, choices=choices(Step), default=Step.SUBMIT)
    action = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    provider_refs = models.JSONField(default=dict)
    outcome = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=60, blank=True)
    provider_code = models.CharField(max_length=60, blank=True)
    message = models.CharField(max_length=300, blank=True)
    money_moved = models.CharField(
        max_length=10, choices=[(value, value) for value in _MONEY_MOVED], default="no"
    )
    retry = models.CharField(
        max_length=20, blank=True, choices=[(value, value) for value in _RETRIES], default=""
    )
    sends = models.PositiveSmallIntegerField(default=0)
    next_send_at = models.DateTimeField(null=True)
    held = models.CharField(max_length=200, blank=True)
    next_check_at = models.DateTimeField(null=True)
    checks = models.PositiveSmallIntegerField(default=0)
    unreachable_checks = models.PositiveIntegerField(default=0)
    unknown_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "payments_attempt"
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["intent", "operation", "number"], name="payments_attempt_number_once"
            ),
            models.UniqueConstraint(
                fields=["payout_ref", "operation", "number"],
                name="payments_attempt_payout_number_once",
            ),
            models.UniqueConstraint(
                fields=["provider_account", "provider_key"], name="payments_attempt_key_once"
            ),
            models.UniqueConstraint(
                fields=["idempotency_key"], name="payments_attempt_idempotency_once"
            ),
            models.UniqueConstraint(
                fields=["callback_token_hash"], name="payments_attempt_token_once"
            ),
            models.UniqueConstraint(
                fields=["intent"],
                condition=models.Q(operation__in=_CHARGES, state__in=_LIVE),
                name="payments_attempt_one_live_charge",
            ),
            models.UniqueConstraint(
                fields=["payout_ref"],
                condition=models.Q(operation=Operation.PAYOUT.value, state__in=_LIVE),
                name="payments_attempt_one_live_payout",
            ),
            models.CheckConstraint(
                name="payments_attempt_amount_positive", condition=models.Q(amount_minor__gt=0)
            ),
            models.CheckConstraint(
                name="payments_attempt_belongs_to_one",
                condition=(
                    models.Q(intent__isnull=False, payout_ref__isnull=True)
                    & ~models.Q(operation=Operation.PAYOUT.value)
                )
                | models.Q(
                    operation=Operation.PAYOUT.value, intent__isnull=True, payout_ref__isnull=False
                ),
            ),
            models.CheckConstraint(
                name="payments_attempt_way_of_money",
                condition=(
                    models.Q(direction=Direction.OUT.value, operation__in=_OUT)
                    | models.Q(direction=Direction.IN.value) & ~models.Q(operation__in=_OUT)
                ),
            ),
            models.CheckConstraint(
                name="payments_attempt_builds_on_another",
                condition=(
                    models.Q(operation__in=_BUILDING, parent__isnull=False)
                    | ~models.Q(operation__in=_BUILDING) & models.Q(parent__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="payments_attempt_state_known",
                condition=models.Q(state__in=[state.value for state in AttemptState]),
            ),
            models.CheckConstraint(
                name="payments_attempt_money_moved_known",
                condition=models.Q(money_moved__in=_MONEY_MOVED),
            ),
            models.CheckConstraint(
                name="payments_attempt_retry_known", condition=models.Q(retry__in=_RETRIES)
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                condition=models.Q(state__in=[state.value for state in CHECKABLE]),
                name="payments_attempt_due_checks",
            ),
            models.Index(
                fields=["next_send_at"],
                condition=models.Q(state__in=[state.value for state in SENDABLE]),
                name="payments_attempt_due_sends",
            ),
            GinIndex(
                fields=["provider_refs"],
                opclasses=["jsonb_path_ops"],
                name="payments_attempt_by_refs",
            ),
            models.Index(
                fields=["sent_at"],
                condition=models.Q(state=AttemptState.SENDING.value),
                name="payments_attempt_sending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.provider_key}"

    @property
    def phone(self) -> str:
        """The number to be charged or paid, opened; empty where it is no number."""
        return number_of(self.phone_number)

    @property
    def is_return(self) -> bool:
        """A pay-in goes back whence it came, named by its receipt; no payout of settlements."""
        return self.operation == Operation.PAYOUT and self.party.get("kind") == "receipt"


class ProviderExchange(Identified):
    """A request to a provider and its answer, covered: the evidence of what was said.

    Append-only. ``status`` is the HTTP status; it is missing when no whole answer came.
    """

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="exchanges")
    purpose = models.CharField(max_length=20)  # submit or verify
    request = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    outcome = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "payments_provider_exchange"
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.purpose} {self.outcome}"
