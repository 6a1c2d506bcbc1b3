"""Webhooks as PayPal signs them are taken for genuine, and nothing else is."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from apps.payments.connectors.accounts import AboutAttempt, AboutDispute
from apps.payments.connectors.base import RawCallback
from apps.payments.connectors.paypal import signatures, wire
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Operation, Outcome
from apps.platform.http import HttpClient
from tests.payments.connectors.paypal.merchant import RAIL, Merchant
from tests.payments.world import until
from tests.worlds.paypal.certificates import HOST, authority, issue

SANDBOX_URL = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1"
Change = Callable[[dict[str, str]], dict[str, str]]


class Inbox:
    """An address that keeps what is delivered to it."""

    def __init__(self) -> None:
        self.got: list[RawCallback] = []
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept = {name.lower(): value for name, value in self.headers.items()}
                headers = {name: kept[name] for name in signatures.HEADERS if name in kept}
                self.send_response(200)
                self.end_headers()
                got.append(RawCallback("events", body, headers))

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base's name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/in"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def named(self, event_type: str) -> RawCallback:
        """The delivery of that event, once it has come."""

        def look() -> RawCallback | None:
            found = [one for one in self.got if event_type in one.body.decode()]
            return found[0] if found else None

        return until(look, event_type, seconds=5)


@pytest.fixture
def inbox(merchant: Merchant) -> Iterator[Inbox]:
    made = Inbox()
    merchant.inbox = made.url
    assert RAIL.register(merchant.context).is_registered
    assert RAIL.register(merchant.context).is_registered  # changes nothing
    yield made
    made.close()


def news(merchant: Merchant, callback: RawCallback) -> Any:
    assert RAIL.authenticate(merchant.context, callback).is_genuine
    return RAIL.read_event(merchant.context, callback)[0]


def test_events_say_what_asking_says(merchant: Merchant, inbox: Inbox) -> None:
    held = merchant.paid(30_00, how=Operation.AUTHORISE)
    _, capture = merchant.send(merchant.upon(held, Operation.CAPTURE, 30_00))
    _, refund = merchant.send(merchant.upon(capture, Operation.REFUND, 5_00))
    _, payout = merchant.send(merchant.payout("amina@x.example"))
    for attempt, event in (
        (held, "PAYMENT.AUTHORIZATION.CREATED"),
        (capture, "PAYMENT.CAPTURE.COMPLETED"),
        (refund, "PAYMENT.CAPTURE.REFUNDED"),
        (payout, "PAYMENT.PAYOUTS-ITEM.SUCCEEDED"),
    ):
        told = news(merchant, inbox.named(event))
        assert isinstance(told, AboutAttempt)
        assert (told.provider_key, told.operation) == (attempt.provider_key, attempt.operation)
        assert told.result.facts == merchant.when(attempt, Outcome.SUCCEEDED).facts
    agreed = news(merchant, inbox.named("CHECKOUT.ORDER.APPROVED"))
    assert (agreed.result.outcome, agreed.attempt_id) == (Outcome.APPROVED, held.id)
    refs = capture.provider_refs
    name = merchant.control.tell("dispute", capture=refs["capture_id"])["dispute"]
    dispute = news(merchant, inbox.named("CUSTOMER.DISPUTE.CREATED"))
    assert isinstance(dispute, AboutDispute)
    assert dispute.report == RAIL.read_dispute(merchant.context, name)


def test_what_people_do_on_paypals_pages_is_not_taken_for_ours(merchant: Merchant) -> None:
    """PayPal hands the order's number on to a refund that somebody makes there."""
    refund = {"id": "R1", "status": "COMPLETED", "invoice_id": "ORD-1",
              "amount": {"currency_code": "USD", "value": "1.00"}}  # fmt: skip
    event = {"id": "WH-1", "event_type": "PAYMENT.CAPTURE.REFUNDED", "resource": refund}
    callback = RawCallback("events", json.dumps(event).encode())
    assert RAIL.read_event(merchant.context, callback) == ()
    ours = event | {"resource": refund | {"invoice_id": "refund:ORD-1"}}
    about = RAIL.read_event(merchant.context, RawCallback("events", json.dumps(ours).encode()))[0]
    assert isinstance(about, AboutAttempt)
    assert about.provider_key == "ORD-1"
    assert [fact.kind for fact in about.result.facts] == [EventKind.SUCCEEDED]


def at_cert(url: str) -> Change:
    return lambda headers: headers | {"paypal-cert-url": url}


def without(name: str) -> Change:
    return lambda headers: {key: value for key, value in headers.items() if key != name}


def said(name: str, value: str) -> Change:
    return lambda headers: headers | {name: value}


