"""Posting as much as there is."""

from __future__ import annotations

from apps.ledger.domain import CaptureDraft, EntryDraft, HoldDraft, HoldReason, HoldReceipt
from apps.ledger.services.holds import capture_hold, place_hold
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case


@again_when_in_the_way
@use_case("ledger.post_up_to_available")
def post_up_to_available(*, draft: EntryDraft, idempotency_key: str, actor: Actor) -> HoldReceipt:
    """Post an entry of two legs for its amount or, if that is less, for what is available.

    The amount is held and captured in one transaction, so the books keep what was asked beside what
    was there, and asking again with the same key answers with the first receipt: ``moved`` says how
    much. What an account has available is what it may fall by to its floor, or to zero if it has
    none; where that is nothing, ``InsufficientFunds``.
    """
    draft.check()
    held = place_hold(
        draft=HoldDraft(
            reason=HoldReason.SETTLEMENT,
            description=draft.description,
            postings=draft.postings,
            metadata=draft.metadata,
            is_up_to_available=True,
        ),
        idempotency_key=idempotency_key,
        actor=actor,
    )
    return capture_hold(
        hold_id=held.hold_id,
        draft=CaptureDraft(entry=draft),
        idempotency_key=idempotency_key,
        actor=actor,
    )
