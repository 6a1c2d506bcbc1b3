"""The control API under ``/_control/``, writing half: setting the stage and planting faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.worlds.daraja import b2c, books, c2b, faults, tariff
from tests.worlds.daraja import conversations as talk
from tests.worlds.daraja.clock import eat, to_ms, utc
from tests.worlds.daraja.errors import BadControl
from tests.worlds.daraja.fields import PHONE
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import SETTINGS, World
from tests.worlds.server import Request, Response

#: What an organisation has when it is registered without saying otherwise; the passkey is the one
#: Safaricom publishes for its sandbox.
DEFAULTS: dict[str, Any] = {
    "name": "Simulated Organisation",
    "passkey": "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919",
    "consumer_key": "key-of-{shortcode}",
    "consumer_secret": "secret-of-{shortcode}",
    "initiator": "apiop",
    "initiator_password": "Safaricom123!",
    "pay_in_bps": tariff.DEFAULT_PAY_IN_BPS,
}


def register(world: World, request: Request) -> Response:
    """``POST /_control/accounts``: add an organisation, or change it; opening money comes once."""
    asked = _body(request)
    shortcode = str(_need(asked, "shortcode"))
    known = world.store.row("SELECT * FROM organisation WHERE shortcode = ?", shortcode)
    before = dict(known) if known else _defaults(shortcode)
    columns = {name: asked.get(name, before[name]) for name in DEFAULTS}
    _check_application(world, shortcode, columns)
    with world.store.transaction():
        if known:
            marks = ", ".join(f"{name} = ?" for name in columns)
            sql = f"UPDATE organisation SET {marks} WHERE shortcode = ?"
            world.store.write(sql, *columns.values(), shortcode)
        else:
            world.store.insert("organisation", shortcode=shortcode, **columns)
            _open_balances(world, shortcode, asked.get("opening_balances_minor", {}))
    return Response.json(
        {"shortcode": shortcode, **columns, "balances_minor": books.balances(world, shortcode)},
        status=200 if known else 201,
    )


def _defaults(shortcode: str) -> dict[str, Any]:
    """Each organisation has an application of its own unless it says otherwise."""
    return {
        name: value.format(shortcode=shortcode) if isinstance(value, str) else value
        for name, value in DEFAULTS.items()
    }


def _check_application(world: World, shortcode: str, columns: dict[str, Any]) -> None:
    """Shortcodes may share an application, then with one secret and one living token."""
    if world.store.row(
        "SELECT 1 FROM organisation"
        " WHERE consumer_key = ? AND consumer_secret <> ? AND shortcode <> ?",
        columns["consumer_key"],
        columns["consumer_secret"],
        shortcode,
    ):
        raise BadControl("this consumer_key is registered with another secret")


def _open_balances(world: World, shortcode: str, opening: dict[str, int]) -> None:
    """Opening money is dated at the end of yesterday, so that today's statements open with it."""
    midnight = eat(world.now_ms()).replace(hour=0, minute=0, second=0)
    for name, amount_minor in opening.items():
        if amount_minor:
            _deposit(world, shortcode, name, amount_minor, at_ms=to_ms(midnight) - 1000)


def _deposit(
    world: World, shortcode: str, name: str, amount_minor: int, *, at_ms: int | None = None
) -> str:
    if name not in {books.WORKING, books.UTILITY}:
        raise BadControl(f"there is no {name!r} account to fund")
    draft = books.Draft(
        kind="deposit",
        shortcode=shortcode,
        amount_minor=amount_minor,
        reason="Organization Deposit",
        details=f"Funds received into the {name} account",
    )
    target = books.organisation_account(shortcode, name)
    return books.write(world, draft, "world", target, at_ms=at_ms)


def deposit(world: World, request: Request) -> Response:
    """``POST /_control/deposit``: money arrives from the organisation's bank."""
    asked = _body(request)
    owner = organisation(world, asked)
    name = str(asked.get("account", books.UTILITY))
    amount_minor = _number(asked, "amount_minor")
    return _receipt(_deposit(world, owner["shortcode"], name, amount_minor))


