"""The Stripe provider put together: routes, keys, faults, background work, error answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.worlds.server import NoRoute, Request, Response, Routes, WrongMethod
from tests.worlds.stripe import (
    accounts,
    call,
    charges,
    control,
    customers,
    disputes,
    events,
    faults,
    idempotency,
    objects,
    payment_intents,
    payouts,
    reading,
    refunds,
    transfers,
)
from tests.worlds.stripe.agenda import Action, Agenda
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.errors import BadControl, Refused
from tests.worlds.stripe.world import World

EARLY, LOST = 6, 7
_RATE_LIMITED = 429

API: tuple[tuple[str, str, Callable[[Call], dict[str, Any]]], ...] = (
    ("POST", "/v1/payment_intents", payment_intents.create),
    ("GET", "/v1/payment_intents", payment_intents.listed),
    ("GET", "/v1/payment_intents/{id}", payment_intents.retrieve),
    ("POST", "/v1/payment_intents/{id}", payment_intents.update),
    ("POST", "/v1/payment_intents/{id}/confirm", payment_intents.confirm),
    ("POST", "/v1/payment_intents/{id}/capture", payment_intents.capture),
    ("POST", "/v1/payment_intents/{id}/cancel", payment_intents.cancel),
    ("POST", "/v1/payment_methods", reading.new_payment_method),
    ("GET", "/v1/payment_methods/{id}", reading.payment_method),
    ("GET", "/v1/charges", charges.listed),
    ("GET", "/v1/charges/{id}", charges.retrieve),
    ("POST", "/v1/refunds", refunds.create),
    ("GET", "/v1/refunds", refunds.listed),
    ("GET", "/v1/refunds/{id}", refunds.retrieve),
    ("GET", "/v1/disputes", disputes.listed),
    ("GET", "/v1/disputes/{id}", disputes.retrieve),
    ("POST", "/v1/disputes/{id}", disputes.update),
    ("POST", "/v1/disputes/{id}/close", disputes.close),
    ("GET", "/v1/balance", reading.balance),
    ("GET", "/v1/balance_transactions", reading.balance_transactions),
    ("GET", "/v1/balance_transactions/{id}", reading.balance_transaction),
    ("POST", "/v1/payouts", payouts.create),
    ("GET", "/v1/payouts", payouts.listed),
    ("GET", "/v1/payouts/{id}", payouts.retrieve),
    ("POST", "/v1/payouts/{id}/cancel", payouts.cancel),
    ("GET", "/v1/account", accounts.own),
    ("POST", "/v1/accounts", accounts.create),
    ("GET", "/v1/accounts", accounts.listed),
    ("GET", "/v1/accounts/{id}", accounts.retrieve),
    ("POST", "/v1/accounts/{id}", accounts.update),
    ("DELETE", "/v1/accounts/{id}", accounts.delete),
    ("POST", "/v1/account_links", accounts.link),
    ("POST", "/v1/transfers", transfers.create),
    ("GET", "/v1/transfers", transfers.listed),
    ("GET", "/v1/transfers/{id}", transfers.retrieve),
    ("POST", "/v1/transfers/{id}/reversals", transfers.reverse),
    ("GET", "/v1/transfers/{id}/reversals", transfers.reversals),
    ("GET", "/v1/application_fees", transfers.fees),
    ("GET", "/v1/application_fees/{id}", transfers.fee),
    ("POST", "/v1/application_fees/{id}/refunds", transfers.refund_fee),
    ("GET", "/v1/events", reading.events),
    ("GET", "/v1/events/{id}", reading.event),
    ("POST", "/v1/webhook_endpoints", events.create_endpoint),
    ("GET", "/v1/webhook_endpoints", reading.endpoints),
    ("GET", "/v1/webhook_endpoints/{id}", reading.endpoint),
    ("POST", "/v1/webhook_endpoints/{id}", events.update_endpoint),
    ("DELETE", "/v1/webhook_endpoints/{id}", events.delete_endpoint),
)
CONTROL = (
    ("POST", "accounts", control.register),
    ("POST", "deposit", control.deposit),
    ("POST", "pay", control.pay),
    ("POST", "authenticate", control.authenticate),
    ("POST", "dispute", control.dispute),
    ("POST", "onboard", control.onboard),
    ("POST", "endpoint", control.endpoint),
    ("GET", "endpoints", control.endpoints),
    ("POST", "roll-secret", control.roll_secret),
    ("POST", "resend", control.resend),
    ("POST", "clock", control.move_clock),
    ("GET POST", "settings", control.configure),
    ("POST", "faults", control.plant_fault),
    ("GET", "transactions", control.transactions),
    ("GET", "books", control.all_books),
    ("GET", "callbacks", control.callbacks),
    ("GET", "proof", control.prove),
)
ACTIONS: dict[str, Action] = {
    payment_intents.CUSTOMER: customers.pay,
    payment_intents.AUTHENTICATE: customers.authenticate,
    payment_intents.FINISH: customers.finish,
    payment_intents.EXPIRE: customers.expire,
    charges.DISPUTE: disputes.open_for,
    disputes.DECIDE: disputes.decide,
    disputes.LAPSE: disputes.lapse,
    refunds.FINISH: refunds.finish,
    refunds.FAIL: refunds.fail,
    payouts.LEAVE: payouts.leave,
    payouts.ARRIVE: payouts.arrive,
    payouts.RETURN: payouts.come_back,
}


class Stripe:
    """Answers requests by the route table and does in the background what they started."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._agenda = Agenda(world, ACTIONS)
        self._api, self._control = Routes(), Routes()
        for methods, path, handler in API:
            self._api.add(methods, path, partial(self._once, handler))
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
            said = f"Unrecognized request URL ({request.method}: {request.path})."
            return self._told(Refused(404, "invalid_request_error", said))
        except Refused as refused:
            return self._told(refused)

    def _told(self, refused: Refused) -> Response:
        return _response(refused.status, json.dumps({"error": refused.error}), self._request_id())

    def _request_id(self) -> str:
        return self._world.name("req", 14)

    def _once(self, handler: Callable[[Call], dict[str, Any]], request: Request) -> Response:
        """Authenticate, then answer under the idempotency key, if one was given."""
        asked = call.opened(self._world, request, self._request_id())
        if asked.key:
            kept = idempotency.begin(asked, idempotency.fingerprint(request))
            if kept is not None:
                return _response(kept.status, kept.body, kept.request_id, is_replay=True)
        faults.linger(self._world, request.path)
        try:
            status, body, is_kept = self._perform(handler, asked)
        except BaseException:
            idempotency.forget(asked)
            raise
        if asked.key:
            if is_kept:
                idempotency.keep(asked, status, body)
            else:
                idempotency.forget(asked)
        return self._paced(asked, request, _response(status, body, asked.request_id))

    def _perform(
        self, handler: Callable[[Call], dict[str, Any]], asked: Call
    ) -> tuple[int, str, bool]:
        """The work, in one transaction. A decline is work done; a validation error is not."""
        expand = asked.params.texts("expand")
        try:
            with self._world.store.transaction():
                try:
                    body = objects.shown(self._world, handler(asked), expand)
                except Refused as problem:
                    if not problem.is_kept and problem.status != _RATE_LIMITED:
                        raise
                    refused = problem
                else:
                    return 200, json.dumps(body), True
        except Refused as problem:
            refused = problem
        return refused.status, json.dumps({"error": refused.error}), refused.is_kept

    def _paced(self, asked: Call, request: Request, response: Response) -> Response:
        """Endings of the amount that concern the answer: overtaken by its webhooks, or lost."""
        if request.method != "POST" or request.path != "/v1/payment_intents":
            return response
        told = json.loads(response.body)
        ending = told.get("amount", 0) % 100
        if response.status == 200 and ending == EARLY:
            with self._world.store.transaction():
                customers.pay(self._world, told["id"])
            self._wait_for_deliveries(told["id"])
        return Response.drop() if response.status == 200 and ending == LOST else response

    def _wait_for_deliveries(self, subject: str) -> None:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            untried = self._world.store.number(
                "SELECT COUNT(*) FROM delivery WHERE subject = ? AND state = 'due'"
                " AND id NOT IN (SELECT delivery_id FROM delivery_try)",
                subject,
            )
            if not untried:
                return
            time.sleep(0.01)


def _response(status: int, body: str, request_id: str, *, is_replay: bool = False) -> Response:
    headers = {"Request-Id": request_id}
    if is_replay:
        headers |= {"Idempotent-Replayed": "true", "Original-Request": request_id}
    if status == _RATE_LIMITED:
        headers["Retry-After"] = "1"
    return Response(status=status, body=body.encode(), headers=headers)


def open_provider(data: Path, seed: int) -> Stripe:
    return Stripe(World(data, seed))
