"""From messages to drafts, checked for form alone: the books judge the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any, TypeVar

from protobuf.wkt import Struct, Timestamp

from apps.ledger.domain import (
    CaptureDraft,
    EntryDraft,
    HoldDraft,
    HoldReason,
    PostingDraft,
    Precondition,
    ReleaseDraft,
    Side,
)
from apps.ledger.domain.holds import CAPTURE
from apps.ledger.domain.periods import Late
from apps.ledger.rpc.problems import MessageRefused
from apps.ledger.rpc.v1 import ledger_pb as pb
from apps.platform.currencies import currency as unit_of
from apps.platform.ids import parse_public_id
from apps.platform.money import Money

T = TypeVar("T")

POSTINGS_MAX = 10_000
ACCOUNT_LETTERS_MAX = 64
TEXT_LETTERS_MAX = 200
LIFETIME_SECONDS_MAX = 400 * 24 * 3600
MANUAL = "manual"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KIND = re.compile(r"[a-z][a-z0-9_.]{0,49}")
_SIDES = {pb.Side.DEBIT: Side.DEBIT, pb.Side.CREDIT: Side.CREDIT}
_LATE = {
    pb.Late.UNSPECIFIED: Late.RULE,
    pb.Late.REFUSE: Late.REFUSE,
    pb.Late.NEXT_OPEN: Late.NEXT_OPEN,
}


def key(text: str) -> str:
    """An idempotency key."""
    if not _KEY.fullmatch(text):
        raise MessageRefused("/idempotency_key", "required", "Send 1 to 255 visible letters.")
    return text


def entry(message: pb.PostEntryRequest) -> EntryDraft:
    """The entry that a message describes."""
    return EntryDraft(
        kind=_kind(message.kind or MANUAL),
        description=_text("/description", message.description),
        value_date=_day("/value_date", message.value_date),
        effective_at=_instant(message.effective_at),
        source_event=_optional_text("/source_event", message.source_event),
        metadata=_plain(message.metadata),
        postings=_postings(message.postings),
        late=_LATE.get(message.late, Late.RULE),
        preconditions=[
            Precondition(
                account=_account(f"/preconditions/{place}/account", one.account),
                version=one.version if one.has_field("version") else None,
                min_balance_minor=(
                    one.min_balance_minor if one.has_field("min_balance_minor") else None
                ),
                max_balance_minor=(
                    one.max_balance_minor if one.has_field("max_balance_minor") else None
                ),
            )
            for place, one in enumerate(message.preconditions)
        ],
    )


def hold(message: pb.PlaceHoldRequest) -> HoldDraft:
    """The hold that a message describes."""
    lifetime = message.lifetime_seconds if message.has_field("lifetime_seconds") else None
    if lifetime is not None and not 1 <= lifetime <= LIFETIME_SECONDS_MAX:
        raise MessageRefused("/lifetime_seconds", "range", "Give seconds, at most 400 days.")
    return HoldDraft(
        reason=_within("/reason", lambda: HoldReason(message.reason)),
        description=_text("/description", message.description),
        postings=_postings(message.postings),
        lifetime=None if lifetime is None else timedelta(seconds=lifetime),
        source_event=_optional_text("/source_event", message.source_event),
        metadata=_plain(message.metadata),
        is_up_to_available=message.is_up_to_available,
        closes_account=message.closes_account,
    )


def capture(message: pb.CaptureHoldRequest) -> CaptureDraft:
    """How much of a hold is captured, and what its entry says."""
    return CaptureDraft(
        amount=_part(message),
        legs=_legs(message),
        is_final=message.is_final,
        kind=_kind(message.kind or CAPTURE),
        description=_optional_text("/description", message.description),
        value_date=_day("/value_date", message.value_date) if message.value_date else None,
        effective_at=_instant(message.effective_at),
        source_event=_optional_text("/source_event", message.source_event),
        metadata=_plain(message.metadata),
    )


def release(message: pb.ReleaseHoldRequest) -> ReleaseDraft:
    """How much of a hold is released, and why."""
    return ReleaseDraft(
        amount=_part(message), legs=_legs(message), reason=_text("/reason", message.reason)
    )


def hold_id(text: str) -> Any:
    """The hold's UUID."""
    return _within("/hold_id", lambda: parse_public_id("hld", text))


