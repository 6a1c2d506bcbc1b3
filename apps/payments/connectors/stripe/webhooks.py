"""Stripe's webhooks: verified strictly by ourselves, then read.

The SDK's own verifier takes signatures from the future and fails with a ``TypeError`` on letters
outside ASCII. This one compares in constant time, allows five minutes both ways, and tries every
secret while they are being exchanged.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from apps.payments.connectors.accounts import (
    GENUINE,
    AboutAttempt,
    AboutBankPayout,
    AboutDispute,
    News,
    SignatureVerdict,
)
from apps.payments.connectors.base import AccountConfig, RawCallback, Result
from apps.payments.connectors.stripe import account, amounts, answers, disputes, enquiries, wire
from apps.payments.connectors.stripe.client import API_VERSION
from apps.payments.domain.states import Operation, Outcome

HEADER = "stripe-signature"
TOLERANCE_SECONDS = 300
_HEADER_LONGEST, _SIGNATURES_MOST = 2_000, 16
_STAMP = re.compile(r"[0-9]{1,12}")
_MAC = re.compile(r"[0-9a-f]{64}")
_EVENT = re.compile(r"evt_[A-Za-z0-9_]{1,100}")
_MARK = re.compile(r"cap_([0-9a-f]{32})")
#: A hint: the provider is asked soon.
HINT = Result(Outcome.UNKNOWN)
#: Objects that one attempt made, and by which operation.
_MADE_BY = {"refund": Operation.REFUND, "transfer": Operation.PAYOUT}
_PAYOUT_STATES: tuple[Literal["pending", "in_transit", "paid", "failed", "canceled"], ...] = (
    "pending", "in_transit", "paid", "failed", "canceled",
)  # fmt: skip


def verify(header: str, body: bytes, secrets: Iterable[str], now: datetime) -> SignatureVerdict:
    """Whether one of the secrets signed exactly these bytes within five minutes of now."""
    if not header or len(header) > _HEADER_LONGEST or not header.isascii():
        return SignatureVerdict(is_genuine=False, why="no usable Stripe-Signature")
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    macs = [value for name, _, value in parts if name == "v1" and _MAC.fullmatch(value)]
    if len(stamps) != 1 or not _STAMP.fullmatch(stamps[0]) or not macs:
        return SignatureVerdict(is_genuine=False, why="a malformed Stripe-Signature")
    signed = stamps[0].encode() + b"." + body
    is_signed = False
    for secret in secrets:
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        for mac in macs[:_SIGNATURES_MOST]:
            is_signed |= hmac.compare_digest(expected, mac)
    if not is_signed:
        return SignatureVerdict(is_genuine=False, why="no signature of ours")
    if abs(now.timestamp() - int(stamps[0])) > TOLERANCE_SECONDS:
        return SignatureVerdict(is_genuine=False, why="signed too long ago, or in the future")
    return GENUINE


def secrets_in(kept: str) -> list[str]:
    """The signing secrets, separated by spaces or commas: two while one replaces the other."""
    return [secret for secret in re.split(r"[\s,]+", kept) if secret]


def identify(callback: RawCallback) -> str:
    """The event's own id; an unreadable one is named by its bytes."""
    id = wire.id_of(wire.document(callback.body))
    return id if _EVENT.fullmatch(id) else f"?{hashlib.sha256(callback.body).hexdigest()}"


def read(config: AccountConfig, callback: RawCallback) -> Sequence[News]:
    """What the event says; nothing when it is of no interest or of another account."""
    event = wire.document(callback.body)
    document = wire.inner(event, "data", "object")
    is_live = config.environment == "live"
    acts_for = account.text(config.config, "acts_for")
    if event.get("livemode") is not is_live or wire.text(event.get("account")) != acts_for:
        return ()
    at = wire.moment(event.get("created"))
    is_exact = event.get("api_version") == API_VERSION
    kind = wire.text(document.get("object"))
    if kind == "payment_intent":
        return _about_intent(document, is_exact=is_exact)
    if kind in _MADE_BY:
        return _about(document, _MADE_BY[kind], is_exact=is_exact)
    if kind == "dispute":
        return _about_dispute(document, at if is_exact else None)
    return _about_payout(document, at) if kind == "payout" else ()


def _about_dispute(document: dict[str, object], at: datetime | None) -> Sequence[News]:
    report = disputes.report(document, at) if at else None
    reference = wire.id_of(document)
    return (AboutDispute(reference=reference, report=report),) if reference else ()


def _about(document: dict[str, object], operation: Operation, *, is_exact: bool) -> Sequence[News]:
    """News of the attempt whose mark the object bears; another version's is a hint only."""
    id = _uuid(wire.inner(document, "metadata").get("attempt_id"))
    if id is None:
        return ()
    result = enquiries.read(document, operation) if is_exact else HINT
    return (_news(id, document, result, operation),)


def _about_intent(document: dict[str, object], *, is_exact: bool) -> Sequence[News]:
    marks = wire.inner(document, "metadata")
    id, named = _uuid(marks.get("attempt_id")), marks.get("operation")
    if id is None or named not in {Operation.PURCHASE, Operation.AUTHORISE}:
        return ()
    operation = Operation(str(named))
    if not is_exact:
        return (_news(id, document, HINT, operation),)
    result = answers.read_intent(document, operation)
    if result.outcome == Outcome.ACCEPTED and wire.inner(document, "last_payment_error"):
        result = HINT  # declined on the page: asked about, it is closed
    elif result.outcome == Outcome.ACCEPTED and result.action is not None:
        return ()  # the payer is busy
    found: list[News] = [_news(id, document, result, operation)]
    found += _captures(document, marks)
    if operation == Operation.AUTHORISE and document.get("status") == "canceled":
        refs = {"payment_intent": wire.id_of(document)}
        void = answers.read_void(document)
        found.append(AboutAttempt(result=void, refs=refs, operation=Operation.VOID))
    return found


def _captures(document: dict[str, object], marks: dict[str, object]) -> list[News]:
    """Each capture that left its mark."""
    found: list[News] = []
    for name in marks:
        mark = _MARK.fullmatch(name)
        id = _uuid(mark[1]) if mark else None
        told = answers.read_capture(document, str(id)) if id else None
        if id is not None and told is not None:
            found.append(_news(id, document, told, Operation.CAPTURE))
    return found


def _news(
    id: UUID, document: dict[str, object], result: Result, operation: Operation
) -> AboutAttempt:
    currency = wire.text(document.get("currency")).upper()
    return AboutAttempt(result=result, attempt_id=id, operation=operation, currency=currency)


def _about_payout(document: dict[str, object], at: datetime | None) -> Sequence[News]:
    id, status = wire.id_of(document), document.get("status")
    amount = amounts.read(document.get("amount"), document.get("currency"))
    known = next((state for state in _PAYOUT_STATES if state == status), None)
    if amount is None or known is None or not id:
        return ()
    return (
        AboutBankPayout(
            dedupe=f"payout:{id}:{known}",
            reference=id,
            amount=amount,
            status=known,
            arrival_at=wire.moment(document.get("arrival_date")),
            provider_time=at,
        ),
    )


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
