"""The access token, shared by all workers.

Asking Daraja for a token ends the life of the one before, so workers that each keep their own throw
each other out. There is one token per consumer key, in the shared cache, and one worker at a time
fetches a new one while the others wait for it.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from urllib.parse import quote

from apps.payments.connectors.base import Context, ProviderError
from apps.payments.connectors.mpesa import wire
from apps.payments.connectors.mpesa.codes import code, error
from apps.platform.http import AnswerLost, Exchange, NotSent

TOKEN_PATH = "/oauth/v1/generate?grant_type=client_credentials"  # noqa: S105  a path
TOKEN_TIMEOUT_SECONDS = 10
#: A token is dropped this long before it expires.
MARGIN_SECONDS = 60
LOCK_SECONDS = 15
WAIT_SECONDS = 2.0
PAUSE_SECONDS = 0.05
_OK = 200
_TOKEN_REFUSED = {"404.001.03", "400.003.01", "401.002.01"}
_UNAUTHORISED = 401


@dataclass(eq=False)
class NoToken(Exception):
    """Without a token nothing was asked, so nothing has happened at the provider."""

    why: ProviderError


def post(context: Context, path: str, body: dict[str, object], *, verb: str = "POST") -> Exchange:
    """One authorised call. A refused token did nothing: the call is repeated once with a new one.

    Raises ``NoToken``, ``NotSent`` or ``AnswerLost``.
    """
    token = _token(context, refused="")
    exchange = _send(context, verb, path, body, token)
    if _is_token_refused(exchange):
        exchange = _send(context, verb, path, body, _token(context, refused=token))
    return exchange


def _send(context: Context, verb: str, path: str, body: dict[str, object], token: str) -> Exchange:
    return context.http.send(
        verb,
        f"{context.account.base_url}{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout_seconds=context.timeout_seconds,
    )


def _is_token_refused(exchange: Exchange) -> bool:
    if exchange.status == _UNAUTHORISED:
        return True
    return code(wire.document(exchange.body).get("errorCode")) in _TOKEN_REFUSED


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
            "GET",
            f"{context.account.base_url}{TOKEN_PATH}",
            auth=(context.secret("consumer_key"), context.secret("consumer_secret")),
            timeout_seconds=min(TOKEN_TIMEOUT_SECONDS, context.timeout_seconds),
        )
    except (NotSent, AnswerLost) as lost:
        raise NoToken(_trouble(f"no token: {type(lost).__name__}")) from lost
    told = wire.document(exchange.body)
    token, seconds = wire.text(told.get("access_token")), wire.text(told.get("expires_in"))
    if exchange.status != _OK or not token:
        why = error("gateway", code(told.get("errorCode")), wire.text(told.get("errorMessage")))
        known = why if why.money_moved == "no" else _trouble("no token in the answer")
        raise NoToken(known)
    lifetime = int(seconds) if seconds.isdigit() else MARGIN_SECONDS
    context.cache.set(key, token, max(lifetime - MARGIN_SECONDS, 1))
    return token


def _key(context: Context) -> str:
    digest = hashlib.sha256(context.secret("consumer_key").encode()).hexdigest()[:12]
    return f"daraja:token:{quote(context.account.base_url, safe='')}:{digest}"


def _trouble(message: str) -> ProviderError:
    return ProviderError("provider.no_token", "", message, "no", "same_key")
