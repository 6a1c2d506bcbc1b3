"""Which promise stands for which operation, and calling on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from apps.payments.connectors.base import (
    AttemptView,
    Authoriser,
    Capturer,
    Collector,
    Completer,
    Connector,
    Context,
    Disburser,
    ProviderError,
    Refunder,
    Result,
    Voider,
)
from apps.payments.domain.states import Operation, Outcome, Step

Call = Callable[[Context, AttemptView], Result]
_PROMISES: Mapping[Operation, tuple[type, str]] = {
    Operation.PURCHASE: (Collector, "collect"),
    Operation.AUTHORISE: (Authoriser, "authorise"),
    Operation.CAPTURE: (Capturer, "capture"),
    Operation.VOID: (Voider, "void"),
    Operation.REFUND: (Refunder, "refund"),
    Operation.PAYOUT: (Disburser, "pay_out"),
}
_UNSUPPORTED = ProviderError("request.unsupported", "", "Not offered by this rail.", "no", "never")


def keeps(rail: Connector, operation: Operation) -> bool:
    """Whether the connector promises the operation at all."""
    return isinstance(rail, _PROMISES[operation][0])


def submit(rail: Connector, context: Context, attempt: AttemptView) -> Result:
    """Make the call of the attempt's operation that is due; a promise never made is a refusal."""
    if not keeps(rail, attempt.operation):
        return Result(Outcome.DECLINED, error=_UNSUPPORTED)
    if attempt.step == Step.COMPLETE and isinstance(rail, Completer):
        return rail.complete(context, attempt)
    call = cast("Call", getattr(rail, _PROMISES[attempt.operation][1]))
    return call(context, attempt)
