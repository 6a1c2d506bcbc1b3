"""Money that came in unasked, what it was used for, and receipts recorded by hand."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from apps.payments.domain.pay_ins import (
    METHODS,
    PayInRefundState,
    PayInState,
    PayInUse,
    ReceiptState,
)
from apps.payments.models.accounts import ProviderAccount
from apps.payments.models.callbacks import Callback
from apps.payments.models.intents import PaymentIntent
from apps.platform.models.rows import Identified, choices
from apps.platform.money import Money

PAY_IN_SOURCES = ["callback", "pull", "statement", "operator"]
PERSON, ACTOR = 64, 221


class PayIn(Identified):
    """One pay-in by the provider's receipt, booked at once: the account's mirror against suspense.

    What was paid never changes. ``left_minor`` is what still stands in suspense under the receipt
    as clearing key; the uses account for the rest. ``doubt`` says why no payment certainly owns it.
    The payer's number is kept as the provider shows it, masked where it shows it whole.
    """

    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="pay_ins")
    receipt = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    left_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    account_reference = models.CharField(max_length=100, blank=True)
    payer = models.CharField(max_length=64, blank=True)
    payer_name = models.CharField(max_length=100, blank=True)
    suspense_account = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=choices(PayInState), default=PayInState.OPEN)
    source = models.CharField(max_length=20, choices=[(one, one) for one in PAY_IN_SOURCES])
    callback = models.ForeignKey(Callback, models.PROTECT, null=True, related_name="pay_ins")
    doubt = models.CharField(max_length=300, blank=True)
    paid_at = models.DateTimeField()
    received_at = models.DateTimeField()
    entry = models.ForeignKey("ledger.JournalEntry", models.PROTECT, related_name="+")
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta(Identified.Meta):
        db_table = "payments_pay_in"
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "receipt"], name="payments_pay_in_receipt_once"
            ),
            models.CheckConstraint(
                name="payments_pay_in_amount_positive", condition=Q(amount_minor__gt=0)
            ),
            models.CheckConstraint(
                name="payments_pay_in_left_within_amount",
                condition=Q(left_minor__gte=0, left_minor__lte=F("amount_minor")),
            ),
            models.CheckConstraint(
                name="payments_pay_in_used_has_nothing_left",
                condition=Q(state=PayInState.USED, left_minor=0)
                | (~Q(state=PayInState.USED) & Q(left_minor__gt=0)),
            ),
            models.CheckConstraint(
                name="payments_pay_in_state_known",
                condition=Q(state__in=[one.value for one in PayInState]),
            ),
            models.CheckConstraint(
                name="payments_pay_in_source_known", condition=Q(source__in=PAY_IN_SOURCES)
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at", "id"],
                condition=~Q(state=PayInState.USED.value),
                name="payments_pay_in_waiting",
            ),
            models.Index(fields=["received_at", "id"], name="payments_pay_in_paging"),
        ]

    def __str__(self) -> str:
        return self.receipt

    @property
    def amount(self) -> Money:
        """What was paid."""
        return Money(self.amount_minor, self.currency)

    @property
    def left(self) -> Money:
        """What still stands in suspense."""
        return Money(self.left_minor, self.currency)


class PayInUsed(Identified):
    """A part of a pay-in that left suspense, and the entry that moved it. Append-only.

    ``rule`` names the rule that was certain; a person's use has none, and a reason instead.
    """

    pay_in = models.ForeignKey(PayIn, models.PROTECT, related_name="uses")
    use = models.CharField(max_length=20, choices=choices(PayInUse))
    amount_minor = models.BigIntegerField()
    intent = models.ForeignKey(PaymentIntent, models.PROTECT, null=True, related_name="pay_in_uses")
    account = models.CharField(max_length=64, blank=True)
    entry = models.ForeignKey("ledger.JournalEntry", models.PROTECT, related_name="+")
    rule = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=ACTOR)
    at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "payments_pay_in_use"
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="payments_pay_in_use_amount_positive", condition=Q(amount_minor__gt=0)
            ),
            models.CheckConstraint(
                name="payments_pay_in_use_has_target",
                condition=Q(use=PayInUse.APPLIED, intent__isnull=False)
                | (Q(use=PayInUse.MOVED, intent__isnull=True) & ~Q(account=""))
                | Q(use=PayInUse.REFUNDED, intent__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["intent"],
                condition=Q(use=PayInUse.APPLIED.value),
                name="payments_pay_in_use_intent_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.use} {self.amount_minor}"


class PayInRefund(Identified):
    """A wish to give a whole pay-in back; another person decides.

    The database refuses the person who asked, and two open wishes for one pay-in.
    """

    pay_in = models.ForeignKey(PayIn, models.PROTECT, related_name="refunds")
    state = models.CharField(
        max_length=20, choices=choices(PayInRefundState), default=PayInRefundState.ASKED
    )
    reason = models.CharField(max_length=300)
    asked_person = models.CharField(max_length=PERSON)
    asked_by = models.CharField(max_length=ACTOR)
    asked_at = models.DateTimeField()
    decided_person = models.CharField(max_length=PERSON, blank=True)
    decided_by = models.CharField(max_length=ACTOR, blank=True)
    decided_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=300, blank=True)

    class Meta(Identified.Meta):
        db_table = "payments_pay_in_refund"
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["pay_in"],
                condition=Q(state__in=["asked", "approved", "done"]),
                name="payments_pay_in_refund_one_open",
            ),
            models.CheckConstraint(
                name="payments_pay_in_refund_has_reason", condition=~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class PayInWatch(Identified):
    """How far the provider has been asked for pay-ins whose confirmation never came."""

    provider_account = models.OneToOneField(
        ProviderAccount, models.PROTECT, related_name="pay_in_watch"
    )
    pulled_until = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    registered_at = models.DateTimeField(null=True)
    registration = models.CharField(max_length=300, blank=True)

    class Meta(Identified.Meta):
        db_table = "payments_pay_in_watch"

    def __str__(self) -> str:
        return str(self.provider_account_id)


class ManualReceipt(Identified):
    """Money handed over by hand, as one person recorded it; it posts when another approves.

    What was recorded never changes. ``evidence`` is the name of the kept file in the tenant's
    storage. The database refuses an approval by the person who recorded it.
    """

    provider_account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="manual_receipts"
    )
    method = models.CharField(max_length=20, choices=[(one, one) for one in METHODS])
    number = models.CharField(max_length=60)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    received_date = models.DateField()
    account_reference = models.CharField(max_length=100, blank=True)
    payer_name = models.CharField(max_length=100, blank=True)
    note = models.CharField(max_length=300, blank=True)
    evidence = models.CharField(max_length=250)
    evidence_sha256 = models.CharField(max_length=64)
    state = models.CharField(
        max_length=20, choices=choices(ReceiptState), default=ReceiptState.RECORDED
    )
    recorded_person = models.CharField(max_length=PERSON)
    recorded_by = models.CharField(max_length=ACTOR)
    recorded_at = models.DateTimeField()
    decided_person = models.CharField(max_length=PERSON, blank=True)
    decided_by = models.CharField(max_length=ACTOR, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    pay_in = models.OneToOneField(PayIn, models.PROTECT, null=True, related_name="manual_receipt")

    class Meta(Identified.Meta):
        db_table = "payments_manual_receipt"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "method", "number"],
                condition=~Q(state=ReceiptState.CANCELLED.value),
                name="payments_manual_receipt_number_once",
            ),
            models.CheckConstraint(
                name="payments_manual_receipt_amount_positive", condition=Q(amount_minor__gt=0)
            ),
            models.CheckConstraint(
                name="payments_manual_receipt_method_known", condition=Q(method__in=METHODS)
            ),
            models.CheckConstraint(
                name="payments_manual_receipt_posted_when_approved",
                condition=Q(
                    state=ReceiptState.APPROVED, pay_in__isnull=False, decided_at__isnull=False
                )
                | (~Q(state=ReceiptState.APPROVED) & Q(pay_in__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["recorded_at"],
                condition=Q(state=ReceiptState.RECORDED.value),
                name="payments_manual_receipt_open",
            ),
            models.Index(fields=["recorded_at", "id"], name="payments_receipt_paging"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.number}"

    @property
    def amount(self) -> Money:
        """What was handed over."""
        return Money(self.amount_minor, self.currency)
