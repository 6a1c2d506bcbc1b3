"""Our words into Daraja's."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from apps.payments.connectors.base import AttemptView
from apps.payments.connectors.mpesa import translate, wire
from apps.payments.domain.states import Operation
from apps.platform.ids import new_id
from apps.platform.money import Money

PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
NOW = datetime(2026, 11, 22, 21, 30, 45, tzinfo=UTC)


def attempt(operation: Operation = Operation.PURCHASE, **changes: object) -> AttemptView:
    facts: dict[str, object] = {
        "id": new_id(),
        "operation": operation,
        "amount": Money(1_500_00, "KES"),
        "phone": "254708374149",
        "reference": "ORD-1",
        "description": "Order ORD-1 for John",
        "provider_key": "ORD-1",
        "provider_refs": {},
        "created_at": NOW,
    }
    return AttemptView(**(facts | changes))  # type: ignore[arg-type]


def test_the_password_is_the_portals_own_example() -> None:
    assert translate.password("174379", PASSKEY, "20160216165627") == (
        "MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQy"
        "YzkxOTIwMTYwMjE2MTY1NjI3"
    )


def test_time_is_nairobis() -> None:
    assert wire.stamp(NOW) == "20261123003045"
    assert wire.moment(20191219102115) == datetime(2019, 12, 19, 7, 21, 15, tzinfo=UTC)
    assert wire.moment("19.12.2019 11:45:50") == datetime(2019, 12, 19, 8, 45, 50, tzinfo=UTC)


def test_a_push_names_the_attempt_and_keeps_to_the_lengths() -> None:
    body = translate.stk_push(
        {"shortcode": "174379"}, PASSKEY, attempt(), lambda kind: f"https://x/{kind}", NOW
    )
    assert body == {
        "BusinessShortCode": "174379",
        "Password": translate.password("174379", PASSKEY, "20261123003045"),
        "Timestamp": "20261123003045",
        "TransactionType": "CustomerPayBillOnline",
        "Amount": "1500",
        "PartyA": "254708374149",
        "PartyB": "174379",
        "PhoneNumber": "254708374149",
        "CallBackURL": "https://x/stk",
        "AccountReference": "ORD-1",
        "TransactionDesc": "Order ORD-1 f",
    }


def test_a_payout_goes_under_our_own_key() -> None:
    view = attempt(Operation.PAYOUT, provider_key="0198a6c2-0000-7000-8000-000000000001")
    body = translate.b2c(
        {"shortcode": "600992", "initiator_name": "api"}, "cred", view, lambda kind: f"u/{kind}"
    )
    assert body["OriginatorConversationID"] == view.provider_key
    assert (body["QueueTimeOutURL"], body["ResultURL"]) == ("u/timeout", "u/result")
    assert (body["Amount"], body["PartyB"], body["Occassion"]) == ("1500", "254708374149", "ORD-1")


def test_a_status_query_names_the_conversation_by_our_key_when_nothing_else_is_known() -> None:
    config = {"shortcode": "600992", "initiator_name": "api"}
    view = attempt(Operation.PAYOUT, provider_key="key")
    body = translate.status_query(config, "cred", view, lambda kind: kind)
    assert (body["TransactionID"], body["OriginalConversationID"]) == ("", "key")
    known = attempt(Operation.PAYOUT, provider_refs={"conversation_id": "AG_1", "receipt": "R"})
    body = translate.status_query(config, "cred", known, lambda kind: kind)
    assert (body["TransactionID"], body["OriginalConversationID"]) == ("R", "AG_1")


@pytest.mark.parametrize("amount", [Money(150, "KES"), Money(0, "KES"), Money(100, "USD")])
def test_only_whole_shillings_are_moved(amount: Money) -> None:
    with pytest.raises(ValueError, match="M-Pesa cannot move"):
        translate.whole_shillings(amount)


def test_the_credential_opens_with_the_private_key_though_the_certificate_is_old() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "apigee.apicaller.safaricom.co.ke")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2017, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2018, 3, 21, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    credential = translate.security_credential("Pa55#word", certificate.public_bytes(Encoding.PEM))
    assert len(credential) == 344
    assert key.decrypt(base64.b64decode(credential), padding.PKCS1v15()) == b"Pa55#word"
