"""Webhooks of Stripe: hostile and genuine signatures, and what events are news of."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import stripe
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.payments.connectors.base import AccountConfig, RawCallback
from apps.payments.connectors.stripe import webhooks, wire
from apps.payments.connectors.stripe.client import API_VERSION
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Outcome

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ATTEMPT = UUID("019ac000-0000-7000-8000-000000000001")
CONFIG = AccountConfig("cards", "simulator", "", "USD", {})

PAID = {
    "object": "payment_intent", "id": "pi_1", "status": "succeeded", "amount": 1_500,
    "amount_received": 1_500, "currency": "usd", "latest_charge": "ch_1",
    "metadata": {"attempt_id": str(ATTEMPT), "operation": "purchase"},
}  # fmt: skip
BODY = json.dumps(
    {
        "id": "evt_1", "object": "event", "api_version": API_VERSION, "livemode": False,
        "created": 1_795_000_000, "type": "payment_intent.succeeded",
        "data": {"object": PAID},
    }
).encode()  # fmt: skip
SECRET = "whsec_one"
AT = int(NOW.timestamp())


def mac(secret: str = SECRET, at: int = AT, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


HOSTILE = {
    "": "nothing",
    "t=,v1=": "empty parts",
    f"v1={mac()}": "no time",
    f"t={AT}": "no signature",
    f"t={AT},v0={mac()}": "another scheme only",
    f"t={AT},t={AT},v1={mac()}": "two times",
    f"t={AT + 1},v1={mac()}": "another time than signed",
    f"t={AT},v1={mac()[:-1]}": "cut",
    f"t={AT},v1={mac().upper()}": "other letters",
    f"t={AT},v1={mac('whsec_other')}": "another secret",
    f"t={AT - 301},v1={mac(at=AT - 301)}": "old",
    f"t={AT + 301},v1={mac(at=AT + 301)}": "from the future",
    f"t=-{AT},v1={mac(at=-AT)}": "before 1970",
    f"t=1e9,v1={mac()}": "a fraction",
    f"t=٣,v1={mac()}": "digits of another script",
    f"t={AT},v1=ü": "outside ASCII",
    f"t={AT},v1={'0' * 64}," + "v1=0," * 5_000: "endless",
    "t" * 50: "no pairs",
}


@pytest.mark.parametrize("header", HOSTILE, ids=HOSTILE.values())
def test_hostile_signatures_are_refused_and_never_raise(header: str) -> None:
    assert not webhooks.verify(header, BODY, [SECRET], NOW).is_genuine


def test_genuine_signatures_of_either_secret() -> None:
    theirs = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, timestamp=AT)
    rolled = f"t={AT},v1={mac('whsec_new')},v1={mac()}"
    both = webhooks.secrets_in("whsec_new, whsec_one")
    for header in (theirs, rolled, f"t={AT},v1={mac()},v0=x", f" t={AT}, v1={mac()}"):
        assert webhooks.verify(header, BODY, both, NOW).is_genuine, header
    assert not webhooks.verify(theirs, BODY + b" ", both, NOW).is_genuine
    assert not webhooks.verify(theirs, BODY, [], NOW).is_genuine


@settings(max_examples=50)
@given(st.text(max_size=80), st.binary(max_size=80))
def test_no_header_raises(header: str, body: bytes) -> None:
    assert not webhooks.verify(header, body, [SECRET], NOW).is_genuine


def told(body: bytes, config: AccountConfig = CONFIG) -> list[Any]:
    return list(webhooks.read(config, RawCallback("events", body)))


def test_an_event_is_news_of_the_attempt_it_names() -> None:
    (news,) = told(BODY)
    assert (news.attempt_id, news.result.outcome) == (ATTEMPT, Outcome.SUCCEEDED)
    assert news.result.facts[0].kind == EventKind.SUCCEEDED
    assert webhooks.identify(RawCallback("events", BODY)) == "evt_1"


@pytest.mark.parametrize(
    ("change", "config"),
    [
        ({"livemode": True}, CONFIG),
        ({"livemode": None}, CONFIG),
        ({"account": "acct_of_another"}, CONFIG),
        ({}, dataclasses.replace(CONFIG, environment="live")),
        ({}, dataclasses.replace(CONFIG, config={"acts_for": "acct_1"})),
    ],
)
def test_events_of_other_accounts_and_worlds_are_no_news(
    change: dict[str, object], config: AccountConfig
) -> None:
    assert told(json.dumps(json.loads(BODY) | change).encode(), config) == []


def test_an_event_of_another_version_is_only_a_hint() -> None:
    (news,) = told(json.dumps(json.loads(BODY) | {"api_version": "2020-08-27"}).encode())
    assert (news.result.outcome, news.result.facts) == (Outcome.UNKNOWN, ())


@settings(max_examples=50)
@given(st.binary(max_size=60))
@example(b"[" * 100_000)
@example(b"\xff\xfe")
@example(b"null")
def test_any_bytes_read_as_an_object(body: bytes) -> None:
    assert isinstance(wire.document(body), dict)
    assert told(body) == []
