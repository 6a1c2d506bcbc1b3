"""What was asked of the provider, what became of it, and the messages that tell the client."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.worlds import wire
from tests.worlds.daraja import access
from tests.worlds.daraja.fields import Fields
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Response

SUCCESS = "The service request is processed successfully."
DESCRIPTIONS = {
    "0": SUCCESS,
    "1": "The balance is insufficient for the transaction.",
    "2": "Declined due to limit rule.",
    "3": "Declined due to limit rule: greater than the maximum transaction amount.",
    "26": "System busy: the request was not processed in time.",
    "1032": "Request cancelled by user",
    "1037": "DS timeout user cannot be reached",
    "2001": "The initiator information is invalid.",
    "2040": "Credit Party customer type (Unregistered or Registered Customer) can't be supported"
    " by the service.",
    "C2B00011": "Rejected: invalid MSISDN",
    "C2B00012": "Rejected: invalid account number",
    "C2B00013": "Rejected: invalid amount",
    "C2B00014": "Rejected: invalid KYC details",
    "C2B00015": "Rejected: invalid shortcode",
    "C2B00016": "Rejected",
    "R000001": "The transaction has already been reversed.",
    "R000002": "The OriginalTransactionID is invalid.",
}
_QUEUE_ADDRESS = "https://internalsandbox.safaricom.co.ke/mpesa/results/v1/submit"

Parameter = tuple[str, object]


def find(world: World, conversation_id: str) -> Row | None:
    return world.store.row("SELECT * FROM conversation WHERE conversation_id = ?", conversation_id)


def get(world: World, conversation_id: str) -> Row:
    row = find(world, conversation_id)
    if row is None:
        raise LookupError(conversation_id)
    return row


def body(row: Row) -> dict[str, Any]:
    """The request as it came in, its fields as text."""
    value = wire.decode(row["body"])
    assert isinstance(value, dict)
    return value


def open_operation(world: World, operation: str, row: Row, fields: Fields) -> Response:
    """Take in a request that is answered later at its ResultURL, and acknowledge it."""
    asked = {
        "Initiator": fields.text("Initiator"),
        "SecurityCredential": fields.text("SecurityCredential", 1000),
        "ResultURL": fields.url("ResultURL"),
        "QueueTimeOutURL": fields.url("QueueTimeOutURL"),
        "Remarks": fields.text("Remarks", 100),
        "TransactionID": fields.optional("TransactionID"),
        "OriginalConversationID": fields.optional("OriginalConversationID")
        or fields.optional("OriginatorConversationID"),
        "Amount": fields.optional("Amount"),
    }
    now = world.now_ms()
    conversation_id, originator_id = world.ids.conversation(now), world.ids.originator()
    with world.store.transaction():
        world.store.insert(
            "conversation",
            conversation_id=conversation_id,
            originator_id=originator_id,
            operation=operation,
            shortcode=row["shortcode"],
            body=wire.encode(asked),
            created_at_ms=now,
        )
        schedule(world, operation, conversation_id, world.setting("callback_delay_ms"))
    return acknowledge(conversation_id, originator_id)


def acknowledge(conversation_id: str, originator_id: str) -> Response:
    """The answer that means accepted, not done."""
    return Response.json(
        {
            "ConversationID": conversation_id,
            "OriginatorConversationID": originator_id,
            "ResponseCode": "0",
            "ResponseDescription": "Accept the service request successfully.",
        }
    )


def schedule(world: World, action: str, subject: str, delay_ms: int) -> None:
    """Have ``action`` done later, also after a crash."""
    due_at_ms = world.now_ms() + delay_ms
    world.store.insert("task", action=action, subject=subject, due_at_ms=due_at_ms)
    world.wake.set()


def finish(world: World, row: Row, code: str, receipt: str) -> None:
    world.store.write(
        "UPDATE conversation SET result_code = ?, result_desc = ?, receipt = ?"
        " WHERE conversation_id = ?",
        code,
        DESCRIPTIONS[code],
        receipt,
        row["conversation_id"],
    )


def send(world: World, row: Row, purpose: str, url: str, messages: Iterable[object]) -> None:
    """Queue messages about one conversation, each a little after the one before."""
    now, gap = world.now_ms(), world.setting("callback_gap_ms")
    for index, message in enumerate(messages):
        world.store.insert(
            "callback",
            shortcode=row["shortcode"],
            purpose=purpose,
            subject=row["conversation_id"],
            url=url,
            body=wire.encode(message),
            due_at_ms=now + index * gap,
        )
    world.wake.set()


def number_or_text(code: str) -> int | str:
    """Result codes are numbers, except those that are not: ``R000002``, ``SFC_IC0003``."""
    return int(code) if code.isdigit() else code


def result(
    row: Row, code: object, receipt: str, parameters: Iterable[Parameter] = (), *, kind: int = 0
) -> dict[str, Any]:
    """A Result message; ``kind`` 0 is final, 1 announces that more will come."""
    message: dict[str, Any] = {
        "ResultType": kind,
        "ResultCode": code,
        "ResultDesc": DESCRIPTIONS["0" if code is False else str(code)],
        "OriginatorConversationID": row["originator_id"],
        "ConversationID": row["conversation_id"],
        "TransactionID": receipt,
    }
    if listed := [
        {"Key": key} if value is None else {"Key": key, "Value": value} for key, value in parameters
    ]:
        message["ResultParameters"] = {"ResultParameter": listed}
    message["ReferenceData"] = {
        "ReferenceItem": {"Key": "QueueTimeoutURL", "Value": _QUEUE_ADDRESS}
    }
    return {"Result": message}


def conclude(
    world: World, row: Row, code: str, receipt: str, parameters: Iterable[Parameter] = ()
) -> None:
    """Record the outcome of an asynchronous request and tell its ResultURL."""
    message = result(row, number_or_text(code), receipt, parameters)
    with world.store.transaction():
        finish(world, row, code, receipt)
        send(world, row, "result", body(row)["ResultURL"], [message])


def initiator_refusal(world: World, row: Row) -> str | None:
    """2001 when the operator's name or encrypted password is wrong."""
    asked = body(row)
    owner = world.store.row("SELECT * FROM organisation WHERE shortcode = ?", row["shortcode"])
    assert owner is not None
    known = access.is_initiator(world, owner, asked["Initiator"], asked["SecurityCredential"])
    return None if known else "2001"
