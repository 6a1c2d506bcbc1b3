"""Transaction status and account balance: asked now, answered later at the ResultURL."""

from __future__ import annotations

from tests.worlds.daraja import access, books
from tests.worlds.daraja import conversations as talk
from tests.worlds.daraja.clock import compact
from tests.worlds.daraja.errors import invalid
from tests.worlds.daraja.identifiers import public_name
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Request, Response

STATUS, BALANCE = "status", "balance"


def ask_status(world: World, request: Request) -> Response:
    """``POST /mpesa/transactionstatus/v1/query``, by receipt or by conversation."""
    owner, fields = access.authorise(world, request, "PartyA")
    fields.one_of("CommandID", "TransactionStatusQuery")
    fields.one_of("IdentifierType", "4")
    names = ("TransactionID", "OriginalConversationID", "OriginatorConversationID")
    if not any(fields.optional(name) for name in names):
        raise invalid("TransactionID")
    return talk.open_operation(world, STATUS, owner, fields)


def ask_balance(world: World, request: Request) -> Response:
    """``POST /mpesa/accountbalance/v1/query``."""
    owner, fields = access.authorise(world, request, "PartyA")
    fields.one_of("CommandID", "AccountBalance")
    fields.one_of("IdentifierType", "4")
    return talk.open_operation(world, BALANCE, owner, fields)


def answer_balance(world: World, conversation_id: str) -> None:
    row = talk.get(world, conversation_id)
    if code := talk.initiator_refusal(world, row):
        talk.conclude(world, row, code, "")
        return
    held = books.balances(world, row["shortcode"])
    listed = (
        ("Working Account", held[books.WORKING]),
        ("Float Account", 0),
        ("Utility Account", held[books.UTILITY]),
        ("Charges Paid Account", held[books.CHARGES]),
        ("Organization Settlement Account", 0),
    )
    text = "&".join(
        f"{name}|KES|{shillings(minor)}|{shillings(minor)}|0.00|0.00" for name, minor in listed
    )
    completed = compact(world.now_ms())
    receipt = world.ids.receipt(world.now_ms())
    parameters = (("AccountBalance", text), ("BOCompletedTime", completed))
    talk.conclude(world, row, "0", receipt, parameters)


def answer_status(world: World, conversation_id: str) -> None:
    """Tell what became of a transfer; R000002 is the only code documented for an unknown one."""
    row = talk.get(world, conversation_id)
    if code := talk.initiator_refusal(world, row):
        talk.conclude(world, row, code, "")
        return
    asked = talk.body(row)
    found = (
        _by_receipt(world, row["shortcode"], asked["TransactionID"])
        if asked["TransactionID"]
        else _by_conversation(world, row["shortcode"], asked["OriginalConversationID"])
    )
    if found is None:
        talk.conclude(world, row, "R000002", "")
        return
    receipt = world.ids.receipt(world.now_ms())
    talk.conclude(world, row, "0", receipt, found)


def _by_receipt(world: World, shortcode: str, receipt: str) -> list[talk.Parameter] | None:
    transfer = world.store.row(
        "SELECT * FROM transfer WHERE receipt = ? AND shortcode = ?", receipt, shortcode
    )
    return _completed(world, transfer) if transfer else None


def _by_conversation(world: World, shortcode: str, reference: str) -> list[talk.Parameter] | None:
    found = world.store.row(
        "SELECT * FROM conversation WHERE shortcode = ?1"
        " AND operation IN ('stk', 'b2c', 'reversal') AND ?2 IN (originator_id, conversation_id)",
        shortcode,
        reference,
    )
    if found is None:
        return None
    if found["result_code"] == "0":
        return _by_receipt(world, shortcode, found["receipt"])
    return _unpaid(found)


def _unpaid(found: Row) -> list[talk.Parameter]:
    state = "Authorized" if found["result_code"] is None else "Declined"
    return [
        ("OriginatorConversationID", found["originator_id"]),
        ("ConversationID", found["conversation_id"]),
        ("InitiatedTime", compact(found["created_at_ms"])),
        ("TransactionReason", found["result_desc"]),
        ("TransactionStatus", state),
        ("Amount", str(found["amount_minor"] // 100)),
        ("ReceiptNo", found["receipt"] or None),
    ]


def _completed(world: World, transfer: Row) -> list[talk.Parameter]:
    organisation = world.store.row(
        "SELECT name FROM organisation WHERE shortcode = ?", transfer["shortcode"]
    )
    assert organisation is not None
    ours = f"{transfer['shortcode']} - {organisation['name']}"
    theirs = f"{transfer['phone']} - {public_name(transfer['phone'])}"
    is_outgoing = transfer["kind"] in {"payout", "reversal"}
    fee = shillings(books.fee_of(world, transfer["receipt"]))
    originator = transfer["originator_conversation_id"] or transfer["merchant_request_id"]
    return [
        ("DebitPartyName", ours if is_outgoing else theirs),
        ("CreditPartyName", theirs if is_outgoing else ours),
        ("OriginatorConversationID", originator),
        ("InitiatedTime", compact(transfer["initiated_at_ms"])),
        ("DebitAccountType", "Utility Account" if is_outgoing else "MMF Account For Customer"),
        ("DebitPartyCharges", f"Fee For B2C Payment|KES|{fee}" if is_outgoing else None),
        ("TransactionReason", None),
        ("ReasonType", transfer["reason"]),
        ("TransactionStatus", "Completed"),
        ("FinalisedTime", compact(transfer["completed_at_ms"])),
        ("Amount", str(transfer["amount_minor"] // 100)),
        ("ConversationID", transfer["conversation_id"] or transfer["checkout_request_id"]),
        ("ReceiptNo", transfer["receipt"]),
    ]


def shillings(minor: int) -> str:
    """Cents as M-Pesa prints them: ``-1540.00``."""
    whole, cents = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{whole}.{cents:02d}"
