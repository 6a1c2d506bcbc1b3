"""When money goes out: cut-offs, calendars' exceptions, schedules, their runs, and reserves."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.platform.models.rows import Identified, choices
from apps.settlements.domain import Convention, Frequency
from apps.settlements.models.batches import Batch
from apps.settlements.models.payees import Payee

BPS_WHOLE = 10_000


class CalendarDay(Identified):
    """A person's word on one day of a calendar. Append-only: the latest word counts."""

    calendar = models.CharField(max_length=10)
    day = models.DateField()
    is_open = models.BooleanField()
    reason = models.CharField(max_length=300)
    said_by = models.CharField(max_length=200)
    said_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_calendar_day"
        ordering = ["day", "said_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="settlements_calendar_day_reasoned", condition=~models.Q(reason="")
            ),
        ]
        indexes = [models.Index(fields=["calendar", "day"], name="settlements_calendar_day_of")]

    def __str__(self) -> str:
        return f"{self.calendar} {self.day}"


class RailTimes(Identified):
    """When what a provider account sends leaves, and how many business days later it arrives."""

    provider_account = models.CharField(max_length=60, unique=True)
    zone = models.CharField(max_length=60)
    calendar = models.CharField(max_length=10)
    cut_offs = ArrayField(models.TimeField())
    arrives_after_days = models.PositiveSmallIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)

    class Meta(Identified.Meta):
        db_table = "settlements_rail_times"
        ordering = ["provider_account"]
        constraints = [
            models.CheckConstraint(
                name="settlements_rail_times_some", condition=models.Q(cut_offs__len__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return self.provider_account


class PayoutSchedule(Identified):
    """A batch by itself, again and again. Its terms never change: end it and make another."""

    name = models.CharField(max_length=60, unique=True)
    provider_account = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    frequency = models.CharField(max_length=10, choices=choices(Frequency))
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list)
    month_day = models.PositiveSmallIntegerField(default=1)
    at = models.TimeField()
    zone = models.CharField(max_length=60)
    calendar = models.CharField(max_length=10)
    convention = models.CharField(max_length=10, choices=choices(Convention))
    min_payout_minor = models.BigIntegerField(default=0)
    reserve_bps = models.PositiveIntegerField(default=0)
    reserve_days = models.PositiveIntegerField(default=0)
    starts_on = models.DateField()
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "settlements_payout_schedule"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="settlements_payout_schedule_reserve_is_a_part",
                condition=models.Q(reserve_bps__lt=BPS_WHOLE)
                & (models.Q(reserve_bps=0) | models.Q(reserve_days__gte=1)),
            ),
            models.CheckConstraint(
                name="settlements_payout_schedule_falls_due",
                condition=models.Q(frequency="daily")
                | models.Q(frequency="weekly", weekdays__len__gte=1)
                | models.Q(frequency="monthly", month_day__gte=1, month_day__lte=31),
            ),
            models.CheckConstraint(
                name="settlements_payout_schedule_min_not_negative",
                condition=models.Q(min_payout_minor__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScheduleRun(Identified):
    """A schedule's batch for one period, once. Append-only; no batch when nothing was due."""

    schedule = models.ForeignKey(PayoutSchedule, models.PROTECT, related_name="runs")
    period = models.DateField()
    due_at = models.DateTimeField()
    ran_at = models.DateTimeField()
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)

    class Meta(Identified.Meta):
        db_table = "settlements_schedule_run"
        ordering = ["-period"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "period"], name="settlements_schedule_run_once"
            ),
            models.CheckConstraint(
                name="settlements_schedule_run_not_early",
                condition=models.Q(ran_at__gte=models.F("due_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.period}"


class Reserve(Identified):
    """A part of what a payee is owed that is paid out later. ``used_by`` is the batch it went into.

    Until ``release_on`` it stays in the payee's payable and no batch takes it.
    """

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="reserves")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="reserves")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    release_on = models.DateField()
    taken_at = models.DateTimeField()
    used_by = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="+")

    class Meta(Identified.Meta):
        db_table = "settlements_reserve"
        ordering = ["release_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "batch"], name="settlements_reserve_once_per_batch"
            ),
            models.CheckConstraint(
                name="settlements_reserve_amount_positive", condition=models.Q(amount_minor__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payee_id} {self.release_on}"
