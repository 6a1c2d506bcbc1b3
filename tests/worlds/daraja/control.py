"""The control API under ``/_control/``: setting the stage and reading the provider's truth."""

from __future__ import annotations

from typing import Any

from tests.worlds.daraja import b2c, books, c2b, deliveries, faults, tariff
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
    "consumer_key": "simulated-key",
    "consumer_secret": "simulated-secret",
    "initiator": "apiop",
    "initiator_password": "Safaricom123!",
    "pay_in_bps": tariff.DEFAULT_PAY_IN_BPS,
}


def register(world: World, request: Request) -> Response:
    """``POST /_control/accounts``: add an organisation, or change it; opening money comes once."""
    asked = _body(request)
    shortcode = str(_need(asked, "shortcode"))
    known = world.store.row("SELECT * FROM organisation WHERE shortcode = ?", shortcode)
    before = dict(known) if known else DEFAULTS
    columns = {name: asked.get(name, before[name]) for name in DEFAULTS}
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
    owner = _organisation(world, asked)
    name = str(asked.get("account", books.UTILITY))
    amount_minor = int(_need(asked, "amount_minor"))
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
    owner, delta = _organisation(world, asked), int(_need(asked, "delta_minor"))
    world.store.write(
        "UPDATE organisation SET fee_surprise_minor = ? WHERE shortcode = ?",
        delta,
        owner["shortcode"],
    )
    return Response.json({"shortcode": owner["shortcode"], "delta_minor": delta})


def pay_bill(world: World, request: Request) -> Response:
    """``POST /_control/paybill``: a customer pays the paybill without having been asked."""
    asked = _body(request)
    owner = _organisation(world, asked)
    phone, amount = str(_need(asked, "phone")), int(_need(asked, "amount"))
    if not PHONE.fullmatch(phone) or amount < 1:
        raise BadControl("phone is 2547… or 2541… with 12 digits, amount is whole shillings")
    reference = str(asked.get("account_reference", ""))
    return _receipt(c2b.paybill(world, owner, phone, amount * 100, reference))


def forget_urls(world: World, request: Request) -> Response:
    """``POST /_control/forget-urls``: what Safaricom's support does on request."""
    owner = _organisation(world, _body(request))
    world.store.write(
        "UPDATE organisation SET c2b_response_type = NULL, c2b_confirmation_url = NULL,"
        " c2b_validation_url = NULL WHERE shortcode = ?",
        owner["shortcode"],
    )
    return Response.json({"shortcode": owner["shortcode"]})


def move_clock(world: World, request: Request) -> Response:
    """``POST /_control/clock``: what is due on the simulator's clock happens at once."""
    offset_ms = round(float(_need(_body(request), "offset_seconds")) * 1000)
    world.set_setting("clock_offset_ms", offset_ms)
    return Response.json({"now": utc(world.now_ms())})


def configure(world: World, request: Request) -> Response:
    """``GET`` and ``POST /_control/settings``."""
    if request.method == "POST":
        asked = _body(request)
        if unknown := asked.keys() - SETTINGS.keys():
            raise BadControl(f"unknown setting {', '.join(sorted(unknown))}")
        for name, value in asked.items():
            world.set_setting(name, int(value))
    return Response.json({name: world.setting(name) for name in SETTINGS})


def plant_fault(world: World, request: Request) -> Response:
    """``POST /_control/faults``: spoil the next answers; ``{"clear": true}`` takes all back."""
    asked = _body(request)
    if asked.get("clear"):
        world.store.write("UPDATE fault SET remaining = 0")
    else:
        path, kind = str(asked.get("path", "*")), str(_need(asked, "kind"))
        count, pause = int(asked.get("count", 1)), int(asked.get("milliseconds", 0))
        faults.plant(world, path, kind, count, pause)
    waiting = world.store.rows("SELECT * FROM fault WHERE remaining > 0 ORDER BY id")
    return Response.json({"waiting": [dict(row) for row in waiting]})


def transactions(world: World, request: Request) -> Response:
    """``GET /_control/transactions?shortcode=``: every transfer, oldest first."""
    rows = world.store.rows(
        "SELECT * FROM transfer WHERE ?1 IS NULL OR shortcode = ?1 ORDER BY sequence",
        request.query.get("shortcode"),
    )
    return Response.json({"transactions": [_transaction(row) for row in rows]})


def _transaction(row: Row) -> dict[str, Any]:
    told = {name: value for name, value in dict(row).items() if not name.endswith("_ms")}
    sign = 1 if row["kind"] in {"deposit", "pay_in"} else -1
    return {
        **told,
        "currency": "KES",
        "effect_minor": sign * row["amount_minor"],
        "initiated_at": utc(row["initiated_at_ms"]),
        "completed_at": utc(row["completed_at_ms"]),
    }


def all_books(world: World, request: Request) -> Response:
    """``GET /_control/books``: the balances of each organisation, in cents."""
    only = request.query.get("shortcode")
    held = {}
    for row in world.store.rows("SELECT * FROM organisation ORDER BY shortcode"):
        if only in {None, row["shortcode"]}:
            accounts = books.balances(world, row["shortcode"])
            held[row["shortcode"]] = {**accounts, "total": sum(accounts.values())}
    return Response.json({"currency": "KES", "organisations_minor": held})


def callbacks(world: World, request: Request) -> Response:
    """``GET /_control/callbacks?shortcode=``: what was sent, each try with its answer."""
    listed: dict[int, dict[str, Any]] = {}
    for row in deliveries.log(world, request.query.get("shortcode")):
        names = ("id", "shortcode", "purpose", "subject", "url", "body", "state")
        entry = {name: row[name] for name in names}
        callback = listed.setdefault(row["id"], {**entry, "tries": []})
        if row["at_ms"] is not None:
            answered = {"status": row["status"], "answer": row["answer"]}
            callback["tries"].append({"at": utc(row["at_ms"]), **answered})
    return Response.json({"callbacks": list(listed.values())})


def prices(world: World, request: Request) -> Response:
    """``GET /_control/tariff?shortcode=``: what a payout and a pay-in should cost."""
    owner = _organisation(world, request.query)
    bands = [{"up_to_minor": upper, "fee_minor": fee} for upper, fee in tariff.PAYOUT_BANDS]
    return Response.json({"payout_bands": bands, "pay_in_bps": owner["pay_in_bps"]})


def prove(world: World, request: Request) -> Response:
    """``GET /_control/proof``: 200 when the books hold together, 500 when they do not."""
    proof = books.proof(world)
    return Response.json(proof, status=200 if proof["holds"] else 500)


def certificate(world: World, request: Request) -> Response:
    """``GET /_control/certificate``: encrypt security credentials with this."""
    return Response(body=world.certificate.pem(), content_type="application/x-pem-file")


def _receipt(receipt: str) -> Response:
    return Response.json({"receipt": receipt}, status=201)


def _body(request: Request) -> dict[str, Any]:
    try:
        return request.json()
    except ValueError as error:
        raise BadControl(str(error)) from None


def _need(asked: Any, name: str) -> Any:
    if asked.get(name) is None:
        raise BadControl(f"{name} is missing")
    return asked[name]


def _organisation(world: World, asked: Any) -> Row:
    shortcode = str(_need(asked, "shortcode"))
    row = world.store.row("SELECT * FROM organisation WHERE shortcode = ?", shortcode)
    if row is None:
        raise BadControl(f"shortcode {shortcode} is not registered")
    return row
