"""What our own books say a statement will show."""

from __future__ import annotations

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case
from apps.settlements.domain import Direction, ExpectedMovement, LineKind
from apps.settlements.models import ExpectedItem
from apps.settlements.services.matching import match_expected

_DIRECTIONS = {LineKind.PAYIN: Direction.IN, LineKind.PAYOUT: Direction.OUT}


@use_case("settlements.expect_movement")
def expect_movement(*, movement: ExpectedMovement, actor: Actor) -> None:
    """Wait for a movement of money on its provider's statement: a payment, payout, refund, dispute.

    Hearing of the same source again changes nothing. A statement line that came first is matched
    at once.
    """
    fee = movement.expected_fee
    item, is_new = ExpectedItem.objects.get_or_create(
        source=movement.source,
        defaults={
            "provider_account": movement.provider_account,
            "kind": movement.kind,
            "direction": movement.direction or _DIRECTIONS[movement.kind],
            "amount_minor": movement.amount.minor,
            "currency": movement.amount.currency,
            "provider_reference": movement.provider_reference,
            "expected_fee_minor": fee.minor if fee is not None else None,
            "expected_at": clock.now(),
        },
    )
    if not is_new:
        audit.nothing_happened()
        return
    match_expected(item, actor)
    audit.note(movement.source, provider_reference=movement.provider_reference)
