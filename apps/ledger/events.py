"""What the ledger tells the world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPosted:
    """A journal entry is now part of the books.

    ``totals`` is what it moved: the sum of one side in each currency. The event's aggregate is the
    entry's public id (``je_…``).
    """

    name: ClassVar[str] = "ledger.entry_posted"
    version: ClassVar[int] = 1

    entry_id: UUID
    kind: str
    value_date: date
    totals: tuple[Money, ...]
    source_event: str
    reverses_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyConverted:
    """Money has changed its currency at the terms of a quote.

    ``sell`` has left ``sell_account``, ``buy`` has arrived on ``buy_account``; the spread is part
    of ``sell``. ``mid`` is units of the bought for one of the sold currency, as text. The aggregate
    is the conversion's public id (``fxc_…``).
    """

    name: ClassVar[str] = "ledger.currency_converted"
    version: ClassVar[int] = 1

    conversion_id: str
    quote_id: str
    entry_id: UUID
    sell_account: str
    buy_account: str
    sell: Money
    buy: Money
    spread: Money
    mid: str
    value_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RevaluationPosted:
    """Foreign balances were revalued at the end of a day, and taken back the day after.

    ``result`` is positive for a gain. The entries are missing when nothing had changed. The
    aggregate is the run's public id (``rev_…``).
    """

    name: ClassVar[str] = "ledger.revaluation_posted"
    version: ClassVar[int] = 1

    revaluation_id: str
    as_of: date
    rate_set_id: str
    result: Money
    entry_id: UUID | None
    reversal_id: UUID | None
    reversal_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodClosed:
    """A period takes no more postings but those of its rule; hard closed, it takes none.

    The event's aggregate is the period's public id (``per_…``).
    """

    name: ClassVar[str] = "ledger.period_closed"
    version: ClassVar[int] = 1

    period_id: str
    period: str
    starts: date
    ends: date
    state: str
    closing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodReopened:
    """A softly closed period takes postings again, by the word of two people."""

    name: ClassVar[str] = "ledger.period_reopened"
    version: ClassVar[int] = 1

    period_id: str
    period: str
    starts: date
    ends: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodExceptionGranted:
    """Until it expires, some people or kinds may post into a softly closed period.

    ``expires_at`` is an instant of RFC 3339, in UTC.
    """

    name: ClassVar[str] = "ledger.period_exception_granted"
    version: ClassVar[int] = 1

    period_id: str
    period: str
    request_id: str
    kinds: list[str]
    reason: str
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearResultCarried:
    """The year's income and expense are in retained earnings.

    ``results`` is what was carried, one amount per currency; a loss is negative.
    """

    name: ClassVar[str] = "ledger.year_result_carried"
    version: ClassVar[int] = 1

    year: str
    closing: int
    results: tuple[Money, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearResultTakenBack:
    """The closing entries of a year were taken back; its income and expense stand again."""

    name: ClassVar[str] = "ledger.year_result_taken_back"
    version: ClassVar[int] = 1

    year: str
    closing: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceCrossed:
    """A monitored balance went beyond its threshold, or came back (``is_crossed`` false).

    The aggregate is the account's code. ``balance`` and ``threshold`` are positive on the account's
    normal side.
    """

    name: ClassVar[str] = "ledger.balance_crossed"
    version: ClassVar[int] = 1

    monitor: str
    account: str
    comparison: str
    threshold: Money
    balance: Money
    is_crossed: bool
    crossed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced:
    """Money is held. ``held`` is the sum of one side in each currency.

    The aggregate of this and the following events is the hold's public id (``hld_…``).
    """

    name: ClassVar[str] = "ledger.hold_placed"
    version: ClassVar[int] = 1

    hold_id: UUID
    reason: str
    held: tuple[Money, ...]
    expires_at: datetime | None
    source_event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCaptured:
    """A part of a hold was posted as an entry; ``left`` is still held, nothing when it is empty."""

    name: ClassVar[str] = "ledger.hold_captured"
    version: ClassVar[int] = 1

    hold_id: UUID
    entry_id: UUID
    captured: tuple[Money, ...]
    left: tuple[Money, ...]
    source_event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReleased:
    """A part of a hold was given back."""

    name: ClassVar[str] = "ledger.hold_released"
    version: ClassVar[int] = 1

    hold_id: UUID
    released: tuple[Money, ...]
    left: tuple[Money, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldExpired:
    """A hold's time was over; what was left of it was given back."""

    name: ClassVar[str] = "ledger.hold_expired"
    version: ClassVar[int] = 1

    hold_id: UUID
    released: tuple[Money, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSubmitted:
    """A manual journal waits for the approval of other people."""

    name: ClassVar[str] = "ledger.journal_submitted"
    version: ClassVar[int] = 1

    journal_id: str
    kind: str
    totals: tuple[Money, ...]
    approvals_needed: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalDecided:
    """Somebody approved, sent back or rejected a manual journal."""

    name: ClassVar[str] = "ledger.journal_decided"
    version: ClassVar[int] = 1

    journal_id: str
    verdict: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSealed:
    """The chain over the journal was signed up to here: a witness outside our own database.

    ``statement`` is what was signed, to the letter; ``signature`` and ``public_key`` are base64.
    Whoever keeps these can prove later that nothing before ``last`` was changed.
    """

    name: ClassVar[str] = "ledger.head_sealed"
    version: ClassVar[int] = 1

    batch: int
    last: int
    head: str
    statement: str
    key: str
    public_key: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingWasStopped:
    """Nothing enters this tenant's journal until a person resumes posting."""

    name: ClassVar[str] = "ledger.posting_stopped"
    version: ClassVar[int] = 1

    reason: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingResumed:
    """The journal takes entries again."""

    name: ClassVar[str] = "ledger.posting_resumed"
    version: ClassVar[int] = 1

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsSettled:
    """Open items of an account settled each other.

    ``amount`` is what each side was settled by. ``closed_items`` (``je_…/2``: an entry and its leg)
    have nothing remaining now. The aggregate is the settlement's public id (``its_…``).
    """

    name: ClassVar[str] = "ledger.items_settled"
    version: ClassVar[int] = 1

    settlement_id: str
    account: str
    amount: Money
    closed_items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementUndone:
    """A settlement of items was taken back; what it settled is open again."""

    name: ClassVar[str] = "ledger.settlement_undone"
    version: ClassVar[int] = 1

    settlement_id: str
    account: str
    amount: Money
    reason: str
