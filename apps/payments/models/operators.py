"""What people decide about attempts nobody can vouch for, and about money that strayed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.payments.domain.rulings import RulingState, RulingVerb
from apps.payments.domain.strays import StrayKind, StrayState, StrayUseKind
from apps.payments.models.accounts import ProviderAccount
from apps.payments.models.attempts import Attempt
from apps.payments.models.events import PaymentEvent
from apps.payments.models.intents import PaymentIntent
from apps.payments.models.refunds import Refund
from apps.platform.models.rows import Identified, choices
from apps.platform.money import Money

PERSON, ACTOR = 64, 221


class Ruling(Identified):
    """What one person says became of an attempt of unknown outcome, and what another decides.

    ``shown`` is what stood on the page when it was asked for, ``digest`` the SHA-256 over that and
    over the ruling itself: whoever decides has seen the same. ``reference`` is what the provider's
    books call the movement; ``evidence_file`` names a kept file. The database refuses a decision
    by the person who asked, and a ruling about an attempt whose outcome is proved.
    """

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="rulings")
    verb = models.CharField(max_length=20, choices=choices(RulingVerb))
    reference = models.CharField(max_length=64, blank=True)
    evidence = models.CharField(max_length=500)
    evidence_file = models.CharField(max_length=250, blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    shown = models.JSONField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=choices(RulingState), default=RulingState.ASKED)
    asked_person = models.CharField(max_length=PERSON)
    asked_by = models.CharField(max_length=ACTOR)
    asked_at = models.DateTimeField()
    decided_person = models.CharField(max_length=PERSON, blank=True)
    decided_by = models.CharField(max_length=ACTOR, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=300, blank=True)

    class Meta(Identified.Meta):
        db_table = "payments_ruling"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt"],
                condition=Q(state=RulingState.ASKED.value),
                name="payments_ruling_one_open",
            ),
            models.CheckConstraint(name="payments_ruling_has_evidence", condition=~Q(evidence="")),
            models.CheckConstraint(
                name="payments_ruling_success_has_reference",
                condition=~Q(verb=RulingVerb.SUCCEEDED.value) | ~Q(reference=""),
            ),
            models.CheckConstraint(
                name="payments_ruling_verb_known",
                condition=Q(verb__in=[verb.value for verb in RulingVerb]),
            ),
            models.CheckConstraint(
                name="payments_ruling_state_known",
                condition=Q(state__in=[state.value for state in RulingState]),
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at", "id"], name="payments_ruling_paging"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.reference}".strip()


class Stray(Identified):
    """Money in suspense that came otherwise than it was asked for, until people say whose it is.

    ``event`` is the fact that brought it. ``amount_minor`` is what went to suspense; it is negative
    where a better source named less than was booked. ``left_minor`` is what no use accounts for.
    ``refund`` is the last refund that was asked for out of it.
    """

    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="strays")
    event = models.OneToOneField(PaymentEvent, models.PROTECT, related_name="stray")
    intent = models.ForeignKey(PaymentIntent, models.PROTECT, null=True, related_name="strays")
    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="strays")
    kind = models.CharField(max_length=20, choices=choices(StrayKind))
    amount_minor = models.BigIntegerField()
    left_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    suspense_account = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=choices(StrayState), default=StrayState.OPEN)
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="strays")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "payments_stray"
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="payments_stray_amount_given", condition=~Q(amount_minor=0)
            ),
            models.CheckConstraint(
                name="payments_stray_left_within_amount",
                condition=Q(
                    amount_minor__gt=0, left_minor__gte=0, left_minor__lte=F("amount_minor")
                )
                | Q(amount_minor__lt=0, left_minor__lte=0, left_minor__gte=F("amount_minor")),
            ),
            models.CheckConstraint(
                name="payments_stray_done_has_nothing_left",
                condition=Q(state=StrayState.DONE, left_minor=0, closed_at__isnull=False)
                | (~Q(state=StrayState.DONE) & ~Q(left_minor=0) & Q(closed_at=None)),
            ),
            models.CheckConstraint(
                name="payments_stray_kind_known",
                condition=Q(kind__in=[kind.value for kind in StrayKind]),
            ),
            models.CheckConstraint(
                name="payments_stray_state_known",
                condition=Q(state__in=[state.value for state in StrayState]),
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at", "id"], name="payments_stray_paging"),
            models.Index(
                fields=["opened_at"],
                condition=~Q(state=StrayState.DONE.value),
                name="payments_stray_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"

    @property
    def amount(self) -> Money:
        """What went to suspense."""
        return Money(self.amount_minor, self.currency)

    @property
    def left(self) -> Money:
        """What still stands there."""
        return Money(self.left_minor, self.currency)


class StrayUse(Identified):
    """Where a part of strayed money went, and the entry that moved it. Append-only.

    A refund that failed or came back gives its part back: a use of the opposite sign.
    """

    stray = models.ForeignKey(Stray, models.PROTECT, related_name="uses")
    use = models.CharField(max_length=20, choices=choices(StrayUseKind))
    amount_minor = models.BigIntegerField()
    account = models.CharField(max_length=64, blank=True)
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="+")
    entry = models.ForeignKey("ledger.JournalEntry", models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    actor = models.CharField(max_length=ACTOR)
    at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "payments_stray_use"
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="payments_stray_use_amount_given", condition=~Q(amount_minor=0)
            ),
            models.CheckConstraint(name="payments_stray_use_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="payments_stray_use_has_target",
                condition=Q(use=StrayUseKind.ACCEPTED, refund=None, account="")
                | (Q(use=StrayUseKind.MOVED, refund=None) & ~Q(account=""))
                | Q(
                    use__in=[StrayUseKind.REFUNDED.value, StrayUseKind.REFUND_UNDONE.value],
                    refund__isnull=False,
                    account="",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.use} {self.amount_minor}"
