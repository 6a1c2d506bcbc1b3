"""Manual journals, who decided on them, and the rules that say who must."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.ledger.domain import AccountClass
from apps.ledger.domain.journals import JournalState, Verdict
from apps.ledger.models.entries import JournalEntry
from apps.ledger.models.periods import PERSON, REASON, kinds_field
from apps.platform.models.rows import Identified, choices


class ApprovalRule(Identified):
    """How many people must approve a manual journal, and which role they hold.

    It speaks of journals whose kind is among ``kinds`` (none: every manual kind), that touch an
    account of one of ``account_classes`` (none: any), and that move more than ``above_minor`` in
    ``currency`` (no amount: any; no currency: any with the amount taken in each). Of the rules that
    speak, the one that asks for most approvals counts.
    """

    name = models.CharField(max_length=100, unique=True)
    kinds = kinds_field()
    account_classes = ArrayField(
        models.CharField(max_length=9, choices=choices(AccountClass)), default=list, blank=True
    )
    currency = models.CharField(max_length=12, blank=True)
    above_minor = models.BigIntegerField(null=True)
    approvals = models.PositiveSmallIntegerField(default=1)
    role = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta(Identified.Meta):
        db_table = "ledger_approval_rule"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ManualJournal(Identified):
    """An entry written by hand, from its draft to the books.

    ``lines`` are its legs as ``JournalDraft.lines`` writes them. What it says changes only while it
    is a draft; the digest of what was submitted is what approvals cover. The entry it becomes
    names the journal as its ``approval_id``.
    """

    state = models.CharField(
        max_length=9, choices=choices(JournalState), default=JournalState.DRAFT
    )
    kind = models.CharField(max_length=50)
    description = models.CharField(max_length=200)
    value_date = models.DateField()
    reverses_on = models.DateField(null=True)
    lines = models.JSONField()
    maker_person = models.CharField(max_length=PERSON)
    maker = models.CharField(max_length=221)
    editors = ArrayField(models.CharField(max_length=PERSON), default=list)
    created_at = models.DateTimeField()
    round = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    approvals_needed = models.PositiveSmallIntegerField(default=0)
    roles_needed = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    submitted_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    entry = models.OneToOneField(JournalEntry, models.PROTECT, null=True, related_name="+")
    reversal = models.OneToOneField(JournalEntry, models.PROTECT, null=True, related_name="+")

    class Meta(Identified.Meta):
        db_table = "ledger_manual_journal"
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "submitted_at"], name="ledger_manual_journal_waiting"),
            models.Index(
                fields=["reverses_on"],
                condition=Q(reversal=None, reverses_on__isnull=False),
                name="ledger_manual_journal_to_undo",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_manual_journal_kind_manual",
                condition=Q(kind="manual") | Q(kind__startswith="manual."),
            ),
            models.CheckConstraint(
                name="ledger_manual_journal_posted_with_entry",
                condition=Q(state=JournalState.POSTED, entry__isnull=False)
                | (~Q(state=JournalState.POSTED) & Q(entry=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.description} ({self.state})"


class JournalApproval(Identified):
    """One person's decision on one round of a manual journal. Written once, never changed.

    The database refuses makers, a second decision of the same person, a digest other than the
    journal's, and a second factor older than five minutes.
    """

    journal = models.ForeignKey(ManualJournal, models.PROTECT, related_name="approvals")
    round = models.PositiveIntegerField()
    verdict = models.CharField(max_length=9, choices=choices(Verdict))
    person = models.CharField(max_length=PERSON)
    user_id = models.UUIDField()
    user_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    comment = models.CharField(max_length=REASON, blank=True)
    step_up_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "ledger_journal_approval"
        ordering = ["decided_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["journal", "round", "person"], name="ledger_journal_approval_once"
            ),
            models.CheckConstraint(
                name="ledger_journal_approval_reason_given",
                condition=Q(verdict=Verdict.APPROVE) | ~Q(comment=""),
            ),
            models.CheckConstraint(
                name="ledger_journal_approval_step_up",
                condition=~Q(verdict=Verdict.APPROVE) | Q(step_up_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.user_name}"
