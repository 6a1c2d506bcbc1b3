"""What is done with money that is held: taking it, in parts or whole, and letting it go."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Sum

from apps.payments.domain import allocations
from apps.payments.domain.allocations import Allocation
from apps.payments.domain.receipts import AttemptReceipt
from apps.payments.domain.states import AttemptState, CaptureMethod, IntentStatus, Operation
from apps.payments.errors import OperationNotOffered, UnknownIntent
from apps.payments.errors.operations import (
    AllocationNeeded,
    NothingHeld,
    NotInParts,
    TooMuch,
)
from apps.payments.models import Attempt, PaymentIntent
from apps.payments.services.accounts import capabilities_of, check_amount
from apps.payments.services.attempts import AttemptDraft, receipt_of, write_attempt
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case

_OVER = (AttemptState.DECLINED, AttemptState.FAILED)
_HELD = (IntentStatus.AUTHORISED, IntentStatus.PARTIALLY_CAPTURED)


@use_case("payments.capture_payment")
def capture_payment(
    *,
    intent_id: UUID,
    amount: Money | None = None,
    allocation: Sequence[Allocation] = (),
    is_last: bool | None = None,
    actor: Actor,
) -> AttemptReceipt:
    """Queue the taking of held money: all that is left, or ``amount``.

    A part must say whom it belongs to (``allocation``). Unless the payment is captured in several
    parts, the first capture is the last, and what is left of the authorisation is let go. What is
    under way counts as taken: more than is held is refused with ``TooMuch``.
    """
    intent = locked_intent(intent_id)
    held = _held(intent)
    left = Money(intent.authorised_minor - _asked(intent, Operation.CAPTURE), intent.currency)
    taken = amount or left
    is_multiple = intent.capture_method == CaptureMethod.MULTIPLE
    is_final = taken == left or (not is_multiple if is_last is None else is_last)
    if taken.currency != left.currency or not 0 < taken.minor <= left.minor:
        raise TooMuch(left_minor=max(left.minor, 0), currency=left.currency)
    _check_parts(held, taken, left, is_final=is_final)
    legs = _legs(intent, taken, allocation)
    return _begin(intent, held, Operation.CAPTURE, taken, legs=legs, is_last=is_final)


@use_case("payments.void_payment")
def void_payment(*, intent_id: UUID, actor: Actor) -> AttemptReceipt:
    """Queue the release of what is still held. Refused with ``NothingHeld`` when nothing is."""
    intent = locked_intent(intent_id)
    held = _held(intent)
    left = intent.authorised_minor - _asked(intent, Operation.CAPTURE)
    if left <= 0:
        raise NothingHeld(intent=public_id("pi", intent.id), status=intent.status)
    return _begin(intent, held, Operation.VOID, Money(left, intent.currency))


def locked_intent(intent_id: UUID) -> PaymentIntent:
    """The intent, locked, or ``UnknownIntent``."""
    intent = PaymentIntent.objects.select_for_update().filter(id=intent_id).first()
    if intent is None:
        raise UnknownIntent(intent=public_id("pi", intent_id))
    return intent


def offered(attempt: Attempt, operation: Operation, amount: Money) -> None:
    """Refuse what the attempt's provider account does not do, or not with this amount."""
    can = capabilities_of(attempt.provider_account)
    if operation not in can.operations:
        label = attempt.provider_account.label
        raise OperationNotOffered(account=label, operation=operation)
    if operation != Operation.VOID:
        check_amount(can, operation, amount)


def _held(intent: PaymentIntent) -> Attempt:
    """The authorisation that stands and is not used up."""
    done = Attempt.objects.filter(intent=intent, is_last=True).exclude(state__in=_OVER)
    ended = done.filter(operation__in=[Operation.CAPTURE, Operation.VOID])
    held = (
        intent.attempts.select_related("provider_account")
        .filter(operation=Operation.AUTHORISE, state=AttemptState.SUCCEEDED)
        .exclude(id__in=ended.values("parent"))
        .order_by("-number")
        .first()
    )
    if held is None or intent.status not in _HELD:
        raise NothingHeld(intent=public_id("pi", intent.id), status=intent.status)
    return held


def _asked(intent: PaymentIntent, operation: Operation) -> int:
    found = intent.attempts.filter(operation=operation).exclude(state__in=_OVER)
    return found.aggregate(sum=Sum("amount_minor"))["sum"] or 0


def _check_parts(held: Attempt, taken: Money, left: Money, *, is_final: bool) -> None:
    policy = capabilities_of(held.provider_account).captures
    if (taken < left and not policy.is_partial) or (not is_final and not policy.is_multiple):
        raise NotInParts(operation=Operation.CAPTURE)


def _legs(
    intent: PaymentIntent, taken: Money, allocation: Sequence[Allocation]
) -> list[dict[str, object]]:
    if not allocation:
        if taken.minor != intent.amount_minor:
            raise AllocationNeeded
        return []
    allocations.checked(allocation, taken)
    return [{"account": leg.account, "amount_minor": leg.amount.minor} for leg in allocation]


def _begin(
    intent: PaymentIntent,
    held: Attempt,
    operation: Operation,
    amount: Money,
    *,
    legs: Sequence[dict[str, object]] = (),
    is_last: bool = True,
) -> AttemptReceipt:
    offered(held, operation, amount)
    number = intent.attempts.filter(operation=operation).count() + 1
    name = public_id("pi", intent.id)
    attempt = write_attempt(
        AttemptDraft(
            operation=operation,
            number=number,
            amount=amount,
            phone_number=held.phone_number,
            party=held.party,
            account=held.provider_account,
            idempotency_key=f"{name}:{operation}:{number}",
            intent=intent,
            parent=held,
            is_last=is_last,
            allocation=legs,
        )
    )
    audit.note(name, attempt=public_id("att", attempt.id), amount_minor=amount.minor)
    return receipt_of(attempt)
