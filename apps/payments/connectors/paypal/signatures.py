"""Whether a webhook is PayPal's own.

``RSA-SHA256`` over ``id|time|webhook id|CRC-32 of the raw body``. The certificate is fetched from
the address that the webhook itself names, so that address is the first thing to distrust: it must
be PayPal's own for the account's environment, and the certificate must be vouched for by the
configured authority and made out to PayPal's name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ssl
import zlib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from urllib.parse import SplitResult, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from apps.payments.connectors.accounts import GENUINE, SignatureVerdict
from apps.payments.connectors.base import Context, RawCallback
from apps.payments.connectors.paypal import access, wire
from apps.platform.http import AnswerLost, NotSent

HEADERS = frozenset(
    {
        "paypal-transmission-id", "paypal-transmission-time", "paypal-transmission-sig",
        "paypal-cert-url", "paypal-auth-algo",
    }
)  # fmt: skip
#: PayPal repeats a webhook for three days.
OLDEST, NEWEST = timedelta(days=4), timedelta(minutes=10)
CERTIFICATE_MAX, CERTIFICATE_SECONDS = 32 * 1024, 3_600
_PATH = "/v1/notifications/certs/"
_NAMES = {"live": "messageverificationcerts.paypal.com"}
_SANDBOX_NAME = "messageverificationcerts.sandbox.paypal.com"
_SIGNATURE_LONGEST, _URL_LONGEST, _ID_LONGEST = 1_024, 300, 100
_HTTPS_PORT = 443


class _Forged(Exception):
    """Not PayPal's, and why."""


def verdict(context: Context, callback: RawCallback, webhook_id: str) -> SignatureVerdict:
    """Whether the callback is genuine. The cheap questions come first, and never an exception."""
    try:
        _check(context, callback, webhook_id)
    except _Forged as why:
        return SignatureVerdict(is_genuine=False, why=str(why))
    return GENUINE


def plausible(context: Context, headers: Mapping[str, str]) -> SignatureVerdict:
    """The questions that need neither certificate nor webhook id."""
    try:
        _headers(context, headers)
    except _Forged as why:
        return SignatureVerdict(is_genuine=False, why=str(why))
    return GENUINE


def _check(context: Context, callback: RawCallback, webhook_id: str) -> None:
    url, signature = _headers(context, callback.headers)
    if not webhook_id:
        raise _Forged("no webhook of this account is known")
    headers = callback.headers
    crc = zlib.crc32(callback.body)
    message = "|".join(
        (headers["paypal-transmission-id"], headers["paypal-transmission-time"], webhook_id,
         str(crc))
    )  # fmt: skip
    key = _key(context, url)
    try:
        key.verify(signature, message.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise _Forged("the signature does not fit") from None


def _headers(context: Context, headers: Mapping[str, str]) -> tuple[str, bytes]:
    """The certificate's address and the signature, both of sound form."""
    if missing := sorted(HEADERS - headers.keys()):
        raise _Forged(f"without {missing[0]}")
    if headers["paypal-auth-algo"].lower() != "sha256withrsa":
        raise _Forged("signed by another algorithm")
    if not 0 < len(headers["paypal-transmission-id"]) <= _ID_LONGEST:
        raise _Forged("without a transmission id")
    _check_time(context, headers["paypal-transmission-time"])
    url = headers["paypal-cert-url"]
    _check_url(context, url)
    told = headers["paypal-transmission-sig"]
    try:
        signature = base64.b64decode(told[:_SIGNATURE_LONGEST], validate=True)
    except (binascii.Error, ValueError):
        raise _Forged("the signature cannot be read") from None
    return url, signature


def _check_time(context: Context, told: str) -> None:
    at = wire.moment(told)
    if at is None:
        raise _Forged("the time of transmission cannot be read")
    if not -OLDEST <= at - context.now() <= NEWEST:
        raise _Forged("sent too long ago, or in the future")


def _check_url(context: Context, url: str) -> None:
    """PayPal's own host of the environment; of a simulator the address it answers at."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _Forged("the certificate's address cannot be read") from None
    is_plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if not is_plain or len(url) > _URL_LONGEST or "@" in parts.netloc or "%" in url:
        raise _Forged("the certificate's address is no plain address")
    if parts.query or parts.fragment or ".." in parts.path:
        raise _Forged("the certificate's address is no plain address")
    if context.account.environment == "simulator":
        is_ours = url.startswith(f"{access.base_url(context.account)}{_PATH}")
    else:
        is_ours = _is_paypals(parts, port, is_live=context.account.environment == "live")
    if not is_ours:
        raise _Forged("the certificate is not PayPal's of this environment")


def _is_paypals(parts: SplitResult, port: int | None, *, is_live: bool) -> bool:
    host = parts.hostname or ""
    is_sandbox = host.endswith(".sandbox.paypal.com")
    is_host = host.endswith(".paypal.com") and is_sandbox != is_live
    is_plain = parts.scheme == "https" and port in {None, _HTTPS_PORT}
    return is_plain and is_host and parts.path.startswith(_PATH)


def _key(context: Context, url: str) -> rsa.RSAPublicKey:
    """The key of the certificate at the address, once its chain and name have been checked."""
    chain = _chain(context, url)
    try:
        leaf, *others = x509.load_pem_x509_certificates(chain)
        name = _NAMES.get(context.account.environment, _SANDBOX_NAME)
        policy = PolicyBuilder().store(Store(_roots(context))).time(context.now())
        policy.build_server_verifier(x509.DNSName(name)).verify(leaf, others)
        key = leaf.public_key()
    except (ValueError, VerificationError, x509.UnsupportedGeneralNameType) as error:
        raise _Forged(f"the certificate is not trusted: {type(error).__name__}") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise _Forged("the certificate holds no RSA key")
    return key


def _chain(context: Context, url: str) -> bytes:
    """The PEM at the address, from the cache where it is there; what is no PEM is not kept."""
    key = f"paypal:certificate:{hashlib.sha256(url.encode()).hexdigest()[:32]}"
    if known := context.cache.get(key):
        return known.encode()
    try:
        exchange = context.http.send("GET", url, timeout_seconds=context.timeout_seconds)
    except (NotSent, AnswerLost) as lost:
        raise _Forged(f"the certificate cannot be fetched: {type(lost).__name__}") from None
    body = exchange.body
    if exchange.status != 200 or len(body) > CERTIFICATE_MAX or not body.isascii():  # noqa: PLR2004
        raise _Forged("the certificate cannot be fetched")
    if b"-----BEGIN CERTIFICATE-----" in body:
        context.cache.set(key, body.decode(), CERTIFICATE_SECONDS)
    return body


def _roots(context: Context) -> list[x509.Certificate]:
    configured = context.account.config.get("webhook_root")
    if configured:
        return x509.load_pem_x509_certificates(str(configured).encode())
    return _public_roots()


@cache
def _public_roots() -> list[x509.Certificate]:
    """The authorities that the machine trusts."""
    known = ssl.create_default_context().get_ca_certs(binary_form=True)
    return [x509.load_der_x509_certificate(der) for der in known]
