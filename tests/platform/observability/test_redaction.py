"""Nothing secret or personal leaves through the log, and nothing that logs are read for is lost."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from apps.platform.ids import new_id, public_id
from apps.platform.log_fields import covered_text, redact

CANARY = "canary-7c1f"


def line(**fields: Any) -> dict[str, Any]:
    return redact(None, "info", fields)


@pytest.mark.parametrize(
    "name",
    [
        "password", "new_password", "Password", "client_secret", "secret", "api_key", "X-Api-Key",
        "Authorization", "Set-Cookie", "access_token", "csrf_token", "passkey", "pin", "user_pin",
        "idempotency_key", "Idempotency-Key", "security_credential", "private_key", "password_hash",
        "token_value", "SecurityCredential",
    ],
)  # fmt: skip
def test_a_field_with_a_secret_name_is_covered(name: str) -> None:
    assert line(**{name: CANARY}) == {name: "***"}
    assert CANARY not in str(line(answer={"inner": [{name: CANARY}]}))


@pytest.mark.parametrize("name", ["shipping", "spin", "tokens_left", "pinned", "secretary"])
def test_a_field_that_only_sounds_like_it_is_told(name: str) -> None:
    assert line(**{name: "plain"}) == {name: "plain"}


@pytest.mark.parametrize(
    "text",
    [
        f"key ch_live_{CANARY}",
        f"Authorization: Bearer {CANARY}",
        f"Basic {CANARY}==",
        f"nats://house:{CANARY}@127.0.0.1:4222",
        f"redis://:{CANARY}@cache:6379/0",
        f"POST /in/mpesa/{CANARY} 200",
        f"GET /x?access_token={CANARY}&page=2",
        f'{{"password": "{CANARY}"}}',
        f"consumer_secret={CANARY}",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",
        f"eyJhbGciOiJIUzI1NiJ9.{CANARY}.x",
    ],
)
def test_a_secret_within_a_text_is_covered(text: str) -> None:
    assert CANARY not in covered_text(text)
    assert CANARY not in str(line(error=ValueError(text)))
    assert CANARY not in str(line(body=text.encode()))


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("paid by 254712345678", "paid by 2547*****678"),
        ("paid by +254712345678.", "paid by +25471*****678."),
        ("call 0712345678", "call 07*****678"),
        ("+44 20 7946 0958", "+44*****958"),
        ("card 4111111111111111", "card ***1111"),
        ("card 4111 1111 1111 1111,", "card ***1111,"),
        ("5555-5555-5555-4444", "***4444"),
        ("3782 822463 10005", "***0005"),
        ("from GB82WEST12345698765432", "from GB***5432"),
        ("from GB82 WEST 1234 5698 7654 32 today", "from GB***5432 today"),
        ("DE89370400440532013000", "DE***3000"),
    ],
)
def test_personal_numbers_are_covered(text: str, covered: str) -> None:
    told = covered_text(text)
    assert told == covered


def test_a_phone_number_is_covered_as_a_number_too() -> None:
    assert line(PhoneNumber=254712345678) == {"PhoneNumber": "***678"}
    assert line(PartyA=254712345678, msisdn="0712345678") == {
        "PartyA": "***678",
        "msisdn": "***678",
    }


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # not Luhn
        "1763841234567",  # ms since the epoch
        "1763841234567890",  # µs
        "1763841234567890123",  # ns
        "254712345678.00",  # an amount
        "amount_minor=100000000000000",
        "0190a2046d3295726088c1991b78fcaccc",
        "01a2046d-3295-7260-8c81-991b78fcaccc",
        "41111111-1111-4111-8111-111111111111",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "pay_01jdm5f0wmfrqr1c2v3w4x5y6z",
        "2026-11-22T18:03:14.123456Z",
        "0af7651916cd43dd8448eb211c80319c",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "GB82WEST12345698765433",  # check digits do not fit
        "SKU 1234-5678-9012-3456",
        "BAT-2026-0001",
        "1110 M-Pesa payout float",
        "SLF7X1Y2Z3",  # a provider's reference
    ],
)
def test_amounts_ids_and_times_are_told(text: str) -> None:
    assert covered_text(text) == text


@given(st.uuids())
def test_every_uuid_survives(id: Any) -> None:
    for text in (str(id), id.hex, public_id("pay", new_id())):
        assert covered_text(f"about {text} now") == f"about {text} now"


@given(st.integers(min_value=-(10**19), max_value=10**19))
def test_every_whole_number_survives(number: int) -> None:
    assert line(amount_minor=number, at=number) == {"amount_minor": number, "at": number}


def test_what_libraries_log_and_what_tracebacks_show_is_covered_too() -> None:
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    told = io.StringIO()
    before = handler.setStream(told)
    try:
        logging.getLogger("some.library").warning("sent with Bearer %s", CANARY)
        try:
            int(f"token={CANARY}")
        except ValueError:
            structlog.get_logger("house.tests").exception("it.failed", api_key=CANARY)
    finally:
        handler.setStream(before or handler.stream)
    assert CANARY not in told.getvalue()
    first, second = (json.loads(row) for row in told.getvalue().splitlines())
    assert first["event"] == "sent with Bearer ***"
    assert "ValueError: " in second["exception"]
    assert second["level"] == "error"
