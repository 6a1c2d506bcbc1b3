"""Taking entries back, in full or in part. The first entry is never touched."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from apps.ledger.domain import REVERSAL, EntryDraft, EntryReceipt, PostingDraft, fingerprint
from apps.ledger.domain.periods import Late
from apps.ledger.domain.reversals import OpenLeg, ReasonCode, ReversalPart, legs_to_reverse
from apps.ledger.errors import AlreadyReversed, EntryNotFound
from apps.ledger.models import JournalEntry
from apps.ledger.selectors.reversals import open_legs
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case


@again_when_in_the_way
@use_case("ledger.reverse_entry")
def reverse_entry(  # noqa: PLR0913  why, how much and when, each by name
    *,
    entry_id: UUID,
    reason: str,
    idempotency_key: str,
    actor: Actor,
    value_date: date | None = None,
    reason_code: ReasonCode = ReasonCode.CORRECTION,
    part: ReversalPart | None = None,
) -> EntryReceipt:
    """Take back what remains of an entry, or a ``part``, by a new one with the sides exchanged.

    The reversal counts on ``value_date``, or today in the tenant's zone; where that day is closed,
    on the first open one. No more of a leg is ever taken back than was posted: when nothing
    remains, another reversal is refused, and the same key answers with the first receipt. Limits
    hold as for any posting: money that has moved on cannot be taken back out of an empty account,
    and the refusal says from which account and how much is missing.
    """
    original = JournalEntry.objects.select_for_update(no_key=True).filter(id=entry_id).first()
    if original is None:
        raise EntryNotFound(entry_id=public_id("je", entry_id))
    part = part or ReversalPart()
    legs = open_legs(entry_id)
    is_known = JournalEntry.objects.filter(idempotency_key=idempotency_key).exists()
    draft = EntryDraft(
        kind=REVERSAL,
        description=reason,
        value_date=value_date or clock.today(current_tenant().zone),
        postings=_whole(legs) if is_known else _taken(entry_id, legs, part),
        reason=reason_code,
        late=Late.NEXT_OPEN,
    )
    request = fingerprint(REVERSAL, str(entry_id), reason, value_date, reason_code, part)
    receipt = write(
        [
            Instruction(
                draft=draft,
                idempotency_key=idempotency_key,
                fingerprint=request,
                reverses_id=entry_id,
            )
        ],
        actor,
    )[0]
    if receipt.is_replay:
        audit.nothing_happened()
    audit.note(public_id("je", receipt.entry_id), reverses=public_id("je", entry_id))
    return receipt


def _taken(entry_id: UUID, legs: list[OpenLeg], part: ReversalPart) -> list[PostingDraft]:
    if not any(leg.remaining.minor for leg in legs):
        last = JournalEntry.objects.filter(reverses=entry_id).order_by("-id").values_list("id")
        raise AlreadyReversed(
            entry_id=public_id("je", entry_id), reversed_by=public_id("je", last[0][0])
        )
    return [_opposite(leg, amount) for leg, amount in legs_to_reverse(entry_id, legs, part)]


def _whole(legs: list[OpenLeg]) -> list[PostingDraft]:
    """A replay writes nothing; it only has to name every account its receipt may speak of."""
    return [_opposite(leg, leg.amount) for leg in legs]


def _opposite(leg: OpenLeg, amount: Money) -> PostingDraft:
    return PostingDraft(leg.account, leg.side.opposite, amount, leg.clearing_key)
