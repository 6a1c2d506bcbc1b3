"""What our own books say a statement will show."""

from __future__ import annotations

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.money import Money
from apps.platform.use_cases import use_case
from apps.settlements.domain import Direction, LineKind
from apps.settlements.models import ExpectedItem
from apps.settlements.services.matching import match_reference

_DIRECTIONS = {LineKind.PAYIN: Direction.IN, LineKind.PAYOUT: Direction.OUT}


@use_case("settlements.expect_movement")
def expect_movement(
    *,
    provider_account: str,
    kind: LineKind,
    amount: Money,
    provider_reference: str,
    source: str,
    expected_fee: Money | None,
    actor: Actor,
) -> None:
    """Wait for a captured payment or paid payout on its provider's statement.

    ``source`` names the fact it comes from; hearing of it again changes nothing. A statement line
    that came first is matched at once.
    """
    _, is_new = ExpectedItem.objects.get_or_create(
        source=source,
        defaults={
            "provider_account": provider_account,
            "kind": kind,
            "direction": _DIRECTIONS[kind],
            "amount_minor": amount.minor,
            "currency": amount.currency,
            "provider_reference": provider_reference,
            "expected_fee_minor": expected_fee.minor if expected_fee is not None else None,
            "expected_at": clock.now(),
        },
    )
    if not is_new:
        audit.nothing_happened()
        return
    match_reference(provider_account, provider_reference, actor)
    audit.note(source, provider_reference=provider_reference)
