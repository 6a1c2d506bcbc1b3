"""Credentials kept by a Vault-compatible server: HashiCorp Vault, OpenBao."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import hvac
from hvac.exceptions import Forbidden, InvalidPath, Unauthorized, VaultError
from requests import RequestException

from apps.platform.errors import SecretsUnreachable

CACHE_SECONDS = 30
TIMEOUT_SECONDS = 5


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
