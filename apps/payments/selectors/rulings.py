"""Reading attempts nobody can vouch for: what may be done, and what people have asked for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.payments.connectors.base import Verifier
from apps.payments.connectors.registry import connector, file_rails
from apps.payments.domain import rulings as rules
from apps.payments.domain import schedule
from apps.payments.domain.receipts import AttemptRow
from apps.payments.domain.rulings import (
    UNPROVED,
    ResendPolicy,
    RulingRow,
    RulingState,
    RulingVerb,
    VerbRow,
)
from apps.payments.domain.states import Operation
from apps.payments.errors.operators import UnknownAttempt, UnknownRuling
from apps.payments.models import Attempt, Ruling
from apps.payments.selectors.rows import attempt_row
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.storage import TenantStorage

QUEUE_MAX = 200


@dataclass(frozen=True, slots=True)
class UnprovedView:
    """An attempt with what may be done about it, and every ruling there was."""

    attempt: AttemptRow
    reference: str
    verbs: tuple[VerbRow, ...]
    rulings: tuple[RulingRow, ...]


def unproved() -> QuerySet[Attempt]:
    """Attempts of unknown outcome, to be paged by this app's own entry points."""
    return Attempt.objects.filter(state__in=UNPROVED).select_related("provider_account", "intent")


def unproved_attempts() -> list[UnprovedView]:
    """Those of unknown outcome and those under investigation, the oldest first."""
    found = unproved().prefetch_related("rulings").order_by("unknown_since", "id")
    return [view_of_unproved(attempt) for attempt in found[:QUEUE_MAX]]


def attempt_view(attempt_id: UUID) -> UnprovedView:
    """One attempt, or ``UnknownAttempt``."""
    found = Attempt.objects.select_related("provider_account", "intent").filter(id=attempt_id)
    attempt = found.first()
    if attempt is None:
        raise UnknownAttempt(attempt=public_id("att", attempt_id))
    return view_of_unproved(attempt)


def view_of_unproved(attempt: Attempt) -> UnprovedView:
    """From the model; reads its account and intent, so select them along."""
    kept = [ruling_row(row) for row in attempt.rulings.all()]
    return UnprovedView(
        attempt=attempt_row(attempt),
        reference=attempt.intent.reference if attempt.intent else str(attempt.payout_ref),
        verbs=tuple(verbs_of(attempt, is_ruled=any(r.state == RulingState.ASKED for r in kept))),
        rulings=tuple(kept),
    )


def verbs_of(attempt: Attempt, *, is_ruled: bool) -> list[VerbRow]:
    """Every verb, with the reason why it is not allowed now."""
    account = attempt.provider_account
    rail = connector(account.connector)
    is_file_rail = account.connector in file_rails()
    key = rail.capabilities(account.config).keys.get(Operation(attempt.operation))
    policy = ResendPolicy(
        is_file_rail=is_file_rail,
        is_honoured=key is not None and key.is_honoured,
        valid_until=attempt.key_valid_until,
        sends_max=schedule.SENDS_MAX,
    )
    return rules.verbs(
        attempt_row(attempt),
        policy,
        clock.now(),
        is_ruled=is_ruled,
        can_ask=isinstance(rail, Verifier) and not is_file_rail,
    )


def digest_of(attempt: Attempt, verb: str, *words: str) -> tuple[dict[str, str], str]:
    """What is shown of the attempt, and the SHA-256 over that and the ruling's own words."""
    shown = rules.shown(attempt_row(attempt))
    text = json.dumps([shown, verb, *words], sort_keys=True)
    return shown, hashlib.sha256(text.encode()).hexdigest()


def rulings(*, state: str = "", attempt_id: UUID | None = None) -> QuerySet[Ruling]:
    """Rulings, to be paged by this app's own entry points."""
    found = Ruling.objects.select_related("attempt")
    if attempt_id is not None:
        found = found.filter(attempt_id=attempt_id)
    return found.filter(state=state) if state else found


def ruling(ruling_id: UUID) -> RulingRow:
    """One ruling, or ``UnknownRuling``."""
    found = Ruling.objects.filter(id=ruling_id).first()
    if found is None:
        raise UnknownRuling(ruling=public_id("rul", ruling_id))
    return ruling_row(found)


def ruling_evidence(ruling_id: UUID) -> tuple[str, bytes]:
    """The kept file of a ruling: its name and its bytes; ``UnknownRuling`` when there is none."""
    kept = ruling(ruling_id)
    if not kept.evidence_file:
        raise UnknownRuling(ruling=public_id("rul", ruling_id))
    with TenantStorage().open(kept.evidence_file) as file:
        return kept.evidence_file.rpartition("/")[2], file.read()


def waiting_rulings() -> list[RulingRow]:
    """Those that wait for a second person, the oldest first."""
    found = rulings(state=RulingState.ASKED).order_by("asked_at", "id")
    return [ruling_row(row) for row in found[:QUEUE_MAX]]


def waiting_ruling_count() -> int:
    """How many wait for a second person."""
    return Ruling.objects.filter(state=RulingState.ASKED).count()


def ruling_row(row: Ruling) -> RulingRow:
    """From the model."""
    return RulingRow(
        id=row.id,
        attempt_id=row.attempt_id,
        verb=RulingVerb(row.verb),
        reference=row.reference,
        evidence=row.evidence,
        evidence_file=row.evidence_file,
        evidence_sha256=row.evidence_sha256,
        shown=row.shown,
        digest=row.digest,
        state=RulingState(row.state),
        asked_person=row.asked_person,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )
