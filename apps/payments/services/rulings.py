"""What people say became of an attempt nobody can vouch for: one asks, another decides.

A ruling goes through the same door as a provider's word (``learning``), so events, books and
projections follow it like any other; the database lets no operator's word in without one.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.core.files.base import ContentFile

from apps.payments.connectors.base import ProviderError, ProviderFact, Result
from apps.payments.domain.merging import EventKind
from apps.payments.domain.rulings import RulingState, RulingVerb
from apps.payments.domain.states import Outcome
from apps.payments.errors import AlreadyDecided
from apps.payments.errors.bank_files import ReasonMissing
from apps.payments.errors.operators import (
    EvidenceMissing,
    ReferenceInBooks,
    ShownHasChanged,
    UnknownAttempt,
    UnknownRuling,
    VerbNotAllowed,
)
from apps.payments.events.operators import RulingAsked, RulingDecided
from apps.payments.models import Attempt, PayIn, PaymentEvent, Ruling
from apps.payments.selectors.rulings import digest_of, verbs_of
from apps.payments.services.evidence import checked_evidence
from apps.payments.services.learning import Lesson, learn, locked_attempt, send_again
from apps.payments.services.persons import person_behind, second_person
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import new_id, public_id
from apps.platform.money import Money
from apps.platform.storage import TenantStorage
from apps.platform.use_cases import use_case

REFERENCE_MAX, EVIDENCE_MAX = 64, 500


@use_case("payments.ask_ruling")
def ask_ruling(  # noqa: PLR0913  what a person says, each by name
    *,
    attempt_id: UUID,
    verb: RulingVerb,
    evidence: str,
    actor: Actor,
    reference: str = "",
    file_name: str = "",
    file: bytes = b"",
) -> UUID:
    """Say what became of an attempt, with the evidence; returns the ruling's id.

    Nothing happens until another person agrees. ``VerbNotAllowed`` says why it is not possible now;
    a success needs the provider's ``reference``, which no other movement may have.
    """
    attempt = _locked(attempt_id)
    name, reference = public_id("att", attempt_id), reference.strip()[:REFERENCE_MAX]
    _refuse_unless_allowed(attempt, verb, is_ruled=_open_one(attempt))
    _check_words(attempt, verb, evidence, reference)
    id = new_id()
    suffix = checked_evidence(file_name, file) if file else ""
    digest_of_file = hashlib.sha256(file).hexdigest() if file else ""
    words = (reference, evidence.strip()[:EVIDENCE_MAX], digest_of_file)
    shown, digest = digest_of(attempt, verb, *words)
    ruling = Ruling.objects.create(
        id=id,
        attempt=attempt,
        verb=verb,
        reference=reference,
        evidence=words[1],
        evidence_file=f"rulings/{public_id('rul', id)}{suffix}" if file else "",
        evidence_sha256=digest_of_file,
        shown=shown,
        digest=digest,
        asked_person=person_behind(actor),
        asked_by=str(actor),
        asked_at=clock.now(),
    )
    if file:
        TenantStorage().save(ruling.evidence_file, ContentFile(file))
    _say(RulingAsked(public_id("rul", id), name, verb, _amount(attempt)), attempt)
    audit.note(public_id("rul", id), attempt=name, verb=verb)
    return id


@use_case("payments.decide_ruling")
def decide_ruling(
    *, ruling_id: UUID, is_approved: bool, digest: str, reason: str, actor: Actor
) -> None:
    """Agree to a ruling, which is then carried out, or reject it with a reason.

    Another person than the one who asked agrees (``SecondPersonNeeded``), to what was shown
    (``ShownHasChanged``); whoever asked may take it back. A ruling that is not allowed any more is
    refused with ``VerbNotAllowed``.
    """
    attempt_id = Ruling.objects.filter(id=ruling_id).values_list("attempt_id", flat=True).first()
    name = public_id("rul", ruling_id)
    if attempt_id is None:
        raise UnknownRuling(ruling=name)
    attempt = locked_attempt(attempt_id)
    ruling = Ruling.objects.select_for_update().get(id=ruling_id)
    if ruling.state != RulingState.ASKED:
        raise AlreadyDecided(thing=name, state=ruling.state)
    verb = RulingVerb(ruling.verb)
    if is_approved:
        person = second_person(actor, ruling.asked_person, name)
        _refuse_unless_same(ruling, attempt, digest)
        _refuse_unless_allowed(attempt, verb, is_ruled=False)
        _decide(ruling, RulingState.APPROVED, person, reason, actor)
        _carry_out(ruling, attempt, actor)
    else:
        if not reason.strip():
            raise ReasonMissing
        _decide(ruling, RulingState.REJECTED, person_behind(actor), reason, actor)
    told = RulingDecided(
        name, public_id("att", attempt_id), verb, _amount(attempt), is_approved=is_approved
    )
    _say(told, attempt)
    audit.note(name, attempt=public_id("att", attempt_id), state=ruling.state, verb=verb)


def _locked(attempt_id: UUID) -> Attempt:
    if not Attempt.objects.filter(id=attempt_id).exists():
        raise UnknownAttempt(attempt=public_id("att", attempt_id))
    return locked_attempt(attempt_id)


def _open_one(attempt: Attempt) -> bool:
    return attempt.rulings.filter(state=RulingState.ASKED).exists()


def _refuse_unless_allowed(attempt: Attempt, verb: RulingVerb, *, is_ruled: bool) -> None:
    found = {row.verb: row.why_not for row in verbs_of(attempt, is_ruled=is_ruled)}
    if why := found[verb]:
        raise VerbNotAllowed(thing=public_id("att", attempt.id), verb=verb, why=why)


def _check_words(attempt: Attempt, verb: RulingVerb, evidence: str, reference: str) -> None:
    if not evidence.strip():
        raise EvidenceMissing(field="evidence")
    if verb != RulingVerb.SUCCEEDED:
        return
    if not reference:
        raise EvidenceMissing(field="reference")
    account = attempt.provider_account
    booked = PaymentEvent.objects.filter(
        provider_account=account, provider_reference=reference, booked_minor__gt=0
    )
    came = PayIn.objects.filter(provider_account=account, receipt=reference)
    if booked.exists() or came.exists():
        raise ReferenceInBooks(reference=reference)


def _refuse_unless_same(ruling: Ruling, attempt: Attempt, digest: str) -> None:
    """The decision is about what was shown, and the attempt is still that."""
    words = (ruling.reference, ruling.evidence, ruling.evidence_sha256)
    _shown, now = digest_of(attempt, ruling.verb, *words)
    if not digest == ruling.digest == now:
        raise ShownHasChanged(thing=public_id("rul", ruling.id))


def _decide(ruling: Ruling, state: RulingState, person: str, reason: str, actor: Actor) -> None:
    ruling.state, ruling.decided_person, ruling.decided_by = state, person, str(actor)
    ruling.decided_at, ruling.decision_reason = clock.now(), reason.strip()[:300]
    ruling.save(
        update_fields=["state", "decided_person", "decided_by", "decided_at", "decision_reason"]
    )


def _carry_out(ruling: Ruling, attempt: Attempt, actor: Actor) -> None:
    if ruling.verb == RulingVerb.RESEND:
        send_again(attempt)
        return
    succeeded = ruling.verb == RulingVerb.SUCCEEDED
    result = _success(ruling, attempt) if succeeded else _failure(ruling, attempt)
    learn(attempt, Lesson(result=result, source="operator", actor=actor))


def _success(ruling: Ruling, attempt: Attempt) -> Result:
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"receipt:{ruling.reference}",
        amount=_amount(attempt),
        reference=ruling.reference,
        data={"ruling": public_id("rul", ruling.id)},
    )
    return Result(Outcome.SUCCEEDED, {"receipt": ruling.reference}, (fact,))


def _failure(ruling: Ruling, attempt: Attempt) -> Result:
    fact = ProviderFact(
        EventKind.FAILED,
        dedupe=f"failed:{attempt.provider_key}:{public_id('rul', ruling.id)}",
        data={"ruling": public_id("rul", ruling.id)},
    )
    why = ProviderError("operator.proved_absent", "", ruling.evidence[:300], "no", "new_attempt")
    return Result(Outcome.DECLINED, facts=(fact,), error=why)


def _amount(attempt: Attempt) -> Money:
    return Money(attempt.amount_minor, attempt.currency)


def _say(event: RulingAsked | RulingDecided, attempt: Attempt) -> None:
    intent = attempt.intent
    aggregate = public_id("pi", intent.id) if intent else public_id("att", attempt.id)
    record(event, aggregate=aggregate, correlation=intent.reference if intent else "")
