"""Differences, from being opened to being explained."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case
from apps.settlements.domain import BreakState, Difference
from apps.settlements.errors import ReasonMissing
from apps.settlements.events import BreakOpened, BreakResolved
from apps.settlements.models import Break, ExpectedItem, StatementLine
from apps.settlements.services.locking import locked_break
from apps.settlements.services.numbering import next_reference
from apps.settlements.services.transitions import move

#: A difference is explained within one business day.
DUE_AFTER = timedelta(hours=24)


def open_break(
    difference: Difference,
    *,
    line: StatementLine | None = None,
    item: ExpectedItem | None = None,
) -> bool:
    """Within a use case: open a break unless it is there already. True if it is new."""
    if Break.objects.filter(dedupe_key=difference.dedupe_key).exists():
        return False
    now = clock.now()
    row = Break.objects.create(
        reference=next_reference(Break, "BRK"),
        kind=difference.kind,
        provider_account=difference.provider_account,
        amount_minor=difference.amount.minor,
        currency=difference.amount.currency,
        line=line,
        item=item,
        explanation=difference.explanation[:300],
        dedupe_key=difference.dedupe_key,
        opened_at=now,
        due_at=now + DUE_AFTER,
    )
    record(
        BreakOpened(
            break_id=public_id("brk", row.id),
            kind=row.kind,
            amount=difference.amount,
            reference=row.reference,
        ),
        aggregate=public_id("brk", row.id),
    )
    return True


@use_case("settlements.take_break")
def take_break(*, break_id: UUID, actor: Actor) -> None:
    """The person looks into it from now on."""
    row = locked_break(break_id)
    move(row, BreakState.INVESTIGATING, actor)
    row.owner_id = actor.id
    row.owner_name = actor.name
    row.save(update_fields=["state", "owner_id", "owner_name"])
    audit.note(public_id("brk", row.id))


@use_case("settlements.resolve_break")
def resolve_break(*, break_id: UUID, resolution: str, actor: Actor) -> None:
    """Close the break with its explanation. No money moves here."""
    row = locked_break(break_id)
    if not resolution.strip():
        raise ReasonMissing(reference=row.reference)
    close_break(row, resolution, actor)
    audit.note(public_id("brk", row.id))


def close_break(row: Break, resolution: str, actor: Actor) -> None:
    """Within a use case: the locked break is explained."""
    move(row, BreakState.RESOLVED, actor, resolution)
    row.resolution = resolution
    row.resolved_at = clock.now()
    row.save(update_fields=["state", "resolution", "resolved_at"])
    record(
        BreakResolved(break_id=public_id("brk", row.id), kind=row.kind, resolution=resolution),
        aggregate=public_id("brk", row.id),
    )
