"""The text of a service credential, which names its tenant.

``ch_<mode>_<tenant>_<kind><id>_<secret>``: everything before the secret is public and says where to
look the credential up, so the credential alone names the tenant and no header is ever believed.
A client id is the same text without the secret.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from apps.platform.ids import parse_public_id, public_id
from apps.tenancy.domain.states import TenantMode

SECRET_BYTES = 24  # 192 bits: not to be guessed, so a plain SHA-256 of it may be stored
_FORM = re.compile(
    r"ch_(?P<mode>test|live)_(?P<tenant>[0-9a-z]{26})_(?P<kind>[kct])(?P<id>[0-9a-z]{26})"
    r"(?:_(?P<secret>[0-9a-f]{48}))?"
)


class CredentialKind(StrEnum):
    """What a credential is: one letter in its text."""

    KEY = "k"
    CLIENT = "c"
    TOKEN = "t"  # noqa: S105  a letter


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential's parts. ``secret`` is empty in a client id and never shown by ``repr``."""

    mode: TenantMode
    tenant_id: UUID
    kind: CredentialKind
    id: UUID
    secret: str = field(default="", repr=False)

    @property
    def text(self) -> str:
        """As it is handed out."""
        public = f"ch_{self.mode}_{_short(self.tenant_id)}_{self.kind}{_short(self.id)}"
        return f"{public}_{self.secret}" if self.secret else public


def new_secret() -> str:
    """Fresh random text for the last part."""
    return secrets.token_hex(SECRET_BYTES)


def parse_credential(text: str) -> Credential | None:
    """The parts of a credential's text, or nothing when it is not of this form."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    try:
        tenant_id, id = _long(match["tenant"]), _long(match["id"])
    except ValueError:
        return None
    return Credential(
        mode=TenantMode(match["mode"]),
        tenant_id=tenant_id,
        kind=CredentialKind(match["kind"]),
        id=id,
        secret=match["secret"] or "",
    )


def _short(id: UUID) -> str:
    return public_id("x", id).removeprefix("x_")


def _long(text: str) -> UUID:
    return parse_public_id("x", f"x_{text}")