def pay_again(world: World, request: Request) -> Response:
    """``POST /_control/pay-again``: plant a payout paid twice, as if by the provider's mistake."""
    receipt = str(_need(_body(request), "receipt"))
    paid = world.store.row(
        "SELECT conversation_id FROM transfer WHERE receipt = ? AND kind = 'payout'", receipt
    )
    if paid is None:
        raise BadControl(f"{receipt!r} is no payout")
    return _receipt(books.pay_out(world, b2c.draft(talk.get(world, paid["conversation_id"]))))


def surprise_fee(world: World, request: Request) -> Response:
    """``POST /_control/fee-surprise``: the next fee differs from the tariff by ``delta_minor``."""
    asked = _body(request)
    owner, delta = organisation(world, asked), _number(asked, "delta_minor")
    world.store.write(
        "UPDATE organisation SET fee_surprise_minor = ? WHERE shortcode = ?",
        delta,
        owner["shortcode"],
    )
    return Response.json({"shortcode": owner["shortcode"], "delta_minor": delta})


def pay_bill(world: World, request: Request) -> Response:
    """``POST /_control/paybill``: a customer pays the paybill without having been asked."""
    asked = _body(request)
    owner = organisation(world, asked)
    phone, amount = str(_need(asked, "phone")), _number(asked, "amount")
    if not PHONE.fullmatch(phone) or amount < 1:
        raise BadControl("phone is 2547… or 2541… with 12 digits, amount is whole shillings")
    reference = str(asked.get("account_reference", ""))
    return _receipt(c2b.paybill(world, owner, phone, amount * 100, reference))


def forget_urls(world: World, request: Request) -> Response:
    """``POST /_control/forget-urls``: what Safaricom's support does on request."""
    owner = organisation(world, _body(request))
    world.store.write(
        "UPDATE organisation SET c2b_response_type = NULL, c2b_confirmation_url = NULL,"
        " c2b_validation_url = NULL WHERE shortcode = ?",
        owner["shortcode"],
    )
    return Response.json({"shortcode": owner["shortcode"]})


def move_clock(world: World, request: Request) -> Response:
    """``POST /_control/clock``: what is due on the simulator's clock happens at once."""
    offset_ms = _number(_body(request), "offset_seconds") * 1000
    world.set_setting("clock_offset_ms", offset_ms)
    return Response.json({"now": utc(world.now_ms())})


def configure(world: World, request: Request) -> Response:
    """``GET`` and ``POST /_control/settings``."""
    if request.method == "POST":
        asked = _body(request)
        if unknown := asked.keys() - SETTINGS.keys():
            raise BadControl(f"unknown setting {', '.join(sorted(unknown))}")
        for name in asked:
            world.set_setting(name, _number(asked, name))
    return Response.json({name: world.setting(name) for name in SETTINGS})


def plant_fault(world: World, request: Request) -> Response:
    """``POST /_control/faults``: spoil the next answers; ``{"clear": true}`` takes all back."""
    asked = _body(request)
    if asked.get("clear"):
        world.store.write("UPDATE fault SET remaining = 0")
    else:
        path, kind = str(asked.get("path", "*")), str(_need(asked, "kind"))
        count, pause = _number(asked, "count", 1), _number(asked, "milliseconds", 0)
        faults.plant(world, path, kind, count, pause)
    waiting = world.store.rows("SELECT * FROM fault WHERE remaining > 0 ORDER BY id")
    return Response.json({"waiting": [dict(row) for row in waiting]})


def _receipt(receipt: str) -> Response:
    return Response.json({"receipt": receipt}, status=201)


def _body(request: Request) -> dict[str, Any]:
    try:
        return request.json()
    except ValueError as error:
        raise BadControl(str(error)) from None


def _need(asked: Mapping[str, Any], name: str) -> Any:
    if asked.get(name) is None:
        raise BadControl(f"{name} is missing")
    return asked[name]


def _number(asked: dict[str, Any], name: str, otherwise: int | None = None) -> int:
    """A whole number; left out, it is ``otherwise``."""
    value = asked.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadControl(f"{name} is a whole number")
    return value


def organisation(world: World, asked: Mapping[str, Any]) -> Row:
    """The organisation that a control request names by its shortcode."""
    shortcode = str(_need(asked, "shortcode"))
    row = world.store.row("SELECT * FROM organisation WHERE shortcode = ?", shortcode)
    if row is None:
        raise BadControl(f"shortcode {shortcode} is not registered")
    return row
