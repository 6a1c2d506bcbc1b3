"""The Daraja provider put together: its routes, its background work, its error answers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.worlds.daraja import (
    access,
    b2b,
    b2c,
    c2b,
    control,
    enquiries,
    faults,
    portal,
    pull,
    reversal,
    stk,
    truth,
)
from tests.worlds.daraja.agenda import Agenda
from tests.worlds.daraja.errors import BadControl, Dropped, Refused
from tests.worlds.daraja.world import World
from tests.worlds.server import NoRoute, Request, Response, Routes, WrongMethod

ROUTES = (
    ("GET", "/oauth/v1/generate", access.generate_token),
    ("POST", "/mpesa/stkpush/v1/processrequest", stk.push),
    ("POST", "/mpesa/stkpushquery/v1/query", stk.query),
    ("POST", "/mpesa/b2c/v3/paymentrequest", b2c.pay),
    ("POST", "/mpesa/b2b/v1/paymentrequest", b2b.pay),
    ("POST", "/mpesa/transactionstatus/v1/query", enquiries.ask_status),
    ("POST", "/mpesa/accountbalance/v1/query", enquiries.ask_balance),
    ("POST", "/mpesa/reversal/v1/request", reversal.ask),
    ("POST", "/mpesa/c2b/v2/registerurl", c2b.register_urls),
    ("POST", "/mpesa/c2b/v2/simulate", c2b.simulate),
    ("POST", "/pulltransactions/v1/register", pull.register),
    ("GET POST", "/pulltransactions/v1/query", pull.query),
    ("GET", "/portal/{shortcode}/statement.csv", portal.csv_statement),
    ("GET", "/portal/{shortcode}/statement.camt053.xml", portal.camt_statement),
    ("POST", "/_control/accounts", control.register),
    ("POST", "/_control/deposit", control.deposit),
    ("POST", "/_control/pay-again", control.pay_again),
    ("POST", "/_control/fee-surprise", control.surprise_fee),
    ("POST", "/_control/paybill", control.pay_bill),
    ("POST", "/_control/forget-urls", control.forget_urls),
    ("POST", "/_control/clock", control.move_clock),
    ("POST", "/_control/faults", control.plant_fault),
    ("GET POST", "/_control/settings", control.configure),
    ("GET", "/_control/transactions", truth.transactions),
    ("GET", "/_control/books", truth.all_books),
    ("GET", "/_control/callbacks", truth.callbacks),
    ("GET", "/_control/due", truth.due),
    ("GET", "/_control/tariff", truth.prices),
    ("GET", "/_control/proof", truth.prove),
    ("GET", "/_control/certificate", truth.certificate),
)
ACTIONS = {
    stk.SETTLE: stk.settle,
    stk.LATE: stk.pay,
    b2c.SETTLE: b2c.settle,
    b2c.LATE: b2c.complete,
    b2b.ACTION: b2b.settle,
    c2b.SETTLE: c2b.settle,
    reversal.ACTION: reversal.settle,
    enquiries.STATUS: enquiries.answer_status,
    enquiries.BALANCE: enquiries.answer_balance,
}


class Daraja:
    """Answers requests by the route table and does in the background what they started."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._agenda = Agenda(world, ACTIONS)
        self._routes = Routes()
        for methods, path, handler in ROUTES:
            self._routes.add(methods, path, partial(handler, world))

    def start(self) -> None:
        self._agenda.start()

    def close(self) -> None:
        self._agenda.close()
        self._world.store.close()

    def answer(self, request: Request) -> Response:
        try:
            return self._dispatch(request)
        except Dropped:
            return Response.drop()
        except BadControl as problem:
            return Response.json({"error": str(problem)}, status=422)
        except NoRoute:
            return self._refuse(Refused(404, "404.001.01", "Resource not found"))
        except WrongMethod:
            return self._refuse(Refused(405, "405.001", f"{request.method} Method Not Allowed"))
        except Refused as refused:
            return self._refuse(refused)

    def _dispatch(self, request: Request) -> Response:
        handler, found = self._routes.find(request)
        if found.path.startswith("/_control/"):
            return handler(found)
        return faults.through(self._world, handler, found)

    def _refuse(self, refused: Refused) -> Response:
        return Response.json(
            {
                "requestId": self._world.ids.originator(),
                "errorCode": refused.code,
                "errorMessage": refused.message,
            },
            status=refused.status,
        )


def open_provider(data: Path, seed: int) -> Daraja:
    return Daraja(World(data, seed))
