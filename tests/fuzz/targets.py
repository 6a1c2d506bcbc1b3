"""What is fuzzed: readers of bytes that strangers send. Only the typed refusal may be raised."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from apps.payments.connectors.accounts import AccountWebhookReader
from apps.payments.connectors.bank import bai2, camt, formats, mt940, pain002, profiles
from apps.payments.connectors.bank.reading import Limits
from apps.payments.connectors.base import (
    AccountConfig,
    AttemptView,
    Context,
    RawCallback,
    WebhookReader,
)
from apps.payments.connectors.registry import connectors
from apps.payments.domain.states import Operation
from apps.payments.errors.bank_files import UnreadableFile
from apps.platform.money import Money
from apps.settlements.connectors import mpesa_csv
from apps.settlements.errors import UnreadableStatement
from tests.payments.connectors.bank.files import BAI2, CSV, MT940, PROFILE, camt_file, pain002_file

Target = Callable[[bytes], None]
LIMITS = Limits(file_bytes=1 << 20, entries=2_000)
ATTEMPT = AttemptView(
    id=UUID(int=7), operation=Operation.PURCHASE, amount=Money(150_000, "KES"),
    phone="254708000001", reference="ORD-1", description="", provider_key="ORD-1",
    provider_refs={}, created_at=datetime(2026, 11, 23, tzinfo=UTC),
)  # fmt: skip
_NONE: Any = None  # reading an event makes no call
CONTEXT = Context(
    account=AccountConfig("fuzz", "simulator", "http://127.0.0.1:9", "KES", {}),
    http=_NONE, cache=_NONE, secret=lambda _name: "secret", timeout_seconds=1,
    now=lambda: datetime(2026, 11, 23, tzinfo=UTC),
)  # fmt: skip
EVENT = b"""{"id":"evt_1","object":"event","type":"charge.refunded","created":1795000000,
"event_type":"PAYMENT.CAPTURE.COMPLETED","create_time":"2026-11-23T10:00:00Z","livemode":false,
"resource_type":"capture","resource":{"id":"C1","status":"COMPLETED","custom_id":"x",
"amount":{"currency_code":"KES","value":"15.00"}},"data":{"object":{"id":"ch_1","object":"charge",
"amount":1500,"currency":"kes","status":"succeeded","metadata":{"attempt":"x"}}}}"""
CALLBACK = b"""{"Body":{"stkCallback":{"MerchantRequestID":"1","CheckoutRequestID":"ws_1",
"ResultCode":0,"ResultDesc":"ok","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1500.00},
{"Name":"MpesaReceiptNumber","Value":"UKN1"},{"Name":"TransactionDate","Value":20261123101500},
{"Name":"PhoneNumber","Value":254708000001}]}}},"Result":{"ResultCode":0,"ConversationID":"AG_1",
"OriginatorConversationID":"ORD-1","TransactionID":"UKN2","ResultParameters":{"ResultParameter":
[{"Key":"TransactionAmount","Value":1500},{"Key":"ReceiverPartyPublicName","Value":"254 - X"}]}}}"""


def _read(reader: Callable[..., Any], data: bytes) -> None:
    with suppress(UnreadableFile):
        for _ in reader(io.BytesIO(data), limits=LIMITS):
            pass


def _portal(data: bytes) -> None:
    with suppress(UnreadableStatement):
        mpesa_csv.read(data)


def _callback(rail: WebhookReader, data: bytes) -> None:
    """A callback's reader raises nothing at all."""
    for kind in rail.callback_kinds:
        for operation in (Operation.PURCHASE, Operation.PAYOUT):
            callback = RawCallback(kind, data)
            rail.identify(callback)
            rail.interpret(callback, replace(ATTEMPT, operation=operation))


def _event(rail: AccountWebhookReader, data: bytes) -> None:
    """Nor does the reader of an account's events."""
    for kind in rail.account_kinds:
        callback = RawCallback(kind, data)
        rail.identify_event(callback)
        rail.read_event(CONTEXT, callback)


def _recognised(data: bytes) -> None:
    assert formats.recognised(data) in {*formats.STATEMENTS, formats.PAIN002, formats.CSV}


#: Name, what is called, and a good file to begin with.
TARGETS: dict[str, tuple[Target, bytes]] = {
    "camt": (partial(_read, camt.read), camt_file()),
    "pain002": (partial(_read, pain002.read), pain002_file()),
    "mt940": (partial(_read, mt940.read), MT940),
    "bai2": (partial(_read, bai2.read), BAI2),
    "csv": (partial(_read, partial(profiles.read, profile=PROFILE)), CSV.encode()),
    "portal_csv": (_portal, b"Short Code:,600100\r\nCurrency:,KES\r\n"),
    "recognised": (_recognised, b"{1:F01"),
}
TARGETS |= {
    f"callback_{code}": (partial(_callback, rail), CALLBACK)
    for code, rail in connectors().items()
    if isinstance(rail, WebhookReader)
}
TARGETS |= {
    f"event_{code}": (partial(_event, rail), EVENT)
    for code, rail in connectors().items()
    if isinstance(rail, AccountWebhookReader)
}
