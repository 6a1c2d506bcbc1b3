"""Recurring entries, who let them in, and what they posted."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.ledger.domain.recurring import EVERY_MAX, Frequency, ScheduleState
from apps.ledger.models.entries import JournalEntry
from apps.ledger.models.periods import PERSON, REASON
from apps.platform.models.rows import Identified, choices


class RecurringEntry(Identified):
    """An entry that is posted again and again: its legs, and the rhythm of its days.

    What it says never changes: it ends, and another begins. ``done`` counts what it posted and
    ``next_date`` is the day of the next, both kept by the database's guard. ``refusal`` says why
    an entry that is due is not in the books.
    """

    state = models.CharField(
        max_length=6, choices=choices(ScheduleState), default=ScheduleState.DRAFT
    )
    description = models.CharField(max_length=200)
    frequency = models.CharField(max_length=7, choices=choices(Frequency))
    every = models.PositiveSmallIntegerField()
    at_month_end = models.BooleanField()
    starts = models.DateField()
    ends = models.DateField(null=True)
    lines = models.JSONField()
    maker_person = models.CharField(max_length=PERSON)
    maker = models.CharField(max_length=221)
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    approvals_needed = models.PositiveSmallIntegerField()
    roles_needed = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    done = models.PositiveIntegerField(default=0)
    next_date = models.DateField(null=True)
    refusal = models.CharField(max_length=REASON, blank=True)
    refused_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=REASON, blank=True, help_text="Of the pause or the end.")

    class Meta(Identified.Meta):
        db_table = "ledger_recurring"
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["next_date"],
                condition=Q(state=ScheduleState.ACTIVE),
                name="ledger_recurring_due",
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_recurring_words_known",
                condition=Q(
                    state__in=[value.value for value in ScheduleState],
                    frequency__in=[value.value for value in Frequency],
                ),
            ),
            models.CheckConstraint(
                name="ledger_recurring_rhythm_sound",
                condition=Q(every__gte=1, every__lte=EVERY_MAX)
                & (Q(ends=None) | Q(ends__gte=F("starts")))
                & (Q(at_month_end=False) | Q(frequency=Frequency.MONTHLY)),
            ),
            models.CheckConstraint(
                name="ledger_recurring_approved_by_another", condition=Q(approvals_needed__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.description} ({self.state})"


class RecurringApproval(Identified):
    """One person's approval of what was shown. Written once, never changed.

    The database refuses its maker, another digest, and a second factor older than five minutes.
    """

    recurring = models.ForeignKey(RecurringEntry, models.PROTECT, related_name="approvals")
    person = models.CharField(max_length=PERSON)
    user_id = models.UUIDField()
    user_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    step_up_at = models.DateTimeField()
    decided_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "ledger_recurring_approval"
        ordering = ["decided_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["recurring", "person"], name="ledger_recurring_approval_once"
            )
        ]

    def __str__(self) -> str:
        return f"approved by {self.user_name}"


class RecurringOccurrence(Identified):
    """One day of a recurring entry, in the books. Written once, in order, none left out."""

    recurring = models.ForeignKey(RecurringEntry, models.PROTECT, related_name="occurrences")
    number = models.PositiveIntegerField(help_text="Counted from 0.")
    day = models.DateField()
    entry = models.OneToOneField(JournalEntry, models.PROTECT, related_name="+")
    posted_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "ledger_recurring_occurrence"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["recurring", "number"], name="ledger_recurring_occurrence_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day}"
