"""C2B: customers who pay the paybill of their own accord, validated and confirmed by callback."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from tests.worlds import wire
from tests.worlds.daraja import access, books, deliveries, magic
from tests.worlds.daraja import conversations as talk
from tests.worlds.daraja.clock import compact
from tests.worlds.daraja.errors import BadControl, Refused, invalid
from tests.worlds.daraja.fields import Fields
from tests.worlds.daraja.identifiers import public_name
from tests.worlds.daraja.magic import Magic
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Request, Response

SETTLE = deliveries.AFTER_VALIDATION
FORBIDDEN_WORDS = ("mpesa", "m-pesa", "safaricom", "exe", "exec", "cmd", "sql", "query")
LONGEST_WAIT_SECONDS = 10.0


def register_urls(world: World, request: Request) -> Response:
    """``POST /mpesa/c2b/v2/registerurl``: once per shortcode, as in production."""
    owner, fields = access.authorise(world, request, "ShortCode")
    confirmation = _callback_url(fields, "ConfirmationURL")
    validation = _callback_url(fields, "ValidationURL") if fields.optional("ValidationURL") else ""
    response_type = fields.one_of("ResponseType", "Completed", "Cancelled")
    if owner["c2b_confirmation_url"]:
        raise Refused(500, "500.003.1001", "Urls are already registered")
    world.store.write(
        "UPDATE organisation SET c2b_response_type = ?, c2b_confirmation_url = ?,"
        " c2b_validation_url = ? WHERE shortcode = ?",
        response_type,
        confirmation,
        validation,
        owner["shortcode"],
    )
    return _accepted(world, "Success")


def _callback_url(fields: Fields, name: str) -> str:
    url = fields.url(name)
    if any(word in url.lower() for word in FORBIDDEN_WORDS):
        raise invalid(name)
    return url


def _accepted(world: World, description: str) -> Response:
    return Response.json(
        {
            "OriginatorCoversationID": world.ids.originator(),  # the provider's own spelling
            "ResponseCode": "0",
            "ResponseDescription": description,
        }
    )


def simulate(world: World, request: Request) -> Response:
    """``POST /mpesa/c2b/v2/simulate``: have a customer pay."""
    owner, fields = access.authorise(world, request, "ShortCode")
    fields.one_of("CommandID", "CustomerPayBillOnline", "CustomerBuyGoodsOnline")
    reference = fields.optional("BillRefNumber", longest=20)
    phone, amount_minor = fields.phone("Msisdn"), fields.shillings("Amount")
    start(world, owner, phone, amount_minor, reference)
    return _accepted(world, "Accept the service request successfully.")


def start(world: World, owner: Row, phone: str, amount_minor: int, reference: str) -> str:
    """A customer pays the paybill; answers the conversation in which that happens."""
    now = world.now_ms()
    with world.store.transaction():
        conversation_id = world.ids.conversation(now)
        world.store.insert(
            "conversation",
            conversation_id=conversation_id,
            originator_id=world.ids.originator(),
            operation="c2b",
            shortcode=owner["shortcode"],
            phone=phone,
            amount_minor=amount_minor,
            body=wire.encode({"BillRefNumber": reference}),
            created_at_ms=now,
        )
        row = talk.get(world, conversation_id)
        if url := owner["c2b_validation_url"]:
            question = _message(world, row, world.ids.receipt(now), is_confirmed=False)
            talk.send(world, row, deliveries.VALIDATION, url, [question])
        else:
            talk.schedule(world, SETTLE, conversation_id, 0)
    return conversation_id


def paybill(world: World, owner: Row, phone: str, amount_minor: int, reference: str) -> str:
    """Like ``start``, but waits for the receipt."""
    conversation_id = start(world, owner, phone, amount_minor, reference)
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < deadline:
        row = talk.get(world, conversation_id)
        if row["result_code"] is not None:
            if row["receipt"]:
                return str(row["receipt"])
            raise BadControl(f"the pay-in was refused: {row['result_code']} {row['result_desc']}")
        time.sleep(0.01)
    raise BadControl("the pay-in was not decided in time")


def settle(world: World, conversation_id: str) -> None:
    """Book a pay-in unless validation refused it."""
    row = talk.get(world, conversation_id)
    reference = talk.body(row)["BillRefNumber"]
    with world.store.transaction():
        if code := _refusal(world, row):
            talk.finish(world, row, code, "")
            return
        payer = f"{row['phone']} - {public_name(row['phone'])}"
        receipt = books.pay_in(
            world,
            books.Draft(
                kind="pay_in",
                shortcode=row["shortcode"],
                phone=row["phone"],
                amount_minor=row["amount_minor"],
                reason="Pay Bill Online",
                details=f"Pay Bill from {payer} Acc. {reference}",
                account_reference=reference,
                conversation_id=conversation_id,
            ),
        )
        talk.finish(world, row, "0", receipt)
        confirm(world, row, receipt)


def _refusal(world: World, row: Row) -> str | None:
    """The code of a rejecting answer; without an answer the registered ResponseType decides."""
    asked = world.store.row(
        "SELECT status, answer, c2b_response_type FROM callback"
        " JOIN delivery ON callback_id = callback.id JOIN organisation USING (shortcode)"
        " WHERE subject = ? AND purpose = ?",
        row["conversation_id"],
        deliveries.VALIDATION,
    )
    if asked is None:
        return None
    try:
        answer = wire.decode(asked["answer"]) if asked["status"] == 200 else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return "C2B00016" if asked["c2b_response_type"] == "Cancelled" else None
    code = str(answer.get("ResultCode"))
    if code == "0":
        return None
    return code if code in talk.DESCRIPTIONS and code.startswith("C2B") else "C2B00016"


def confirm(world: World, row: Row, receipt: str) -> None:
    """Queue the confirmation, if its address is registered and the phone's ending lets it out."""
    url = world.store.row(
        "SELECT c2b_confirmation_url AS url FROM organisation WHERE shortcode = ?",
        row["shortcode"],
    )
    behaviour = magic.of(row["phone"])
    if url is None or not url["url"] or behaviour is Magic.SILENT:
        return
    message = _message(world, row, receipt, is_confirmed=True)
    copies = 3 if behaviour is Magic.TRIPLE else 1
    talk.send(world, row, "c2b_confirmation", url["url"], [message] * copies)


def _message(world: World, row: Row, receipt: str, *, is_confirmed: bool) -> dict[str, Any]:
    """The payload of both addresses; the payer is never shown in full."""
    phone, asked = row["phone"], talk.body(row)
    paid = world.store.row("SELECT * FROM transfer WHERE receipt = ?", receipt)
    amount_minor = paid["amount_minor"] if paid else row["amount_minor"]
    shown = magic.shown_payer(phone)
    funds = Decimal(books.balance(world, row["shortcode"], books.UTILITY)).scaleb(-2)
    return {
        "TransactionType": "Pay Bill",
        "TransID": receipt,
        "TransTime": compact(world.now_ms()),
        "TransAmount": str(Decimal(amount_minor).scaleb(-2)),
        "BusinessShortCode": row["shortcode"],
        "BillRefNumber": asked.get("BillRefNumber", asked.get("AccountReference", "")),
        "InvoiceNumber": "",
        "OrgAccountBalance": str(funds) if is_confirmed else "",
        "ThirdPartyTransID": "",
        "MSISDN": f"{phone[:4]} ***** {phone[-3:]}" if shown == phone else shown,
        "FirstName": public_name(phone).split()[0],
    }
