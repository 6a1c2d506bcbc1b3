"""Writing entries by hand: drafting, changing, submitting and withdrawing manual journals."""

from __future__ import annotations

from uuid import UUID

from apps.ledger.domain.journals import (
    APPROVALS_DEFAULT,
    TRANSITIONS,
    WAITS_MAX,
    JournalDraft,
    JournalState,
    is_manual,
    postings_of,
)
from apps.ledger.errors import JournalCannotMove, JournalNotFound, NotManual, UnknownAccount
from apps.ledger.events import JournalSubmitted
from apps.ledger.models import Account, ManualJournal
from apps.ledger.selectors.approvals import approvals_needed
from apps.ledger.services.persons import person_behind
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case


@use_case("ledger.draft_journal")
def draft_journal(*, draft: JournalDraft, actor: Actor) -> UUID:
    """Keep a manual journal as a draft. Returns its id. It must balance and name known accounts."""
    _check(draft)
    person = person_behind(actor)
    journal = ManualJournal.objects.create(
        **_facts(draft),
        maker_person=person,
        maker=str(actor),
        editors=[person],
        created_at=clock.now(),
    )
    audit.note(public_id("mj", journal.id), description=draft.description)
    return journal.id


@use_case("ledger.change_journal")
def change_journal(*, journal_id: UUID, draft: JournalDraft, actor: Actor) -> None:
    """Write a journal anew. One that was submitted or approved becomes a draft again.

    Approvals that were given cover what was said before and count no more. Whoever changes a
    journal is one of its makers and does not decide on it.
    """
    _check(draft)
    journal = locked_journal(journal_id)
    if journal.state != JournalState.DRAFT:
        move(journal, JournalState.DRAFT)
    for name, value in _facts(draft).items():
        setattr(journal, name, value)
    person = person_behind(actor)
    if person not in journal.editors:
        journal.editors = [*journal.editors, person]
    journal.save()
    audit.note(public_id("mj", journal.id), description=draft.description)


@use_case("ledger.submit_journal")
def submit_journal(*, journal_id: UUID, actor: Actor) -> str:
    """Seal a draft and put it before its approvers; returns the digest of what they see.

    The rules as they are now say how many must approve; one, when no rule speaks. Approvals of an
    earlier round do not count. A journal that needs none is approved at once.
    """
    journal = locked_journal(journal_id)
    needed = approvals_needed(draft_of(journal).entry())
    journal.approvals_needed = needed.approvals if needed else APPROVALS_DEFAULT
    journal.roles_needed = list(needed.roles) if needed else []
    journal.round += 1
    journal.digest = draft_of(journal).digest(public_id("mj", journal.id), journal.round)
    journal.submitted_at = clock.now()
    journal.expires_at = journal.submitted_at + WAITS_MAX
    move(journal, JournalState.SUBMITTED)
    journal.save()
    if not journal.approvals_needed:
        move(journal, JournalState.APPROVED)
        journal.save(update_fields=["state"])
    record(
        JournalSubmitted(
            journal_id=public_id("mj", journal.id),
            kind=journal.kind,
            totals=draft_of(journal).entry().totals(),
            approvals_needed=journal.approvals_needed,
            digest=journal.digest,
        ),
        aggregate=public_id("mj", journal.id),
    )
    audit.note(public_id("mj", journal.id), digest=journal.digest)
    return journal.digest


@use_case("ledger.withdraw_journal")
def withdraw_journal(*, journal_id: UUID, actor: Actor) -> None:
    """Give a draft up. Doing it again does nothing."""
    journal = locked_journal(journal_id)
    if journal.state == JournalState.WITHDRAWN:
        audit.nothing_happened()
        return
    move(journal, JournalState.WITHDRAWN)
    journal.save(update_fields=["state"])
    audit.note(public_id("mj", journal.id))


def locked_journal(journal_id: UUID) -> ManualJournal:
    """The journal, locked until the transaction ends. ``JournalNotFound``."""
    journal = ManualJournal.objects.select_for_update().filter(id=journal_id).first()
    if journal is None:
        raise JournalNotFound(journal=public_id("mj", journal_id))
    return journal


def move(journal: ManualJournal, to_state: JournalState) -> None:
    """Set the state if it may follow; the caller saves."""
    if to_state not in TRANSITIONS.get(JournalState(journal.state), frozenset()):
        raise JournalCannotMove(
            journal=public_id("mj", journal.id), from_state=journal.state, to_state=to_state
        )
    journal.state = to_state


def draft_of(journal: ManualJournal) -> JournalDraft:
    """What the journal says."""
    return JournalDraft(
        kind=journal.kind,
        description=journal.description,
        value_date=journal.value_date,
        postings=postings_of(journal.lines),
        reverses_on=journal.reverses_on,
    )


def _check(draft: JournalDraft) -> None:
    if not is_manual(draft.kind):
        raise NotManual(entry_kind=draft.kind)
    draft.entry().check()
    codes = {leg.account for leg in draft.postings}
    known = set(Account.objects.filter(code__in=codes).values_list("code", flat=True))
    for number, leg in enumerate(draft.postings, start=1):
        if leg.account not in known:
            raise UnknownAccount(leg=number, account=leg.account)


def _facts(draft: JournalDraft) -> dict[str, object]:
    return {
        "kind": draft.kind,
        "description": draft.description,
        "value_date": draft.value_date,
        "reverses_on": draft.reverses_on,
        "lines": draft.lines(),
    }
