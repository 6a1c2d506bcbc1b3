"""The control API under ``/_control/``, reading half: the provider's own truth."""

from __future__ import annotations

from typing import Any

from tests.worlds.daraja import books, deliveries, tariff
from tests.worlds.daraja.clock import utc
from tests.worlds.daraja.control import organisation
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Request, Response


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


def due(world: World, request: Request) -> Response:
    """``GET /_control/due?ahead_seconds=``: what should have happened by then and has not."""
    ahead_ms = int(request.query.get("ahead_seconds", "0")) * 1000
    sql = (
        "SELECT (SELECT COUNT(*) FROM task WHERE is_done = 0 AND due_at_ms <= ?1)"
        " + (SELECT COUNT(*) FROM callback WHERE state = 'due' AND due_at_ms <= ?1)"
    )
    return Response.json({"due": world.store.number(sql, world.now_ms() + ahead_ms)})


def prices(world: World, request: Request) -> Response:
    """``GET /_control/tariff?shortcode=``: what a payout and a pay-in should cost."""
    owner = organisation(world, request.query)
    bands = [{"up_to_minor": upper, "fee_minor": fee} for upper, fee in tariff.PAYOUT_BANDS]
    return Response.json({"payout_bands": bands, "pay_in_bps": owner["pay_in_bps"]})


def prove(world: World, request: Request) -> Response:
    """``GET /_control/proof``: 200 when the books hold together, 500 when they do not."""
    proof = books.proof(world)
    return Response.json(proof, status=200 if proof["holds"] else 500)


def certificate(world: World, request: Request) -> Response:
    """``GET /_control/certificate``: encrypt security credentials with this."""
    return Response(body=world.certificate.pem(), content_type="application/x-pem-file")
