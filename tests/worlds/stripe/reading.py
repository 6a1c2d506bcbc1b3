"""The reading half of the API that needs no rules: balance, its transactions, events, endpoints."""

from __future__ import annotations

from tests.worlds.stripe import books, cards, objects
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.objects import Body


def balance(call: Call) -> Body:
    call.params.done()
    return books.balance(call.world, call.account)


def balance_transactions(call: Call) -> Body:
    books.settle(call.world)
    page = objects.page(
        call.world, "balance_transaction", call.account, call.params, "/v1/balance_transactions",
        "type", "currency", "source",
    )  # fmt: skip
    call.params.done()
    return page


def balance_transaction(call: Call) -> Body:
    books.settle(call.world)
    call.params.done()
    return objects.get(call.world, call.path["id"], "balance_transaction", call.account)


def event(call: Call) -> Body:
    call.params.done()
    return objects.get(call.world, call.path["id"], "event", call.account)


def events(call: Call) -> Body:
    page = objects.page(call.world, "event", call.account, call.params, "/v1/events", "type")
    call.params.done()
    return page


def endpoints(call: Call) -> Body:
    page = objects.page(
        call.world, "webhook_endpoint", call.account, call.params, "/v1/webhook_endpoints"
    )
    call.params.done()
    return page


def endpoint(call: Call) -> Body:
    call.params.done()
    return objects.get(call.world, call.path["id"], "webhook_endpoint", call.account)


def payment_method(call: Call) -> Body:
    call.params.done()
    return objects.get(call.world, call.path["id"], "payment_method", call.account)


def new_payment_method(call: Call) -> Body:
    return cards.create(call.world, call.account, call.params)
