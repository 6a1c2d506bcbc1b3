"""The control API under ``/_control/``: sets the stage, plays the people, tells the truth."""

from __future__ import annotations

from typing import Any

from tests.worlds.server import Request, Response
from tests.worlds.stripe import accounts, books, customers, disputes, events, faults, objects
from tests.worlds.stripe.books import Draft
from tests.worlds.stripe.errors import BadControl
from tests.worlds.stripe.world import API_VERSION, SETTINGS, World

DEFAULTS = {"fee_bps": 290, "fee_fixed_minor": 30, "customer_pays": 1}


def register(world: World, request: Request) -> Response:
    """``POST accounts``: a platform with its keys, opening money and a webhook endpoint or two."""
    asked = _body(request)
    name = str(_need(asked, "account"))
    columns: dict[str, Any] = {
        "secret_key": asked.get("secret_key", f"sk_test_{name}"),
        "publishable_key": asked.get("publishable_key", f"pk_test_{name}"),
        **{field: int(asked.get(field, default)) for field, default in DEFAULTS.items()},
    }
    with world.store.transaction():
        is_new = not world.store.row("SELECT 1 FROM platform WHERE account = ?", name)
        if is_new:
            world.store.insert("platform", account=name, **columns)
            for currency, amount in asked.get("opening_balances_minor", {}).items():
                _fund(world, name, currency, amount)
        else:
            marks = ", ".join(f"{field} = ?" for field in columns)
            sql = f"UPDATE platform SET {marks} WHERE account = ?"
            world.store.write(sql, *columns.values(), name)
    return Response.json({"account": name, **columns}, status=201 if is_new else 200)


def _fund(world: World, account: str, currency: str, amount: int) -> str:
    draft = Draft(
        account=account,
        type="topup",
        amount=amount,
        currency=currency,
        source="",
        description="Top-up",
    )
    return books.write(world, draft)


def deposit(world: World, request: Request) -> Response:
    """``POST deposit``: money of the account's own, available at once."""
    asked = _body(request)
    account, currency = str(_need(asked, "account")), str(asked.get("currency", "usd"))
    return Response.json({"id": _fund(world, account, currency, _number(asked, "amount_minor"))})


def pay(world: World, request: Request) -> Response:
    """``POST pay``: somebody pays a waiting intent with a test method."""
    asked = _body(request)
    named = str(asked.get("payment_method", "pm_card_visa"))
    with world.store.transaction():
        intent = customers.pay_with(world, str(_need(asked, "payment_intent")), named)
    if intent is None:
        raise BadControl("there is no intent of that id waiting for a payment method")
    return Response.json(objects.shown(world, intent, []))


def authenticate(world: World, request: Request) -> Response:
    """``POST authenticate {payment_intent, passes}``: the payer answers the bank's question."""
    asked = _body(request)
    answer = (
        customers.authenticate if asked.get("passes", True) else customers.refuse_authentication
    )
    with world.store.transaction():
        answer(world, str(_need(asked, "payment_intent")))
    return Response.json({})


def dispute(world: World, request: Request) -> Response:
    """``POST dispute {charge, reason}``: the payer's bank objects."""
    asked = _body(request)
    with world.store.transaction():
        reason = str(asked.get("reason", "fraudulent"))
        made = disputes.open_for(world, str(_need(asked, "charge")), reason)
    if made is None:
        raise BadControl("that charge cannot be disputed")
    return Response.json(objects.shown(world, made, []), status=201)


def onboard(world: World, request: Request) -> Response:
    """``POST onboard {account, due}``: the person fills in the page; ``due`` stays missing."""
    asked = _body(request)
    with world.store.transaction():
        account = accounts.onboard(world, str(_need(asked, "account")), asked.get("due"))
    if account is None:
        raise BadControl("there is no such account")
    return Response.json(objects.shown(world, account, []))


def roll_secret(world: World, request: Request) -> Response:
    """``POST roll-secret {endpoint, expires_in_seconds}``: both secrets sign until then."""
    asked = _body(request)
    seconds = _number(asked, "expires_in_seconds", 86_400)
    return Response.json(
        {"secret": events.roll_secret(world, str(_need(asked, "endpoint")), seconds)}
    )


