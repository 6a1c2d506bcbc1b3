"""Telling providers our side of disputes, and reading how disputes stand."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction

from apps.payments.connectors.accounts import (
    DisputeHandler,
    DisputeReport,
    DisputeView,
    EvidenceFile,
)
from apps.payments.connectors.base import Result
from apps.payments.connectors.registry import connector
from apps.payments.domain.states import Outcome
from apps.payments.errors import CallbackContradicts
from apps.payments.models import Dispute, ProviderAccount, ProviderExchange
from apps.payments.selectors.contexts import context_for
from apps.payments.services.disputing import learn_dispute, warn_of_deadlines
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case

logger = structlog.get_logger("house.payments")
#: How far back disputes are read after a hint; one that moved since is among them.
LOOK_BACK = timedelta(days=2)
#: An answer that may not have arrived is given again under the same key after this.
AGAIN = timedelta(minutes=5)
_TAKEN = (Outcome.SUCCEEDED, Outcome.ACCEPTED)


def tend_disputes() -> int:
    """Send answers that are due, read disputes that moved, warn of deadlines. Safe to repeat."""
    return _send_answers() + _read_moved() + warn_of_deadlines()


def _send_answers() -> int:
    sent = 0
    while (dispute := _claim()) is not None:
        rail = connector(dispute.provider_account.connector)
        if isinstance(rail, DisputeHandler):
            result = _answer(rail, dispute)
            _record_answer(dispute_id=dispute.id, result=result, actor=SYSTEM)
            sent += 1
    return sent


def _claim() -> Dispute | None:
    """The next answer that is due, leased; what happens to the lease only delays."""
    with transaction.atomic(durable=True):
        dispute = (
            Dispute.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("provider_account")
            .filter(answer_due_at__lte=clock.now())
            .order_by("answer_due_at", "id")
            .first()
        )
        if dispute is not None:
            dispute.answer_due_at = clock.now() + AGAIN
            dispute.save(update_fields=["answer_due_at"])
    return dispute


def _answer(rail: DisputeHandler, dispute: Dispute) -> Result:
    context = context_for(dispute.provider_account)
    view = DisputeView(
        id=dispute.id,
        reference=dispute.reference,
        amount=Money(dispute.amount_minor, dispute.currency),
        refs=dispute.refs,
        provider_key=f"{dispute.id.hex}-{dispute.stage}"[:60],
    )
    try:
        if dispute.answer == "accept":
            return rail.accept_dispute(context, view)
        files = [
            EvidenceFile(file.name, file.content_type, bytes(file.body), file.kind)
            for file in dispute.evidence.all()
        ]
        return rail.submit_evidence(context, view, dispute.answer_text, files)
    except Exception:
        logger.exception("payments.connector_failed", dispute=public_id("dp", dispute.id))
        return Result(Outcome.UNKNOWN)


@use_case("payments.record_dispute_answer")
def _record_answer(*, dispute_id: UUID, result: Result, actor: Actor) -> None:
    """Done, refused (people may answer again), or not known: then the same is said again."""
    dispute = Dispute.objects.select_for_update().get(id=dispute_id)
    if result.exchange is not None:
        ProviderExchange.objects.create(
            attempt_id=dispute.attempt_id,
            purpose="dispute",
            request=dict(result.exchange.request),
            status=result.exchange.status,
            answer=dict(result.exchange.answer),
            outcome=result.outcome,
            at=clock.now(),
        )
    if result.outcome in _TAKEN:
        dispute.answer_due_at, dispute.answer_problem = None, ""
    elif result.outcome == Outcome.DECLINED:
        dispute.answer_due_at, dispute.answered_at, dispute.answer = None, None, ""
        dispute.answer_problem = result.error.message[:300] if result.error else "Refused."
    dispute.save()
    audit.note(public_id("dp", dispute.id), outcome=result.outcome)


def _read_moved() -> int:
    """Read the disputes of accounts that gave a hint; one that cannot be read waits."""
    read = 0
    for account in ProviderAccount.objects.filter(disputes_hint_at__isnull=False):
        rail, hint = connector(account.connector), account.disputes_hint_at
        if not isinstance(rail, DisputeHandler) or hint is None:
            continue
        try:
            reports = rail.disputes(context_for(account), hint - LOOK_BACK)
        except ValueError as unreadable:
            logger.warning("payments.disputes_unreadable", problem=str(unreadable))
            continue
        for report in reports:
            read += _learn(account=account, report=report)
        ProviderAccount.objects.filter(id=account.id, disputes_hint_at=hint).update(
            disputes_hint_at=None
        )
    return read


def _learn(*, account: ProviderAccount, report: DisputeReport) -> bool:
    try:
        return _record_dispute(account_id=account.id, report=report, actor=SYSTEM)
    except CallbackContradicts:
        # A payment that is none of ours, or of another currency: the next label reads it.
        logger.warning("payments.dispute_of_unknown_payment", reference=report.reference)
        return False


@use_case("payments.record_dispute")
def _record_dispute(*, account_id: UUID, report: DisputeReport, actor: Actor) -> bool:
    account = ProviderAccount.objects.get(id=account_id)
    is_new = learn_dispute(account, report, actor)
    if is_new:
        audit.note(report.reference, status=report.status)
    else:
        audit.nothing_happened()
    return is_new
