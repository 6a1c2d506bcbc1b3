"""What became of an attempt: by the id Stripe gave it, else by looking for our mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from apps.payments.connectors.base import AttemptView, Context, ProviderError, Result
from apps.payments.connectors.stripe import account, answers, client, codes, translate, wire
from apps.payments.domain.states import Operation, Outcome
from apps.platform.http import AnswerLost, NotSent

Document = dict[str, object]
#: A request may still be running this long after we lost sight of it.
SETTLED_AFTER = timedelta(minutes=2)
#: Our clock and Stripe's may differ by this much.
SKEW = timedelta(minutes=5)
#: A creation is repeated within the key's day at the latest, and found by its own time.
LOOKED_FOR = timedelta(hours=30)
PAGE, PAGES_MOST = 100, 50
_INTENTS = (Operation.PURCHASE, Operation.AUTHORISE)
_LISTED = {
    Operation.PURCHASE: "payment_intents",
    Operation.AUTHORISE: "payment_intents",
    Operation.REFUND: "refunds",
    Operation.PAYOUT: "transfers",
}
_NAMES = {Operation.REFUND: "refund", Operation.PAYOUT: "transfer"}


def verify(context: Context, attempt: AttemptView) -> Result:
    """Ask. A payment that nobody made in time, or that was declined on the page, is closed."""
    match attempt.operation:
        case Operation.CAPTURE | Operation.VOID:
            return _by_the_intent(context, attempt)
        case Operation.REFUND | Operation.PAYOUT:
            id = attempt.provider_refs.get(_NAMES[attempt.operation], "")
            return _one(context, attempt, id) if id else _searched(context, attempt)
    id = attempt.provider_refs.get("payment_intent", "")
    found = _one(context, attempt, id) if id else _searched(context, attempt)
    return _closed_if_over(context, attempt, found)


def _one(context: Context, attempt: AttemptView, id: str) -> Result:
    params: dict[str, Any] = {}
    if attempt.operation in _INTENTS:
        params = {"expand": translate.INTENT_SHOWN}

    def ask(v1: Any) -> object:
        return getattr(v1, _LISTED[attempt.operation]).retrieve(id, params)

    return client.enquire(context, ask, lambda status, told: _answer(status, told, attempt))


def _answer(status: int, document: Document, attempt: AttemptView) -> Result:
    """A question that was refused says nothing about the attempt it asked about."""
    if status != codes.OK:
        why = codes.refused(status, document).error
        return Result(Outcome.UNKNOWN, error=why, is_unreachable=True)
    return read(document, attempt.operation)


def read(document: Document, operation: Operation) -> Result:
    """What an object says about the attempt that made it."""
    match operation:
        case Operation.REFUND:
            return answers.read_refund(document)
        case Operation.PAYOUT:
            return answers.read_transfer(document)
    return answers.read_intent(document, operation)


def _searched(context: Context, attempt: AttemptView) -> Result:
    """The object that bears our mark. That there is none is proved once no request can be running.

    Whether it is then sent again is decided by whoever asked; the key protects it for a day, and
    after that the proof does.
    """
    try:
        for document in _created_around(context, attempt):
            if wire.inner(document, "metadata").get("attempt_id") == str(attempt.id):
                return read(document, attempt.operation)
    except (NotSent, AnswerLost, ValueError):
        return Result(Outcome.UNKNOWN, is_unreachable=True)
    if attempt.sent_at is None or context.now() < attempt.sent_at + SETTLED_AFTER:
        return Result(Outcome.UNKNOWN)
    return _absent("Stripe's books do not know it.")


def _created_around(context: Context, attempt: AttemptView) -> Iterator[Document]:
    since = int((attempt.created_at - SKEW).timestamp())
    until = int((attempt.created_at + LOOKED_FOR).timestamp())
    params: dict[str, Any] = {"created": {"gte": since, "lte": until}}
    if attempt.operation == Operation.REFUND:
        params["payment_intent"] = translate.parent_intent(attempt)
    return listed(context, lambda v1: getattr(v1, _LISTED[attempt.operation]), params)


def listed(
    context: Context, service: Callable[[Any], Any], params: dict[str, Any]
) -> Iterator[Document]:
    """Every object of a list, page after page; ``ValueError`` when it cannot be read to its end."""
    after: dict[str, str] = {}
    for _ in range(PAGES_MOST):
        asked = {"limit": PAGE, **params, **after}

        def ask(v1: Any, asked: dict[str, Any] = asked) -> object:
            return service(v1).list(asked)

        status, document, _raw = client.exchange(context, ask)
        if status != codes.OK or document.get("object") != "list":
            raise ValueError(f"the list was answered with {status}")
        rows = wire.rows(document.get("data"))
        yield from rows
        if document.get("has_more") is not True:
            return
        if not rows or not wire.id_of(rows[-1]):
            raise ValueError("the list goes on without an end")
        after = {"starting_after": wire.id_of(rows[-1])}
    raise ValueError("the list is longer than is read")


def _by_the_intent(context: Context, attempt: AttemptView) -> Result:
    """A capture leaves its mark on the intent, a void closes it."""
    id = translate.parent_intent(attempt)

    def reading(status: int, document: Document) -> Result:
        if status != codes.OK:
            return _answer(status, document, attempt)
        if attempt.operation == Operation.VOID:
            told = answers.read_void(document)
        else:
            told = answers.read_capture(document, str(attempt.id)) or answers.UNREADABLE
        is_open = document.get("status") == "requires_capture"
        if told.outcome != Outcome.UNKNOWN or not is_open or not _is_settled(context, attempt):
            return told
        return _absent("The money is still held.")

    def ask(v1: Any) -> object:
        return v1.payment_intents.retrieve(id, {"expand": translate.INTENT_SHOWN})

    return client.enquire(context, ask, reading)


def _is_settled(context: Context, attempt: AttemptView) -> bool:
    return attempt.sent_at is not None and context.now() >= attempt.sent_at + SETTLED_AFTER


def _absent(said: str) -> Result:
    why = ProviderError("provider.absent", "", said, "no", "same_key")
    return Result(Outcome.ABSENT, error=why)


def _closed_if_over(context: Context, attempt: AttemptView, found: Result) -> Result:
    """An attempt is one try: when it is over, the intent is cancelled, and then nobody can pay it.

    If the payer was faster, Stripe refuses the cancellation and shows the intent as paid.
    """
    id = found.provider_refs.get("payment_intent", "")
    if found.outcome != Outcome.ACCEPTED or found.action is None or not id:
        return found
    since = attempt.sent_at or attempt.created_at
    is_late = context.now() >= since + account.payer_has(context.account.config)
    if not is_late and not _was_declined(found):
        return found

    def reading(_status: int, document: Document) -> Result:
        shown = wire.inner(document, "error", "payment_intent") or document
        return answers.read_intent(shown, attempt.operation)

    closed = client.enquire(context, lambda v1: v1.payment_intents.cancel(id), reading)
    return closed if closed.outcome != Outcome.UNKNOWN else found


def _was_declined(found: Result) -> bool:
    told = found.exchange.answer if found.exchange else {}
    failure = wire.inner(told, "last_payment_error")
    return bool(failure) and told.get("status") == "requires_payment_method"