def endpoint(world: World, request: Request) -> Response:
    """``POST endpoint {account, url, secret}``: a webhook endpoint whose secret is known before."""
    asked = _body(request)
    account, secret = str(_need(asked, "account")), str(_need(asked, "secret"))
    with world.store.transaction():
        made = objects.add(
            world,
            "we",
            "webhook_endpoint",
            account,
            {
                "api_version": API_VERSION,
                "application": None,
                "description": None,
                "enabled_events": asked.get("enabled_events", ["*"]),
                "metadata": {},
                "status": "enabled",
                "url": str(_need(asked, "url")),
                "_connect": bool(asked.get("connect", False)),
                "_platform": account,
            },
        )
        world.store.insert("signing_secret", endpoint=made["id"], secret=secret)
    return Response.json({"id": made["id"]}, status=201)


def endpoints(world: World, request: Request) -> Response:
    """``GET endpoints?account=``: where its webhooks go."""
    account = request.query.get("account", "")
    found = objects.having(world, "webhook_endpoint", "_platform", account)
    return Response.json({"urls": [endpoint["url"] for endpoint in found]})


def resend(world: World, request: Request) -> Response:
    """``POST resend {event}``."""
    return Response.json({"sent": events.resend(world, str(_need(_body(request), "event")))})


def move_clock(world: World, request: Request) -> Response:
    """``POST clock {offset_seconds}``: what is due on the simulator's clock happens at once."""
    world.set_setting("clock_offset_ms", _number(_body(request), "offset_seconds") * 1000)
    return Response.json({"now": world.now()})


def configure(world: World, request: Request) -> Response:
    """``GET`` and ``POST settings``."""
    if request.method == "POST":
        asked = _body(request)
        if unknown := asked.keys() - SETTINGS.keys():
            raise BadControl(f"unknown setting {', '.join(sorted(unknown))}")
        for name in asked:
            world.set_setting(name, _number(asked, name))
    return Response.json({name: world.setting(name) for name in SETTINGS})


def plant_fault(world: World, request: Request) -> Response:
    """``POST faults``: spoil the next answers or deliveries; ``{"clear": true}`` takes all back."""
    asked = _body(request)
    if asked.get("clear"):
        world.store.write("UPDATE fault SET remaining = 0")
    else:
        count, pause = _number(asked, "count", 1), _number(asked, "milliseconds", 0)
        path, kind = str(asked.get("path", "*")), str(_need(asked, "kind"))
        faults.plant(world, path, kind, count, pause)
    waiting = world.store.rows("SELECT * FROM fault WHERE remaining > 0 ORDER BY id")
    return Response.json({"waiting": [dict(row) for row in waiting]})


def transactions(world: World, request: Request) -> Response:
    """``GET transactions?account=``: every balance transaction, oldest first."""
    account = request.query.get("account", "")
    rows = world.store.rows(
        "SELECT id FROM object WHERE kind = 'balance_transaction' AND (?1 = '' OR account = ?1)"
        " ORDER BY sequence",
        account,
    )
    return Response.json({"transactions": [objects.find(world, row["id"]) for row in rows]})


def all_books(world: World, request: Request) -> Response:
    """``GET books?account=``: the balance, available and pending."""
    return Response.json(books.balance(world, request.query.get("account", "")))


def callbacks(world: World, request: Request) -> Response:
    """``GET callbacks?subject=``: every delivery, each try with its answer."""
    subject = request.query.get("subject", "")
    rows = world.store.rows(
        "SELECT delivery.*, object.body ->> '$.type' AS type FROM delivery"
        " JOIN object ON object.id = event WHERE ?1 = '' OR subject = ?1 ORDER BY delivery.id",
        subject,
    )
    tries = world.store.rows("SELECT * FROM delivery_try ORDER BY id")
    listed = [
        {**dict(row), "tries": [dict(t) for t in tries if t["delivery_id"] == row["id"]]}
        for row in rows
    ]
    return Response.json({"callbacks": listed})


def prove(world: World, request: Request) -> Response:
    """``GET proof``: 200 when the books hold together, 500 when they do not."""
    proof = books.proof(world)
    return Response.json(proof, status=200 if proof["holds"] else 500)


def _body(request: Request) -> dict[str, Any]:
    try:
        return request.json()
    except ValueError as error:
        raise BadControl(str(error)) from None


def _need(asked: dict[str, Any], name: str) -> Any:
    if asked.get(name) is None:
        raise BadControl(f"{name} is missing")
    return asked[name]


def _number(asked: dict[str, Any], name: str, otherwise: int | None = None) -> int:
    value = asked.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadControl(f"{name} is a whole number")
    return value
