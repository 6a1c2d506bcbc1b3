"""The organisation portal: the statement as CSV and as camt.053, for the consumer's own eyes."""

from __future__ import annotations

import csv
import io

from tests.worlds.daraja import access, camt053, statement
from tests.worlds.daraja.clock import plain
from tests.worlds.daraja.enquiries import shillings
from tests.worlds.daraja.errors import Refused
from tests.worlds.daraja.identifiers import public_name
from tests.worlds.daraja.statement import Line, Statement
from tests.worlds.daraja.world import World
from tests.worlds.server import Request, Response

HEADER = (
    "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,"
    "Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No."
)


def csv_statement(world: World, request: Request) -> Response:
    """``GET /portal/<shortcode>/statement.csv?from=&to=``."""
    return Response(body=_csv(_drawn(world, request)).encode(), content_type="text/csv")


def camt_statement(world: World, request: Request) -> Response:
    """``GET /portal/<shortcode>/statement.camt053.xml?from=&to=``."""
    body = camt053.document(_drawn(world, request))
    return Response(body=body, content_type="application/xml")


def _drawn(world: World, request: Request) -> Statement:
    key, secret = access.basic(request)
    owner = access.organisation(world, key, request.params["shortcode"])
    if owner is None or not access.owns(world, key, secret):
        raise Refused(401, "401.002.01", "Error Occurred - Invalid credentials")
    bounds = statement.period(world, request.query.get("from"), request.query.get("to"))
    return statement.draw(world, owner, *bounds)


def _csv(drawn: Statement) -> str:
    """Preamble, header and lines; money that left is negative, as the portal exports it."""
    out = io.StringIO()
    writer = csv.writer(out)
    paid_in = sum(line.change_minor for line in drawn.lines if line.change_minor > 0)
    withdrawn = sum(line.change_minor for line in drawn.lines if line.change_minor < 0)
    writer.writerows(
        (
            ("Account Holder:", drawn.organisation["name"]),
            ("Short Code:", drawn.organisation["shortcode"]),
            ("Account:", "All Organization Accounts"),
            ("Currency:", "KES"),
            ("Time Period:", f"From {plain(drawn.from_ms)} To {plain(drawn.to_ms - 1)}"),
            ("Opening Balance:", shillings(drawn.opening_minor)),
            ("Closing Balance:", shillings(drawn.closing_minor)),
            ("Total Paid In:", shillings(paid_in)),
            ("Total Withdrawn:", shillings(withdrawn)),
            (),
            HEADER.split(","),
        )
    )
    writer.writerows(_row(line) for line in drawn.lines)
    return out.getvalue()


def _row(line: Line) -> tuple[str, ...]:
    transfer, change = line.transfer, line.change_minor
    phone = transfer["phone"]
    return (
        transfer["receipt"],
        plain(transfer["completed_at_ms"]),
        plain(transfer["initiated_at_ms"]),
        transfer["details"],
        "Completed",
        shillings(change) if change > 0 else "",
        shillings(change) if change < 0 else "",
        shillings(line.balance_minor),
        "true",
        transfer["reason"],
        f"{phone} - {public_name(phone)}" if phone else "",
        transfer["linked_receipt"],
        transfer["account_reference"],
    )
