"""Accounts kept by open items or cleared by key, their items, and what settles them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.ledger.models.accounts import Account
from apps.ledger.models.entries import SIDES, JournalEntry
from apps.platform.models.rows import Identified, TenantRow


class ItemRule(TenantRow):
    """How an account's postings find each other again. Accounts without a row pay nothing.

    ``keeps_items``: each posting is an item, settled against items of the other side.
    ``clears_by_key``: the postings of one clearing key should come to zero, within
    ``clears_within_days``; with ``requires_key`` none is taken without a key. What has begun to be
    kept is kept for good; expectations may change.
    """

    account = models.OneToOneField(
        Account, models.PROTECT, primary_key=True, related_name="item_rule"
    )
    keeps_items = models.BooleanField(default=False)
    clears_by_key = models.BooleanField(default=False)
    requires_key = models.BooleanField(default=False)
    clears_within_days = models.SmallIntegerField(null=True)
    changed_at = models.DateTimeField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_item_rule"
        constraints = [
            models.CheckConstraint(
                name="ledger_item_rule_sound",
                condition=(Q(keeps_items=True) | Q(clears_by_key=True))
                & (
                    Q(clears_by_key=True, clears_within_days=None)
                    | Q(clears_by_key=True, clears_within_days__range=(0, 3660))
                    | Q(clears_by_key=False, requires_key=False, clears_within_days=None)
                ),
            )
        ]

    def __str__(self) -> str:
        return str(self.account_id)


class Item(TenantRow):
    """A posting on an account kept by open items, and how much of it is settled.

    Written with its posting by a trigger; ``settled_minor`` moves only with links and undoings.
    """

    pk = models.CompositePrimaryKey("entry_id", "leg")
    entry = models.ForeignKey(
        JournalEntry, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    leg = models.SmallIntegerField()
    account = models.ForeignKey(
        Account, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    side = models.CharField(max_length=1, choices=SIDES)
    amount_minor = models.BigIntegerField()
    settled_minor = models.BigIntegerField(default=0)
    value_date = models.DateField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_item"
        indexes = [
            models.Index(
                fields=["account", "value_date", "entry", "leg"],
                condition=Q(settled_minor__lt=F("amount_minor")),
                name="ledger_item_open",
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_item_settled_once",
                condition=Q(settled_minor__gte=0, settled_minor__lte=F("amount_minor")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.leg}: {self.settled_minor} of {self.amount_minor}"


class ItemSettlement(Identified):
    """Items of an account that settled each other, or the undoing of such a settlement."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    undoes = models.OneToOneField("self", models.PROTECT, null=True, related_name="undone_by")
    reason = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=221)
    settled_at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=200, unique=True)
    fingerprint = models.BinaryField()

    class Meta(Identified.Meta):
        db_table = "ledger_item_settlement"
        indexes = [
            models.Index(fields=["account", "-id"], name="ledger_item_settlement_account"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ItemLink(TenantRow):
    """A debit and a credit item that settled each other by an amount.

    It counts from the later of the two value dates: as of any day, what remains open of an
    account's items is its balance.
    """

    pk = models.CompositePrimaryKey("settlement_id", "number")
    settlement = models.ForeignKey(ItemSettlement, models.PROTECT, related_name="links")
    number = models.IntegerField()
    debit_entry = models.ForeignKey(
        JournalEntry, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    debit_leg = models.SmallIntegerField()
    credit_entry = models.ForeignKey(
        JournalEntry, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    credit_leg = models.SmallIntegerField()
    amount_minor = models.BigIntegerField()
    value_date = models.DateField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_item_link"
        indexes = [
            models.Index(fields=["debit_entry", "debit_leg"], name="ledger_item_link_debit"),
            models.Index(fields=["credit_entry", "credit_leg"], name="ledger_item_link_credit"),
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_item_link_positive", condition=Q(amount_minor__gt=0)
            )
        ]

    def __str__(self) -> str:
        return f"{self.settlement_id}/{self.number}: {self.amount_minor}"


class ClearingKey(TenantRow):
    """What the postings of one key on a clearing account came to. It is open while not zero."""

    pk = models.CompositePrimaryKey("account_id", "key")
    account = models.ForeignKey(
        Account, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    key = models.CharField(max_length=100)
    debits_minor = models.BigIntegerField()
    credits_minor = models.BigIntegerField()
    postings = models.BigIntegerField()
    first_date = models.DateField()
    last_date = models.DateField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_clearing_key"
        indexes = [
            models.Index(
                fields=["account", "first_date", "key"],
                condition=~Q(debits_minor=F("credits_minor")),
                name="ledger_clearing_key_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.key}"
