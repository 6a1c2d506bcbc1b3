"""New attempts: written and committed before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.payments.connectors.base import Party, PartyKind
from apps.payments.domain import tokens
from apps.payments.domain.keys import short_key
from apps.payments.domain.merging import RANKS, EventKind
from apps.payments.domain.payees import BankPayee
from apps.payments.domain.phones import country_of, msisdn
from apps.payments.domain.receipts import AttemptReceipt
from apps.payments.domain.routing import Wish
from apps.payments.domain.states import (
    CHARGES,
    COLLECTABLE,
    LIVE_ATTEMPTS,
    AttemptState,
    CaptureMethod,
    Direction,
    IntentStatus,
    Operation,
)
from apps.payments.errors import (
    IdempotencyKeyReused,
    IntentNotCollectable,
    PayoutAlreadyTried,
    UnknownIntent,
)
from apps.payments.models import (
    Attempt,
    BankPayout,
    PaymentEvent,
    PaymentIntent,
    PhoneNumber,
    ProviderAccount,
)
from apps.payments.selectors.contexts import callback_token
from apps.payments.selectors.routing import tried_in_vain, wish_of
from apps.payments.services.accounts import capabilities_of, way_for
from apps.payments.services.bank_collecting import check_payee
from apps.payments.services.phone_numbers import kept_number
from apps.payments.services.projecting import project
from apps.platform import audit, clock, context
from apps.platform.actors import Actor
from apps.platform.idempotency import fingerprint
from apps.platform.ids import new_id, public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case
from apps.tenancy.workers import wake

SEND_TASK = "payments.send_due_attempts"
_OUT = (Operation.PAYOUT, Operation.REFUND)
_RUNNING = (IntentStatus.PROCESSING, IntentStatus.REQUIRES_ACTION)
_RETRYABLE = (AttemptState.DECLINED, AttemptState.FAILED)


@use_case("payments.start_collection")
def start_collection(
    *, intent_id: UUID, actor: Actor, provider_account: str = ""
) -> AttemptReceipt:
    """Queue one attempt to collect the intent from its payer; a worker sends it.

    The money is taken at once, or held where the intent is to be captured later.

    While an attempt is under way, asking again returns it, marked as a replay. Refused with
    ``IntentNotCollectable`` when the intent is paid, over, or of unknown outcome.
    """
    intent = PaymentIntent.objects.select_for_update().filter(id=intent_id).first()
    name = public_id("pi", intent_id)
    if intent is None:
        raise UnknownIntent(intent=name)
    running = intent.attempts.filter(operation__in=CHARGES, state__in=LIVE_ATTEMPTS).first()
    if running is not None and intent.status in _RUNNING:
        audit.nothing_happened()
        return receipt_of(running, is_replay=True)
    if intent.status not in COLLECTABLE or intent.expires_at <= clock.now():
        raise IntentNotCollectable(intent=name, status=intent.status)
    amount = Money(intent.amount_minor, intent.currency)
    is_at_once = intent.capture_method == CaptureMethod.AUTOMATIC
    operation = Operation.PURCHASE if is_at_once else Operation.AUTHORISE
    party = party_of(intent)
    number = intent.attempts.filter(operation__in=CHARGES).count() + 1
    wish = wish_of(intent, operation, party.kind, number)
    account, route = way_for(wish, provider_account, tried_in_vain(intent))
    attempt = write_attempt(
        AttemptDraft(
            operation=operation,
            number=number,
            amount=amount,
            phone_number=intent.payer_number,
            party={} if party.kind == "phone" else asdict(party),
            account=account,
            route=route,
            idempotency_key=f"{name}:{number}",
            intent=intent,
        )
    )
    project(intent)
    audit.note(name, attempt=public_id("att", attempt.id))
    return receipt_of(attempt)


@use_case("payments.create_payout_attempt")
def create_payout_attempt(  # noqa: PLR0913  the facts of a payout, each by name
    *,
    payout_ref: UUID,
    amount: Money,
    debit_account: str,
    provider_account: str,
    idempotency_key: str,
    actor: Actor,
    phone: str = "",
    payee: BankPayee | None = None,
) -> AttemptReceipt:
    """Queue a payout; a worker sends it. When it is paid, ``debit_account`` is debited.

    It goes to a phone, or by a rail of files to a ``payee`` at a bank: ``UnwritablePayment`` at
    once when the bank would not take a field of it.

    Asking again with the same key and facts returns the first receipt. Another attempt for the
    same ``payout_ref`` is refused with ``PayoutAlreadyTried`` unless every earlier one is proved to
    have failed: an unknown outcome is never paid again.
    """
    number_called = kept_number(msisdn(phone)) if payee is None else None
    asked = fingerprint(
        str(payout_ref), amount.minor, amount.currency,
        str(number_called.id) if number_called else "", debit_account,
        provider_account, *(payee.facts.values() if payee else ()),
    )  # fmt: skip
    first = _replayed(idempotency_key, asked)
    if first is not None:
        return first
    earlier = Attempt.objects.filter(payout_ref=payout_ref)
    _refuse_second_payout(payout_ref)
    party: PartyKind = "phone" if payee is None else "bank_account"
    wish = Wish(Operation.PAYOUT, amount, party, str(payout_ref), country_of(phone))
    account, route = way_for(wish, provider_account)
    check_payee(account, amount, payee)
    draft = AttemptDraft(
        operation=Operation.PAYOUT,
        number=earlier.count() + 1,
        amount=amount,
        phone_number=number_called,
        account=account,
        route=route,
        idempotency_key=idempotency_key,
        fingerprint=asked,
        payout_ref=payout_ref,
        debit_account=debit_account,
        payee=payee,
    )
    try:
        with transaction.atomic():
            attempt = write_attempt(draft)
    except IntegrityError:
        first = _replayed(idempotency_key, asked)
        if first is not None:
            return first
        _refuse_second_payout(payout_ref)
        raise
    audit.note(public_id("att", attempt.id), payout_ref=str(payout_ref))
    return receipt_of(attempt)


def party_of(intent: PaymentIntent) -> Party:
    """Who pays: a stored payment method, a phone, or whoever comes to the provider's page."""
    if intent.payment_method:
        return Party("token", intent.payment_method)
    return Party("phone", intent.payer_phone) if intent.payer_phone else Party()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDraft:
    """What an attempt is for."""

    operation: Operation
    number: int
    amount: Money
    phone_number: PhoneNumber | None
    account: ProviderAccount
    idempotency_key: str
    fingerprint: bytes = b""
    intent: PaymentIntent | None = None
    payout_ref: UUID | None = None
    debit_account: str = ""
    payee: BankPayee | None = None
    party: Mapping[str, object] = field(default_factory=dict)
    parent: Attempt | None = None
    is_last: bool = True
    allocation: Sequence[Mapping[str, object]] = ()
    reason: str = ""
    route: Mapping[str, object] = field(default_factory=dict)