def _postings(messages: Sequence[pb.Posting]) -> list[PostingDraft]:
    if len(messages) > POSTINGS_MAX:
        raise MessageRefused("/postings", "max_length", f"At most {POSTINGS_MAX:,} postings.")
    return [
        PostingDraft(
            _account(f"/postings/{place}/account", one.account),
            _side(f"/postings/{place}/side", one.side),
            _money(f"/postings/{place}/amount", one.amount),
            _optional_text(f"/postings/{place}/clearing_key", one.clearing_key),
        )
        for place, one in enumerate(messages)
    ]


def _part(message: pb.CaptureHoldRequest | pb.ReleaseHoldRequest) -> Money | None:
    if message.amount is None:
        return None
    if message.legs:
        raise MessageRefused("/legs", "invalid", "Give legs or one amount.")
    return _money("/amount", message.amount)


def _legs(message: pb.CaptureHoldRequest | pb.ReleaseHoldRequest) -> Mapping[int, Money] | None:
    if not message.legs:
        return None
    named = {
        leg.leg: _money(f"/legs/{place}/amount", leg.amount)
        for place, leg in enumerate(message.legs)
    }
    if len(named) != len(message.legs):
        raise MessageRefused("/legs", "invalid", "Give each leg once.")
    return named


def _money(pointer: str, message: pb.Money | None) -> Money:
    if message is None or unit_of(message.currency) is None:
        raise MessageRefused(
            f"{pointer}/currency",
            "currency",
            "The currency must be a code of ISO 4217 or a unit of the tenant's own.",
        )
    if message.amount <= 0:
        raise MessageRefused(f"{pointer}/amount", "positive", "The amount must be more than zero.")
    return _within(f"{pointer}/amount", lambda: Money(message.amount, message.currency))


def _side(pointer: str, side: pb.Side) -> Side:
    if side not in _SIDES:
        raise MessageRefused(pointer, "required", "Say SIDE_DEBIT or SIDE_CREDIT.")
    return _SIDES[side]


def _account(pointer: str, code: str) -> str:
    if not 1 <= len(code) <= ACCOUNT_LETTERS_MAX or "\0" in code:
        raise MessageRefused(pointer, "required", "Give the code of an account.")
    return code


def _kind(text: str) -> str:
    if not _KIND.fullmatch(text):
        raise MessageRefused("/kind", "invalid", "A kind is lower case: payments.capture.")
    return text


def _text(pointer: str, text: str) -> str:
    if not text.strip():
        raise MessageRefused(pointer, "required", "This may not be empty.")
    return _optional_text(pointer, text)


def _optional_text(pointer: str, text: str) -> str:
    if len(text) > TEXT_LETTERS_MAX or "\0" in text:
        raise MessageRefused(pointer, "max_length", f"At most {TEXT_LETTERS_MAX} letters.")
    return text


def _day(pointer: str, text: str) -> date:
    return _within(pointer, lambda: date.fromisoformat(text))


def _instant(message: Timestamp | None) -> datetime | None:
    if message is None:
        return None
    return _within("/effective_at", message.to_datetime)


def _within(pointer: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (ValueError, OverflowError) as error:
        raise MessageRefused(pointer, "invalid", str(error)[:TEXT_LETTERS_MAX]) from None


def _plain(message: Struct | None) -> dict[str, Any]:
    """Metadata, its numbers as the REST API reads them, though here they travel as doubles."""
    return {} if message is None else _exact(message.to_python())


def _exact(value: Any) -> Any:
    if (isinstance(value, float) and not isfinite(value)) or "\0" in str(value):
        raise MessageRefused("/metadata", "invalid", "This cannot be written as JSON.")
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, Mapping):
        return {name: _exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return value
