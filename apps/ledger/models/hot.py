"""What accounts need that many post to at once: parts of a limit, and how long posters wait."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.ledger.models.accounts import Account
from apps.platform.models.rows import TenantRow


class BalanceShard(TenantRow):
    """One part of the room a sharded account has: how far it may still fall, and rise.

    A posting takes from one part and locks only that. The parts add up to the room of the whole
    account, so none of them can break its limits; a part that runs short is refilled from the
    others first. Minor units of the balance on the normal side; NULL is no limit.
    """

    pk = models.CompositePrimaryKey("account_id", "shard")
    account = models.ForeignKey(
        Account, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    shard = models.SmallIntegerField()
    down_minor = models.BigIntegerField(null=True)
    up_minor = models.BigIntegerField(null=True)

    class Meta(TenantRow.Meta):
        db_table = "ledger_balance_shard"
        constraints = [
            models.CheckConstraint(
                name="ledger_balance_shard_room_left",
                condition=(Q(down_minor=None) | Q(down_minor__gte=0))
                & (Q(up_minor=None) | Q(up_minor__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} part {self.shard}"


class LockWait(TenantRow):
    """How often somebody was found waiting for an account's balance in an hour, and how many.

    Sampled: of the looks of an hour (``LOOKS_AN_HOUR``), ``looks`` found a queue, and ``waiters``
    is how many stood in those queues together.
    """

    pk = models.CompositePrimaryKey("account_id", "hour")
    account = models.ForeignKey(
        Account, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    hour = models.DateTimeField(help_text="The hour's beginning.")
    looks = models.IntegerField()
    waiters = models.IntegerField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_lock_wait"

    def __str__(self) -> str:
        return f"{self.account_id} in the hour from {self.hour:%F %H:%M}: {self.waiters}"
