"""The official SDK builds each request; our HTTP client sends it, and we read the answer ourselves.

So requests are formed as Stripe's own library forms them, while it stays certain whether a byte has
left us, nothing is repeated behind our back, no amount passes through a float, and no answer
however odd raises anything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

import stripe

from apps.payments.connectors.base import Context, ProviderError, RawExchange, Result
from apps.payments.connectors.stripe import account, wire
from apps.payments.domain.states import Outcome
from apps.platform.http import AnswerLost, Exchange, NotSent

#: Stripe's pinned version; the SDK's own, and that of webhook endpoints we register.
API_VERSION = "2026-10-28.endive"
_KEPT_HEADERS = frozenset(
    {"authorization", "stripe-version", "stripe-account", "idempotency-key", "content-type"}
)
# It would send the machine's description along with each request, and write a file at home.
stripe.enable_telemetry = False
# At lower levels the SDK logs what is sent.
logging.getLogger("stripe").setLevel(logging.WARNING)

Ask = Callable[[Any], object]
Reader = Callable[[int, dict[str, object]], Result]


class _Answered(Exception):
    """The answer, carried past the SDK's own reading of it."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__("answered")
        self.exchange = exchange


class _Wire(stripe.HTTPClient):
    """The SDK's way out."""

    name = "countinghouse"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.request_kept: dict[str, object] = {}

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_usage: object,
    ) -> NoReturn:
        body = post_data.encode() if isinstance(post_data, str) else post_data
        self.request_kept = _kept(method, url, body or b"")
        raise _Answered(
            self._context.http.send(
                method.upper(),
                url,
                data=body or b"",
                headers={n: v for n, v in (headers or {}).items() if n.lower() in _KEPT_HEADERS},
                timeout_seconds=self._context.timeout_seconds,
            )
        )


def _kept(method: str, url: str, body: bytes) -> dict[str, object]:
    fields = dict(parse_qsl(body.decode("utf-8", "replace")) or parse_qsl(urlsplit(url).query))
    covered = wire.covered(fields)
    told = covered if isinstance(covered, dict) else {}
    return {"method": method.upper(), "path": urlsplit(url).path, **told}


def exchange(context: Context, ask: Ask) -> tuple[int, dict[str, object], RawExchange]:
    """One call of the SDK: status, document and evidence; or ``NotSent`` or ``AnswerLost``."""
    way = _Wire(context)
    config = context.account.config
    client = stripe.StripeClient(
        context.secret("api_key"),
        stripe_account=account.text(config, "acts_for") or None,
        stripe_version=API_VERSION,
        base_addresses={"api": account.text(config, "base_url") or account.DEFAULT_BASE_URL},
        max_network_retries=0,
        http_client=way,
    )
    try:
        ask(client.v1)
    except _Answered as answered:
        said = answered.exchange
    else:
        raise TypeError("the call asked nothing of Stripe")
    raw = RawExchange(way.request_kept, said.status, wire.covered_document(said.body))
    return said.status, wire.document(said.body), raw


def submit(context: Context, ask: Ask, read: Reader) -> Result:
    """Make the call and say how it ended. Only what never left us counts as not sent."""
    try:
        status, document, raw = exchange(context, ask)
    except NotSent:
        return Result(Outcome.NOT_SENT, error=_OUTAGE)
    except AnswerLost:
        return Result(Outcome.UNKNOWN, error=_LOST)
    return replace(read(status, document), exchange=raw)


def enquire(context: Context, ask: Ask, read: Reader) -> Result:
    """A question. One that did not get through says nothing about what it asked."""
    result = submit(context, ask, read)
    is_answered = result.exchange is not None and result.exchange.status is not None
    if result.outcome == Outcome.NOT_SENT or not is_answered:
        return replace(result, outcome=Outcome.UNKNOWN, facts=(), is_unreachable=True)
    return result


_OUTAGE = ProviderError("provider.outage", "", "No connection.", "no", "same_key")
_LOST = ProviderError("provider.timeout", "", "No answer.", "unknown", "after_verify")
