"""How much of an entry was not taken back yet."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from apps.ledger.domain import Side
from apps.ledger.domain.reversals import OpenLeg
from apps.ledger.models import Posting
from apps.platform.money import Money


def open_legs(entry_id: UUID) -> list[OpenLeg]:
    """Each leg of an entry with what remains of it, in order.

    Legs on one side of one account with the same clearing key are one thing to take back: what was
    reversed fills them from the first. The guard of the database counts the same way.
    """
    taken = Counter[tuple[UUID, str, str]]()
    for row in Posting.objects.filter(entry__reverses=entry_id):
        opposite = "C" if row.side == "D" else "D"
        taken[row.account_id, opposite, row.clearing_key or ""] += row.amount_minor
    result = []
    rows = Posting.objects.filter(entry=entry_id).select_related("account").order_by("leg")
    for row in rows:
        key = row.account_id, row.side, row.clearing_key or ""
        gone = min(taken[key], row.amount_minor)
        taken[key] -= gone
        result.append(
            OpenLeg(
                leg=row.leg,
                account=row.account.code,
                side=Side.of_letter(row.side),
                amount=Money(row.amount_minor, row.currency),
                remaining=Money(row.amount_minor - gone, row.currency),
                clearing_key=row.clearing_key or "",
            )
        )
    return result
