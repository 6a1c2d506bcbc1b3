"""Ending the holds whose time is over."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from apps.ledger.domain import PostingDraft, Side
from apps.ledger.domain.entries import totals
from apps.ledger.events import HoldExpired
from apps.ledger.models import Hold
from apps.ledger.services.closing import let_in_again
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant_id
from apps.platform.use_cases import use_case

#: What one sweep ends in one transaction, its locks held until it is done.
BATCH = 200
_EXPIRE = """
    SELECT * FROM ledger_expire_holds_v1(
        %s::uuid, %s::timestamptz, %s::text, %s::uuid, %s::integer)
"""


class Expired(NamedTuple):
    """What the expiring function answers for each hold; one amount for each leg."""

    hold_id: UUID
    amounts: list[int]
    moved_at: datetime


@again_when_in_the_way
@use_case("ledger.expire_holds")
def expire_holds(*, actor: Actor) -> int:
    """Release what is left of the holds whose time is over; returns how many.

    A bounded batch, the longest overdue first; safe to repeat and to run beside itself. Nothing
    depends on its being in time but the money's being available again: an expired hold cannot be
    captured anyway.
    """
    with connection.cursor() as cursor:
        who = [current_tenant_id(), clock.moved(), str(actor), actor.id]
        cursor.execute(_EXPIRE, [*who, BATCH])
        rows = [Expired(*row) for row in cursor.fetchall()]
    if not rows:
        audit.nothing_happened()
        return 0
    holds = Hold.objects.prefetch_related("legs__account").in_bulk([row.hold_id for row in rows])
    let_in_again(list(holds.values()))
    for row in rows:
        _announce(holds[row.hold_id], row)
    audit.note(public_id("hld", rows[0].hold_id), holds=len(rows))
    return len(rows)


def _announce(hold: Hold, row: Expired) -> None:
    legs = sorted(hold.legs.all(), key=lambda leg: leg.leg)
    released = totals(
        [
            PostingDraft(leg.account.code, Side.of_letter(leg.side), Money(minor, leg.currency))
            for leg, minor in zip(legs, row.amounts, strict=True)
        ]
    )
    record(HoldExpired(hold_id=hold.id, released=released), aggregate=public_id("hld", hold.id))
