"""STK push: a prompt on the customer's phone, its outcome by callback, and the query."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.worlds import wire
from tests.worlds.daraja import access, books, c2b, faults, magic, pace
from tests.worlds.daraja import conversations as talk
from tests.worlds.daraja.clock import compact
from tests.worlds.daraja.errors import invalid, overloaded
from tests.worlds.daraja.fields import Fields
from tests.worlds.daraja.identifiers import public_name
from tests.worlds.daraja.magic import Magic
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Request, Response

SETTLE, LATE = "stk.settle", "stk.late"
MAXIMUM_MINOR = 250_000_00
ACCEPTED = "Success. Request accepted for processing"


def push(world: World, request: Request) -> Response:
    """``POST /mpesa/stkpush/v1/processrequest``: accepted is not paid."""
    consumer = access.consumer(world, request)
    fields = Fields.of(request)
    owner = _merchant(world, consumer, fields)
    asked = _read(fields)
    phone = asked["PhoneNumber"]
    faults.spike(world, "stk", owner["shortcode"], phone)
    row = _open(world, owner, asked, fields.shillings("Amount"))
    pace.before_answering(world, row)
    return Response.json(
        {
            "MerchantRequestID": row["originator_id"],
            "CheckoutRequestID": row["conversation_id"],
            "ResponseCode": "0",
            "ResponseDescription": ACCEPTED,
            "CustomerMessage": ACCEPTED,
        }
    )


def _merchant(world: World, consumer: str, fields: Fields) -> Row:
    owner = access.organisation(world, consumer, fields.shortcode("BusinessShortCode"))
    if owner is None:
        raise overloaded("Merchant does not exist")
    access.check_password(owner, fields)
    return owner


def _read(fields: Fields) -> dict[str, str]:
    kind = fields.one_of("TransactionType", "CustomerPayBillOnline", "CustomerBuyGoodsOnline")
    target = fields.shortcode("PartyB")
    if kind == "CustomerPayBillOnline" and target != fields.shortcode("BusinessShortCode"):
        raise invalid("PartyB")
    return {
        "PartyA": fields.phone("PartyA"),
        "PhoneNumber": fields.phone("PhoneNumber"),
        "CallBackURL": fields.url("CallBackURL"),
        "AccountReference": fields.text("AccountReference", longest=12),
        "TransactionDesc": fields.optional("TransactionDesc", longest=13),
    }


def _open(world: World, owner: Row, asked: dict[str, str], amount_minor: int) -> Row:
    now = world.now_ms()
    with world.store.transaction():
        checkout_id = world.ids.checkout(now, asked["PhoneNumber"])
        world.store.insert(
            "conversation",
            conversation_id=checkout_id,
            originator_id=world.ids.originator(),
            operation="stk",
            shortcode=owner["shortcode"],
            phone=asked["PhoneNumber"],
            amount_minor=amount_minor,
            body=wire.encode(asked),
            created_at_ms=now,
        )
        row = talk.get(world, checkout_id)
        pace.begin(world, row, SETTLE, settle)
    return row


def settle(world: World, checkout_id: str) -> None:
    """The customer answered the prompt, or did not."""
    row = talk.get(world, checkout_id)
    behaviour = magic.of(row["phone"])
    with world.store.transaction():
        if row["amount_minor"] > MAXIMUM_MINOR:
            _fail(world, row, "3")
        elif behaviour is Magic.CANCELLED:
            _fail(world, row, "1032")
        elif behaviour is Magic.INSUFFICIENT:
            _fail(world, row, "1")
        elif behaviour is Magic.LATE_SUCCESS:
            _fail(world, row, "1037")
            talk.schedule(world, LATE, checkout_id, world.setting("late_delay_ms"))
        else:
            pay(world, checkout_id)


def pay(world: World, checkout_id: str) -> None:
    """Book the payment and queue what the callback address will hear of it."""
    row = talk.get(world, checkout_id)
    asked = talk.body(row)
    amount_minor = _paid_minor(row)
    payer = f"{row['phone']} - {public_name(row['phone'])}"
    with world.store.transaction():
        receipt = books.pay_in(
            world,
            books.Draft(
                kind="pay_in",
                shortcode=row["shortcode"],
                phone=row["phone"],
                amount_minor=amount_minor,
                reason="Pay Bill Online",
                details=f"Pay Bill Online from {payer} Acc. {asked['AccountReference']}",
                account_reference=asked["AccountReference"],
                merchant_request_id=row["originator_id"],
                checkout_request_id=checkout_id,
            ),
        )
        talk.finish(world, row, "0", receipt)
        messages = _success_messages(world, row, receipt, amount_minor)
        talk.send(world, row, "stk", asked["CallBackURL"], messages)
        if world.setting("stk_confirms_c2b"):
            c2b.confirm(world, row, receipt)


def _paid_minor(row: Row) -> int:
    asked: int = row["amount_minor"]
    if magic.of(row["phone"]) is not Magic.OTHER_AMOUNT:
        return asked
    return asked - 1_00 if asked > 1_00 else asked + 1_00


def _fail(world: World, row: Row, code: str) -> None:
    talk.finish(world, row, code, "")
    url = talk.body(row)["CallBackURL"]
    talk.send(world, row, "stk", url, [_callback(row, talk.number_or_text(code))])


def _success_messages(
    world: World, row: Row, receipt: str, amount_minor: int
) -> Sequence[dict[str, Any]]:
    shown = magic.shown_payer(row["phone"])
    items = (
        ("Amount", Decimal(amount_minor).scaleb(-2)),
        ("MpesaReceiptNumber", receipt),
        ("Balance", None),
        ("TransactionDate", int(compact(world.now_ms()))),
        ("PhoneNumber", int(shown) if shown.isdigit() and len(shown) == 12 else shown),
    )
    paid = _callback(row, 0, items)
    match magic.of(row["phone"]):
        case Magic.SILENT:
            return ()
        case Magic.TRIPLE:
            return (paid, paid, paid)
        case Magic.SWAPPED:
            return (paid, _callback(row, 1037))
        case Magic.ODD_CODES:
            return (_callback(row, False, items), _callback(row, "0", items))
    return (paid,)


def _callback(row: Row, code: object, items: Sequence[talk.Parameter] = ()) -> dict[str, Any]:
    message: dict[str, Any] = {
        "MerchantRequestID": row["originator_id"],
        "CheckoutRequestID": row["conversation_id"],
        "ResultCode": code,
        "ResultDesc": talk.DESCRIPTIONS["0" if code is False else str(code)],
    }
    if items:
        listed = [{"Name": n} if v is None else {"Name": n, "Value": v} for n, v in items]
        message["CallbackMetadata"] = {"Item": listed}
    return {"Body": {"stkCallback": message}}


def query(world: World, request: Request) -> Response:
    """``POST /mpesa/stkpushquery/v1/query``: being processed is an error answer, as documented."""
    consumer = access.consumer(world, request)
    fields = Fields.of(request)
    owner = _merchant(world, consumer, fields)
    row = talk.find(world, fields.text("CheckoutRequestID"))
    if row is None or (row["operation"], row["shortcode"]) != ("stk", owner["shortcode"]):
        raise invalid("CheckoutRequestID")
    if row["result_code"] is None:
        raise overloaded("The transaction is being processed")
    return Response.json(
        {
            "ResponseCode": "0",
            "ResponseDescription": "The service request has been accepted successsfully",
            "MerchantRequestID": row["originator_id"],
            "CheckoutRequestID": row["conversation_id"],
            "ResultCode": row["result_code"],
            "ResultDesc": row["result_desc"],
        }
    )
