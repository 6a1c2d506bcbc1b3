"""Small secrets that the database must hold, sealed so that the database alone does not tell them.

The key is derived from the program's own (HKDF, RFC 5869), one for each tenant and purpose: what
was sealed for one place cannot be opened in another, even if its row is moved there. Rotation: the
newest program key seals, and the former ones (``SECRET_KEY_FALLBACKS``) still open. ``sealed_by``
names the newest, so that a table can say by which key each row was sealed and have the others
sealed anew, a slice at a time.

What is sealed cannot be searched. ``blind`` gives a text's keyed digest (HMAC-SHA256), again one
for each tenant and purpose: equal texts have equal digests, and without the key nobody can tell
which text has which.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from apps.platform.errors import SealBroken
from apps.platform.tenant import current_tenant_id


def seal(purpose: str, text: str) -> str:
    """The text, encrypted and authenticated, for this tenant and ``purpose`` (app, noun, id)."""
    return seal_bytes(purpose, text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str:
    """The text again, or ``SealBroken``: sealed elsewhere, altered, or by a key long forgotten."""
    return unseal_bytes(purpose, sealed.encode()).decode()


def seal_bytes(purpose: str, data: bytes) -> bytes:
    """As ``seal``, for what is no text."""
    return _keys(purpose).encrypt(data)


def unseal_bytes(purpose: str, sealed: bytes) -> bytes:
    """As ``unseal``, for what is no text."""
    try:
        return _keys(purpose).decrypt(sealed)
    except InvalidToken:
        raise SealBroken(purpose=purpose) from None


def sealed_by() -> str:
    """Which program key seals now: eight letters that tell keys apart and give none away."""
    return hmac.new(
        settings.SECRET_KEY.encode(), b"house.sealing.name", hashlib.sha256
    ).hexdigest()[:8]


def blind(purpose: str, text: str) -> bytes:
    """The text's keyed digest under the newest key: 32 bytes."""
    return blinds(purpose, text)[0]


def blinds(purpose: str, text: str) -> list[bytes]:
    """Its digest under every key that still opens, the newest first: what to search for."""
    return [
        hmac.new(_derived(key, _about(f"{purpose}:blind")), text.encode(), hashlib.sha256).digest()
        for key in _program_keys()
    ]


def _keys(purpose: str) -> MultiFernet:
    return MultiFernet(Fernet(_derived(key, _about(purpose))) for key in _program_keys())


def _program_keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


def _about(purpose: str) -> bytes:
    return f"house.sealing:{current_tenant_id()}:{purpose}".encode()


def _derived(key: str, about: bytes) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=about).derive(key.encode())
    return base64.urlsafe_b64encode(derived)
