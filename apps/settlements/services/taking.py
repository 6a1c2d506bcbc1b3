"""A line that our books don't know and that brought money: taken as a pay-in nobody told us of."""

from __future__ import annotations

from uuid import UUID

from apps.payments.services import take_statement_line
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case
from apps.settlements.domain import BreakKind, BreakState, Direction, ExpectedMovement, LineKind
from apps.settlements.errors import NotAPayIn
from apps.settlements.models import Break, StatementLine
from apps.settlements.services.expectations import expect_movement
from apps.settlements.services.locking import locked_break


@use_case("settlements.take_break_as_pay_in")
def take_break_as_pay_in(*, break_id: UUID, actor: Actor) -> None:
    """Make the break's line a pay-in: it is matched, its suspense taken back, the break closed.

    What it is for is then decided under unmatched pay-ins, or at once where its reference and
    amount are those of one open payment. ``NotAPayIn`` for any line but one that brought money and
    that our books don't know.
    """
    row = locked_break(break_id)
    line = _line_of(row)
    pay_in_id = take_statement_line(
        provider_account=line.provider_account,
        reference=line.provider_reference,
        amount=Money(line.amount_minor, line.currency),
        paid_at=line.booked_at,
        account_reference=line.our_reference,
        payer_name=line.counterparty,
        actor=actor,
    )
    if pay_in_id is not None:  # else it is a payment's, and that is expected by its own news
        movement = ExpectedMovement(
            provider_account=line.provider_account,
            kind=LineKind.PAYIN,
            amount=Money(line.amount_minor, line.currency),
            provider_reference=line.provider_reference,
            source=f"payin:{public_id('pin', pay_in_id)}:{line.provider_reference}",
        )
        expect_movement(movement=movement, actor=actor)
    audit.note(public_id("brk", row.id), provider_reference=line.provider_reference)


def _line_of(row: Break) -> StatementLine:
    line = row.line
    is_open = row.state != BreakState.RESOLVED and row.kind == BreakKind.MISSING_INTERNAL
    if not is_open or line is None or line.direction != Direction.IN or not line.provider_reference:
        raise NotAPayIn(reference=row.reference)
    return line
