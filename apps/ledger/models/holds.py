"""Held money: the hold, its legs, and what happened to them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from apps.ledger.domain.holds import HoldMovementKind, HoldReason, HoldStatus
from apps.ledger.models.accounts import UNIT_LENGTH, Account
from apps.ledger.models.entries import SIDES
from apps.platform.models.rows import Identified, TenantRow, choices


class Hold(Identified):
    """Money reserved under one name. Locked before its accounts by whatever moves it.

    What it is never changes. ``status`` and ``closed_at`` follow from its movements, which are the
    truth; a closed hold never changes again. ``expires_at`` is its deadline by the database's
    clock: from then on it cannot be captured, whether or not the sweep has been here.
    """

    reason = models.CharField(max_length=20, choices=choices(HoldReason))
    description = models.CharField(max_length=200)
    status = models.CharField(max_length=8, choices=choices(HoldStatus), default=HoldStatus.OPEN)
    placed_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    idempotency_key = models.CharField(max_length=320)
    fingerprint = models.BinaryField()
    source_event = models.CharField(max_length=200, blank=True)
    closes_account = models.ForeignKey(
        Account, models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    actor = models.CharField(max_length=221)
    actor_id = models.UUIDField(null=True)
    metadata = models.JSONField(encoder=DjangoJSONEncoder, default=dict)

    class Meta(Identified.Meta):
        db_table = "ledger_hold"
        ordering = ["-placed_at", "-id"]
        indexes = [
            models.Index(fields=["placed_at", "id"], name="ledger_hold_placed_at"),
            models.Index(fields=["expires_at"], condition=Q(status="open"), name="ledger_hold_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key"], name="ledger_hold_key_once"),
            models.UniqueConstraint(
                fields=["source_event", "reason"],
                condition=~Q(source_event=""),
                name="ledger_hold_source_once",
            ),
            models.CheckConstraint(
                name="ledger_hold_reason_known",
                condition=Q(reason__in=[value.value for value in HoldReason]),
            ),
            models.CheckConstraint(
                name="ledger_hold_status_known",
                condition=Q(status="open", closed_at=None)
                | Q(status__in=["captured", "released", "expired"], closed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="ledger_hold_lives",
                condition=Q(expires_at=None) | Q(expires_at__gt=F("placed_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.description}"


class HoldLeg(TenantRow):
    """One leg of a hold, and how far it has been captured, released or expired.

    ``asked_minor`` is more than ``amount_minor`` when only what was available could be held. The
    pending columns of an account's balance are the sums of its legs' ``open_minor``.
    """

    pk = models.CompositePrimaryKey("hold_id", "leg")
    hold = models.ForeignKey(Hold, models.PROTECT, db_index=False, related_name="legs")
    leg = models.SmallIntegerField(help_text="Its place in the hold, from 1.")
    account = models.ForeignKey(
        Account, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    side = models.CharField(max_length=1, choices=SIDES)
    currency = models.CharField(max_length=UNIT_LENGTH)
    asked_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    captured_minor = models.BigIntegerField(default=0)
    released_minor = models.BigIntegerField(default=0)
    expired_minor = models.BigIntegerField(default=0)
    open_minor = models.BigIntegerField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_hold_leg"
        indexes = [
            models.Index(
                fields=["account"], condition=Q(open_minor__gt=0), name="ledger_hold_leg_open"
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_hold_leg_adds_up",
                condition=Q(
                    amount_minor=F("captured_minor")
                    + F("released_minor")
                    + F("expired_minor")
                    + F("open_minor")
                ),
            ),
            models.CheckConstraint(
                name="ledger_hold_leg_never_negative",
                condition=Q(
                    captured_minor__gte=0,
                    released_minor__gte=0,
                    expired_minor__gte=0,
                    open_minor__gte=0,
                    amount_minor__gt=0,
                    asked_minor__gte=F("amount_minor"),
                ),
            ),
            models.CheckConstraint(
                name="ledger_hold_leg_side_known", condition=Q(side__in=["D", "C"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.open_minor} of {self.amount_minor} {self.currency}"


class HoldMovement(TenantRow):
    """What happened to a hold, written once: 1 is that it was placed.

    ``amounts_minor`` and ``open_after_minor`` have one number for each leg, in the order of the
    legs. ``entry_id`` is the entry that a capture posted, in the same transaction.
    """

    pk = models.CompositePrimaryKey("hold_id", "number")
    hold = models.ForeignKey(Hold, models.PROTECT, db_index=False, related_name="movements")
    number = models.IntegerField()
    kind = models.CharField(max_length=8, choices=choices(HoldMovementKind))
    amounts_minor = ArrayField(models.BigIntegerField())
    open_after_minor = ArrayField(models.BigIntegerField())
    entry_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    idempotency_key = models.CharField(max_length=320, null=True)  # noqa: DJ001  NULL is no key
    fingerprint = models.BinaryField(null=True)
    moved_at = models.DateTimeField()
    actor = models.CharField(max_length=221)
    actor_id = models.UUIDField(null=True)

    class Meta(TenantRow.Meta):
        db_table = "ledger_hold_movement"
        ordering = ["hold_id", "number"]
        indexes = [
            models.Index(
                fields=["entry_id"],
                condition=Q(entry_id__isnull=False),
                name="ledger_hold_movement_entry",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["idempotency_key"], name="ledger_hold_movement_key_once"
            ),
            models.CheckConstraint(
                name="ledger_hold_movement_kind_known",
                condition=Q(kind="placed", number=1)
                | Q(kind__in=["captured", "released", "expired"], number__gt=1),
            ),
            models.CheckConstraint(
                name="ledger_hold_movement_posts",
                condition=Q(kind="captured", entry_id__isnull=False)
                | (~Q(kind="captured") & Q(entry_id=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.kind}"
