"""B2B: paying a till or paybill. It knows no key: asked twice, it pays twice."""

from __future__ import annotations

from decimal import Decimal

from tests.worlds import wire
from tests.worlds.daraja import access, books
from tests.worlds.daraja import conversations as talk
from tests.worlds.daraja.clock import compact
from tests.worlds.daraja.fields import Fields
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Request, Response

ACTION = "b2b"
COMMANDS = ("BusinessPayBill", "BusinessBuyGoods")


def pay(world: World, request: Request) -> Response:
    """``POST /mpesa/b2b/v1/paymentrequest``; identifier type 4 only, for tills as well."""
    owner, fields = access.authorise(world, request, "PartyA")
    asked = _read(fields)
    now = world.now_ms()
    conversation_id, originator_id = world.ids.conversation(now), world.ids.originator()
    with world.store.transaction():
        world.store.insert(
            "conversation",
            conversation_id=conversation_id,
            originator_id=originator_id,
            operation=ACTION,
            shortcode=owner["shortcode"],
            amount_minor=fields.shillings("Amount"),
            body=wire.encode(asked),
            created_at_ms=now,
        )
        talk.schedule(world, ACTION, conversation_id, world.setting("callback_delay_ms"))
    return talk.acknowledge(conversation_id, originator_id)


def _read(fields: Fields) -> dict[str, str]:
    fields.one_of("SenderIdentifierType", "4")
    fields.one_of("RecieverIdentifierType", "4")  # the provider's own spelling
    return {
        "Initiator": fields.text("Initiator"),
        "SecurityCredential": fields.text("SecurityCredential", 1000),
        "CommandID": fields.one_of("CommandID", *COMMANDS),
        "PartyB": fields.text("PartyB"),
        "AccountReference": fields.text("AccountReference", 13),
        "Remarks": fields.text("Remarks", 100),
        "ResultURL": fields.url("ResultURL"),
        "QueueTimeOutURL": fields.url("QueueTimeOutURL"),
    }


def settle(world: World, conversation_id: str) -> None:
    row = talk.get(world, conversation_id)
    with world.store.transaction():
        code = talk.initiator_refusal(world, row) or _refusal(world, row)
        if code:
            talk.conclude(world, row, code, world.ids.receipt(world.now_ms()))
        else:
            _complete(world, row)


def _refusal(world: World, row: Row) -> str | None:
    is_short = books.balance(world, row["shortcode"], books.UTILITY) < row["amount_minor"]
    return "1" if is_short else None


def _complete(world: World, row: Row) -> None:
    asked, shortcode = talk.body(row), row["shortcode"]
    draft = books.Draft(
        kind="payout",
        shortcode=shortcode,
        phone="",
        amount_minor=row["amount_minor"],
        reason="Business Pay Bill" if asked["CommandID"] == COMMANDS[0] else "Business Buy Goods",
        details=f"Business payment to {asked['PartyB']} Acc. {asked['AccountReference']}",
        account_reference=asked["AccountReference"],
        originator_conversation_id=row["originator_id"],
        conversation_id=row["conversation_id"],
    )
    source = books.organisation_account(shortcode, books.UTILITY)
    receipt = books.write(world, draft, source, f"organisation:{asked['PartyB']}")
    parameters = (
        ("Amount", Decimal(row["amount_minor"]).scaleb(-2)),
        ("TransCompletedTime", compact(world.now_ms())),
        ("ReceiverPartyPublicName", f"{asked['PartyB']} - Supplier"),
        ("Currency", "KES"),
        ("DebitPartyCharges", ""),
    )
    talk.conclude(world, row, "0", receipt, parameters)
