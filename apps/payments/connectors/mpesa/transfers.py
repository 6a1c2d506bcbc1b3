"""B2B payments, reversals and balances: our words into Daraja's, and its results into ours.

Neither B2B nor reversal knows a key of ours. A B2B payment is therefore never sent twice; a
reversal of one receipt is carried out once by Daraja itself (R000001 says that it was).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apps.payments.connectors.accounts import AboutBalance, BalanceReading
from apps.payments.connectors.base import AttemptView, RawCallback
from apps.payments.connectors.mpesa import wire
from apps.payments.connectors.mpesa.codes import code
from apps.payments.connectors.mpesa.translate import REMARKS_LONGEST, whole_shillings
from apps.payments.domain.states import Operation

B2B = "/mpesa/b2b/v1/paymentrequest"
REVERSAL = "/mpesa/reversal/v1/request"
BALANCE = "/mpesa/accountbalance/v1/query"
BALANCE_TIMEOUT = "balance-timeout"
#: Portal, page B2B: at most 13 letters.
B2B_REFERENCE_LONGEST = 13
_SHORTCODE, _REVERSED_FOR = "4", "11"
_COMMANDS = {"till": "BusinessBuyGoods", "paybill": "BusinessPayBill"}
_BALANCE_FIELDS = 6

Urls = Callable[[str], str]


def is_b2b(attempt: AttemptView) -> bool:
    """A payout to a till or paybill."""
    return attempt.operation == Operation.PAYOUT and attempt.party.kind == "shortcode"


def is_reversal(attempt: AttemptView) -> bool:
    """Giving back what came in, named by its receipt."""
    return attempt.operation == Operation.REFUND or attempt.party.kind == "receipt"


def knows_our_key(attempt: AttemptView) -> bool:
    """Only B2C takes a conversation id of ours."""
    return not is_b2b(attempt) and not is_reversal(attempt)


def reversed_receipt(attempt: AttemptView) -> str:
    """The receipt to be reversed: of the payment it refunds, or of the pay-in it names."""
    if attempt.parent is not None:
        return str(attempt.parent.provider_refs.get("receipt", ""))
    return attempt.party.value


def b2b(
    config: Mapping[str, object], credential: str, attempt: AttemptView, url: Urls
) -> wire.Body:
    """``POST /mpesa/b2b/v1/paymentrequest``. ``Reciever`` is the provider's spelling.

    The portal takes identifier type 4 only, for tills as well.
    """
    party = attempt.party
    reference = party.details.get("account") or attempt.reference
    return {
        "Initiator": config["initiator_name"],
        "SecurityCredential": credential,
        "CommandID": _COMMANDS[party.details.get("kind", "paybill")],
        "SenderIdentifierType": _SHORTCODE,
        "RecieverIdentifierType": _SHORTCODE,
        "Amount": whole_shillings(attempt.amount),
        "PartyA": str(config["shortcode"]),
        "PartyB": party.value,
        "AccountReference": reference[:B2B_REFERENCE_LONGEST],
        "Remarks": (attempt.description or attempt.reference or "Payout")[:REMARKS_LONGEST],
        "QueueTimeOutURL": url("timeout"),
        "ResultURL": url("result"),
    }


def reversal(
    config: Mapping[str, object], credential: str, attempt: AttemptView, url: Urls
) -> wire.Body:
    """``POST /mpesa/reversal/v1/request``: the whole of a pay-in, back to whom it came from."""
    return {
        "Initiator": config["initiator_name"],
        "SecurityCredential": credential,
        "CommandID": "TransactionReversal",
        "TransactionID": reversed_receipt(attempt),
        "Amount": whole_shillings(attempt.amount),
        "ReceiverParty": str(config["shortcode"]),
        "RecieverIdentifierType": _REVERSED_FOR,
        "Remarks": (attempt.reason or "Refund")[:REMARKS_LONGEST],
        "QueueTimeOutURL": url("timeout"),
        "ResultURL": url("result"),
        "Occasion": attempt.reference[:REMARKS_LONGEST],
    }


def balance(config: Mapping[str, object], credential: str, account_url: Urls) -> wire.Body:
    """``POST /mpesa/accountbalance/v1/query``; the answer comes to the account's own address."""
    return {
        "Initiator": config["initiator_name"],
        "SecurityCredential": credential,
        "CommandID": "AccountBalance",
        "PartyA": str(config["shortcode"]),
        "IdentifierType": _SHORTCODE,
        "Remarks": "Balance",
        "QueueTimeOutURL": account_url(BALANCE_TIMEOUT),
        "ResultURL": account_url("balance"),
    }


def balances(callback: RawCallback) -> AboutBalance | None:
    """What a balance result says; nothing when it says none. Every account must be readable.

    ``Working Account|KES|current|available|reserved|uncleared&Utility Account|…``
    """
    node = wire.inner(wire.document(callback.body), "Result")
    if code(node.get("ResultCode")) != "0":
        return None
    found = wire.items(node.get("ResultParameters"), "ResultParameter")
    at = wire.moment(wire.first(found, "BOCompletedTime"))
    lines = wire.text(wire.first(found, "AccountBalance")).split("&")
    readings = []
    for line in lines:
        parts = line.split("|")
        if len(parts) != _BALANCE_FIELDS or parts[1] != wire.CURRENCY:
            return None
        _current, available, reserved, uncleared = (wire.money(part) for part in parts[2:])
        if available is None:
            return None
        readings.append(
            BalanceReading(
                available=available, pending=uncleared, reserved=reserved, name=parts[0], at=at
            )
        )
    return AboutBalance(readings=tuple(readings), dedupe=wire.text(node.get("ConversationID")))
