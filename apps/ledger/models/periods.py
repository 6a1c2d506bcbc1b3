"""The calendar of the books: fiscal years, periods, and what was frozen when they closed."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import F, Func, Q, Value

from apps.ledger.domain.periods import (
    MONTHS_IN_YEAR,
    PeriodState,
    RequestKind,
    RequestState,
)
from apps.ledger.models.accounts import Account
from apps.platform.models.rows import Identified, TenantRow, choices

PERSON = 150
REASON = 1000


def kinds_field() -> ArrayField[list[str], list[str]]:
    """Kinds of entries by name or by ``prefix.*``."""
    return ArrayField(models.CharField(max_length=50), default=list, blank=True)


def _days(starts: str, ends: str) -> Func:
    return Func(
        F(starts), F(ends), Value("[]"), function="daterange", output_field=DateRangeField()
    )


class Calendar(Identified):
    """How a tenant counts its years, and what its closed periods still take. One row.

    ``retained_earnings`` names, for each currency, the account that takes the year's result.
    """

    first_month = models.PositiveSmallIntegerField(default=1)
    soft_kinds = kinds_field()
    late_kinds = kinds_field()
    retained_earnings = models.JSONField(default=dict)

    class Meta(Identified.Meta):
        db_table = "ledger_calendar"
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="ledger_calendar_once"),
            models.CheckConstraint(
                name="ledger_calendar_month_known",
                condition=Q(first_month__gte=1, first_month__lte=MONTHS_IN_YEAR),
            ),
        ]

    def __str__(self) -> str:
        return f"Years begin in month {self.first_month}"


class FiscalYear(Identified):
    """A year of the books; both days belong to it. Years never overlap.

    ``closings`` counts how often its result was carried to retained earnings.
    """

    name = models.CharField(max_length=20, unique=True)
    starts = models.DateField()
    ends = models.DateField()
    closings = models.PositiveIntegerField(default=0)

    class Meta(Identified.Meta):
        db_table = "ledger_fiscal_year"
        ordering = ["-starts"]
        constraints = [
            ExclusionConstraint(
                name="ledger_fiscal_year_apart",
                expressions=[(_days("starts", "ends"), "&&")],
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Period(Identified):
    """Some days of a fiscal year that are closed together; both ends belong to it.

    Periods are closed in their order, so that everything up to the last closed day is closed. Only
    ``state`` and what comes with it ever change, and only as the database allows. ``closings``
    counts the closings; each left a ``PeriodClosing``.
    """

    year = models.ForeignKey(FiscalYear, models.PROTECT, related_name="periods")
    name = models.CharField(max_length=20, unique=True)
    starts = models.DateField()
    ends = models.DateField()
    state = models.CharField(max_length=11, choices=choices(PeriodState), default=PeriodState.OPEN)
    soft_kinds = kinds_field()
    closings = models.PositiveIntegerField(default=0)

    class Meta(Identified.Meta):
        db_table = "ledger_period"
        ordering = ["-starts"]
        indexes = [
            models.Index(fields=["ends"], name="ledger_period_by_end"),
            models.Index(
                fields=["ends"],
                name="ledger_period_closed_through",
                condition=~Q(state=PeriodState.OPEN),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_period_state_known",
                condition=Q(state__in=[value.value for value in PeriodState]),
            ),
            ExclusionConstraint(
                name="ledger_period_apart",
                expressions=[(_days("starts", "ends"), "&&")],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"


class PeriodClosing(Identified):
    """One closing of a period, softly or for good, and what was checked before. Written once."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="closing_rows")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=11, choices=choices(PeriodState))
    checklist = models.JSONField(default=list)
    note = models.CharField(max_length=REASON, blank=True)
    person = models.CharField(max_length=PERSON)
    actor = models.CharField(max_length=221)
    step_up_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "ledger_period_closing"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "number"], name="ledger_period_closing_numbered"
            ),
        ]

    def __str__(self) -> str:
        return f"closing {self.number} of {self.period_id}"


class PeriodBalance(TenantRow):
    """What an account's postings up to a period's end came to when the period was closed.

    Written once, by the closing. What a hard closing froze stays true for good, which the audit
    proves.
    """

    pk = models.CompositePrimaryKey("closing_id", "account_id")
    closing = models.ForeignKey(
        PeriodClosing, models.PROTECT, db_index=False, related_name="balances"
    )
    account = models.ForeignKey(
        Account, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    debits_minor = models.BigIntegerField()
    credits_minor = models.BigIntegerField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_period_balance"

    def __str__(self) -> str:
        return f"{self.account_id}: {self.debits_minor} debit, {self.credits_minor} credit"


class PeriodRequest(Identified):
    """What one person asks about a softly closed period and another one grants.

    An exception lets ``user_ids`` (nobody named: everyone) post ``kinds`` (none named: every kind)
    into the period until ``expires_at``. A reopening opens it again.
    """

    period = models.ForeignKey(Period, models.PROTECT, related_name="requests")
    closing = models.PositiveIntegerField(help_text="The closing it was asked about.")
    kind = models.CharField(max_length=9, choices=choices(RequestKind))
    state = models.CharField(
        max_length=9, choices=choices(RequestState), default=RequestState.REQUESTED
    )
    reason = models.CharField(max_length=REASON)
    kinds = kinds_field()
    user_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    expires_at = models.DateTimeField(null=True)
    maker_person = models.CharField(max_length=PERSON)
    maker = models.CharField(max_length=221)
    requested_at = models.DateTimeField()
    decider_person = models.CharField(max_length=PERSON, blank=True)
    decider = models.CharField(max_length=221, blank=True)
    comment = models.CharField(max_length=REASON, blank=True)
    step_up_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "ledger_period_request"
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                name="ledger_period_request_reason_given", condition=~Q(reason="")
            ),
            models.CheckConstraint(
                name="ledger_period_request_exception_expires",
                condition=~Q(kind=RequestKind.EXCEPTION) | Q(expires_at__isnull=False),
            ),
            models.CheckConstraint(
                name="ledger_period_request_four_eyes",
                condition=Q(decider_person="") | ~Q(decider_person=F("maker_person")),
            ),
            models.CheckConstraint(
                name="ledger_period_request_step_up_to_approve",
                condition=~Q(state__in=[RequestState.APPROVED, RequestState.REVOKED])
                | Q(step_up_at__isnull=False, decided_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["period"],
                condition=Q(kind=RequestKind.REOPEN, state=RequestState.REQUESTED),
                name="ledger_period_request_reopen_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"
