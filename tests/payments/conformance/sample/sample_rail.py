"""A connector as somebody else would write it: one file, outside of the house."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from apps.payments.connectors.base import (
    AmountPolicy,
    AttemptView,
    Capabilities,
    Context,
    KeyPolicy,
    ProviderError,
    ProviderFact,
    RawExchange,
    Result,
)
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Operation, Outcome
from apps.payments.domain.tariffs import Tariff
from apps.platform.http import AnswerLost, Exchange, NotSent

_LIMITS = AmountPolicy(least=1, most=1_000_000)
_TOO_MANY, _REFUSED, _ABSENT = 429, 402, 404


class SampleRail:
    """Pays out by one call, and can be asked about it."""

    code: ClassVar[str] = "sample"
    inbound_name: ClassVar[str] = "sample"

    def capabilities(self, config: Mapping[str, object]) -> Capabilities:
        """Payouts in dollars."""
        return Capabilities(
            operations=frozenset({Operation.PAYOUT}),
            amounts={(Operation.PAYOUT, "USD"): _LIMITS},
            keys={Operation.PAYOUT: KeyPolicy(is_honoured=True, longest=64)},
            callback_auth="none",
            secret_names=("token",),
            has_statement=False,
            parties={Operation.PAYOUT: frozenset({"email"})},
        )

    def problems(self, config: Mapping[str, object]) -> Mapping[str, str]:
        """Nothing can be configured."""
        return dict.fromkeys(config, "is not a known field")

    def tariff(self, config: Mapping[str, object]) -> Tariff | None:
        """None."""
        return None

    def pay_out(self, context: Context, attempt: AttemptView) -> Result:
        """Send the money once, under the attempt's key."""
        body = {"to": attempt.party.value, "minor": attempt.amount.minor}
        return self._call(context, "PUT", attempt, body)

    def verify(self, context: Context, attempt: AttemptView) -> Result:
        """Ask by our key."""
        result = self._call(context, "GET", attempt, None)
        is_open = result.outcome in {Outcome.NOT_SENT, Outcome.UNKNOWN}
        return Result(Outcome.UNKNOWN, is_unreachable=True) if is_open else result

    def _call(
        self, context: Context, method: str, attempt: AttemptView, body: dict[str, object] | None
    ) -> Result:
        headers = {"Authorization": context.secret("token")}
        url = f"{context.account.base_url}/payouts/{attempt.provider_key}"
        try:
            exchange = context.http.send(method, url, json=body, headers=headers)
        except NotSent:
            why = ProviderError("provider.outage", "", "No connection.", "no", "same_key")
            return Result(Outcome.NOT_SENT, error=why)
        except AnswerLost:
            return Result(Outcome.UNKNOWN)
        return self._read(exchange, attempt)

    def _read(self, exchange: Exchange, attempt: AttemptView) -> Result:
        kept = RawExchange({"key": attempt.provider_key}, exchange.status, {})
        if exchange.status == _TOO_MANY:
            why = ProviderError("provider.rate_limited", "429", "Slow down.", "no", "same_key")
            return Result(Outcome.NOT_SENT, error=why, exchange=kept)
        if exchange.status == _ABSENT:
            return Result(Outcome.ABSENT, exchange=kept)
        try:
            told = json.loads(exchange.body)["state"]
        except (ValueError, KeyError, TypeError):
            return Result(Outcome.UNKNOWN, exchange=kept)
        if exchange.status == _REFUSED and told == "refused":
            why = ProviderError("customer.declined", "refused", "Refused.", "no", "new_attempt")
            return Result(Outcome.DECLINED, error=why, exchange=kept)
        if told != "paid":
            return Result(Outcome.UNKNOWN, exchange=kept)
        fact = ProviderFact(
            EventKind.SUCCEEDED, dedupe=f"paid:{attempt.provider_key}", amount=attempt.amount
        )
        return Result(Outcome.SUCCEEDED, facts=(fact,), exchange=kept)


CONNECTOR = SampleRail()
