"""Reading strayed money, and what may be done with each."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from apps.payments.connectors.registry import connector
from apps.payments.domain import strays as rules
from apps.payments.domain.rulings import VerbRow
from apps.payments.domain.states import TAKES, Operation
from apps.payments.domain.strays import (
    StrayFacts,
    StrayKind,
    StrayRow,
    StrayState,
    StrayUseKind,
    StrayUseRow,
)
from apps.payments.errors.operators import UnknownStray
from apps.payments.models import (
    Attempt,
    PayInUsed,
    PaymentEvent,
    PaymentIntent,
    Stray,
    StrayUse,
)
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.money import Money

QUEUE_MAX = 200


def strays(*, state: str = "", kind: str = "") -> QuerySet[Stray]:
    """Strayed money, to be paged by this app's own entry points."""
    found = Stray.objects.select_related("provider_account", "intent", "event")
    found = found.prefetch_related("uses")
    if state:
        found = found.filter(state=state)
    return found.filter(kind=kind) if kind else found


def waiting_strays() -> list[StrayRow]:
    """What has no place yet, the oldest first."""
    found = strays().exclude(state=StrayState.DONE).order_by("opened_at", "id")
    return [stray_row(row) for row in found[:QUEUE_MAX]]


def waiting_strays_count() -> int:
    """How many wait for a person."""
    return Stray.objects.filter(state=StrayState.OPEN).count()


def stray(stray_id: UUID) -> StrayRow:
    """One of them, or ``UnknownStray``."""
    return stray_row(_found(stray_id))


def stray_verbs(stray_id: UUID) -> list[VerbRow]:
    """Every verb, with the reason why it is not allowed now."""
    facts = stray_facts(_found(stray_id))
    return [
        VerbRow(
            "accept",
            "Those whom the payment belongs to are credited, and it counts as paid.",
            rules.why_not_accepted(facts),
        ),
        VerbRow(
            "refund",
            "It goes back to whoever paid it, once a second person has agreed.",
            rules.why_not_refunded(facts),
        ),
        VerbRow("move", "It is credited to the account of a party.", rules.why_not_moved(facts)),
    ]


def open_strays_of(intent: PaymentIntent) -> QuerySet[Stray]:
    """What came for the payment and waits, the oldest first."""
    found = Stray.objects.filter(intent=intent, state=StrayState.OPEN, left_minor__gt=0)
    return found.select_related("attempt__provider_account", "event", "intent").order_by(
        "opened_at", "id"
    )


def stray_facts(stray: Stray) -> StrayFacts:
    """What decides about the verbs; reads its intent and its attempt's account."""
    intent, currency = stray.intent, stray.currency
    left = 0
    if intent is not None:
        left = open_strays_of(intent).order_by().aggregate(sum=Sum("left_minor"))["sum"] or 0
    return StrayFacts(
        kind=StrayKind(stray.kind),
        state=StrayState(stray.state),
        left=stray.left,
        has_payment=intent is not None,
        asked=Money(intent.amount_minor if intent else 0, currency),
        all_left=Money(left, currency),
        is_settled=intent is not None and _is_settled(intent),
        why_no_refund=_why_no_refund(stray.attempt, stray.left),
    )


def _is_settled(intent: PaymentIntent) -> bool:
    """Those whom it belongs to were credited: by a capture, a pay-in, or by strayed money."""
    taken = PaymentEvent.objects.filter(
        intent=intent, booked_minor__gt=0, attempt__operation__in=TAKES
    )
    return (
        taken.filter(Q(stray=None) | Q(stray__kind=StrayKind.OVER)).exists()
        or StrayUse.objects.filter(
            stray__intent=intent, use=StrayUseKind.ACCEPTED, amount_minor__gt=0
        ).exists()
        or PayInUsed.objects.filter(intent=intent).exists()
    )


def _why_no_refund(attempt: Attempt, left: Money) -> str:
    account = attempt.provider_account
    can = connector(account.connector).capabilities(account.config)
    if Operation.REFUND not in can.operations:
        return f"{account.name} gives no money back: move it, and pay it out."
    if left.minor < attempt.amount_minor and not can.refunds.is_partial:
        return f"{account.name} gives back only whole payments."
    window: timedelta | None = can.refunds.window
    since = attempt.finished_at or attempt.created_at
    if window is not None and clock.now() > since + window:
        return f"{account.name} gives money back for {window.days} days only."
    return ""


def stray_row(row: Stray) -> StrayRow:
    """From the model; reads account, intent, event and uses, so select them along."""
    return StrayRow(
        id=row.id,
        kind=StrayKind(row.kind),
        state=StrayState(row.state),
        amount=row.amount,
        left=row.left,
        provider_account=row.provider_account.label,
        provider_reference=row.event.provider_reference,
        intent_id=row.intent_id,
        reference=row.intent.reference if row.intent else "",
        status=row.intent.status if row.intent else "",
        attempt_id=row.attempt_id,
        refund_id=row.refund_id,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        entry_id=row.event.journal_id,
        uses=tuple(
            StrayUseRow(
                use=StrayUseKind(use.use),
                amount=Money(use.amount_minor, row.currency),
                account=use.account,
                refund_id=use.refund_id,
                entry_id=use.entry_id,
                reason=use.reason,
                actor=use.actor,
                at=use.at,
            )
            for use in row.uses.all()
        ),
    )


def _found(stray_id: UUID) -> Stray:
    found = strays().select_related("attempt__provider_account").filter(id=stray_id).first()
    if found is None:
        raise UnknownStray(stray=public_id("str", stray_id))
    return found
