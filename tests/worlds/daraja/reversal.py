"""Reversal: giving a pay-in back to the customer it came from, whole and once."""

from __future__ import annotations

from decimal import Decimal

from tests.worlds.daraja import access, books
from tests.worlds.daraja import conversations as talk
from tests.worlds.daraja.clock import compact
from tests.worlds.daraja.enquiries import shillings
from tests.worlds.daraja.errors import invalid
from tests.worlds.daraja.identifiers import public_name
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Request, Response

ACTION = "reversal"


def ask(world: World, request: Request) -> Response:
    """``POST /mpesa/reversal/v1/request``."""
    owner, fields = access.authorise(world, request, "ReceiverParty")
    fields.one_of("CommandID", "TransactionReversal")
    fields.one_of("RecieverIdentifierType", "11")  # the provider's own spelling
    original = _original(world, owner["shortcode"], fields.text("TransactionID"))
    if original and original["amount_minor"] != fields.shillings("Amount"):
        raise invalid("Amount")
    return talk.open_operation(world, ACTION, owner, fields)


def settle(world: World, conversation_id: str) -> None:
    row = talk.get(world, conversation_id)
    asked = talk.body(row)
    original = _original(world, row["shortcode"], asked["TransactionID"])
    with world.store.transaction():
        code = talk.initiator_refusal(world, row) or _refusal(world, original)
        if code or original is None:
            talk.conclude(world, row, code or "R000002", world.ids.receipt(world.now_ms()))
        else:
            _give_back(world, row, original)


def _original(world: World, shortcode: str, receipt: str) -> Row | None:
    return world.store.row(
        "SELECT * FROM transfer WHERE receipt = ? AND shortcode = ? AND kind = 'pay_in'",
        receipt,
        shortcode,
    )


def _refusal(world: World, original: Row | None) -> str | None:
    if original is None:
        return "R000002"
    if world.store.row(
        "SELECT 1 FROM transfer WHERE kind = 'reversal' AND linked_receipt = ?",
        original["receipt"],
    ):
        return "R000001"
    funds = books.balance(world, original["shortcode"], books.UTILITY)
    return "1" if funds < original["amount_minor"] else None


def _give_back(world: World, row: Row, original: Row) -> None:
    phone, shortcode = original["phone"], original["shortcode"]
    payer = f"{phone} - {public_name(phone)}"
    back = books.Draft(
        kind="reversal",
        shortcode=shortcode,
        phone=phone,
        amount_minor=original["amount_minor"],
        reason="Pay Bill Reversal",
        details=f"Reversal of {original['receipt']} to {payer}",
        account_reference=original["account_reference"],
        originator_conversation_id=row["originator_id"],
        conversation_id=row["conversation_id"],
        linked_receipt=original["receipt"],
    )
    source = books.organisation_account(shortcode, books.UTILITY)
    receipt = books.write(world, back, source, books.customer_account(phone))
    left = shillings(books.balance(world, shortcode, books.UTILITY))
    parameters = (
        ("DebitAccountBalance", f"Utility Account|KES|{left}|{left}|0.00|0.00"),
        ("Amount", Decimal(original["amount_minor"]).scaleb(-2)),
        ("TransCompletedTime", int(compact(world.now_ms()))),
        ("OriginalTransactionID", original["receipt"]),
        ("Charge", Decimal("0.00")),
        ("CreditPartyPublicName", payer),
        ("DebitPartyPublicName", shortcode),
    )
    talk.conclude(world, row, "0", receipt, parameters)
