"""Velocity limits with what was used of them, and balance monitors with what they saw."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.ledger.domain import AccountClass
from apps.ledger.domain.limits import BalanceKind, Comparison, Measure, TimeWindow
from apps.ledger.models.accounts import Account
from apps.ledger.models.entries import SIDES
from apps.platform.models.rows import Identified, TenantRow, choices

#: One below the end of bigint, so that what goes beyond it still is beyond the limit.
MOST_MAX = 2**63 - 2


class VelocityLimit(Identified):
    """The most that one side of an account may take in a time window.

    It stands for one account, or for each account of a class in its currency. It is never changed:
    it ends, and another begins. Reversing entries are not counted, for they take back.
    """

    code = models.SlugField(max_length=60, unique=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    account_class = models.CharField(max_length=9, choices=choices(AccountClass), blank=True)
    currency = models.CharField(max_length=12)
    side = models.CharField(max_length=1, choices=SIDES)
    entry_kind = models.CharField(max_length=50, blank=True, help_text="Empty: entries of any.")
    measure = models.CharField(max_length=7, choices=choices(Measure))
    most = models.BigIntegerField(help_text="Minor units, or entries, in one window.")
    time_window = models.CharField(max_length=5, choices=choices(TimeWindow))
    zone = models.CharField(max_length=64, help_text="Where its windows begin at midnight.")
    reason = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "ledger_velocity_limit"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="ledger_velocity_limit_account_or_class",
                condition=Q(account=None) ^ Q(account_class=""),
            ),
            models.CheckConstraint(
                name="ledger_velocity_limit_most_sound",
                condition=Q(most__gte=0, most__lte=MOST_MAX),
            ),
            models.CheckConstraint(
                name="ledger_velocity_limit_words_known",
                condition=Q(
                    side__in=["D", "C"],
                    measure__in=[value.value for value in Measure],
                    time_window__in=[value.value for value in TimeWindow],
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class VelocityUsage(TenantRow):
    """What one account used of one limit in one window: the sum of its postings there."""

    pk = models.CompositePrimaryKey("limit_id", "account_id", "window_start")
    limit = models.ForeignKey(
        VelocityLimit, models.PROTECT, db_constraint=False, db_index=False, related_name="usages"
    )
    account = models.ForeignKey(
        Account, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    window_start = models.DateTimeField()
    used = models.BigIntegerField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_velocity_usage"
        constraints = [
            models.CheckConstraint(name="ledger_velocity_usage_positive", condition=Q(used__gte=0))
        ]

    def __str__(self) -> str:
        return f"{self.limit_id} {self.account_id}: {self.used}"


class BalanceMonitor(Identified):
    """Watches one balance and says when it crosses a threshold, and when it comes back."""

    code = models.SlugField(max_length=60, unique=True)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    balance_kind = models.CharField(max_length=9, choices=choices(BalanceKind))
    comparison = models.CharField(max_length=5, choices=choices(Comparison))
    threshold_minor = models.BigIntegerField(help_text="On the account's normal side.")
    is_crossed = models.BooleanField(default=False)
    reason = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "ledger_balance_monitor"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="ledger_balance_monitor_words_known",
                condition=Q(
                    balance_kind__in=[value.value for value in BalanceKind],
                    comparison__in=[value.value for value in Comparison],
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class MonitorCrossing(TenantRow):
    """One crossing of one threshold, written with the entry or hold that caused it.

    It becomes an event soon after (``announced_at``): the posting path itself writes no more than
    this row, and only when something crossed.
    """

    id = models.BigAutoField(primary_key=True)
    monitor = models.ForeignKey(BalanceMonitor, models.PROTECT, related_name="crossings")
    is_crossed = models.BooleanField(help_text="False: the balance came back.")
    balance_minor = models.BigIntegerField()
    crossed_at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True)

    class Meta(TenantRow.Meta):
        db_table = "ledger_monitor_crossing"
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                name="ledger_monitor_crossing_due",
                condition=Q(announced_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id}: {self.balance_minor}"
