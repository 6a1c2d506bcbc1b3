"""Balance transactions as lines of a statement. What Stripe kept is a line of its own."""

from __future__ import annotations

from collections.abc import Iterator

from apps.payments.connectors.stripe import amounts, wire
from apps.payments.domain.receipts import ProviderTransaction

#: Types whose line is known by the object it came from; any other by its own id.
_BY_SOURCE = {
    "charge": "pay_in",
    "payment": "pay_in",
    "refund": "refund",
    "payment_refund": "refund",
    "transfer": "payout",
    "payout": "bank_payout",
}
_OTHERS = {
    "topup": "deposit",
    "stripe_fee": "fee",
    "application_fee": "application_fee",
    "refund_failure": "refund_returned",
    "payout_failure": "bank_payout_returned",
    "payout_cancel": "bank_payout_returned",
    "transfer_refund": "payout_returned",
}
_DISPUTED = "dispute"


def lines(document: dict[str, object], currency: str) -> Iterator[ProviderTransaction]:
    """The line of one balance transaction, and its fee's; ``ValueError`` when it is unreadable."""
    id, kind = wire.id_of(document), wire.text(document.get("type"))
    at = wire.moment(document.get("created"))
    amount = amounts.read(document.get("amount"), document.get("currency"))
    fee = amounts.read(document.get("fee"), document.get("currency"))
    if not id or not kind or at is None or amount is None or fee is None:
        raise ValueError(f"balance transaction {id!r} cannot be read")
    if amount.currency != currency:
        return
    source = wire.id_of(document.get("source"))
    is_known = kind in _BY_SOURCE and bool(source)
    reference = source if is_known else id
    if amount:
        yield ProviderTransaction(
            reference=reference,
            at=at,
            amount=amount,
            balance=None,
            details=wire.text(document.get("description")) or kind,
            kind=_kind(document, kind),
            linked_reference="" if is_known else source,
        )
    if fee:
        yield ProviderTransaction(
            reference=f"{id}-fee",
            at=at,
            amount=-fee,
            balance=None,
            details=f"Fee of {reference}",
            kind="fee",
            linked_reference=reference,
        )


def _kind(document: dict[str, object], kind: str) -> str:
    if wire.text(document.get("reporting_category")).startswith(_DISPUTED):
        return _DISPUTED
    return _BY_SOURCE.get(kind) or _OTHERS.get(kind, "other")
