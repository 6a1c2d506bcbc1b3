"""B2C v3: paying out to a phone from the Utility account."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.worlds import wire
from tests.worlds.daraja import access, books, faults, magic, pace
from tests.worlds.daraja import conversations as talk
from tests.worlds.daraja.clock import dotted
from tests.worlds.daraja.errors import duplicate_originator
from tests.worlds.daraja.fields import Fields
from tests.worlds.daraja.identifiers import public_name
from tests.worlds.daraja.magic import Magic
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Request, Response

SETTLE, LATE = "b2c.settle", "b2c.late"
MINIMUM_MINOR, MAXIMUM_MINOR = 10_00, 250_000_00
COMMANDS = ("SalaryPayment", "BusinessPayment", "PromotionPayment")


def pay(world: World, request: Request) -> Response:
    """``POST /mpesa/b2c/v3/paymentrequest``: an OriginatorConversationID is taken once."""
    owner, fields = access.authorise(world, request, "PartyA")
    asked = _read(fields)
    originator_id = fields.text("OriginatorConversationID", longest=100)
    faults.spike(world, "b2c", owner["shortcode"], asked["PartyB"])
    row = _open(world, owner, originator_id, asked, fields.shillings("Amount"))
    pace.before_answering(world, row)
    return talk.acknowledge(row["conversation_id"], originator_id)


def _read(fields: Fields) -> dict[str, str]:
    return {
        "Initiator": fields.text("InitiatorName"),
        "SecurityCredential": fields.text("SecurityCredential", longest=1000),
        "CommandID": fields.one_of("CommandID", *COMMANDS),
        "PartyB": fields.phone("PartyB"),
        "Remarks": fields.text("Remarks", longest=100, shortest=2),
        "QueueTimeOutURL": fields.url("QueueTimeOutURL"),
        "ResultURL": fields.url("ResultURL"),
        "Occassion": fields.optional("Occassion", longest=100),
    }


def _open(
    world: World, owner: Row, originator_id: str, asked: dict[str, str], amount_minor: int
) -> Row:
    now, shortcode = world.now_ms(), owner["shortcode"]
    with world.store.transaction():
        if world.store.row(
            "SELECT 1 FROM conversation WHERE operation = 'b2c' AND shortcode = ?"
            " AND originator_id = ?",
            shortcode,
            originator_id,
        ):
            raise duplicate_originator()
        conversation_id = world.ids.conversation(now)
        world.store.insert(
            "conversation",
            conversation_id=conversation_id,
            originator_id=originator_id,
            operation="b2c",
            shortcode=shortcode,
            phone=asked["PartyB"],
            amount_minor=amount_minor,
            body=wire.encode(asked),
            created_at_ms=now,
        )
        row = talk.get(world, conversation_id)
        pace.begin(world, row, SETTLE, settle)
    return row


def settle(world: World, conversation_id: str) -> None:
    """Decide a payout: refuse it with a result, delay it, or pay it."""
    row = talk.get(world, conversation_id)
    with world.store.transaction():
        if code := _refusal(world, row):
            talk.conclude(world, row, code, world.ids.receipt(world.now_ms()))
        elif magic.of(row["phone"]) is Magic.SWAPPED:
            notice = talk.result(row, 26, "", kind=1)
            url = talk.body(row)["QueueTimeOutURL"]
            talk.send(world, row, "queue_timeout", url, [notice])
            talk.schedule(world, LATE, conversation_id, world.setting("late_delay_ms"))
        else:
            complete(world, conversation_id)


def _refusal(world: World, row: Row) -> str | None:
    """The code of the first rule a payout breaks."""
    amount_minor, behaviour = row["amount_minor"], magic.of(row["phone"])
    if code := talk.initiator_refusal(world, row):
        return code
    if amount_minor < MINIMUM_MINOR:
        return "2"
    if amount_minor > MAXIMUM_MINOR:
        return "3"
    if behaviour is Magic.CANCELLED:
        return "2040"
    is_short = books.balance(world, row["shortcode"], books.UTILITY) < amount_minor
    return "1" if is_short or behaviour is Magic.INSUFFICIENT else None


def complete(world: World, conversation_id: str) -> None:
    """Book the payout and queue what the result address will hear of it."""
    row = talk.get(world, conversation_id)
    with world.store.transaction():
        receipt = books.pay_out(world, draft(row))
        talk.finish(world, row, "0", receipt)
        messages = _messages(world, row, receipt)
        talk.send(world, row, "result", talk.body(row)["ResultURL"], messages)


def draft(row: Row) -> books.Draft:
    """The transfer that a payout conversation asks for."""
    payee = f"{row['phone']} - {public_name(row['phone'])}"
    return books.Draft(
        kind="payout",
        shortcode=row["shortcode"],
        phone=row["phone"],
        amount_minor=row["amount_minor"],
        reason="Business Payment to Customer via API",
        details=f"Business Payment to {payee} via API."
        f" Original conversation ID is {row['originator_id']}.",
        originator_conversation_id=row["originator_id"],
        conversation_id=row["conversation_id"],
    )


def _messages(world: World, row: Row, receipt: str) -> Sequence[dict[str, Any]]:
    funds = {
        name: Decimal(minor).scaleb(-2)
        for name, minor in books.balances(world, row["shortcode"]).items()
    }
    parameters = (
        ("TransactionAmount", row["amount_minor"] // 100),
        ("TransactionReceipt", receipt),
        ("ReceiverPartyPublicName", f"{row['phone']} - {public_name(row['phone'])}"),
        ("TransactionCompletedDateTime", dotted(world.now_ms())),
        ("B2CUtilityAccountAvailableFunds", funds[books.UTILITY]),
        ("B2CWorkingAccountAvailableFunds", funds[books.WORKING]),
        ("B2CRecipientIsRegisteredCustomer", "Y"),
        ("B2CChargesPaidAccountAvailableFunds", funds[books.CHARGES]),
    )
    paid = talk.result(row, 0, receipt, parameters)
    match magic.of(row["phone"]):
        case Magic.LOST_ACK | Magic.SILENT:
            return ()
        case Magic.TRIPLE:
            return (paid, paid, paid)
        case Magic.ODD_CODES:
            odd = talk.result(row, False, receipt, parameters)
            return (odd, talk.result(row, "0", receipt, parameters))
    return (paid,)
