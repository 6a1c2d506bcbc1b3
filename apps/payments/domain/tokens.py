"""The secret part of a callback address: ``tenant ‖ attempt ‖ MAC`` in 32 safe letters.

M-Pesa signs nothing, so knowing the address is the only proof of origin. It also tells whose
callback this is when the acknowledgement was lost or has not come yet. The alphabet has no a, e, m
or q: Daraja refuses addresses that contain *mpesa, safaricom, exe, exec, cmd, sql* or *query*.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

from apps.payments.errors import UnknownCallback

MAC_BYTES = 16  # 128 bits: nobody guesses an address
TOKEN_LENGTH = 77
_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SAFE = b"0123456789bcdfghijklnoprstuvwxyz"
_TO_SAFE = bytes.maketrans(_STANDARD, _SAFE)
_FROM_SAFE = bytes.maketrans(_SAFE, _STANDARD)


def seal(tenant: UUID, attempt: UUID, key: bytes) -> str:
    """The token of an attempt, the same every time for one key."""
    named = tenant.bytes + attempt.bytes
    letters = base64.b32encode(named + _mac(named, key)).rstrip(b"=")
    return letters.translate(_TO_SAFE).decode()


def unseal(token: str, keys: Sequence[bytes]) -> tuple[UUID, UUID]:
    """Tenant and attempt, or ``UnknownCallback``. Every key is compared, in constant time."""
    if len(token) != TOKEN_LENGTH or not token.isascii() or set(token.encode()) - set(_SAFE):
        raise UnknownCallback
    try:
        raw = base64.b32decode(token.encode().translate(_FROM_SAFE) + b"===")
    except binascii.Error:
        raise UnknownCallback from None
    named, mac = raw[:32], raw[32:]
    matches = [hmac.compare_digest(mac, _mac(named, key)) for key in keys]
    if not any(matches):
        raise UnknownCallback
    return UUID(bytes=named[:16]), UUID(bytes=named[16:])


def fingerprint(token: str) -> bytes:
    """What the attempt keeps of its token: a leaked table gives nobody an address."""
    return hashlib.sha256(token.encode()).digest()


def _mac(named: bytes, key: bytes) -> bytes:
    return hmac.new(key, named, hashlib.sha256).digest()[:MAC_BYTES]
