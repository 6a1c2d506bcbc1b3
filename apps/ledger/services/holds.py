"""Holding money, and capturing or releasing what is held."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from apps.ledger.domain import (
    CaptureDraft,
    EntryDraft,
    HoldDraft,
    HoldMovementKind,
    HoldReceipt,
    PostingDraft,
    ReleaseDraft,
    Side,
)
from apps.ledger.domain.entries import check_legs, totals
from apps.ledger.errors import AmountNotPositive, HoldLegsDiffer, HoldNotFound
from apps.ledger.events import HoldCaptured, HoldPlaced, HoldReleased
from apps.ledger.models import Hold, HoldLeg
from apps.ledger.services.closing import (
    after_capture,
    before_capture,
    close_to_others,
    let_in_again,
)
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.refusals import typed
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import new_id, public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant, current_tenant_id
from apps.platform.use_cases import use_case

_PLACE = """
    SELECT * FROM ledger_place_hold_v1(
        %s::uuid, %s::timestamptz, %s::text, %s::uuid,
        %s::uuid, %s::text, %s::text, make_interval(secs => %s), %s::text, %s::bytea, %s::text,
        %s::jsonb, %s::boolean, %s::text, %s::text[], %s::text[], %s::bigint[], %s::text[])
"""
_MOVE = """
    SELECT * FROM ledger_move_hold_v1(
        %s::uuid, %s::timestamptz, %s::text, %s::uuid,
        %s::uuid, %s::text, %s::bigint[], %s::boolean, %s::uuid, %s::text, %s::text, %s::bytea)
"""


class Placed(NamedTuple):
    """What the placing function answers."""

    hold_id: UUID
    is_replay: bool
    amounts: list[int]
    moved_at: datetime
    expires_at: datetime | None


class Moved(NamedTuple):
    """What the moving function answers; one amount for each leg."""

    number: int
    is_replay: bool
    amounts: list[int]
    still_open: list[int]
    moved_at: datetime
    entry_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One movement of a hold that is asked for; ``amounts`` leg by leg, ``None`` for all of it."""

    kind: HoldMovementKind
    amounts: list[int] | None
    idempotency_key: str
    fingerprint: bytes
    is_final: bool = False
    entry_id: UUID | None = None
    reason: str = ""


@again_when_in_the_way
@use_case("ledger.place_hold")
def place_hold(*, draft: HoldDraft, idempotency_key: str, actor: Actor) -> HoldReceipt:
    """Hold money on every leg, once per idempotency key; available balances shrink at once.

    Asking again with the same key and draft returns the first receipt; with another draft it is
    refused, as is a second hold of the reason for one source event. Floors, ceilings and the state
    of accounts are judged now, so that a capture cannot break a limit. A refusal leaves no trace.
    """
    draft.check()
    _need_key(idempotency_key)
    legs = [(p.account, p.side.letter, p.amount.minor, p.amount.currency) for p in draft.postings]
    with typed(), connection.cursor() as cursor:
        cursor.execute(
            _PLACE,
            [
                *_who(actor),
                new_id(),
                draft.reason,
                draft.description,
                draft.lifetime.total_seconds() if draft.lifetime else None,
                idempotency_key,
                draft.fingerprint(),
                draft.source_event,
                json.dumps(dict(draft.metadata), cls=DjangoJSONEncoder),
                draft.is_up_to_available,
                draft.closes_account,
                *(list(column) for column in zip(*legs, strict=True)),
            ],
        )
        row = Placed(*cursor.fetchone())
    held = totals(_with_amounts(draft.postings, row.amounts))
    if row.is_replay:
        audit.nothing_happened()
    else:
        if draft.closes_account:
            close_to_others(draft.closes_account)
        _announce_placed(draft, row, held)
    return HoldReceipt(
        hold_id=row.hold_id,
        number=1,
        kind=HoldMovementKind.PLACED,
        moved=held,
        left=held,
        at=row.moved_at,
        expires_at=row.expires_at,
        entry_id=None,
        is_replay=row.is_replay,
    )