HOSTILE: dict[str, Change] = {
    **{f"without {name}": without(name) for name in sorted(signatures.HEADERS)},
    "another algorithm": said("paypal-auth-algo", "none"),
    "another id": said("paypal-transmission-id", "another"),
    "an endless id": said("paypal-transmission-id", "x" * 5_000),
    "no time": said("paypal-transmission-time", "yesterday"),
    "time without zone": said("paypal-transmission-time", "2026-11-23T06:00:00"),
    "too old": said("paypal-transmission-time", "2020-01-01T00:00:00Z"),
    "too new": said("paypal-transmission-time", "2099-01-01T00:00:00Z"),
    "no base64": said("paypal-transmission-sig", "!!!"),
    "empty signature": said("paypal-transmission-sig", ""),
    "short signature": said("paypal-transmission-sig", "QUJD"),
    "elsewhere": at_cert("http://127.0.0.1:9/paypal/v1/notifications/certs/CERT-1"),
    "userinfo": at_cert("https://api.paypal.com@evil.example/v1/notifications/certs/C"),
    "suffix": at_cert("https://evilpaypal.com/v1/notifications/certs/C"),
    "subdomain of evil": at_cert("https://api.paypal.com.evil.example/v1/notifications/certs/C"),
    "file": at_cert("file:///etc/passwd"),
    "metadata": at_cert("http://169.254.169.254/latest/meta-data"),
    "broken": at_cert("https://[::1/v1/notifications/certs/C"),
    "wrong port": at_cert("https://api.paypal.com:99999/v1/notifications/certs/C"),
}


def test_nothing_hostile_is_taken_for_genuine(merchant: Merchant, inbox: Inbox) -> None:
    merchant.paid()
    genuine = inbox.named("PAYMENT.CAPTURE.COMPLETED")
    assert RAIL.authenticate(merchant.context, genuine).is_genuine
    for name, change in HOSTILE.items():
        forged = replace(genuine, headers=change(dict(genuine.headers)))
        verdict = RAIL.authenticate(merchant.context, forged)
        assert not verdict.is_genuine, name
        assert verdict.why, name
    for body in (b"", b"{}", genuine.body + b" ", genuine.body.replace(b"10.00", b"99.00")):
        assert not RAIL.authenticate(merchant.context, replace(genuine, body=body)).is_genuine
        RAIL.read_event(merchant.context, replace(genuine, body=body))
    for junk in (b"\xff\xfe", b"[1]", b'{"event_type": 7, "resource": []}', b"[" * 5_000):
        callback = RawCallback("events", junk, {})
        assert RAIL.read_event(merchant.context, callback) == ()
        assert RAIL.identify_event(callback)
    merchant.ahead = timedelta(days=5)
    assert not RAIL.authenticate(merchant.context, genuine).is_genuine


def test_a_certificate_of_another_authority_or_name_is_refused(
    merchant: Merchant, inbox: Inbox
) -> None:
    merchant.paid()
    genuine = inbox.named("PAYMENT.CAPTURE.COMPLETED")
    told = wire.document(genuine.body)
    webhook = RAIL.register(merchant.context).said.removeprefix("Webhook ")
    root_key, root = authority("Simulated PayPal Root")  # the same name is not the same authority
    for host, trusted, is_genuine in ((HOST, False, False), ("a.paypal.com", True, False),
                                      (HOST, True, True)):  # fmt: skip
        key, leaf = issue(root_key, root, host)
        pem = leaf.public_bytes(serialization.Encoding.PEM).decode()
        at = genuine.headers["paypal-transmission-time"]
        message = f"T-1|{at}|{webhook}|{zlib.crc32(genuine.body)}".encode()
        signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        headers = dict(genuine.headers) | {
            "paypal-transmission-id": "T-1",
            "paypal-transmission-sig": base64.b64encode(signature).decode(),
        }
        for kept in [name for name in merchant.cache.kept if "certificate" in name]:
            merchant.cache.kept[kept] = pem
        trust = root.public_bytes(serialization.Encoding.PEM).decode()
        context = merchant.context
        config = dict(context.account.config) | ({"webhook_root": trust} if trusted else {})
        asked = replace(context, account=replace(context.account, config=config))
        verdict = RAIL.authenticate(asked, replace(genuine, headers=headers))
        assert verdict.is_genuine == is_genuine, (host, trusted, verdict)
    assert told["id"]


@pytest.mark.parametrize(
    ("environment", "url", "is_paypals"),
    [
        ("sandbox", SANDBOX_URL, True),
        ("live", SANDBOX_URL, False),
        ("live", SANDBOX_URL.replace(".sandbox", ""), True),
        ("sandbox", SANDBOX_URL.replace(".sandbox", ""), False),
        ("live", SANDBOX_URL.replace(".sandbox", "").replace("https", "http"), False),
        ("live", SANDBOX_URL.replace(".sandbox", "").replace("/v1", "/v1/../v2"), False),
        ("live", "https://api.paypal.com:8443/v1/notifications/certs/C", False),
        ("live", "https://api.paypal.com/v1/notifications/certs/C?next=x", False),
        ("live", "https://api.paypal.com/elsewhere", False),
        ("live", "https://paypal.com.evil.example/v1/notifications/certs/C", False),
    ],
)
def test_the_certificate_must_be_paypals_of_the_environment(
    merchant: Merchant, environment: str, url: str, is_paypals: bool
) -> None:
    context = merchant.context
    asked = replace(context, account=replace(context.account, environment=environment))
    headers = {
        "paypal-transmission-id": "T-1",
        "paypal-transmission-time": wire.stamp(context.now()),
        "paypal-transmission-sig": "QUJD",
        "paypal-cert-url": url,
        "paypal-auth-algo": "SHA256withRSA",
    }
    assert signatures.plausible(asked, headers).is_genuine == is_paypals


def test_a_stranger_costs_no_call(merchant: Merchant) -> None:
    class Deaf(HttpClient):
        def send(self, method: str, url: str, **options: Any) -> Any:
            raise AssertionError(f"{method} {url}")

    deaf = replace(merchant.context, http=Deaf())
    assert not RAIL.authenticate(deaf, RawCallback("events", b"{}", {})).is_genuine
