"""The official SDK talks to the simulated Stripe unchanged; its books hold whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
import stripe

from tests.payments.world import Control, until

stripe.enable_telemetry = False
SEPARATE: Any = {"capabilities": {"transfers": {"requested": True}}, "country": "US"}


@dataclass
class Shop:
    """A platform of its own at the simulator, and the SDK as its client."""

    client: stripe.StripeClient
    control: Control
    account: str

    @property
    def v1(self) -> Any:
        return self.client.v1

    def paid(self, amount: int = 1_000, method: str = "pm_card_visa", **more: Any) -> Any:
        params = {"amount": amount, "currency": "usd", "payment_method": method, "confirm": True}
        return self.v1.payment_intents.create({**params, **more})

    def available(self, currency: str = "usd") -> int:
        held = self.v1.balance.retrieve().available
        return sum(row.amount for row in held if row.currency == currency)

    def onboarded(self) -> str:
        account = self.v1.accounts.create(SEPARATE).id
        self.control.tell("onboard", account=account)
        return str(account)


@pytest.fixture
def shop(provider: Control, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The books are proved after every test."""
    control = Control(f"{provider.url}/stripe")
    account = f"acct_{abs(hash(request.node.name)) % 10**12}"
    opening = {"usd": 500_000}
    control.tell("settings", late_delay_ms=100)
    control.tell("accounts", account=account, customer_pays=0, opening_balances_minor=opening)
    client = stripe.StripeClient(
        f"sk_test_{account}",
        base_addresses={"api": control.url},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=5),
    )
    yield Shop(client, control, account)
    assert control.ask("proof")["holds"] is True


def refused(call: Callable[[], object]) -> Any:
    with pytest.raises(stripe.StripeError) as caught:
        call()
    return caught.value


def test_the_life_of_a_card_payment(shop: Shop) -> None:
    intents = shop.v1.payment_intents
    made = intents.create({"amount": 2_500, "currency": "usd", "metadata": {"order": "7"}})
    assert (made.status, made.metadata["order"]) == ("requires_payment_method", "7")
    error = refused(lambda: intents.confirm(made.id, {"payment_method": "pm_card_chargeDeclined"}))
    told: Any = error.json_body
    assert (type(error), told["error"]["decline_code"]) == (stripe.CardError, "generic_decline")
    asked = intents.confirm(
        made.id, {"payment_method": "pm_card_authenticationRequired", "return_url": "https://x/y"}
    )
    assert (asked.status, asked.next_action.type) == ("requires_action", "redirect_to_url")
    shop.control.tell("authenticate", payment_intent=made.id)
    paid = intents.retrieve(made.id, {"expand": ["latest_charge.balance_transaction"]})
    line = paid.latest_charge.balance_transaction
    assert (paid.status, paid.amount_received) == ("succeeded", 2_500)
    assert (line.amount, line.fee, line.net) == (2_500, 103, 2_397)
    assert (line.status, line.reporting_category) == ("pending", "charge")
    error = refused(lambda: intents.cancel(made.id))
    assert (error.http_status, error.code) == (400, "payment_intent_unexpected_state")


def test_manual_capture_in_parts_and_release(shop: Shop) -> None:
    intents = shop.v1.payment_intents
    card = {"card": {"request_multicapture": "if_available"}}
    held = shop.paid(1_000, capture_method="manual", payment_method_options=card)
    assert (held.status, held.amount_capturable) == ("requires_capture", 1_000)
    part = intents.capture(held.id, {"amount_to_capture": 300, "final_capture": False})
    assert (part.status, part.amount_capturable, part.amount_received) == (
        "requires_capture", 700, 300,
    )  # fmt: skip
    last = intents.capture(held.id, {"amount_to_capture": 200})
    assert (last.status, last.amount_capturable, last.amount_received) == ("succeeded", 0, 500)
    other = shop.paid(1_000, capture_method="manual")
    assert intents.cancel(other.id).status == "canceled"
    assert refused(lambda: intents.capture(other.id)).code == "payment_intent_unexpected_state"


def test_refunds_in_parts_pending_and_failing(shop: Shop) -> None:
    refunds, intent = shop.v1.refunds, shop.paid()
    assert refunds.create({"payment_intent": intent.id, "amount": 400}).status == "succeeded"
    assert refunds.create({"payment_intent": intent.id}).amount == 600
    again = refused(lambda: refunds.create({"payment_intent": intent.id}))
    assert again.code == "charge_already_refunded"
    waiting = refunds.create({"payment_intent": shop.paid(method="pm_card_pendingRefund").id})
    assert waiting.status == "pending"
    failing = refunds.create({"payment_intent": shop.paid(method="pm_card_refundFail").id})
    until(lambda: refunds.retrieve(waiting.id).status == "succeeded" or None)
    failed = until(lambda: refunds.retrieve(failing.id, {"expand": ["charge"]}) or None)
    until(lambda: refunds.retrieve(failing.id).status == "failed" or None)
    failed = refunds.retrieve(failing.id, {"expand": ["charge"]})
    assert (failed.charge.amount_refunded, failed.failure_reason) == (0, "expired_or_canceled_card")


