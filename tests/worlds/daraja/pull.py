"""Pull: the pay-ins of the last 48 hours, for clients that missed a confirmation."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.worlds.daraja import access
from tests.worlds.daraja.clock import to_ms, utc
from tests.worlds.daraja.errors import invalid
from tests.worlds.daraja.fields import Fields
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Request, Response

REACH_MS = 48 * 3600 * 1000
PAGE = 1000


def register(world: World, request: Request) -> Response:
    """``POST /pulltransactions/v1/register``."""
    owner, fields = access.authorise(world, request, "ShortCode")
    fields.one_of("RequestType", "Pull")
    number = fields.text("NominatedNumber")
    fields.url("CallBackURL")
    is_known = bool(owner["pull_number"])
    world.store.write(
        "UPDATE organisation SET pull_number = ? WHERE shortcode = ?", number, owner["shortcode"]
    )
    state = "already Registered" if is_known else "Registered Successfully"
    return Response.json(
        {
            "ResponseRefID": world.ids.originator(),
            "ResponseStatus": "1001" if is_known else "1000",
            "ShortCode": owner["shortcode"],
            "ResponseDescription": f"Shortcode {state}",
        }
    )


def query(world: World, request: Request) -> Response:
    """``/pulltransactions/v1/query``, by GET (as the portal says) and POST (as it shows)."""
    owner, fields = access.authorise(world, request, "ShortCode")
    start_ms = max(_moment(fields, "StartDate"), world.now_ms() - REACH_MS)
    offset = fields.optional("OffSetValue") or "0"
    if not offset.isdigit():
        raise invalid("OffSetValue")
    found = world.store.rows(
        "SELECT * FROM transfer WHERE shortcode = ? AND kind = 'pay_in'"
        " AND completed_at_ms BETWEEN ? AND ? ORDER BY sequence LIMIT ? OFFSET ?",
        owner["shortcode"],
        start_ms,
        _moment(fields, "EndDate") + 999,
        PAGE,
        int(offset),
    )
    return Response.json(
        {
            "ResponseRefID": world.ids.originator(),
            "ResponseCode": "1000" if found else "1001",
            "ResponseMessage": "Success" if found else "No transactions available",
            "Response": [[_entry(row, owner["name"]) for row in found]],
        }
    )


def _moment(fields: Fields, name: str) -> int:
    """``2026-11-22 08:00:00`` in Nairobi, seconds optional."""
    try:
        return to_ms(datetime.fromisoformat(fields.text(name)))
    except ValueError:
        raise invalid(name) from None


def _entry(row: Row, organisation: str) -> dict[str, Any]:
    return {
        "transactionId": row["receipt"],
        "trxDate": f"{utc(row['completed_at_ms'])[:19]}Z",
        "msisdn": int(row["phone"][3:]),
        "sender": "MPESA",
        "transactiontype": "c2b-pay-bill-debit",
        "billreference": row["account_reference"],
        "amount": Decimal(row["amount_minor"]).scaleb(-2),
        "organizationname": organisation,
    }
