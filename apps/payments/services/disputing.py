"""Disputes: what a provider tells of them, in the books; and our answer, given once.

Money is booked by movements, never by a status: what a dispute takes stands in reserve, what it
gives back leaves it, and what is lost in the end becomes a loss.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from apps.payments.connectors.accounts import AboutDispute, DisputeMovement, DisputeReport
from apps.payments.domain.disputes import DISPUTE_ENDS, DisputeStage, DisputeStatus
from apps.payments.domain.merging import FEE, RANKS, REINSTATED, WITHDRAWN, EventKind
from apps.payments.domain.states import TAKES
from apps.payments.errors import CallbackContradicts
from apps.payments.errors.bank_files import ReasonMissing
from apps.payments.errors.operations import (
    DisputeOver,
    UnknownDispute,
)
from apps.payments.events.operations import (
    DisputeAnswered,
    DisputeClosed,
    DisputeDeadlineNear,
    DisputeOpened,
)
from apps.payments.events.operators import DisputeMoved
from apps.payments.models import (
    Attempt,
    Callback,
    Dispute,
    DisputeEvidence,
    PaymentEvent,
    PaymentIntent,
    ProviderAccount,
)
from apps.payments.services import journals
from apps.payments.services.projecting import project
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.events import Event, record
from apps.platform.ids import new_id, public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case
from apps.tenancy.workers import wake

ANSWER_TASK = "payments.tend_disputes"
#: How long before the deadline people are warned.
WARN_BEFORE = timedelta(days=3)
_FACETS = {
    "withdrawn": WITHDRAWN,
    "reinstated": REINSTATED,
    "fee": FEE,
    "fee_returned": "dispute_fee_returned",
}
_LOST = (DisputeStatus.LOST, DisputeStatus.ACCEPTED)


def hear_dispute(
    account: ProviderAccount, news: AboutDispute, actor: Actor, callback: Callback | None = None
) -> bool:
    """Learn what a provider tells of a dispute; answers whether any of it was new.

    Without a report the account's disputes are read soon. A dispute of a payment that is not ours
    is ``CallbackContradicts``: somebody must look.
    """
    if news.report is None:
        ProviderAccount.objects.filter(id=account.id).update(disputes_hint_at=clock.now())
        wake(ANSWER_TASK)
        return True
    return learn_dispute(account, news.report, actor, callback)


def learn_dispute(
    account: ProviderAccount, report: DisputeReport, actor: Actor, callback: Callback | None = None
) -> bool:
    """Make a report true, within the caller's transaction; answers whether it was news."""
    attempt = _disputed(account, report)
    intent = PaymentIntent.objects.select_for_update().get(attempts=attempt)
    dispute = (
        Dispute.objects.select_for_update()
        .filter(provider_account=account, reference=report.reference)
        .first()
    )
    is_new = dispute is None
    dispute = dispute or _open(account, attempt, intent, report)
    dispute.intent = intent
    moved = [_book(dispute, movement, actor, callback) for movement in report.movements]
    is_moved = any(moved)
    if is_moved:
        project(intent)
    is_changed = is_new or _follow(dispute, report, callback)
    _settle_loss(dispute, actor)
    dispute.save()
    return is_moved or is_changed


@use_case("payments.add_dispute_evidence")
def add_dispute_evidence(
    *, dispute_id: UUID, name: str, content_type: str, body: bytes, kind: str = "", actor: Actor
) -> UUID:
    """Put a document with a dispute; the same bytes again change nothing. Nothing is sent yet."""
    dispute = _locked(dispute_id)
    _still_open(dispute)
    digest = hashlib.sha256(body).hexdigest()
    known = dispute.evidence.filter(sha256=digest).first()
    if known is not None:
        audit.nothing_happened()
        return known.id
    kept = DisputeEvidence.objects.create(
        dispute=dispute,
        kind=kind[:60],
        name=name[:200],
        content_type=content_type[:100],
        body=body,
        sha256=digest,
        added_by=str(actor),
        added_at=clock.now(),
    )
    audit.note(public_id("dp", dispute.id), document=name)
    return kept.id