@again_when_in_the_way
@use_case("ledger.capture_hold")
def capture_hold(
    *, hold_id: UUID, draft: CaptureDraft, idempotency_key: str, actor: Actor
) -> HoldReceipt:
    """Post a part of a hold, or all that is left, as a journal entry; once per idempotency key.

    May be repeated until nothing is left; ``is_final`` releases the rest. Refused when the hold is
    closed, when its time is over (before the sweep has been here, too) and beyond what is left.
    The entry is posted under the same key and takes part in every rule of the books: a frozen
    account or a closed period refuses it, and then the hold is as it was.
    """
    hold, legs = _found(hold_id)
    entry_id = new_id()
    step = Step(
        kind=HoldMovementKind.CAPTURED,
        amounts=_amounts(hold, legs, draft.amount, draft.legs),
        is_final=draft.is_final,
        entry_id=entry_id,
        idempotency_key=idempotency_key,
        fingerprint=draft.fingerprint(hold_id),
    )
    move = _move(hold, step, actor)
    if move.is_replay:
        audit.nothing_happened()
        return _receipt(hold, legs, HoldMovementKind.CAPTURED, move)
    before_capture(hold)
    _post(entry_id, _entry_of(hold, _postings(legs, move.amounts), draft), idempotency_key, actor)
    receipt = _receipt(hold, legs, HoldMovementKind.CAPTURED, move)
    after_capture(hold, is_closed=not receipt.left)
    audit.note(public_id("hld", hold.id), entry=public_id("je", entry_id))
    record(
        HoldCaptured(
            hold_id=hold.id,
            entry_id=entry_id,
            captured=receipt.moved,
            left=receipt.left,
            source_event=draft.source_event,
        ),
        aggregate=public_id("hld", hold.id),
    )
    return receipt


@again_when_in_the_way
@use_case("ledger.release_hold")
def release_hold(
    *, hold_id: UUID, draft: ReleaseDraft, idempotency_key: str, actor: Actor
) -> HoldReceipt:
    """Give back a part of a hold, or all that is left; once per idempotency key.

    What is released is available again. A hold whose time is over can still be released: that is
    what the sweep would do.
    """
    hold, legs = _found(hold_id)
    amounts = _amounts(hold, legs, draft.amount, draft.legs)
    if amounts is not None:
        check_legs(_postings(legs, amounts))
    step = Step(
        kind=HoldMovementKind.RELEASED,
        amounts=amounts,
        reason=draft.reason,
        idempotency_key=idempotency_key,
        fingerprint=draft.fingerprint(hold_id),
    )
    move = _move(hold, step, actor)
    receipt = _receipt(hold, legs, HoldMovementKind.RELEASED, move)
    if move.is_replay:
        audit.nothing_happened()
        return receipt
    if not receipt.left:
        let_in_again([hold])
    audit.note(public_id("hld", hold.id), reason=draft.reason)
    record(
        HoldReleased(
            hold_id=hold.id, released=receipt.moved, left=receipt.left, reason=draft.reason
        ),
        aggregate=public_id("hld", hold.id),
    )
    return receipt


def _found(hold_id: UUID) -> tuple[Hold, list[HoldLeg]]:
    """The hold and its legs, none of which changes what it is."""
    hold = Hold.objects.filter(id=hold_id).first()
    if hold is None:
        raise HoldNotFound(hold_id=public_id("hld", hold_id))
    return hold, list(hold.legs.select_related("account").order_by("leg"))


