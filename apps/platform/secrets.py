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
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import hvac
from django.conf import settings
from hvac.exceptions import Forbidden, InvalidPath, Unauthorized, VaultError
from requests import RequestException

from apps.platform.errors import SecretMissing, SecretsUnreachable

CACHE_SECONDS = 30
TIMEOUT_SECONDS = 5
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


class VaultKeeper:
    """A Vault-compatible server. One session for all threads, renewed when it is turned away."""

    def __init__(
        self, url: str, mount: str, token: str = "", role_id: str = "", secret_id: str = ""
    ) -> None:
        self._mount = mount
        self._role_id, self._secret_id = role_id, secret_id
        self._client = hvac.Client(url=url, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        self._client.token = token  # and not one the library finds in somebody's home
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Mapping[str, str]]] = {}

    def value(self, path: str, key: str) -> str:
        """What the server holds, or held less than half a minute ago."""
        return self._read(path).get(key, "")

    def _read(self, path: str) -> Mapping[str, str]:
        with self._lock:
            until, values = self._known.get(path, (0.0, {}))
            if time.monotonic() < until:
                return values
            try:
                values = self._ask(path)
            except (VaultError, RequestException) as error:
                raise SecretsUnreachable(reason=type(error).__name__) from error
            self._known[path] = (time.monotonic() + CACHE_SECONDS, values)
            return values

    def _ask(self, path: str) -> Mapping[str, str]:
        """Read; a token that has run out is replaced once, if we have a role to sign in with."""
        if not self._client.token:
            self._sign_in()
        try:
            return self._fetch(path)
        except (Forbidden, Unauthorized):
            if not self._role_id:
                raise
            self._sign_in()
            return self._fetch(path)

    def _fetch(self, path: str) -> Mapping[str, str]:
        try:
            answer = self._client.secrets.kv.v2.read_secret_version(
                path, mount_point=self._mount, raise_on_deleted_version=True
            )
        except InvalidPath:
            return {}
        return {key: str(value) for key, value in answer["data"]["data"].items()}

    def _sign_in(self) -> None:
        self._client.token = ""
        self._client.auth.approle.login(self._role_id, self._secret_id)
