"""What the simulated Stripe keeps and sends agrees with what the connector was told."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from apps.payments.connectors.accounts import AboutAttempt
from apps.payments.connectors.base import (
    RawCallback,
    Result,
)
from apps.platform import clock
from tests.payments.connectors.stripe.shop import (
    RAIL,
    SECRET,
    Shop,
    child,
)
from tests.payments.world import until


def test_the_statement_adds_up_to_the_balance(shop: Shop) -> None:
    paid = shop.attempt()
    told = RAIL.collect(shop.context, paid)
    RAIL.refund(shop.context, child(shop, paid, told, "refund", 400))
    since, until_ = clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1)
    lines = RAIL.transactions(shop.context, since, until_)
    assert [line.kind for line in lines] == ["deposit", "pay_in", "fee", "refund"]
    assert lines[1].reference == told.facts[0].reference == lines[2].linked_reference
    (reading,) = RAIL.balances(shop.context).readings
    assert reading.pending is not None
    held = reading.available.minor + reading.pending.minor
    assert sum(line.amount.minor for line in lines) == held
    shop.fault("malformed", "/v1/balance_transactions")
    with pytest.raises(ValueError, match="the list was answered"):
        RAIL.transactions(shop.context, since, until_)


class _Ear(BaseHTTPRequestHandler):
    heard: list[RawCallback]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.heard.append(RawCallback("events", body, headers))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hearing(shop: Shop) -> Iterator[Callable[[], list[RawCallback]]]:
    ear: Any = type("Ear", (_Ear,), {"heard": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), ear)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    shop.control.tell("endpoint", account=shop.account, url=url, secret=SECRET)
    yield lambda: list(ear.heard)
    server.shutdown()
    server.server_close()


def test_its_webhooks_are_genuine_and_say_what_asking_says(
    shop: Shop, hearing: Callable[[], list[RawCallback]]
) -> None:
    hold = shop.attempt(operation="authorise")
    held = RAIL.authorise(shop.context, hold)
    capture = child(shop, hold, held, "capture")
    taken = RAIL.capture(shop.context, capture)
    refund = child(shop, hold, held, "refund", 300)
    back = RAIL.refund(shop.context, refund)

    def news() -> dict[Any, Result]:
        heard = hearing()
        assert all(RAIL.authenticate(shop.context, callback).is_genuine for callback in heard)
        told = [item for cb in heard for item in RAIL.read_event(shop.context, cb)]
        return {item.attempt_id: item.result for item in told if isinstance(item, AboutAttempt)}

    until(lambda: len(news()) == 3 or None)
    for attempt, answer in ((hold, held), (capture, taken), (refund, back)):
        told = news()[attempt.id]
        assert told.outcome == answer.outcome == "succeeded"
        assert told.facts[0].dedupe == answer.facts[0].dedupe
        assert told.facts[0].amount == answer.facts[0].amount
    names = [RAIL.identify_event(callback) for callback in hearing()]
    assert all(name.startswith("evt_") for name in names)
    forged = dataclasses.replace(hearing()[0], body=hearing()[0].body + b" ")
    assert not RAIL.authenticate(shop.context, forged).is_genuine
