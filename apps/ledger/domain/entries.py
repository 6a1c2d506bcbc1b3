"""What makes a journal entry sound. Pure: no database, no clock, no settings."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.ledger.domain.accounts import Side
from apps.ledger.domain.periods import Late
from apps.ledger.errors import (
    AmountNotPositive,
    ReservedAccount,
    ReservedKind,
    TooFewPostings,
    TooManyPostings,
    UnbalancedEntry,
)
from apps.platform.money import Money

#: More legs than this are a batch, not an entry.
POSTINGS_MAX = 10_000

#: Kinds that only the ledger itself writes.
REVERSAL = "reversal"
RESERVED_KINDS = frozenset({REVERSAL, "close", "fx", "recurring", "revaluation"})
#: Accounts that only conversions move: they agree with the positions the ledger keeps.
POSITIONS = "fx.position."


@dataclass(frozen=True, slots=True)
class PostingDraft:
    """One leg, not yet in the books. ``account`` is its code; the amount is positive.

    ``clearing_key`` names the open item of a clearing account that the leg opens or settles.
    """

    account: str
    side: Side
    amount: Money
    clearing_key: str = ""


def debit(account: str, amount: Money, clearing_key: str = "") -> PostingDraft:
    """A leg on the debit side."""
    return PostingDraft(account, Side.DEBIT, amount, clearing_key)


def credit(account: str, amount: Money, clearing_key: str = "") -> PostingDraft:
    """A leg on the credit side."""
    return PostingDraft(account, Side.CREDIT, amount, clearing_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """What must be true of an account for the entry to be posted, read under the account's lock.

    It is looked at as the entry finds the account: after the entries before it in the same call,
    before its own postings. Balances are on the account's normal side.
    """

    account: str
    version: int | None = None
    min_balance_minor: int | None = None
    max_balance_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """A journal entry as its author proposes it.

    ``kind`` says what sort of happening it records (``payments.capture``). ``source_event`` names
    the happening itself: the books take one entry of a kind from each source, whatever the key.
    ``value_date`` is the day the money counts; ``effective_at`` the instant, when it is known.
    ``reason`` is a reason code, ``template`` the code and version of the template the entry was
    made from (``code@3``), ``approval_id`` what allowed it. ``late`` says what becomes of an entry
    whose day is closed; it is no part of what is said, so a repetition may say otherwise.
    """

    description: str
    value_date: date
    postings: Sequence[PostingDraft]
    kind: str
    source_event: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    effective_at: datetime | None = None
    reason: str = ""
    template: str = ""
    approval_id: UUID | None = None
    preconditions: Sequence[Precondition] = ()
    late: Late = Late.RULE

    def check(self) -> None:
        """Refuse what could never be posted, whatever the accounts."""
        if self.kind in RESERVED_KINDS:
            raise ReservedKind(entry_kind=self.kind)
        check_legs(self.postings)

    def totals(self) -> tuple[Money, ...]:
        """What the entry moves in each currency: the sum of one side, by currency code."""
        return totals(self.postings)

    def fingerprint(self) -> bytes:
        """Equal for equal drafts: tells a repeated request from a reused key."""
        return fingerprint(
            self.kind,
            self.description,
            self.value_date.isoformat(),
            self.effective_at.timestamp() if self.effective_at else None,
            self.source_event,
            dict(self.metadata),
            [
                [p.account, p.side, p.amount.minor, p.amount.currency, p.clearing_key]
                for p in self.postings
            ],
            [self.reason, self.template, self.approval_id],
            [
                [c.account, c.version, c.min_balance_minor, c.max_balance_minor]
                for c in self.preconditions
            ],
        )


def check_legs(postings: Sequence[PostingDraft]) -> None:
    """Refuse legs that are too few or too many, not positive, or uneven in some currency."""
    if len(postings) < 2:  # noqa: PLR2004  a debit and a credit
        raise TooFewPostings(postings=len(postings))
    if len(postings) > POSTINGS_MAX:
        raise TooManyPostings(postings=len(postings), postings_max=POSTINGS_MAX)
    debits, credits = Counter[str](), Counter[str]()
    for leg, posting in enumerate(postings, start=1):
        if posting.amount.minor <= 0:
            raise AmountNotPositive(leg=leg, account=posting.account)
        if posting.account.startswith(POSITIONS):
            raise ReservedAccount(leg=leg, account=posting.account)
        side = debits if posting.side is Side.DEBIT else credits
        side[posting.amount.currency] += posting.amount.minor
    if debits != credits:
        currency = min(c for c in debits | credits if debits[c] != credits[c])
        raise UnbalancedEntry(
            currency=currency, debits_minor=debits[currency], credits_minor=credits[currency]
        )


def legs_as_lines(postings: Sequence[PostingDraft]) -> list[dict[str, Any]]:
    """Legs as documents keep them and the database compares them; amounts in minor units."""
    return [
        {
            "account": leg.account,
            "side": leg.side.letter,
            "amount_minor": leg.amount.minor,
            "currency": leg.amount.currency,
            "clearing_key": leg.clearing_key,
        }
        for leg in postings
    ]


def totals(postings: Sequence[PostingDraft]) -> tuple[Money, ...]:
    """What balanced legs move in each currency: the sum of one side, by currency code."""
    sums = Counter[str]()
    for posting in postings:
        if posting.side is Side.DEBIT:
            sums[posting.amount.currency] += posting.amount.minor
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))


def fingerprint(*facts: object) -> bytes:
    """SHA-256 over facts written as canonical JSON."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReceipt:
    """Proof that an entry is in the books.

    ``balances`` holds, for each account the entry touched, its balance (positive on the account's
    normal side) when the entry was complete. A replay returns the first receipt again.
    """

    entry_id: UUID
    value_date: date
    posted_at: datetime
    is_replay: bool
    balances: Mapping[str, Money]
