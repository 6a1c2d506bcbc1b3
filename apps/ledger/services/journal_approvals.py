"""Other people let a manual journal into the books."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.identity.selectors import person_by_username
from apps.identity.services import require_step_up
from apps.ledger.domain import EntryDraft, EntryReceipt, fingerprint
from apps.ledger.domain.journals import JournalState, Verdict
from apps.ledger.domain.reversals import ReasonCode
from apps.ledger.errors import (
    AlreadyDecided,
    ApproverRoleMissing,
    JournalCannotMove,
    JournalChanged,
    JournalSelfApproval,
    ReasonMissing,
)
from apps.ledger.events import JournalDecided
from apps.ledger.models import JournalApproval, ManualJournal
from apps.ledger.services.manual_journals import draft_of, locked_journal, move
from apps.ledger.services.persons import deciding_person
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.retries import again_when_in_the_way
from apps.ledger.services.reversals import reverse_entry
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.errors import DomainError
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case

#: How many journals one run of a sweep looks at.
BATCH = 100


@use_case("ledger.decide_journal")
def decide_journal(
    *,
    journal_id: UUID,
    verdict: Verdict,
    digest: str,
    comment: str,
    step_up_at: datetime | None,
    actor: Actor,
) -> str:
    """Approve, send back or reject a submitted journal; returns its state afterwards.

    ``digest`` is of what the person was shown. Approving needs a second factor given within the
    last five minutes. Whoever made or changed it never decides; nobody decides twice; the database
    refuses the same on its own.
    """
    journal = locked_journal(journal_id)
    person = deciding_person(actor)
    _check(journal, verdict, digest, comment, person, actor)
    if verdict is Verdict.APPROVE:
        require_step_up(step_up_at=step_up_at)
    JournalApproval.objects.create(
        journal=journal,
        round=journal.round,
        verdict=verdict,
        person=person,
        user_id=actor.id,  # type: ignore[misc]  # a deciding person has one
        user_name=actor.name,
        digest=digest,
        comment=comment,
        step_up_at=step_up_at if verdict is Verdict.APPROVE else None,
        decided_at=clock.now(),
    )
    match verdict:
        case Verdict.APPROVE:
            if _given(journal).count() >= journal.approvals_needed:
                move(journal, JournalState.APPROVED)
        case Verdict.SEND_BACK:
            move(journal, JournalState.DRAFT)
        case Verdict.REJECT:
            move(journal, JournalState.REJECTED)
    journal.save(update_fields=["state"])
    reference = public_id("mj", journal.id)
    record(
        JournalDecided(journal_id=reference, verdict=verdict, state=journal.state),
        aggregate=reference,
    )
    audit.note(reference, verdict=verdict, digest=digest)
    return journal.state


@again_when_in_the_way
@use_case("ledger.post_journal")
def post_journal(*, journal_id: UUID, actor: Actor) -> EntryReceipt:
    """Post an approved journal. Posting it again answers with the first receipt.

    The entry names the journal as its ``approval_id`` and carries who made and approved it, when,
    and over which digest: part of what is hashed, and later sealed.
    """
    journal = locked_journal(journal_id)
    reference = public_id("mj", journal.id)
    is_posted = journal.state == JournalState.POSTED
    if not is_posted:
        move(journal, JournalState.POSTED)
    said = draft_of(journal)
    draft = EntryDraft(
        kind=said.kind,
        description=said.description,
        value_date=said.value_date,
        postings=said.postings,
        approval_id=journal.id,
        metadata={"approval": _evidence(journal)},
    )
    receipt = write(
        [
            Instruction(
                draft=draft,
                idempotency_key=f"journal:{journal.id}",
                fingerprint=fingerprint("manual_journal", str(journal.id), journal.digest),
            )
        ],
        actor,
    )[0]
    if is_posted:
        audit.nothing_happened()
        return receipt
    journal.entry_id = receipt.entry_id
    journal.save(update_fields=["state", "entry"])
    audit.note(reference, entry=public_id("je", receipt.entry_id))
    return receipt


@use_case("ledger.expire_journals")
def expire_journals(*, actor: Actor) -> int:
    """Let go of journals that waited too long for approval or posting. Returns how many."""
    due = ManualJournal.objects.select_for_update(skip_locked=True).filter(
        state__in=[JournalState.SUBMITTED, JournalState.APPROVED], expires_at__lte=clock.now()
    )[:BATCH]
    rows = list(due)
    for journal in rows:
        move(journal, JournalState.EXPIRED)
        journal.save(update_fields=["state"])
    if not rows:
        audit.nothing_happened()
    audit.note(expired=len(rows))
    return len(rows)


def reverse_due_journals(*, actor: Actor) -> int:
    """Take back accruals whose day has come, each in a transaction of its own. Returns how many.

    What is refused stays due and is tried again with the next run.
    """
    today = clock.today(current_tenant().zone)
    due = ManualJournal.objects.filter(
        state=JournalState.POSTED, reverses_on__lte=today, reversal=None
    )
    done = 0
    for id in list(due.order_by("reverses_on").values_list("id", flat=True)[:BATCH]):
        try:
            done += reverse_journal(journal_id=id, actor=actor)
        except DomainError:
            continue
    return done


@use_case("ledger.reverse_journal")
def reverse_journal(*, journal_id: UUID, actor: Actor) -> bool:
    """Take the entry of a journal back on the day the journal names. False if that was done."""
    journal = locked_journal(journal_id)
    if journal.entry_id is None or journal.reversal_id is not None:
        audit.nothing_happened()
        return False
    receipt = reverse_entry(
        entry_id=journal.entry_id,
        reason=f"Reversal of {journal.description}"[:200],
        reason_code=ReasonCode.ACCRUAL,
        value_date=journal.reverses_on,
        idempotency_key=f"journal:{journal.id}:reversal",
        actor=actor,
    )
    journal.reversal_id = receipt.entry_id
    journal.save(update_fields=["reversal"])
    audit.note(public_id("mj", journal.id), reversal=public_id("je", receipt.entry_id))
    return True


def _check(
    journal: ManualJournal, verdict: Verdict, digest: str, comment: str, person: str, actor: Actor
) -> None:
    reference = public_id("mj", journal.id)
    if journal.state != JournalState.SUBMITTED:
        raise JournalCannotMove(journal=reference, from_state=journal.state, to_state=verdict)
    if person == journal.maker_person or person in journal.editors:
        raise JournalSelfApproval(journal=reference)
    if digest != journal.digest:
        raise JournalChanged(journal=reference)
    if journal.approvals.filter(round=journal.round, person=person).exists():
        raise AlreadyDecided(journal=reference)
    if verdict is not Verdict.APPROVE and not comment.strip():
        raise ReasonMissing(journal=reference)
    if journal.roles_needed:
        user = person_by_username(actor.name)
        if user is None or not set(user.roles) & set(journal.roles_needed):
            raise ApproverRoleMissing(roles=journal.roles_needed)


def _given(journal: ManualJournal) -> QuerySet[JournalApproval]:
    return journal.approvals.filter(
        round=journal.round, digest=journal.digest, verdict=Verdict.APPROVE
    )


def _evidence(journal: ManualJournal) -> dict[str, object]:
    """Who let it in: people, times, and the digest each of them saw."""
    return {
        "journal": public_id("mj", journal.id),
        "digest": journal.digest,
        "made_by": journal.maker,
        "submitted_at": journal.submitted_at,
        "approved": [
            {"by": one.user_name, "person": one.person, "at": one.decided_at, "digest": one.digest}
            for one in _given(journal).order_by("decided_at")
        ],
    }