@use_case("payments.answer_dispute")
def answer_dispute(*, dispute_id: UUID, is_accepted: bool, text: str, actor: Actor) -> None:
    """Hand in our side with all documents, or give in; a worker tells the provider. Once only.

    Giving in takes a reason as well. Refused with ``DisputeOver`` when an answer was given.
    """
    dispute = _locked(dispute_id)
    _still_open(dispute)
    if not text.strip():
        raise ReasonMissing
    dispute.answer = "accept" if is_accepted else "evidence"
    dispute.answer_text = text.strip()
    dispute.answered_by, dispute.answered_at = str(actor), clock.now()
    dispute.answer_due_at, dispute.answer_problem = clock.now(), ""
    dispute.save()
    _say(dispute, DisputeAnswered(*_about(dispute), is_accepted=is_accepted))
    audit.note(public_id("dp", dispute.id), answer=dispute.answer)
    wake(ANSWER_TASK)


def warn_of_deadlines() -> int:
    """Tell once of each open dispute whose evidence is due soon. Returns how many."""
    now = clock.now()
    near = Dispute.objects.filter(
        status=DisputeStatus.NEEDS_RESPONSE,
        warned_at=None,
        answered_at=None,
        due_by__lte=now + WARN_BEFORE,
    ).values_list("id", flat=True)
    return sum(_warn(dispute_id=dispute_id, actor=SYSTEM) for dispute_id in near)


@use_case("payments.warn_of_dispute")
def _warn(*, dispute_id: UUID, actor: Actor) -> bool:
    dispute = _locked(dispute_id)
    if dispute.warned_at is not None or dispute.due_by is None:
        audit.nothing_happened()
        return False
    dispute.warned_at = clock.now()
    dispute.save(update_fields=["warned_at"])
    _say(dispute, DisputeDeadlineNear(*_about(dispute), due_by=dispute.due_by))
    audit.note(public_id("dp", dispute.id))
    return True


def _disputed(account: ProviderAccount, report: DisputeReport) -> Attempt:
    takes = Attempt.objects.filter(provider_account=account, operation__in=TAKES)
    if report.attempt_id is not None:
        takes = takes.filter(id=report.attempt_id)
    else:
        takes = takes.filter(provider_refs__contains=dict(report.attempt_refs))
    found = list(takes[:2]) if report.attempt_id or report.attempt_refs else []
    if len(found) != 1 or found[0].currency != report.amount.currency:
        raise CallbackContradicts(field="dispute")
    return found[0]


def _open(
    account: ProviderAccount, attempt: Attempt, intent: PaymentIntent, report: DisputeReport
) -> Dispute:
    dispute = Dispute.objects.create(
        provider_account=account,
        intent=intent,
        attempt=attempt,
        reference=report.reference,
        refs=dict(report.refs),
        stage=report.stage,
        status=report.status,
        reason=report.reason[:100],
        amount_minor=report.amount.minor,
        currency=report.amount.currency,
        opened_at=report.opened_at or report.updated_at,
        due_by=report.due_by,
        updated_at=report.updated_at,
    )
    _note(dispute, None)
    _say(dispute, DisputeOpened(*_about(dispute), due_by=dispute.due_by))
    if report.status in DISPUTE_ENDS:
        _say(dispute, DisputeClosed(*_about(dispute), verdict=report.status))
    return dispute


def _follow(dispute: Dispute, report: DisputeReport, callback: Callback | None) -> bool:
    """Status, stage and deadline as of the newest report; an older one changes nothing."""
    told = (report.status, report.stage, report.due_by)
    known = (DisputeStatus(dispute.status), DisputeStage(dispute.stage), dispute.due_by)
    if report.updated_at < dispute.updated_at or told == known:
        return False
    if report.stage != dispute.stage or report.due_by != dispute.due_by:
        dispute.warned_at = None
    if report.status == DisputeStatus.NEEDS_RESPONSE and report.stage != dispute.stage:
        dispute.answer, dispute.answered_by, dispute.answered_at = "", "", None
    is_end = report.status in DISPUTE_ENDS and report.status != dispute.status
    dispute.status, dispute.stage, dispute.due_by = report.status, report.stage, report.due_by
    dispute.updated_at = report.updated_at
    dispute.refs = dispute.refs | dict(report.refs)
    _note(dispute, callback)
    if is_end:
        _say(dispute, DisputeClosed(*_about(dispute), verdict=report.status))
    return True


