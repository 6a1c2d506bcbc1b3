"""The journal entries of pay-ins. The receipt is the clearing key of what stands in suspense."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.ledger.domain import EntryDraft, PostingDraft, credit, debit
from apps.ledger.services import post_entry
from apps.payments.models import PayIn, ProviderAccount
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant


def book_pay_in(
    id: UUID, account: ProviderAccount, amount: Money, receipt: str, at: datetime, actor: Actor
) -> UUID:
    """Money has arrived and nobody knows whose it is: the account's mirror against suspense."""
    legs = [
        debit(account.clearing_account, amount),
        credit(account.suspense_account, amount, receipt),
    ]
    said = f"Pay-in {receipt} by {account.name}"
    return post_source("payments.pay_in", public_id("pin", id), said, legs, at, actor)


def book_use(
    pay_in: PayIn, use_id: UUID, said: str, legs: list[PostingDraft], actor: Actor
) -> UUID:
    """Out of suspense, to where ``legs`` (credits) say it belongs."""
    amount = Money(sum(leg.amount.minor for leg in legs), pay_in.currency)
    postings = [debit(pay_in.suspense_account, amount, pay_in.receipt), *legs]
    return post_source(
        "payments.pay_in_used", public_id("piu", use_id), said, postings, clock.now(), actor
    )


def post_source(
    kind: str, source: str, said: str, legs: list[PostingDraft], at: datetime, actor: Actor
) -> UUID:
    moment = min(at, clock.now())  # money cannot count before it is known
    draft = EntryDraft(
        description=said[:200],
        value_date=moment.astimezone(ZoneInfo(current_tenant().zone)).date(),
        kind=kind,
        source_event=source,
        postings=legs,
        effective_at=at,
    )
    return post_entry(draft=draft, idempotency_key=f"{kind}:{source}", actor=actor).entry_id
