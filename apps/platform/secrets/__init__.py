"""Credentials, read at the last moment from wherever the operators keep them.

``SECRETS_URL`` chooses the keeper:

- ``env://`` reads the environment: ``secret("mpesa/mara", "passkey")`` is
  ``SECRET_MPESA_MARA_PASSKEY``. ``env://?file=/run/secrets/house.json`` looks there first, in
  ``{"mpesa/mara": {"passkey": "…"}}``.
- ``vault+https://host:8200/mount`` reads version 2 of the key-value engine of HashiCorp Vault or
  OpenBao, as the token of ``VAULT_TOKEN`` or the AppRole of ``VAULT_ROLE_ID`` and
  ``VAULT_SECRET_ID``.

The values themselves come from outside the settings, so this is the second reader of the
environment beside ``config.env``. Nothing is written to logs, and what was read is forgotten after
half a minute, so that a rotated credential is soon in use everywhere.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from apps.platform.errors import SecretMissing, SecretsUnreachable

_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*")


class Keeper(Protocol):
    """Where credentials are kept: each path holds a few texts by key."""

    def value(self, path: str, key: str) -> str:
        """The text, or an empty one; ``SecretsUnreachable`` when the keeper cannot be asked."""


def secret(path: str, key: str) -> str:
    """One credential. ``SecretMissing`` names what is not there, never a value."""
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is not a path of secrets")
    env = settings.ENV
    role = (env.vault_token, env.vault_role_id, env.vault_secret_id)
    value = _keeper(env.secrets_url, role).value(path, key)
    if not value:
        raise SecretMissing(path=path, key=key)
    return value


@cache
def _keeper(url: str, role: tuple[str, str, str]) -> Keeper:
    parts = urlsplit(url)
    if parts.scheme == "env":
        return EnvironmentKeeper(parse_qs(parts.query).get("file", [""])[0])
    # Its library takes a while to load; a house without a Vault never pays for it.
    from apps.platform.secrets.vault import VaultKeeper

    scheme = parts.scheme.removeprefix("vault+")
    return VaultKeeper(f"{scheme}://{parts.netloc}", parts.path.strip("/") or "secret", *role)


class EnvironmentKeeper:
    """A file of JSON, read anew each time, and behind it the process's environment."""

    def __init__(self, file: str = "") -> None:
        self._file = file

    def value(self, path: str, key: str) -> str:
        """From the file if it has it."""
        name = re.sub(r"[^A-Z0-9]", "_", f"SECRET_{path}_{key}".upper())
        return str(self._in_file().get(path, {}).get(key, "")) or os.environ.get(name, "")

    def _in_file(self) -> Mapping[str, Mapping[str, str]]:
        if not self._file:
            return {}
        try:
            kept: Mapping[str, Mapping[str, str]] = json.loads(Path(self._file).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SecretsUnreachable(reason=f"file: {type(error).__name__}") from error
        return kept