def _amounts(
    hold: Hold, legs: Sequence[HoldLeg], amount: Money | None, by_leg: Mapping[int, Money] | None
) -> list[int] | None:
    """What is asked of each leg, or ``None`` for all that is left."""
    if amount is not None and by_leg is None and len(legs) == 2:  # noqa: PLR2004  from and to
        by_leg = {leg.leg: amount for leg in legs}
    elif by_leg is None and amount is None:
        return None
    known = {leg.leg: leg for leg in legs}
    asked = by_leg or {}
    if not asked or any(
        n not in known or known[n].currency != m.currency for n, m in asked.items()
    ):
        raise HoldLegsDiffer(hold_id=public_id("hld", hold.id), legs=len(legs))
    for number, money in asked.items():
        if money.minor <= 0:
            raise AmountNotPositive(leg=number, account=known[number].account.code)
    return [asked[leg.leg].minor if leg.leg in asked else 0 for leg in legs]


def _move(hold: Hold, step: Step, actor: Actor) -> Moved:
    _need_key(step.idempotency_key)
    with typed(), connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            [
                *_who(actor),
                hold.id,
                step.kind,
                step.amounts,
                step.is_final,
                step.entry_id,
                step.reason,
                step.idempotency_key,
                step.fingerprint,
            ],
        )
        return Moved(*cursor.fetchone())


def _entry_of(hold: Hold, postings: Sequence[PostingDraft], draft: CaptureDraft) -> EntryDraft:
    """The entry that a capture posts."""
    if draft.entry is not None:
        keys = {(leg.account, leg.side): leg.clearing_key for leg in draft.entry.postings}
        legs = [replace(leg, clearing_key=keys[leg.account, leg.side]) for leg in postings]
        metadata = {"hold": public_id("hld", hold.id), **draft.entry.metadata}
        return replace(draft.entry, postings=legs, metadata=metadata)
    return EntryDraft(
        kind=draft.kind,
        description=draft.description or hold.description,
        value_date=draft.value_date or clock.today(current_tenant().zone),
        effective_at=draft.effective_at,
        source_event=draft.source_event,
        metadata={"hold": public_id("hld", hold.id), **draft.metadata},
        postings=postings,
    )


def _post(entry_id: UUID, draft: EntryDraft, idempotency_key: str, actor: Actor) -> None:
    draft.check()
    instruction = Instruction(
        id=entry_id,
        draft=draft,
        idempotency_key=idempotency_key,
        fingerprint=draft.fingerprint(),
    )
    write([instruction], actor)


def _who(actor: Actor) -> list[Any]:
    return [current_tenant_id(), clock.moved(), str(actor), actor.id]


def _need_key(idempotency_key: str) -> None:
    if not idempotency_key:
        raise ValueError("holding money takes an idempotency key")


def _postings(legs: Sequence[HoldLeg], amounts: Sequence[int]) -> list[PostingDraft]:
    """The legs with these amounts; a leg that gives nothing is left out."""
    return [
        PostingDraft(leg.account.code, Side.of_letter(leg.side), Money(minor, leg.currency))
        for leg, minor in zip(legs, amounts, strict=True)
        if minor
    ]


def _with_amounts(postings: Sequence[PostingDraft], amounts: Sequence[int]) -> list[PostingDraft]:
    return [
        PostingDraft(leg.account, leg.side, Money(minor, leg.amount.currency))
        for leg, minor in zip(postings, amounts, strict=True)
    ]


def _receipt(
    hold: Hold, legs: Sequence[HoldLeg], kind: HoldMovementKind, move: Moved
) -> HoldReceipt:
    return HoldReceipt(
        hold_id=hold.id,
        number=move.number,
        kind=kind,
        moved=totals(_postings(legs, move.amounts)),
        left=totals(_postings(legs, move.still_open)),
        at=move.moved_at,
        expires_at=hold.expires_at,
        entry_id=move.entry_id,
        is_replay=move.is_replay,
    )


def _announce_placed(draft: HoldDraft, row: Placed, held: tuple[Money, ...]) -> None:
    reference = public_id("hld", row.hold_id)
    audit.note(reference, reason=draft.reason)
    record(
        HoldPlaced(
            hold_id=row.hold_id,
            reason=draft.reason,
            held=held,
            expires_at=row.expires_at,
            source_event=draft.source_event,
        ),
        aggregate=reference,
    )
