"""The PayPal provider put together: routes, request ids, faults, background work, error answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.worlds.paypal import (
    call,
    control,
    disputes,
    events,
    faults,
    idempotency,
    orders,
    payments,
    payouts,
    reporting,
)
from tests.worlds.paypal.agenda import Action, Agenda
from tests.worlds.paypal.call import Call
from tests.worlds.paypal.errors import BadControl, Refused
from tests.worlds.paypal.world import World, public
from tests.worlds.server import NoRoute, Request, Response, Routes, WrongMethod

PREFIX = "/paypal"
TOO_MANY, NO_CONTENT = 429, 204
Answer = dict[str, Any] | tuple[int, dict[str, Any]]

API: tuple[tuple[str, str, Callable[[Call], Answer]], ...] = (
    ("POST", "/v2/checkout/orders", orders.create),
    ("GET", "/v2/checkout/orders/{id}", orders.retrieve),
    ("POST", "/v2/checkout/orders/{id}/capture", orders.capture),
    ("POST", "/v2/checkout/orders/{id}/authorize", orders.authorize),
    ("GET", "/v2/payments/authorizations/{id}", payments.authorization),
    ("POST", "/v2/payments/authorizations/{id}/capture", payments.capture_held),
    ("POST", "/v2/payments/authorizations/{id}/void", payments.void),
    ("POST", "/v2/payments/authorizations/{id}/reauthorize", payments.reauthorize),
    ("GET", "/v2/payments/captures/{id}", payments.capture),
    ("POST", "/v2/payments/captures/{id}/refund", payments.refund),
    ("GET", "/v2/payments/refunds/{id}", payments.refund_made),
    ("GET", "/v1/customer/disputes", disputes.listed),
    ("GET", "/v1/customer/disputes/{id}", disputes.retrieve),
    ("POST", "/v1/customer/disputes/{id}/provide-evidence", disputes.provide_evidence),
    ("POST", "/v1/customer/disputes/{id}/accept-claim", disputes.accept_claim),
    ("POST", "/v1/payments/payouts", payouts.create),
    ("GET", "/v1/payments/payouts/{id}", payouts.batch),
    ("GET", "/v1/payments/payouts-item/{id}", payouts.item),
    ("POST", "/v1/payments/payouts-item/{id}/cancel", payouts.cancel),
    ("GET", "/v1/reporting/balances", reporting.balances),
    ("GET", "/v1/reporting/transactions", reporting.transactions),
    ("POST", "/v1/notifications/webhooks", events.register),
    ("GET", "/v1/notifications/webhooks", events.registered),
    ("DELETE", "/v1/notifications/webhooks/{id}", events.unregister),
    ("GET", "/v1/notifications/webhooks-events", events.listed),
    ("POST", "/v1/notifications/webhooks-events/{id}/resend", events.resend),
)
#: Open to anybody.
OPEN: tuple[tuple[str, str, Callable[[World, Request], Response]], ...] = (
    ("POST", "/v1/oauth2/token", call.token),
    ("GET", "/v1/notifications/certs/{name}", events.certificate),
    ("GET POST", "/checkoutnow", control.page),
)
CONTROL: tuple[tuple[str, str, Callable[[World, Request], Response]], ...] = (
    ("POST", "accounts", control.register),
    ("POST", "deposit", control.deposit),
    ("POST", "approve", control.approve),
    ("POST", "dispute", control.dispute),
    ("POST", "resolve", control.resolve),
    ("POST", "lapse", control.lapse),
    ("POST", "pay-again", control.pay_again),
    ("POST", "clock", control.move_clock),
    ("GET POST", "settings", control.configure),
    ("POST", "faults", control.plant_fault),
    ("POST", "end-tokens", control.end_tokens),
    ("GET", "movements", control.movements),
    ("GET", "books", control.all_books),
    ("GET", "deliveries", control.deliveries),
    ("GET", "proof", control.proof),
    ("GET", "root", control.root),
)
ACTIONS: Mapping[str, Action] = {
    "order.approve": orders.approve,
    "capture.review": payments.review,
    "refund.review": payments.review_refund,
    "batch.work": payouts.work,
    "item.later": payouts.later,
}


class PayPal:
    """Answers requests by the route table and does in the background what they started."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._agenda = Agenda(world, ACTIONS)
        self._api, self._control = Routes(), Routes()
        for methods, path, handler in API:
            self._api.add(methods, path, partial(self._once, handler))
        for methods, path, said in OPEN:
            self._api.add(methods, path, partial(said, world))
        for methods, name, said in CONTROL:
            self._control.add(methods, f"/_control/{name}", partial(said, world))
        idempotency.abandon(world)

    def start(self) -> None:
        self._agenda.start()

    def close(self) -> None:
        self._agenda.close()
        self._world.store.close()

    def answer(self, request: Request) -> Response:
        try:
            if request.path.startswith("/_control/"):
                handler, found = self._control.find(request)
                return handler(found)
            handler, found = self._api.find(request)
            return faults.through(self._world, handler, found)
        except BadControl as problem:
            return Response.json({"error": str(problem)}, status=422)
        except (NoRoute, WrongMethod):
            return self._told(Refused(404))
        except Refused as refused:
            return self._told(refused)

    def _told(self, refused: Refused) -> Response:
        return self._shown(refused.status, json.dumps(refused.body(self._debug_id())))

    def _debug_id(self) -> str:
        return self._world.name("debug", 13).lower()

    def _shown(self, status: int, text: str) -> Response:
        headers = {"Paypal-Debug-Id": self._debug_id()}
        if status == TOO_MANY:
            headers["Retry-After"] = "1"
        return Response(status=status, body=text.encode(), headers=headers)

    def _once(self, handler: Callable[[Call], Answer], request: Request) -> Response:
        """Authenticate, then answer under the request id, if one was given."""
        base = f"http://{request.headers.get('host', '127.0.0.1')}{PREFIX}"
        asked = call.opened(self._world, request, base)
        is_keyed = bool(asked.key) and request.method == "POST"
        if is_keyed:
            kept = idempotency.begin(asked)
            if kept is not None:
                return self._shown(*kept)
        faults.linger(self._world, request.path)
        try:
            status, text, is_kept = self._perform(handler, asked)
        except BaseException:
            idempotency.forget(asked)
            raise
        if is_keyed:
            if is_kept:
                idempotency.keep(asked, status, text)
            else:
                idempotency.forget(asked)
        return self._paced(request, self._shown(status, text))

    def _perform(self, handler: Callable[[Call], Answer], asked: Call) -> tuple[int, str, bool]:
        """The work, in one transaction; what is refused before any work leaves the id free."""
        try:
            with self._world.store.transaction():
                made = handler(asked)
        except Refused as refused:
            return refused.status, json.dumps(refused.body(self._debug_id())), refused.is_kept
        status, body = made if isinstance(made, tuple) else (200, made)
        return status, json.dumps(public(body)) if status != NO_CONTENT else "", True

    def _paced(self, request: Request, response: Response) -> Response:
        """Payers and payees whose answers are overtaken by their webhooks, or lost."""
        told = response.body
        if b"early" in told and request.path.endswith(("/capture", "/authorize")):
            unit = json.loads(told)["purchase_units"][0]["payments"]
            events.wait_until_tried(self._world, next(iter(unit.values()))[0]["id"])
        if request.method == "POST" and (b'"lostanswer' in told or b'"lostanswer' in request.body):
            return Response.drop()
        return response


def open_provider(data: Path, seed: int) -> PayPal:
    return PayPal(World(data, seed))
