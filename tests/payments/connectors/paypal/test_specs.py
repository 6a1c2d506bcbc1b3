"""Our requests and the simulator's answers are what PayPal's OpenAPI documents describe.

The documents are PayPal's and not part of this repository: ``PAYPAL_SPECS`` names their folder.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from apps.payments.connectors.accounts import DisputeView
from apps.payments.connectors.promises import submit
from apps.payments.domain.states import Operation, Outcome
from apps.platform.http import Exchange
from apps.platform.ids import new_id
from tests.payments.connectors.paypal.merchant import RAIL, Merchant, usd

FOLDER = os.environ.get("PAYPAL_SPECS", "")


def _documents() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(Path(FOLDER).glob("*.json"))]


class Watching:
    """An HTTP client that holds every exchange against the documents."""

    def __init__(self, http: Any) -> None:
        self._http, self._documents = http, _documents()
        self.checked: list[str] = []
        self.wrong: list[str] = []

    def send(self, method: str, url: str, **options: Any) -> Exchange:
        exchange: Exchange = self._http.send(method, url, **options)
        path = url.partition("/paypal")[2].partition("?")[0]
        for document in self._documents:
            for template, operations in document["paths"].items():
                pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
                if re.fullmatch(pattern, path) and method.lower() in operations:
                    self._hold(document, template, operations[method.lower()], options, exchange)
        return exchange

    def _hold(
        self, document: Any, template: str, said: Any, options: Any, exchange: Exchange
    ) -> None:
        body = said.get("requestBody", {}).get("content", {}).get("application/json")
        if body and "json" in options:
            self._check(document, body["schema"], options["json"], f"request {template}")
        answers = said["responses"]
        answer = answers.get(str(exchange.status), answers.get("default", {}))
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema and exchange.body:
            name = f"{exchange.status} {template}"
            self._check(document, schema, json.loads(exchange.body), name)
        elif str(exchange.status) not in answers:
            self.wrong.append(f"{template} never answers {exchange.status}")

    def _check(self, document: Any, schema: Any, value: Any, name: str) -> None:
        self.checked.append(name)
        whole = {"components": document["components"], **schema}
        for error in Draft202012Validator(whole).iter_errors(value):
            self.wrong.append(f"{name} {'/'.join(map(str, error.path))}: {error.message[:200]}")


@pytest.mark.skipif(not FOLDER, reason="PAYPAL_SPECS names no folder of PayPal's documents")
def test_every_exchange_is_as_paypal_describes_it(merchant: Merchant) -> None:
    watching = Watching(merchant.context.http)
    context = replace(merchant.context, http=watching)  # type: ignore[arg-type]
    held = merchant.paid(30_00, how=Operation.AUTHORISE)
    paid = merchant.paid(20_00)
    order = merchant.attempt(Operation.PURCHASE, reason="x")
    capture = merchant.upon(held, Operation.CAPTURE, 10_00, is_last_capture=False)
    refund = merchant.upon(paid, Operation.REFUND, 5_00, reason="Cold soup")
    payout = merchant.payout("amina@x.example")
    for attempt in (order, capture, merchant.upon(held, Operation.VOID, 20_00), refund, payout):
        assert submit(RAIL, context, attempt).outcome != Outcome.UNKNOWN
    assert submit(RAIL, context, replace(refund, provider_key="more", amount=usd(90_00))).error
    RAIL.verify(context, paid)
    RAIL.verify(context, held)
    _, known = merchant.send(order)
    merchant.control.tell("approve", order=known.provider_refs["order_id"])
    RAIL.verify(context, known)
    RAIL.complete(context, known)
    _, sent = merchant.send(payout)
    RAIL.verify(context, sent)
    merchant.when(sent, Outcome.SUCCEEDED)
    name = merchant.control.tell("dispute", capture=paid.provider_refs["capture_id"])["dispute"]
    RAIL.disputes(context, merchant.context.now().replace(year=2020))
    view = DisputeView(id=new_id(), reference=name, amount=usd(20_00), refs={}, provider_key="D-1")
    RAIL.submit_evidence(context, view, "Delivered", [])
    RAIL.register(context)
    assert not watching.wrong, "\n".join(watching.wrong)
    assert len(set(watching.checked)) >= 15, sorted(set(watching.checked))
