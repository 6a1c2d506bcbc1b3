"""Revaluations: the rates they used, their figures, and who approved them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.ledger.domain.fx import RunState
from apps.ledger.domain.fx.rates import RATE_DECIMALS, RATE_DIGITS
from apps.ledger.models.accounts import Account
from apps.ledger.models.entries import JournalEntry
from apps.ledger.models.fx_rates import CURRENCY_LENGTH
from apps.platform.models.rows import Identified, choices


class FxRateSet(Identified):
    """The closing rates of a day, each with its derivation. Never changed; the same rates are the
    same set, whichever run uses them.
    """

    as_of = models.DateField()
    functional_currency = models.CharField(max_length=CURRENCY_LENGTH)
    rates = models.JSONField()
    digest = models.CharField(max_length=64, unique=True)
    recorded_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "ledger_fx_rate_set"
        ordering = ["-recorded_at"]

    def __str__(self) -> str:
        return f"{self.functional_currency} on {self.as_of}"


class FxRevaluation(Identified):
    """One run for the end of one day. A dry run is kept as a draft; figures never change.

    ``digest`` covers every line and the rate set: what was approved is what is posted.
    """

    as_of = models.DateField()
    reversal_date = models.DateField()
    rate_set = models.ForeignKey(FxRateSet, models.PROTECT, related_name="runs")
    functional_currency = models.CharField(max_length=CURRENCY_LENGTH)
    classes = ArrayField(models.CharField(max_length=9))
    excluded = ArrayField(models.CharField(max_length=64), default=list)
    result_minor = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=choices(RunState), default=RunState.DRAFT)
    maker_name = models.CharField(max_length=221)
    maker_person = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    approver_name = models.CharField(max_length=221, blank=True)
    approver_person = models.CharField(max_length=150, blank=True)
    step_up_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    entry = models.OneToOneField(JournalEntry, models.PROTECT, null=True, related_name="+")
    reversal = models.OneToOneField(JournalEntry, models.PROTECT, null=True, related_name="+")

    class Meta(Identified.Meta):
        db_table = "ledger_fx_revaluation"
        ordering = ["-created_at", "-id"]
        verbose_name = "revaluation"
        indexes = [models.Index(fields=["created_at", "id"], name="ledger_fx_revaluation_at")]
        constraints = [
            models.UniqueConstraint(
                fields=["as_of"],
                condition=Q(state__in=[RunState.DRAFT, RunState.APPROVED]),
                name="ledger_fx_revaluation_one_open_for_a_day",
            ),
            models.CheckConstraint(
                name="ledger_fx_revaluation_approved_by_another",
                condition=~Q(state__in=[RunState.APPROVED, RunState.POSTED])
                | Q(step_up_at__isnull=False, approved_at__isnull=False)
                & ~Q(approver_person="")
                & ~Q(approver_person=F("maker_person")),
            ),
            models.CheckConstraint(
                name="ledger_fx_revaluation_posted_with_its_reversal",
                condition=Q(entry=None, reversal=None)
                | Q(state=RunState.POSTED, entry__isnull=False, reversal__isnull=False),
            ),
            models.CheckConstraint(
                name="ledger_fx_revaluation_reversed_later",
                condition=Q(reversal_date__gt=F("as_of")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.as_of}: {self.result_minor} {self.functional_currency}"


class FxRevaluationLine(Identified):
    """One account of a run, or, without an account, what was settled in a currency."""

    run = models.ForeignKey(FxRevaluation, models.PROTECT, related_name="lines")
    number = models.IntegerField()
    account = models.ForeignKey(
        Account, models.PROTECT, db_constraint=False, null=True, related_name="+"
    )
    currency = models.CharField(max_length=CURRENCY_LENGTH)
    balance_minor = models.BigIntegerField()
    carried_minor = models.BigIntegerField()
    rate = models.DecimalField(max_digits=RATE_DIGITS, decimal_places=RATE_DECIMALS, null=True)
    revalued_minor = models.BigIntegerField()
    difference_minor = models.BigIntegerField()

    class Meta(Identified.Meta):
        db_table = "ledger_fx_revaluation_line"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "number"], name="ledger_fx_revaluation_line_numbered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency}: {self.difference_minor}"
