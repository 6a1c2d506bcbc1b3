"""One exchange and how it ended. Every exchange is kept, covered, as evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from apps.payments.connectors.base import Context, ProviderError, RawExchange, Result
from apps.payments.connectors.paypal import access, answers, wire
from apps.payments.connectors.paypal.access import Ask
from apps.payments.domain.states import Outcome
from apps.platform.http import AnswerLost, Exchange, NotSent

Reader = Callable[[Mapping[str, object]], Result]
_NO_CONTENT = 204


def make(context: Context, ask: Ask, read: Reader) -> Result:
    """Make the call and say how it ended. Only what never left us counts as not sent."""
    request = _request(ask)
    try:
        exchange = access.send(context, ask)
    except access.NoToken as missing:
        return Result(Outcome.NOT_SENT, error=missing.why, exchange=RawExchange(request, None, {}))
    except NotSent:
        why = ProviderError("provider.outage", "", "No connection.", "no", "same_key")
        return Result(Outcome.NOT_SENT, error=why, exchange=RawExchange(request, None, {}))
    except AnswerLost:
        why = ProviderError("provider.timeout", "", "No answer.", "unknown", "after_verify")
        return Result(Outcome.UNKNOWN, error=why, exchange=RawExchange(request, None, {}))
    told = wire.document(exchange.body)
    kept = RawExchange(request, exchange.status, wire.covered(told))
    return replace(_read(exchange, told, read), exchange=kept)


def ask(context: Context, path: str, read: Reader) -> Result:
    """A question. One that did not get through says nothing about what it asked."""
    result = make(context, Ask(method="GET", path=path), read)
    status = result.exchange.status if result.exchange else None
    is_read = result.error is not answers.UNREADABLE
    if (answers.is_success(status or 0) and is_read) or is_absent(result):
        return result
    return replace(result, outcome=Outcome.UNKNOWN, facts=(), is_unreachable=True)


def is_absent(result: Result) -> bool:
    """Whether PayPal, asked about something, has never heard of it."""
    return result.outcome == Outcome.ABSENT


def look(context: Context, path: str) -> dict[str, object]:
    """A document of the account as a whole; ``ValueError`` when it cannot be read now."""
    try:
        exchange = access.send(context, Ask(method="GET", path=path))
    except (access.NoToken, NotSent, AnswerLost) as lost:
        raise ValueError(f"PayPal could not be reached: {type(lost).__name__}") from lost
    told = wire.document(exchange.body)
    if not answers.is_success(exchange.status) or not told:
        raise ValueError(f"PayPal answered {exchange.status}")
    return told


def _read(exchange: Exchange, told: Mapping[str, object], read: Reader) -> Result:
    if answers.is_success(exchange.status):
        is_whole = bool(told) or exchange.status == _NO_CONTENT
        return read(told) if is_whole else answers.unreadable()
    is_question = exchange.request.method == "GET"
    if is_question and exchange.status == 404 and told.get("name"):  # noqa: PLR2004
        return Result(Outcome.ABSENT)
    known = answers.batch_known(told)
    return known or answers.refused(exchange.status, told, exchange.headers.get("retry-after", ""))


def _request(asked: Ask) -> dict[str, object]:
    said: dict[str, object] = {"method": asked.method, "path": asked.path}
    if asked.key:
        said["request_id"] = asked.key
    if asked.form is not None:
        said["bytes"] = len(asked.form[0])
    return said | wire.covered(asked.body or {})
