"""Our words into PayPal's. Pure.

Everything of ours is named by the attempt's key: an order and what is made of it by the key itself,
captures of authorised money and refunds by the key behind a word. PayPal hands the number of an
order on to captures and refunds that people make on its pages; without the word those would pass
for ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from apps.payments.connectors.accounts import EvidenceFile
from apps.payments.connectors.base import AttemptView
from apps.payments.connectors.paypal import wire
from apps.payments.domain.states import Operation

Body = dict[str, object]
_WORDS = {Operation.CAPTURE: "capture:", Operation.REFUND: "refund:"}
_DESCRIPTION_LONGEST, _NOTE_LONGEST, _EVIDENCE_LONGEST = 127, 255, 2_000
_RECIPIENTS = {"email": "EMAIL", "token": "PAYPAL_ID"}


def invoice_id(operation: Operation, key: str) -> str:
    """What our attempt is called in PayPal's books."""
    return f"{_WORDS.get(operation, '')}{key}"


def key_in(told: str, operation: Operation) -> str:
    """Our key in an invoice number; nothing when it is not one of that operation's."""
    word = _WORDS.get(operation, "")
    if word:
        return told.removeprefix(word) if told.startswith(word) else ""
    return "" if told.startswith(tuple(_WORDS.values())) else told


def order(config: Mapping[str, object], attempt: AttemptView) -> Body:
    """``POST /v2/checkout/orders``: the payer agrees on PayPal's page and comes back."""
    is_held = attempt.operation == Operation.AUTHORISE
    description = (attempt.description or attempt.reference)[:_DESCRIPTION_LONGEST]
    experience: Body = {
        "return_url": attempt.return_url,
        "cancel_url": attempt.return_url,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
    }
    if config.get("brand_name"):
        experience["brand_name"] = config["brand_name"]
    unit: Body = {
        "custom_id": str(attempt.id),
        "invoice_id": invoice_id(attempt.operation, attempt.provider_key),
        "amount": wire.amount(attempt.amount),
    }
    if description:
        unit["description"] = description
    wallet: Body = {"experience_context": experience}
    if attempt.party.kind == "email":
        wallet["email_address"] = attempt.party.value
    return {
        "intent": "AUTHORIZE" if is_held else "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": wallet},
    }


def capture(attempt: AttemptView) -> Body:
    """``POST /v2/payments/authorizations/{id}/capture``."""
    return {
        "amount": wire.amount(attempt.amount),
        "invoice_id": invoice_id(Operation.CAPTURE, attempt.provider_key),
        "final_capture": attempt.is_last_capture,
    }


def refund(attempt: AttemptView) -> Body:
    """``POST /v2/payments/captures/{id}/refund``."""
    body: Body = {
        "amount": wire.amount(attempt.amount),
        "invoice_id": invoice_id(Operation.REFUND, attempt.provider_key),
        "custom_id": str(attempt.id),
    }
    if attempt.reason:
        body["note_to_payer"] = attempt.reason[:_NOTE_LONGEST]
    return body


def payout(config: Mapping[str, object], attempt: AttemptView) -> Body:
    """``POST /v1/payments/payouts``: a batch of one, so that its id dedupes exactly one payment."""
    header: Body = {"sender_batch_id": attempt.provider_key}
    if config.get("email_subject"):
        header["email_subject"] = config["email_subject"]
    return {
        "sender_batch_header": header,
        "items": [
            {
                "recipient_type": _RECIPIENTS[attempt.party.kind],
                "receiver": attempt.party.value,
                "amount": wire.amount(attempt.amount, "currency"),
                "sender_item_id": attempt.provider_key,
                "note": (attempt.description or attempt.reference)[:_NOTE_LONGEST] or "Payout",
            }
        ],
    }


def evidence(key: UUID | str, text: str, files: Sequence[EvidenceFile]) -> tuple[bytes, str]:
    """A multipart body: our words as ``input``, then the documents; and its content type."""
    kinds = [file.kind or "OTHER" for file in files] or ["OTHER"]
    told = {
        "evidences": [
            {"evidence_type": kind, "notes": text[:_EVIDENCE_LONGEST]}
            for kind in dict.fromkeys(kinds)
        ]
    }
    return multipart(str(key), json.dumps(told).encode(), files)


def multipart(key: str, told: bytes, files: Sequence[EvidenceFile]) -> tuple[bytes, str]:
    """The boundary is made of our key: the same request again has the same bytes."""
    boundary = f"part-{key.replace('-', '')}"[:70]
    parts = [_part('name="input"', "application/json", told)]
    for number, file in enumerate(files, 1):
        name = "".join(c for c in file.name if c.isalnum() or c in "._-")[:100] or f"file{number}"
        said = f'name="evidence-file-{number}"; filename="{name}"'
        parts.append(_part(said, file.content_type, file.body))
    mark = f"--{boundary}\r\n".encode()
    body = mark + mark.join(parts) + f"--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def _part(named: str, content_type: str, body: bytes) -> bytes:
    safe = content_type.replace("\r", "").replace("\n", "")
    head = f"Content-Disposition: form-data; {named}\r\nContent-Type: {safe}\r\n\r\n"
    return head.encode() + body + b"\r\n"
