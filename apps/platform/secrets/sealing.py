"""Small secrets that the database must hold, sealed so that the database alone does not tell them.

The key is derived from the program's own (HKDF, RFC 5869), one for each tenant and purpose: what
was sealed for one place cannot be opened in another, even if its row is moved there. Rotation: the
newest program key seals, and the former ones (``SECRET_KEY_FALLBACKS``) still open.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from apps.platform.errors import SealBroken
from apps.platform.tenant import current_tenant_id


def seal(purpose: str, text: str) -> str:
    """The text, encrypted and authenticated, for this tenant and ``purpose`` (app, noun, id)."""
    return _keys(purpose).encrypt(text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str:
    """The text again, or ``SealBroken``: sealed elsewhere, altered, or by a key long forgotten."""
    try:
        return _keys(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SealBroken(purpose=purpose) from None


def _keys(purpose: str) -> MultiFernet:
    about = f"house.sealing:{current_tenant_id()}:{purpose}".encode()
    return MultiFernet(
        Fernet(_derived(key, about))
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def _derived(key: str, about: bytes) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=about).derive(key.encode())
    return base64.urlsafe_b64encode(derived)
