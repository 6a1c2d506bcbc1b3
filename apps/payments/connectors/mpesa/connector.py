"""M-Pesa: one call per method. Every exchange is kept, covered, as evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import quote

from apps.payments.connectors.base import (
    AttemptView,
    Capabilities,
    Context,
    HttpReply,
    Interpretation,
    ProviderError,
    ProviderFact,
    RawCallback,
    RawExchange,
    Result,
)
from apps.payments.connectors.mpesa import (
    access,
    account,
    answers,
    statement,
    transfers,
    translate,
    webhooks,
    wire,
)
from apps.payments.connectors.mpesa.account_side import MpesaAccountSide
from apps.payments.domain import tariffs
from apps.payments.domain.merging import EventKind
from apps.payments.domain.receipts import ProviderTransaction
from apps.payments.domain.states import Operation, Outcome
from apps.payments.domain.tariffs import Tariff
from apps.platform.http import AnswerLost, NotSent

STK_PUSH = "/mpesa/stkpush/v1/processrequest"
STK_QUERY = "/mpesa/stkpushquery/v1/query"
B2C = "/mpesa/b2c/v3/paymentrequest"
STATUS = "/mpesa/transactionstatus/v1/query"
#: How far around an attempt its payment is looked for in the statement.
AROUND = timedelta(days=2)

#: How the statement names a line that undoes a pay-in.
REVERSAL = "reversal"

Reader = Callable[[int, bytes, AttemptView], Result]


class MpesaConnector(MpesaAccountSide):
    """Safaricom's Daraja: collects, pays out, can be asked, calls back, and has a statement.

    The word M-Pesa must not appear in callback addresses, so they say ``daraja``.
    """

    code: ClassVar[str] = "mpesa"
    inbound_name: ClassVar[str] = "daraja"
    callback_kinds: ClassVar[frozenset[str]] = webhooks.KINDS

    def capabilities(self, config: Mapping[str, object]) -> Capabilities:
        """What an account with this configuration can do."""
        return account.capabilities(config)

    def problems(self, config: Mapping[str, object]) -> Mapping[str, str]:
        """What is wrong with a configuration, by field."""
        return account.problems(config)

    def has_statement(self, context: Context) -> bool:
        """Whether the portal's statement of this account can be read."""
        return account.capabilities(context.account.config).has_statement

    def tariff(self, config: Mapping[str, object]) -> Tariff | None:
        """The price list in the configuration."""
        return tariffs.read(config["tariff"]) if "tariff" in config else None

    def collect(self, context: Context, attempt: AttemptView) -> Result:
        """Put a prompt on the payer's phone. Daraja knows no key here, so never twice."""
        body = translate.stk_push(
            context.account.config,
            context.secret("passkey"),
            attempt,
            context.callback_url,
            context.now(),
        )
        return _exchange(context, STK_PUSH, body, attempt, answers.stk_acknowledged)

    def pay_out(self, context: Context, attempt: AttemptView) -> Result:
        """To a phone under the attempt's OriginatorConversationID, which is taken once; to a till
        or paybill, or back whence it came, without a key.
        """
        if transfers.is_reversal(attempt):
            return self.refund(context, attempt)
        if transfers.is_b2b(attempt):
            body = transfers.b2b(
                context.account.config, _credential(context), attempt, context.callback_url
            )
            return _exchange(context, transfers.B2B, body, attempt, answers.b2c_acknowledged)
        body = translate.b2c(
            context.account.config, _credential(context), attempt, context.callback_url
        )
        return _exchange(context, B2C, body, attempt, answers.b2c_acknowledged)

    def refund(self, context: Context, attempt: AttemptView) -> Result:
        """Reverse a payment by its receipt. Daraja reverses one receipt once."""
        body = transfers.reversal(
            context.account.config, _credential(context), attempt, context.callback_url
        )
        return _exchange(context, transfers.REVERSAL, body, attempt, answers.b2c_acknowledged)

    def verify(self, context: Context, attempt: AttemptView) -> Result:
        """Ask what became of the attempt.

        A payout's verdict comes later, to its ``status`` address. A collection's comes at once and
        names no receipt, so the statement is read for it; the statement alone decides when the
        acknowledgement was lost and there is nothing to query by.
        """
        if attempt.operation != Operation.PURCHASE:
            if "conversation_id" not in attempt.provider_refs and not transfers.knows_our_key(
                attempt
            ):
                return _without_a_name(self, context, attempt)
            body = translate.status_query(
                context.account.config, _credential(context), attempt, context.callback_url
            )
            return _asked(_exchange(context, STATUS, body, attempt, answers.status_asked))
        checkout = attempt.provider_refs.get("checkout_request_id")
        if checkout is None:
            return _by_the_statement(self, context, attempt)
        body = translate.stk_query(
            context.account.config, context.secret("passkey"), checkout, context.now()
        )
        result = _asked(_exchange(context, STK_QUERY, body, attempt, answers.stk_answered))
        if result.outcome != Outcome.SUCCEEDED:
            return result
        found = _paid(_lines_about(self, context, attempt) or ())
        return replace(found, exchange=result.exchange) if found else result

    def identify(self, callback: RawCallback) -> str:
        """The message's name."""
        return webhooks.identify(callback)

    def interpret(self, callback: RawCallback, attempt: AttemptView) -> Interpretation:
        """What the message says."""
        return webhooks.interpret(callback, attempt)

    def acknowledge(self) -> HttpReply:
        """What Daraja wants to hear, also about duplicates."""
        return HttpReply({"ResultCode": 0, "ResultDesc": "Accepted"})

    def transactions(
        self, context: Context, since: datetime, until: datetime
    ) -> Sequence[ProviderTransaction]:
        """The organisation portal's statement, all its accounts together."""
        shortcode = context.account.config["shortcode"]
        period = f"from={quote(since.isoformat())}&to={quote(until.isoformat())}"
        try:
            exchange = context.http.send(
                "GET",
                f"{context.account.base_url}/portal/{shortcode}/statement.csv?{period}",
                auth=(context.secret("consumer_key"), context.secret("consumer_secret")),
                timeout_seconds=context.timeout_seconds,
            )
        except (NotSent, AnswerLost) as lost:
            raise ValueError(f"the portal could not be reached: {type(lost).__name__}") from lost
        if exchange.status != answers.HTTP_OK:
            raise ValueError(f"the portal answered {exchange.status}")
        return statement.read(exchange.body)


