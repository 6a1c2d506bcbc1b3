"""Our words into Daraja's. Pure: no clock, no network, no secret but those handed in."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from apps.payments.connectors.base import AttemptView
from apps.payments.connectors.mpesa import wire
from apps.platform.money import Money

REFERENCE_LONGEST = 12
DESCRIPTION_LONGEST = 13
REMARKS_LONGEST = 100

Body = dict[str, object]


def password(shortcode: str, passkey: str, timestamp: str) -> str:
    """``base64(shortcode + passkey + timestamp)``."""
    return base64.b64encode(f"{shortcode}{passkey}{timestamp}".encode()).decode()


def security_credential(initiator_password: str, certificate_pem: bytes) -> str:
    """The operator's password, encrypted for the environment's certificate with PKCS#1 v1.5.

    The certificate's dates are not looked at: both that Safaricom publishes expired years ago.
    """
    key = x509.load_pem_x509_certificate(certificate_pem).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("the certificate holds no RSA key")
    return base64.b64encode(key.encrypt(initiator_password.encode(), padding.PKCS1v15())).decode()


def whole_shillings(amount: Money) -> str:
    """M-Pesa takes whole shillings; cents are a programming mistake by the time they get here."""
    shillings, cents = divmod(amount.minor, 100)
    if amount.currency != wire.CURRENCY or cents or shillings < 1:
        raise ValueError(f"M-Pesa cannot move {amount}")
    return str(shillings)


def stk_push(
    config: Mapping[str, object],
    passkey: str,
    attempt: AttemptView,
    callback_url: Callable[[str], str],
    now: datetime,
) -> Body:
    """``POST /mpesa/stkpush/v1/processrequest``."""
    shortcode, timestamp = str(config["shortcode"]), wire.stamp(now)
    return {
        "BusinessShortCode": shortcode,
        "Password": password(shortcode, passkey, timestamp),
        "Timestamp": timestamp,
        "TransactionType": config.get("transaction_type", "CustomerPayBillOnline"),
        "Amount": whole_shillings(attempt.amount),
        "PartyA": attempt.phone,
        "PartyB": str(config.get("till") or shortcode),
        "PhoneNumber": attempt.phone,
        "CallBackURL": callback_url("stk"),
        "AccountReference": attempt.provider_key[:REFERENCE_LONGEST],
        "TransactionDesc": (attempt.description or attempt.reference)[:DESCRIPTION_LONGEST],
    }


def stk_query(
    config: Mapping[str, object], passkey: str, checkout_request_id: str, now: datetime
) -> Body:
    """``POST /mpesa/stkpushquery/v1/query``."""
    shortcode, timestamp = str(config["shortcode"]), wire.stamp(now)
    return {
        "BusinessShortCode": shortcode,
        "Password": password(shortcode, passkey, timestamp),
        "Timestamp": timestamp,
        "CheckoutRequestID": checkout_request_id,
    }


def b2c(
    config: Mapping[str, object],
    credential: str,
    attempt: AttemptView,
    callback_url: Callable[[str], str],
) -> Body:
    """``POST /mpesa/b2c/v3/paymentrequest``. ``Occassion`` is the provider's spelling."""
    remarks = (attempt.description or attempt.reference or "Payout")[:REMARKS_LONGEST]
    return {
        "OriginatorConversationID": attempt.provider_key,
        "InitiatorName": config["initiator_name"],
        "SecurityCredential": credential,
        "CommandID": config.get("command", "BusinessPayment"),
        "Amount": whole_shillings(attempt.amount),
        "PartyA": str(config["shortcode"]),
        "PartyB": attempt.phone,
        "Remarks": remarks,
        "QueueTimeOutURL": callback_url("timeout"),
        "ResultURL": callback_url("result"),
        "Occassion": attempt.reference[:REMARKS_LONGEST],
    }


def status_query(
    config: Mapping[str, object],
    credential: str,
    attempt: AttemptView,
    callback_url: Callable[[str], str],
) -> Body:
    """``POST /mpesa/transactionstatus/v1/query``: by receipt if known, else by conversation.

    Without any acknowledgement our own OriginatorConversationID names the conversation.
    """
    refs = attempt.provider_refs
    return {
        "Initiator": config["initiator_name"],
        "SecurityCredential": credential,
        "CommandID": "TransactionStatusQuery",
        "TransactionID": refs.get("receipt", ""),
        "OriginalConversationID": refs.get("conversation_id", attempt.provider_key),
        "PartyA": str(config["shortcode"]),
        "IdentifierType": "4",
        "ResultURL": callback_url("status"),
        "QueueTimeOutURL": callback_url("status-timeout"),
        "Remarks": "Status of payout",
        "Occasion": attempt.reference[:REMARKS_LONGEST],
    }