def write_attempt(draft: AttemptDraft) -> Attempt:
    """Write the attempt with the event that says so, and wake whoever sends it."""
    id, now = new_id(), clock.now()
    policy = capabilities_of(draft.account).keys[draft.operation]
    reference = draft.intent.reference if draft.intent else str(id)
    attempt = Attempt.objects.create(
        id=id,
        direction=Direction.OUT if draft.operation in _OUT else Direction.IN,
        operation=draft.operation,
        number=draft.number,
        intent=draft.intent,
        payout_ref=draft.payout_ref,
        provider_account=draft.account,
        amount_minor=draft.amount.minor,
        currency=draft.amount.currency,
        phone_number=draft.phone_number,
        debit_account=draft.debit_account,
        party=dict(draft.party),
        parent=draft.parent,
        is_last=draft.is_last,
        allocation=[dict(leg) for leg in draft.allocation],
        reason=draft.reason,
        route=dict(draft.route),
        provider_key=short_key(reference, _nth(draft), id, policy.longest),
        key_valid_until=now + policy.window if policy.window else None,
        callback_token_hash=tokens.fingerprint(callback_token(id)),
        idempotency_key=draft.idempotency_key,
        fingerprint=draft.fingerprint,
        traceparent=context.traceparent(),
        created_at=now,
        next_send_at=now,
    )
    if draft.payee is not None:
        BankPayout.objects.create(attempt=attempt, payee=draft.payee.facts)
    wake(SEND_TASK)
    _note_request(attempt)
    return attempt


def _nth(draft: AttemptDraft) -> int:
    """Only the first charge carries the reference itself; a payout's is its own id already."""
    if draft.intent is None:
        return 1
    return draft.number if draft.operation in CHARGES else 2


def _note_request(attempt: Attempt) -> None:
    PaymentEvent.objects.create(
        provider_account=attempt.provider_account,
        intent=attempt.intent,
        attempt=attempt,
        payout_ref=attempt.payout_ref,
        kind=EventKind.REQUESTED,
        facet=f"{attempt.operation}:{attempt.id}",
        rank=RANKS[EventKind.REQUESTED],
        currency=attempt.currency,
        received_at=attempt.created_at,
        source="system",
        dedupe=f"requested:{attempt.id}",
        is_effective=True,
    )


def _replayed(key: str, asked: bytes) -> AttemptReceipt | None:
    known = Attempt.objects.filter(idempotency_key=key).first()
    if known is None:
        return None
    if bytes(known.fingerprint) != asked:
        raise IdempotencyKeyReused(key=key)
    audit.nothing_happened()
    return receipt_of(known, is_replay=True)


def _refuse_second_payout(payout_ref: UUID) -> None:
    open_one = Attempt.objects.filter(payout_ref=payout_ref).exclude(state__in=_RETRYABLE).first()
    if open_one is not None:
        raise PayoutAlreadyTried(payout_ref=str(payout_ref), state=open_one.state)


def receipt_of(attempt: Attempt, *, is_replay: bool = False) -> AttemptReceipt:
    """An attempt as use cases hand it out."""
    return AttemptReceipt(
        attempt_id=attempt.id,
        direction=Direction(attempt.direction),
        amount=Money(attempt.amount_minor, attempt.currency),
        state=AttemptState(attempt.state),
        is_replay=is_replay,
    )
