"""Booking what a statement proves and our books did not know.

After every import the ledger account that mirrors the provider's holds what the provider says it
holds: fees are expenses, everything unexplained stands in the provider account's suspense.
"""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from apps.ledger.domain import EntryDraft, PostingDraft, credit, debit
from apps.ledger.selectors import entry_of_source
from apps.ledger.services import post_entries, post_entry, reverse_entry
from apps.payments.selectors import fees_in_books
from apps.payments.selectors import provider_account as payments_account
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.settlements.domain import Direction
from apps.settlements.models import StatementLine

FEE = "settlements.provider_fee"
SUSPENSE = "settlements.suspense"


def effect_minor(row: StatementLine) -> int:
    """What the line adds to the provider's balance."""
    return row.amount_minor if row.direction == Direction.IN else -row.amount_minor


def post_fees(lines: Iterable[StatementLine], provider_account: str, actor: Actor) -> None:
    """Within a use case: a fee is an expense as it was taken, whatever the tariff says.

    What the provider named with the payment itself is in the books since then; only what differs
    from that is booked.
    """
    account = payments_account(label=provider_account)
    drafts = {}
    lines = list(lines)
    known = fees_in_books(label=provider_account, references=[x.linked_reference for x in lines])
    for line in lines:
        minor = effect_minor(line) + known.pop(line.linked_reference, 0)
        if not minor:
            continue
        legs = _legs(account.clearing_account, account.fee_account, line, minor)
        draft = _draft(line, FEE, f"Provider fee {line.provider_reference}", legs)
        drafts[f"{draft.source_event}:fee"] = draft
    if drafts:
        post_entries(drafts=drafts, actor=actor)


def post_suspense(line: StatementLine, minor: int, actor: Actor, *, turn: int) -> None:
    """Within a use case: ``minor`` more (less, when negative) than our books know was moved.

    ``turn`` counts how often the line's suspense was decided, so that each is posted once.
    """
    account = payments_account(label=line.provider_account)
    key = public_id("sl", line.id)
    legs = _legs(account.clearing_account, account.suspense_account, line, minor, key)
    draft = _draft(line, f"{SUSPENSE}_{turn}", f"Unexplained: {line.provider_reference}", legs)
    post_entry(draft=draft, idempotency_key=f"{draft.source_event}:suspense:{turn}", actor=actor)


def take_back_suspense(line: StatementLine, actor: Actor, *, turn: int) -> None:
    """Within a use case: the line is explained now, so its suspense is reversed."""
    name = public_id("sl", line.id)
    entry = entry_of_source(name, f"{SUSPENSE}_{turn}")
    if entry is None or entry.reversed_by is not None:
        return
    reverse_entry(
        entry_id=entry.id,
        reason=f"Explained: {line.provider_reference}",
        idempotency_key=f"{name}:explained:{turn}",
        actor=actor,
    )


def _legs(
    clearing: str, other: str, line: StatementLine, minor: int, key: str = ""
) -> list[PostingDraft]:
    """``key`` names what the other account's leg opens, if that is to be cleared again."""
    amount = Money(abs(minor), line.currency)
    if minor > 0:
        return [debit(clearing, amount), credit(other, amount, key)]
    return [debit(other, amount, key), credit(clearing, amount)]


def _draft(line: StatementLine, kind: str, said: str, legs: list[PostingDraft]) -> EntryDraft:
    zone = ZoneInfo(current_tenant().zone)
    return EntryDraft(
        description=said[:200],
        value_date=line.booked_at.astimezone(zone).date(),
        kind=kind,
        source_event=public_id("sl", line.id),
        postings=legs,
        effective_at=line.booked_at,
    )