def _credential(context: Context) -> str:
    return translate.security_credential(
        context.secret("initiator_password"), context.secret("certificate").encode()
    )


def _exchange(
    context: Context, path: str, body: dict[str, object], attempt: AttemptView, read: Reader
) -> Result:
    """Make the call and say how it ended. Only what never left us counts as not sent."""
    request = {"path": path} | wire.covered(body)
    try:
        exchange = access.post(context, path, body)
    except access.NoToken as missing:
        return Result(Outcome.NOT_SENT, error=missing.why, exchange=RawExchange(request, None, {}))
    except NotSent:
        why = ProviderError("provider.outage", "", "No connection.", "no", "same_key")
        return Result(Outcome.NOT_SENT, error=why, exchange=RawExchange(request, None, {}))
    except AnswerLost:
        why = ProviderError("provider.timeout", "", "No answer.", "unknown", "after_verify")
        return Result(Outcome.UNKNOWN, error=why, exchange=RawExchange(request, None, {}))
    answer = wire.covered(wire.document(exchange.body))
    result = read(exchange.status, exchange.body, attempt)
    return replace(result, exchange=RawExchange(request, exchange.status, answer))


def _asked(result: Result) -> Result:
    """A question that did not get through says nothing about what it asked."""
    if result.outcome == Outcome.NOT_SENT or (
        result.exchange is not None and result.exchange.status is None
    ):
        return replace(result, outcome=Outcome.UNKNOWN, facts=(), is_unreachable=True)
    return result


def _by_the_statement(connector: MpesaConnector, context: Context, attempt: AttemptView) -> Result:
    """What became of a push whose acknowledgement was lost.

    Once every prompt of that time is dead, a statement without its payment proves that there was
    none and will be none: the push may then leave again.
    """
    lines = _lines_about(connector, context, attempt)
    if lines:
        return _paid(lines) or Result(Outcome.UNKNOWN)
    dead_after = account.prompt_dead_after(context.account.config)
    if lines is None or dead_after is None or attempt.sent_at is None:
        return Result(Outcome.UNKNOWN)
    if context.now() < attempt.sent_at + dead_after:
        return Result(Outcome.UNKNOWN)
    why = ProviderError("provider.absent", "", "Not in the statement.", "no", "same_key")
    return Result(Outcome.ABSENT, error=why)


def _without_a_name(connector: MpesaConnector, context: Context, attempt: AttemptView) -> Result:
    """What became of a transfer that has no name both sides know. A reversal is found in the
    statement by the receipt it undoes; nothing proves that a B2B payment was not made.
    """
    if not transfers.is_reversal(attempt) or not connector.has_statement(context):
        return Result(Outcome.UNKNOWN)
    undone = transfers.reversed_receipt(attempt)
    try:
        since = (attempt.sent_at or attempt.created_at) - AROUND
        lines = connector.transactions(context, since, context.now() + AROUND)
    except ValueError:
        return Result(Outcome.UNKNOWN, is_unreachable=True)
    found = [line for line in lines if line.linked_reference == undone and line.kind == REVERSAL]
    if len(found) != 1:
        return Result(Outcome.UNKNOWN)
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"receipt:{found[0].reference}",
        amount=abs(found[0].amount),
        reference=found[0].reference,
        provider_time=found[0].at,
    )
    return Result(Outcome.SUCCEEDED, {"receipt": found[0].reference}, (fact,))


def _lines_about(
    connector: MpesaConnector, context: Context, attempt: AttemptView
) -> Sequence[ProviderTransaction] | None:
    """The provider's own lines with the attempt's account reference; nothing if unreadable."""
    if not connector.has_statement(context):
        return None
    since, until = attempt.created_at - AROUND, attempt.created_at + AROUND
    try:
        lines = connector.transactions(context, since, until)
    except ValueError:
        return None
    return [
        line
        for line in lines
        if line.kind == "pay_in" and line.account_reference == attempt.provider_key
    ]


def _paid(lines: Sequence[ProviderTransaction]) -> Result | None:
    """The one payment in the statement; nothing where there is none, or a choice."""
    if len(lines) != 1:
        return None
    line = lines[0]
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"receipt:{line.reference}",
        amount=line.amount,
        reference=line.reference,
        provider_time=line.at,
    )
    return Result(Outcome.SUCCEEDED, {"receipt": line.reference}, (fact,))
