"""Calls to PayPal: the address of the account's environment, and a token shared by all workers.

A token lives for hours and asking for many is refused, so one worker at a time fetches a new one
while the others wait for it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from apps.payments.connectors.base import AccountConfig, Context, ProviderError
from apps.payments.connectors.paypal import wire
from apps.platform.http import AnswerLost, Exchange, NotSent

LIVE, SANDBOX = "https://api-m.paypal.com", "https://api-m.sandbox.paypal.com"
TOKEN_PATH = "/v1/oauth2/token"  # noqa: S105  a path
TOKEN_TIMEOUT_SECONDS = 10
#: A token is dropped this long before it expires.
MARGIN_SECONDS = 120
LOCK_SECONDS = 15
WAIT_SECONDS = 2.0
PAUSE_SECONDS = 0.05
_OK, _UNAUTHORISED = 200, 401


@dataclass(eq=False)
class NoToken(Exception):
    """Without a token nothing was asked, so nothing has happened at the provider."""

    why: ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One call. ``key`` is its PayPal-Request-Id; ``form`` a multipart body with its type."""

    method: str
    path: str
    body: Mapping[str, object] | None = None
    key: str = ""
    form: tuple[bytes, str] | None = None


def base_url(account: AccountConfig) -> str:
    """The environment's address, unless the account's configuration names another."""
    named = account.config.get("base_url")
    return str(named) if named else LIVE if account.environment == "live" else SANDBOX


def send(context: Context, ask: Ask) -> Exchange:
    """One authorised call. A refused token did nothing: the call is repeated once with a new one.

    Raises ``NoToken``, ``NotSent`` or ``AnswerLost``.
    """
    token = _token(context, refused="")
    exchange = _send(context, ask, token)
    if exchange.status == _UNAUTHORISED:
        exchange = _send(context, ask, _token(context, refused=token))
    return exchange


def _send(context: Context, ask: Ask, token: str) -> Exchange:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    if ask.key:
        headers["PayPal-Request-Id"] = ask.key
    if ask.method == "POST":
        headers["Prefer"] = "return=representation"
    url = f"{base_url(context.account)}{ask.path}"
    seconds = context.timeout_seconds
    if ask.form is not None:
        data, content_type = ask.form
        headers["Content-Type"] = content_type
        return context.http.send(
            ask.method, url, data=data, headers=headers, timeout_seconds=seconds
        )
    if ask.method == "GET":
        return context.http.send(ask.method, url, headers=headers, timeout_seconds=seconds)
    body = dict(ask.body or {})
    return context.http.send(ask.method, url, json=body, headers=headers, timeout_seconds=seconds)


def _token(context: Context, *, refused: str) -> str:
    """The shared token, if it is another than the one just refused; else a new one."""
    key = _key(context)
    give_up_at = time.monotonic() + WAIT_SECONDS
    while True:
        known = context.cache.get(key)
        if known and known != refused:
            return known
        if context.cache.add(f"{key}:lock", "1", LOCK_SECONDS):
            try:
                known = context.cache.get(key)  # fetched between our look and the lock
                return known if known and known != refused else _fetch(context, key)
            finally:
                context.cache.delete(f"{key}:lock")
        if time.monotonic() > give_up_at:
            raise NoToken(_trouble("another worker is still fetching a token"))
        time.sleep(PAUSE_SECONDS)


def _fetch(context: Context, key: str) -> str:
    try:
        exchange = context.http.send(
            "POST",
            f"{base_url(context.account)}{TOKEN_PATH}",
            auth=(context.secret("client_id"), context.secret("client_secret")),
            data={"grant_type": "client_credentials"},
            timeout_seconds=min(TOKEN_TIMEOUT_SECONDS, context.timeout_seconds),
        )
    except (NotSent, AnswerLost) as lost:
        raise NoToken(_trouble(f"no token: {type(lost).__name__}")) from lost
    told = wire.document(exchange.body)
    token, seconds = wire.text(told.get("access_token"), 4_000), told.get("expires_in")
    if exchange.status == _UNAUTHORISED:
        raise NoToken(
            ProviderError("config.credentials", "401", "Client refused.", "no", "same_key")
        )
    if exchange.status != _OK or not token:
        raise NoToken(_trouble("no token in the answer"))
    lifetime = seconds if type(seconds) is int else MARGIN_SECONDS
    context.cache.set(key, token, max(lifetime - MARGIN_SECONDS, 1))
    return token


def _key(context: Context) -> str:
    digest = hashlib.sha256(context.secret("client_id").encode()).hexdigest()[:12]
    return f"paypal:token:{quote(base_url(context.account), safe='')}:{digest}"


def _trouble(message: str) -> ProviderError:
    return ProviderError("provider.no_token", "", message, "no", "same_key")
