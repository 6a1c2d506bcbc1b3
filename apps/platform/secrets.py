"""Secrets, from wherever this deployment keeps them. They are read when needed and stored nowhere.

``SECRETS_URL`` chooses: ``env://`` reads the environment, ``env://?file=/path.json`` a file
``{"path": {"key": "value"}}`` readable by its owner, ``vault+https://host:port/mount`` a KV version 2
engine of Vault or OpenBao (``VAULT_TOKEN``, or ``VAULT_ROLE_ID`` and ``VAULT_SECRET_ID``).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import hvac
import requests
from django.conf import settings
from hvac.exceptions import InvalidPath, VaultError

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class SecretMissing(DomainError):
    """A secret is not where it should be kept."""

    code = "platform/secret-missing"
    kind = Kind.UNAVAILABLE
    advice = "Ask whoever runs the platform to put it there."

    path: str
    key: str


@dataclass(eq=False, kw_only=True)
class SecretsUnreachable(DomainError):
    """The place where secrets are kept cannot be reached, or refuses us."""

    code = "platform/secrets-unreachable"
    kind = Kind.UNAVAILABLE

    reason: str


class SecretsProvider(Protocol):
    """Where secrets are kept."""

    def read(self, path: str, key: str) -> str:
        """The secret, or ``SecretMissing`` or ``SecretsUnreachable``."""
        ...


def secret(path: str, key: str) -> str:
    """The secret ``key`` at ``path`` (``mpesa/mara/174379``)."""
    return provider(settings.ENV.secrets_url).read(path, key)


@cache
def provider(url: str) -> SecretsProvider:
    """The provider that a ``SECRETS_URL`` names."""
    parts = urlsplit(url)
    if parts.scheme == "env":
        named = parse_qs(parts.query).get("file")
        return FileSecrets(Path(named[0])) if named else EnvironmentSecrets()
    scheme = parts.scheme.removeprefix("vault+")
    return VaultSecrets(f"{scheme}://{parts.netloc}", parts.path.strip("/") or "secret")


class EnvironmentSecrets:
    """``SECRET_MPESA_MARA_174379_PASSKEY`` for the key ``passkey`` at ``mpesa/mara/174379``."""

    def read(self, path: str, key: str) -> str:
        """From the process's environment."""
        name = re.sub(r"[^A-Z0-9]", "_", f"SECRET_{path}_{key}".upper())
        value = os.environ.get(name)
        if value is None:
            raise SecretMissing(path=path, key=key)
        return value


@dataclass(frozen=True, slots=True)
class FileSecrets:
    """A JSON file, as an agent or operator mounts it. Read again each time: it may be renewed."""

    file: Path

    def read(self, path: str, key: str) -> str:
        """From the file as it is now."""
        try:
            kept = json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SecretsUnreachable(reason=type(error).__name__) from error
        try:
            return str(kept[path][key])
        except (KeyError, TypeError):
            raise SecretMissing(path=path, key=key) from None


@dataclass(slots=True)
class VaultSecrets:
    """KV version 2 of Vault or OpenBao."""

    url: str
    mount: str

    def read(self, path: str, key: str) -> str:
        """The newest version of the secret."""
        try:
            answer = self._client().secrets.kv.v2.read_secret_version(
                path=path, mount_point=self.mount, raise_on_deleted_version=True
            )
        except InvalidPath:
            raise SecretMissing(path=path, key=key) from None
        except (VaultError, requests.RequestException) as error:
            raise SecretsUnreachable(reason=type(error).__name__) from error
        kept = answer["data"]["data"]
        if key not in kept:
            raise SecretMissing(path=path, key=key)
        return str(kept[key])

    def _client(self) -> hvac.Client:
        client = hvac.Client(url=self.url, token=os.environ.get("VAULT_TOKEN"), timeout=5)
        if client.token is None:
            client.auth.approle.login(
                role_id=os.environ.get("VAULT_ROLE_ID", ""),
                secret_id=os.environ.get("VAULT_SECRET_ID", ""),
            )
        return client
