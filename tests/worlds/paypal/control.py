"""The control API under ``/_control/``: setting the stage, planting faults, reading the books."""

from __future__ import annotations

from typing import Any

from tests.worlds.paypal import books, disputes, events, faults, orders, payments, payouts
from tests.worlds.paypal.errors import BadControl, Refused
from tests.worlds.paypal.world import SETTINGS, World, public
from tests.worlds.server import Request, Response

DEFAULTS: dict[str, Any] = {
    "client_secret": "secret-of-{client_id}",
    "email": "{client_id}@merchant.example",
    "currency": "USD",
    "fee_bps": 349,
    "fee_fixed_minor": 49,
    "payout_fee_minor": 25,
}


def register(world: World, request: Request) -> Response:
    """``POST accounts``: add a merchant; opening money comes once."""
    asked = _body(request)
    client_id = str(_need(asked, "client_id"))
    known = world.store.row("SELECT * FROM merchant WHERE client_id = ?", client_id)
    columns = {
        name: asked.get(name, default.format(client_id=client_id) if isinstance(default, str)
                        else default)
        for name, default in DEFAULTS.items()
    }  # fmt: skip
    if known is None:
        with world.store.transaction():
            world.store.insert("merchant", client_id=client_id, **columns)
            if opening := asked.get("opening_minor", 0):
                _deposit(world, client_id, opening, columns["currency"])
    return Response.json({"client_id": client_id, **columns}, status=200 if known else 201)


def _deposit(world: World, merchant: str, minor: int, currency: str) -> str:
    return books.write(
        world,
        books.Draft(merchant=merchant, code=books.DEPOSITED, amount=minor, currency=currency),
    )


def deposit(world: World, request: Request) -> Response:
    """``POST deposit {client_id, amount_minor, currency}``."""
    asked = _body(request)
    merchant, minor = str(_need(asked, "client_id")), int(_need(asked, "amount_minor"))
    return Response.json(
        {"id": _deposit(world, merchant, minor, str(asked.get("currency", "USD")))}, status=201
    )


def approve(world: World, request: Request) -> Response:
    """``POST approve {order, payer}``: a payer agrees on PayPal's page."""
    asked = _body(request)
    payer = str(asked.get("payer", "payer@buyers.example"))
    try:
        with world.store.transaction():
            return Response.json(public(orders.approve(world, str(_need(asked, "order")), payer)))
    except Refused as refused:
        raise BadControl(str(refused)) from None


def dispute(world: World, request: Request) -> Response:
    """``POST dispute {capture, reason, amount_minor, stage}``."""
    asked = _body(request)
    reason = str(asked.get("reason", "MERCHANDISE_OR_SERVICE_NOT_RECEIVED"))
    with world.store.transaction():
        name = disputes.open_dispute(
            world,
            str(_need(asked, "capture")),
            reason,
            int(asked.get("amount_minor", 0)),
            str(asked.get("stage", "CHARGEBACK")),
        )
    return Response.json({"dispute": name}, status=201)


def resolve(world: World, request: Request) -> Response:
    """``POST resolve {dispute, outcome}``."""
    asked = _body(request)
    outcome = str(asked.get("outcome", "RESOLVED_SELLER_FAVOUR"))
    with world.store.transaction():
        return Response.json(public(disputes.resolve(world, str(_need(asked, "dispute")), outcome)))


def lapse(world: World, request: Request) -> Response:
    """``POST lapse {authorization}``: nobody captured it in time."""
    with world.store.transaction():
        payments.lapse(world, str(_need(_body(request), "authorization")))
    return Response.json({})


def pay_again(world: World, request: Request) -> Response:
    """``POST pay-again {item}``: plant a payout paid twice, as if by the provider's mistake."""
    item = world.find("item", str(_need(_body(request), "item")))
    name = world.name("movement")
    payouts._move(world, item, -item["_minor"], -item["_fee"], books.PAID_OUT, name)
    return Response.json({"id": name}, status=201)


def move_clock(world: World, request: Request) -> Response:
    """``POST clock {offset_seconds}``."""
    world.set_setting("clock_offset_ms", int(_need(_body(request), "offset_seconds")) * 1000)
    return Response.json({"now": world.stamp()})


def configure(world: World, request: Request) -> Response:
    """``GET`` and ``POST settings``."""
    if request.method == "POST":
        asked = _body(request)
        if unknown := asked.keys() - SETTINGS.keys():
            raise BadControl(f"unknown setting {', '.join(sorted(unknown))}")
        for name, value in asked.items():
            world.set_setting(name, int(value))
    return Response.json({name: world.setting(name) for name in SETTINGS})


def plant_fault(world: World, request: Request) -> Response:
    """``POST faults {path, kind, count, milliseconds}`` or ``{clear: true}``."""
    asked = _body(request)
    if asked.get("clear"):
        world.store.write("UPDATE fault SET remaining = 0")
    else:
        faults.plant(
            world,
            str(asked.get("path", "*")),
            str(_need(asked, "kind")),
            int(asked.get("count", 1)),
            int(asked.get("milliseconds", 0)),
        )
    return Response.json({})


def end_tokens(world: World, _request: Request) -> Response:
    """``POST end-tokens``: every token given out so far is refused from now on."""
    world.store.write("DELETE FROM token")
    return Response.json({})


def movements(world: World, request: Request) -> Response:
    """``GET movements?client_id=``: every movement of money, oldest first."""
    rows = world.store.rows(
        "SELECT * FROM movement WHERE ?1 = '' OR merchant = ?1 ORDER BY sequence",
        request.query.get("client_id", ""),
    )
    return Response.json({"movements": [dict(row) for row in rows]})


def all_books(world: World, request: Request) -> Response:
    """``GET books?client_id=``: the merchant's balances in minor units."""
    merchant = request.query.get("client_id", "")
    held = {c: books.balance(world, merchant, c) for c in books.currencies(world, merchant)}
    return Response.json({"balances": held})


def deliveries(world: World, _request: Request) -> Response:
    """``GET deliveries``: every webhook delivery with its tries."""
    return Response.json({"deliveries": events.log(world)})


def proof(world: World, _request: Request) -> Response:
    """``GET proof``: 200 when the books hold, else 500."""
    told = books.proof(world)
    return Response.json(told, status=200 if told["holds"] else 500)


def root(world: World, _request: Request) -> Response:
    """``GET root``: the certificate that webhook verifiers are to trust."""
    return Response(body=world.certificates.root, content_type="application/x-pem-file")


def page(world: World, request: Request) -> Response:
    """``GET /checkoutnow?token=``: what the payer sees; agreeing is one click."""
    order = world.find("order", request.query.get("token", ""))
    amount = order["purchase_units"][0]["amount"]
    if request.method == "POST":
        with world.store.transaction():
            order = orders.approve(world, order["id"])
        back = f"{order['_return_url']}?token={order['id']}"
        return _html(f'<p>Thank you.</p><a href="{back}">Back to the shop</a>')
    return _html(
        f"<h1>Pay {amount['value']} {amount['currency_code']}</h1>"
        '<form method="post"><button>Agree and pay</button></form>'
    )


def _html(inner: str) -> Response:
    page_ = f'<!doctype html><html lang="en"><title>PayPal, simulated</title><body>{inner}</body>'
    return Response(body=page_.encode(), content_type="text/html; charset=utf-8")


def _body(request: Request) -> dict[str, Any]:
    try:
        return request.json()
    except ValueError as error:
        raise BadControl(str(error)) from None


def _need(asked: dict[str, Any], name: str) -> Any:
    if asked.get(name) is None:
        raise BadControl(f"{name} is missing")
    return asked[name]
