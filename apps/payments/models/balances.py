"""What providers say they hold for us, and what does not agree with our books."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.payments.domain.balances import DiscrepancyKind, DiscrepancyState, WithdrawalStatus
from apps.payments.models.accounts import ProviderAccount
from apps.payments.models.events import PaymentEvent
from apps.platform.models.rows import Identified, choices

ACTOR = 221


class ProviderBalance(Identified):
    """One reading of a provider account's balance beside our books at that moment. Append-only.

    All in minor units of the account's currency. ``held_minor`` is everything the provider holds
    (``parts`` by sub-account), ``ledger_minor`` the mirror's balance. What is under way and not in
    both books yet may explain a difference: ``coming_minor`` and ``going_minor`` of attempts whose
    outcome is open, ``fees_minor`` that the tariff promises and nothing has booked.
    ``unexplained_minor`` is what remains of held minus ledger.
    """

    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="balances")
    held_minor = models.BigIntegerField()
    ledger_minor = models.BigIntegerField()
    coming_minor = models.BigIntegerField()
    going_minor = models.BigIntegerField()
    fees_minor = models.BigIntegerField()
    unexplained_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    parts = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    source = models.CharField(max_length=10, choices=[("asked", "Asked"), ("news", "News")])
    at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "payments_provider_balance"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["provider_account", "-at"], name="payments_balance_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.held_minor} {self.currency}"


class BalanceWatch(Identified):
    """How the provider was last asked about the account's balance."""

    provider_account = models.OneToOneField(
        ProviderAccount, models.PROTECT, related_name="balance_watch"
    )
    asked_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta(Identified.Meta):
        db_table = "payments_balance_watch"

    def __str__(self) -> str:
        return str(self.provider_account_id)


class Discrepancy(Identified):
    """The provider and we do not say the same about money; people find out why.

    ``balance``: it holds another amount than our mirror of it. ``fee``: it kept another fee than
    its tariff promises. Closed by itself when a later reading agrees, or explained by a person.
    """

    provider_account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="discrepancies"
    )
    kind = models.CharField(max_length=20, choices=choices(DiscrepancyKind))
    event = models.OneToOneField(
        PaymentEvent, models.PROTECT, null=True, related_name="discrepancy"
    )
    expected_minor = models.BigIntegerField()
    found_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    said = models.CharField(max_length=300)
    state = models.CharField(
        max_length=20, choices=choices(DiscrepancyState), default=DiscrepancyState.OPEN
    )
    owner_id = models.UUIDField(null=True)
    owner_name = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    explanation = models.CharField(max_length=1000, blank=True)
    explained_by = models.CharField(max_length=ACTOR, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "payments_discrepancy"
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account"],
                condition=Q(kind=DiscrepancyKind.BALANCE.value, state=DiscrepancyState.OPEN.value),
                name="payments_discrepancy_one_open_balance",
            ),
            models.CheckConstraint(
                name="payments_discrepancy_closed_with_reason",
                condition=Q(state=DiscrepancyState.OPEN, closed_at=None)
                | Q(state=DiscrepancyState.VANISHED, closed_at__isnull=False)
                | (
                    Q(state=DiscrepancyState.EXPLAINED, closed_at__isnull=False)
                    & ~Q(explanation="")
                    & ~Q(explained_by="")
                ),
            ),
            models.CheckConstraint(
                name="payments_discrepancy_fee_has_event",
                condition=Q(kind=DiscrepancyKind.FEE, event__isnull=False)
                | Q(kind=DiscrepancyKind.BALANCE, event=None),
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at", "id"], name="payments_discrepancy_paging"),
            models.Index(
                fields=["opened_at"],
                condition=Q(state=DiscrepancyState.OPEN.value),
                name="payments_discrepancy_open",
            ),
        ]

    def __str__(self) -> str:
        return self.said


class Withdrawal(Identified):
    """The provider pays our balance out to our bank, by its own reference.

    ``left_entry`` moves it from the account's mirror to money in transit; ``came_entry`` from there
    to the bank's mirror; ``back_entry`` takes the first back when the provider says that it failed.
    ``bank`` is the label of the bank account it goes to, if we know it.
    """

    provider_account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="withdrawals"
    )
    reference = models.CharField(max_length=100)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20, choices=choices(WithdrawalStatus))
    bank = models.CharField(max_length=40, blank=True)
    arrival_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField()
    left_entry = models.ForeignKey("ledger.JournalEntry", models.PROTECT, related_name="+")
    came_entry = models.ForeignKey(
        "ledger.JournalEntry", models.PROTECT, null=True, related_name="+"
    )
    back_entry = models.ForeignKey(
        "ledger.JournalEntry", models.PROTECT, null=True, related_name="+"
    )

    class Meta(Identified.Meta):
        db_table = "payments_withdrawal"
        ordering = ["-heard_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "reference"], name="payments_withdrawal_once"
            ),
            models.CheckConstraint(
                name="payments_withdrawal_amount_positive", condition=Q(amount_minor__gt=0)
            ),
            models.CheckConstraint(
                name="payments_withdrawal_failed_is_back",
                condition=Q(status=WithdrawalStatus.FAILED, back_entry__isnull=False)
                | (~Q(status=WithdrawalStatus.FAILED) & Q(back_entry=None)),
            ),
        ]
        indexes = [
            models.Index(fields=["heard_at", "id"], name="payments_withdrawal_paging"),
        ]

    def __str__(self) -> str:
        return self.reference
