"""The chart of accounts and what each account holds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.ledger.domain import AccountClass, AccountStatus, BalanceMode
from apps.platform.models.rows import Identified, TenantRow, choices

#: Room for ISO 4217 and for a tenant's own units.
UNIT_LENGTH = 12


class Account(Identified):
    """One line of the chart of accounts, in one currency.

    Code, class and currency never change: they are what its postings mean. A header account has no
    balance row and takes no postings. To change ``status``, lock the balance row first: postings
    read the status under that lock.
    """

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    account_class = models.CharField(max_length=9, choices=choices(AccountClass))
    currency = models.CharField(max_length=UNIT_LENGTH)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    is_header = models.BooleanField(default=False)
    status = models.CharField(
        max_length=13, choices=choices(AccountStatus), default=AccountStatus.OPEN
    )
    metadata = models.JSONField(default=dict)
    dimensions = models.JSONField(default=dict, help_text="What it answers for all its postings.")
    opened_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "ledger_account"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="ledger_account_class_known",
                condition=Q(account_class__in=[value.value for value in AccountClass]),
            ),
            models.CheckConstraint(
                name="ledger_account_status_known",
                condition=Q(status__in=[value.value for value in AccountStatus]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class AccountBalance(TenantRow):
    """What an account holds now: the sums of its postings, and how many there were.

    Narrow, indexed by its key alone and half empty on its page, so that postings update it in
    place. The limits stand here, on the row a posting locks, so that the guard of this row can hold
    them against any writer. Both are minor units of the balance on the account's normal side, which
    is ``normal_sign * (debits_minor - credits_minor)``. Pending amounts belong to holds and count
    against the account: what would flow out is gone already, what would flow in takes its room.
    An overdraft is a floor below zero.

    In the modes other than synchronous the row lags behind the postings: those without a version
    have not been folded in yet, and what the account holds is the row and their sum.
    ``is_watched`` says that limits by time or monitors look at what is posted; ``releases_early``
    that a posting lets go of the row before its commit is on the disk, and is answered afterwards.
    Which sides the account takes is repeated here from its status, by a trigger.

    What a row may say is held by a trigger of ``sql/0002_books.sql``, which says why it is not
    CHECKs; that it has an account by one of ``sql/0014_balances_keep_off.sql``, which says why that
    is not a foreign key.
    """

    account = models.OneToOneField(
        Account, models.PROTECT, primary_key=True, related_name="balance", db_constraint=False
    )
    debits_minor = models.BigIntegerField(default=0)
    credits_minor = models.BigIntegerField(default=0)
    pending_debits_minor = models.BigIntegerField(default=0)
    pending_credits_minor = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    floor_minor = models.BigIntegerField(null=True)
    ceiling_minor = models.BigIntegerField(null=True)
    normal_sign = models.SmallIntegerField(help_text="1: positive on the debit side. -1: credit.")
    mode = models.CharField(
        max_length=11, choices=choices(BalanceMode), default=BalanceMode.SYNCHRONOUS
    )
    is_watched = models.BooleanField(default=False)
    releases_early = models.BooleanField(default=False)
    takes_debits = models.BooleanField(default=True)
    takes_credits = models.BooleanField(default=True)

    class Meta(TenantRow.Meta):
        db_table = "ledger_account_balance"

    def __str__(self) -> str:
        return f"{self.account_id}: {self.debits_minor} debit, {self.credits_minor} credit"


class BalanceDay(TenantRow):
    """What was recorded on one day for one value date of an account: a cube by both clocks.

    Additive, so back-dating is one update. The balance as of a value date is the sum of the days up
    to it; up to a ``recorded_date`` (a day in UTC) as well, it is what was believed then.
    """

    pk = models.CompositePrimaryKey("account_id", "value_date", "recorded_date")
    account = models.ForeignKey(
        Account, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    value_date = models.DateField()
    recorded_date = models.DateField()
    debits_minor = models.BigIntegerField()
    credits_minor = models.BigIntegerField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_balance_day"

    def __str__(self) -> str:
        return f"{self.account_id} on {self.value_date}"