def test_disputes_take_money_and_give_it_back(shop: Shop) -> None:
    before = shop.available()
    intent = shop.paid(method="pm_card_createDispute")
    find = lambda: shop.v1.disputes.list({"payment_intent": intent.id}).data  # noqa: E731
    (dispute,) = until(find)
    assert (dispute.status, dispute.reason) == ("needs_response", "fraudulent")
    assert shop.available() == before - 1_000 - 1_500
    error = refused(lambda: shop.v1.refunds.create({"payment_intent": intent.id}))
    assert error.code == "charge_disputed"
    evidence = {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    assert shop.v1.disputes.update(dispute.id, evidence).status == "under_review"
    until(lambda: shop.v1.disputes.retrieve(dispute.id).status == "won" or None)
    assert shop.available() == before - 1_500


def test_a_key_is_one_request_for_a_day(shop: Shop) -> None:
    create = shop.v1.payment_intents.create
    params: Any = {"amount": 1_000, "currency": "usd"}
    key = {"idempotency_key": "k"}
    first = create(params, key)
    again = create(params, key)
    assert (again.id, again.last_response.headers["Idempotent-Replayed"]) == (first.id, "true")
    other = refused(lambda: create({"amount": 1_001, "currency": "usd"}, key))
    assert isinstance(other, stripe.IdempotencyError)
    wrong = {"amount": 0, "currency": "usd"}
    assert refused(lambda: create(wrong, {"idempotency_key": "w"})).http_status == 400
    create(params, {"idempotency_key": "w"})  # what was not executed keeps no key
    pay = {**params, "payment_method": "pm_card_chargeDeclined", "confirm": True}
    declines = [refused(lambda: create(pay, {"idempotency_key": "d"})) for _ in range(2)]
    assert len({d.json_body["error"]["payment_intent"]["id"] for d in declines}) == 1
    try:
        shop.control.tell("clock", offset_seconds=24 * 3600 + 1)
        assert create(params, key).id != first.id
    finally:
        shop.control.tell("clock", offset_seconds=0)


def test_a_key_in_flight_and_a_lost_answer(shop: Shop) -> None:
    create = shop.v1.payment_intents.create
    params: Any = {"amount": 1_000, "currency": "usd"}
    shop.control.tell("faults", path="/v1/payment_intents", kind="lost_answer")
    with pytest.raises(stripe.APIConnectionError):
        create(params, {"idempotency_key": "lost"})
    assert create(params, {"idempotency_key": "lost"}).status == "requires_payment_method"
    assert len(shop.v1.payment_intents.list().data) == 1
    path = "/v1/payment_intents"
    shop.control.tell("faults", path=path, kind="in_flight", milliseconds=400)
    with ThreadPoolExecutor(2) as pool:
        twice = [pool.submit(_error, create, params, {"idempotency_key": "busy"}) for _ in "ab"]
    (busy,) = [told for told in (future.result() for future in twice) if told]
    assert busy.http_status == 409
    assert busy.json_body["error"]["code"] == "idempotency_key_in_use"
    shop.control.tell("faults", path="/v1/payment_intents", kind="rate_limit")
    assert isinstance(refused(lambda: create(params)), stripe.RateLimitError)
    shop.control.tell("faults", path="/v1/payment_intents", kind="lock_timeout")
    assert refused(lambda: create(params)).http_status == 409


def _error(call: Callable[..., object], *asked: object) -> Any:
    try:
        call(*asked)
    except stripe.StripeError as error:
        return error
    return None


def test_strangers_and_unknown_parameters_are_refused(shop: Shop) -> None:
    create = shop.v1.payment_intents.create
    error = refused(lambda: create({"amount": 1_000, "currency": "usd", "amuont": 1}))
    assert (error.code, error.param) == ("parameter_unknown", "amuont")
    assert refused(lambda: create({"amount": 10_050, "currency": "isk"})).param == "amount"
    stranger = {"stripe_account": "acct_of_another"}
    assert isinstance(
        refused(lambda: shop.v1.balance.retrieve({}, stranger)), stripe.PermissionError
    )
    missing = refused(lambda: shop.v1.payment_intents.retrieve("pi_none"))
    assert (missing.http_status, missing.code) == (404, "resource_missing")
    bad = stripe.StripeClient("sk_test_bad", base_addresses={"api": shop.control.url})
    assert isinstance(refused(bad.v1.balance.retrieve), stripe.AuthenticationError)
    old = httpx.get(
        f"{shop.control.url}/v1/balance",
        headers={"Stripe-Version": "2020-01-01", "Authorization": f"Bearer sk_test_{shop.account}"},
    )
    assert old.status_code == 400


def test_connect_from_onboarding_to_payout(shop: Shop) -> None:
    account = shop.v1.accounts.create(SEPARATE)
    assert not account.payouts_enabled
    assert "external_account" in account.requirements.currently_due
    move = {"amount": 1_000, "currency": "usd", "destination": account.id}
    early = refused(lambda: shop.v1.transfers.create(move))
    assert early.code == "insufficient_capabilities_for_transfer"
    link = shop.v1.account_links.create(
        {"account": account.id, "type": "account_onboarding", "refresh_url": "https://a/r",
         "return_url": "https://a/b"}
    )  # fmt: skip
    assert link.url.startswith("https://connect.stripe.com/setup/")
    shop.control.tell("onboard", account=account.id)
    assert shop.v1.accounts.retrieve(account.id).payouts_enabled
    transfer = shop.v1.transfers.create({**move, "transfer_group": "order-7"})
    back = shop.v1.transfers.reversals.create(transfer.id, {"amount": 300})
    assert (back.amount, shop.v1.transfers.retrieve(transfer.id).amount_reversed) == (300, 300)
    there = {"stripe_account": account.id}
    assert shop.v1.balance.retrieve({}, there).available[0].amount == 700
    too_much = {"amount": 701, "currency": "usd"}
    assert refused(lambda: shop.v1.payouts.create(too_much, there)).code == "balance_insufficient"
    payout = shop.v1.payouts.create({"amount": 500, "currency": "usd"}, there)
    until(lambda: shop.v1.payouts.retrieve(payout.id, {}, there).status == "paid" or None)
    returned = shop.v1.payouts.create({"amount": 109, "currency": "usd"}, there)
    until(lambda: shop.v1.payouts.retrieve(returned.id, {}, there).status == "failed" or None)
    lines = shop.v1.balance_transactions.list({"limit": 100}, there).data
    assert sorted(line.type for line in lines) == sorted(
        ["payment", "payment_refund", "payout", "payout", "payout_failure"]
    )


def test_destination_and_separate_charges_share_the_money(shop: Shop) -> None:
    account = shop.onboarded()
    before = shop.available()
    intent = shop.paid(
        10_000,
        method="pm_card_bypassPending",
        transfer_data={"destination": account},
        application_fee_amount=1_200,
    )
    there = {"stripe_account": account}
    assert shop.v1.balance.retrieve({}, there).available[0].amount == 8_800
    assert shop.available() == before + 1_200 - 320  # the fee earned less the provider's
    refund = {
        "payment_intent": intent.id, "reverse_transfer": True, "refund_application_fee": True,
    }  # fmt: skip
    shop.v1.refunds.create(refund)
    assert shop.v1.balance.retrieve({}, there).available[0].amount == 0
    assert shop.available() == before - 320
    charge = shop.paid(2_000, transfer_group="order-8").latest_charge
    part = {"currency": "usd", "destination": account, "source_transaction": charge}
    shop.v1.transfers.create({**part, "amount": 1_500, "transfer_group": "order-8"})
    assert refused(lambda: shop.v1.transfers.create({**part, "amount": 501})).param == "amount"
    direct = shop.v1.payment_intents.create(
        {"amount": 3_000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True,
         "application_fee_amount": 200},
        there,
    )  # fmt: skip
    assert direct.status == "succeeded"
    fees = shop.v1.application_fees.list({"limit": 2}).data
    assert [fee.amount for fee in fees] == [200, 1_200]


class _Ear(BaseHTTPRequestHandler):
    heard: list[tuple[str, bytes]]
    statuses: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((self.headers["Stripe-Signature"], body))
        self.send_response(self.statuses.pop(0) if self.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def test_webhooks_are_signed_repeated_and_survive_a_rolled_secret(shop: Shop) -> None:
    ear: Any = type("Ear", (_Ear,), {"heard": [], "statuses": [500]})
    server = ThreadingHTTPServer(("127.0.0.1", 0), ear)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    endpoint = shop.v1.webhook_endpoints.create(
        {"url": f"http://127.0.0.1:{server.server_port}/", "enabled_events": ["charge.refunded"]}
    )
    secrets = [endpoint.secret]
    intent = shop.paid()
    shop.v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    until(lambda: len(ear.heard) == 2 or None)  # the first was answered with 500
    secrets.append(shop.control.tell("roll-secret", endpoint=endpoint.id)["secret"])
    shop.control.tell("faults", path="webhooks", kind="duplicate")
    shop.v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    until(lambda: len(ear.heard) == 5 or None)
    shop.control.tell("faults", path="webhooks", kind="lost", count=2)
    shop.v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    events = [
        {stripe.Webhook.construct_event(body, header, secret).id for secret in secrets[:n]}
        for (header, body), n in zip(ear.heard, [1, 1, 2, 2, 2], strict=True)
    ]
    assert len({event for found in events for event in found}) == 2
    assert all(len(found) == 1 for found in events)
    server.shutdown()
    server.server_close()