def _book(
    dispute: Dispute, movement: DisputeMovement, actor: Actor, callback: Callback | None
) -> bool:
    """One movement, once: its event, its entry and the sums on the dispute."""
    account, value = dispute.provider_account, movement.amount.minor
    if movement.amount.currency != dispute.currency or value <= 0:
        raise CallbackContradicts(field="amount")
    if PaymentEvent.objects.filter(provider_account=account, dedupe=movement.dedupe).exists():
        return False
    event_id, digest = new_id(), hashlib.sha256(movement.dedupe.encode()).hexdigest()[:8]
    said = f"Dispute {dispute.reference} of {dispute.intent.reference}: {movement.kind}"
    journal_id = journals.book_dispute(event_id, account, movement, said.replace("_", " "), actor)
    PaymentEvent.objects.create(
        id=event_id,
        provider_account=account,
        intent=dispute.intent,
        kind=EventKind.SUCCEEDED,
        facet=f"{_FACETS[movement.kind]}:{dispute.id.hex}{digest}",
        rank=RANKS[EventKind.SUCCEEDED],
        amount_minor=value,
        booked_minor=value,
        currency=dispute.currency,
        provider_reference=(movement.reference or movement.dedupe)[:64],
        provider_time=movement.provider_time,
        received_at=clock.now(),
        source="callback" if callback else "query",
        callback=callback,
        dedupe=movement.dedupe,
        is_effective=True,
        journal_id=journal_id,
        data={"dispute": public_id("dp", dispute.id), "movement": movement.kind},
    )
    moved = DisputeMoved(
        dispute_id=public_id("dp", dispute.id),
        intent_id=public_id("pi", dispute.intent_id),
        kind=movement.kind,
        amount=Money(value, dispute.currency),
        provider_account=account.label,
        provider_reference=(movement.reference or movement.dedupe)[:64],
    )
    record(moved, aggregate=public_id("pi", dispute.intent_id))
    sign = -1 if movement.kind in ("reinstated", "fee_returned") else 1
    if movement.kind in ("withdrawn", "reinstated"):
        dispute.withdrawn_minor += sign * value
    else:
        dispute.fee_minor += sign * value
    return True


def _settle_loss(dispute: Dispute, actor: Actor) -> None:
    """What a lost dispute still holds is a loss; one that is not lost after all has none."""
    due = dispute.withdrawn_minor if dispute.status in _LOST else 0
    if due == dispute.lost_minor:
        return
    amount = Money(due - dispute.lost_minor, dispute.currency)
    said = f"Dispute {dispute.reference} of {dispute.intent.reference}: {dispute.status}"
    journals.book_dispute_loss(new_id(), amount, said, actor)
    dispute.lost_minor = due


def _note(dispute: Dispute, callback: Callback | None) -> None:
    """The step in the payment's timeline; it moves nothing."""
    when = dispute.updated_at.isoformat()
    PaymentEvent.objects.create(
        provider_account=dispute.provider_account,
        intent=dispute.intent,
        kind=EventKind.PENDING,
        facet=f"dispute:{dispute.id}",
        rank=RANKS[EventKind.PENDING],
        currency=dispute.currency,
        provider_reference=dispute.reference,
        provider_time=dispute.updated_at,
        received_at=clock.now(),
        source="callback" if callback else "query",
        callback=callback,
        dedupe=f"dispute:{dispute.reference}:{dispute.stage}:{dispute.status}:{when}",
        is_effective=True,
        data={"dispute": public_id("dp", dispute.id), "status": dispute.status},
    )


def _locked(dispute_id: UUID) -> Dispute:
    dispute = (
        Dispute.objects.select_for_update(of=("self",))
        .select_related("intent", "provider_account")
        .filter(id=dispute_id)
        .first()
    )
    if dispute is None:
        raise UnknownDispute(dispute=public_id("dp", dispute_id))
    return dispute


def _still_open(dispute: Dispute) -> None:
    if dispute.status in DISPUTE_ENDS or dispute.answered_at is not None:
        raise DisputeOver(status=dispute.status if dispute.answer == "" else "answered")


def _about(dispute: Dispute) -> tuple[str, str, str, Money, str]:
    return (
        public_id("dp", dispute.id),
        public_id("pi", dispute.intent_id),
        dispute.intent.reference,
        Money(dispute.amount_minor, dispute.currency),
        dispute.reason,
    )


def _say(dispute: Dispute, event: Event) -> None:
    name = public_id("pi", dispute.intent_id)
    record(event, aggregate=name, correlation=dispute.intent.reference)
