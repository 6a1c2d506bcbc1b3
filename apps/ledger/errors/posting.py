"""What is refused about journal entries and their postings."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class UnbalancedEntry(DomainError):
    """Debits and credits of a journal entry must be equal in every currency."""

    code = "ledger/unbalanced-entry"
    kind = Kind.INVALID
    advice = "Correct the amounts so that both sides add up to the same sum in each currency."

    currency: str
    debits_minor: int
    credits_minor: int


@dataclass(eq=False, kw_only=True)
class AmountNotPositive(DomainError):
    """A posting moves a positive amount; its side says which way."""

    code = "ledger/amount-not-positive"
    kind = Kind.INVALID
    advice = "Give an amount above zero and choose debit or credit."

    leg: int
    account: str


@dataclass(eq=False, kw_only=True)
class TooFewPostings(DomainError):
    """A journal entry has at least one debit and one credit."""

    code = "ledger/too-few-postings"
    kind = Kind.INVALID
    advice = "Add the missing side of the entry."

    postings: int


@dataclass(eq=False, kw_only=True)
class ReservedKind(DomainError):
    """Only the ledger itself writes entries of this kind."""

    code = "ledger/reserved-kind"
    kind = Kind.INVALID
    advice = "Choose another kind; to reverse an entry, ask for its reversal."

    entry_kind: str


@dataclass(eq=False, kw_only=True)
class ReservedAccount(DomainError):
    """Only the ledger itself posts to this account."""

    code = "ledger/reserved-account"
    kind = Kind.INVALID
    advice = "Convert the money instead: a conversion moves the position."

    leg: int
    account: str


@dataclass(eq=False, kw_only=True)
class UnknownAccount(DomainError):
    """A posting names an account that is not in the chart."""

    code = "ledger/unknown-account"
    kind = Kind.INVALID
    advice = "Check the account code, or open the account first."

    leg: int
    account: str


@dataclass(eq=False, kw_only=True)
class HeaderAccount(DomainError):
    """A header account only sums the accounts below it and takes no postings."""

    code = "ledger/header-account"
    kind = Kind.INVALID
    advice = "Post to one of the accounts below it."

    leg: int
    account: str


@dataclass(eq=False, kw_only=True)
class AccountClosed(DomainError):
    """A closed account takes no postings."""

    code = "ledger/account-closed"
    kind = Kind.CONFLICT
    advice = "Post to another account, or reopen this one."

    leg: int
    account: str


@dataclass(eq=False, kw_only=True)
class AccountFrozen(DomainError):
    """The account is frozen for this side."""

    code = "ledger/account-frozen"
    kind = Kind.CONFLICT
    advice = "Find out why it was frozen; post again once it is open."

    leg: int
    account: str
    account_status: str


@dataclass(eq=False, kw_only=True)
class CurrencyMismatch(DomainError):
    """A posting must be in the currency of its account."""

    code = "ledger/currency-mismatch"
    kind = Kind.INVALID
    advice = "Use the account of that currency, or convert the money first."

    leg: int
    account: str
    account_currency: str
    posting_currency: str


@dataclass(eq=False, kw_only=True)
class InsufficientFunds(DomainError):
    """The account would fall below its floor."""

    code = "ledger/insufficient-funds"
    kind = Kind.CONFLICT
    advice = "Bring money in first, or post a smaller amount."

    account: str
    currency: str
    short_minor: int


@dataclass(eq=False, kw_only=True)
class CeilingExceeded(DomainError):
    """The account would rise above its ceiling."""

    code = "ledger/ceiling-exceeded"
    kind = Kind.CONFLICT
    advice = "Move money out first, or post a smaller amount."

    account: str
    currency: str
    over_minor: int


@dataclass(eq=False, kw_only=True)
class BalanceOverflow(DomainError):
    """The account's sums would no longer fit into 64 bits."""

    code = "ledger/balance-overflow"
    kind = Kind.CONFLICT
    advice = "Open a successor account and continue there."

    account: str


@dataclass(eq=False, kw_only=True)
class IdempotencyKeyReused(DomainError):
    """An idempotency key belongs to one request and cannot carry another."""

    code = "ledger/idempotency-key-reused"
    kind = Kind.INVALID
    advice = "Use a new key for a new entry."

    idempotency_key: str


@dataclass(eq=False, kw_only=True)
class DuplicateSourceEvent(DomainError):
    """The books already hold this kind of entry for this source event."""

    code = "ledger/duplicate-source-event"
    kind = Kind.CONFLICT
    advice = "Nothing to do: look at the entry that is there."

    source_event: str
    entry_kind: str
    entry_id: str


@dataclass(eq=False, kw_only=True)
class AlreadyReversed(DomainError):
    """An entry is reversed once."""

    code = "ledger/already-reversed"
    kind = Kind.CONFLICT
    advice = "Nothing to do: look at the reversing entry that is there."

    entry_id: str
    reversed_by: str


@dataclass(eq=False, kw_only=True)
class EntryNotFound(DomainError):
    """There is no journal entry with this id."""

    code = "ledger/entry-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the id."

    entry_id: str


@dataclass(eq=False, kw_only=True)
class TooManyPostings(DomainError):
    """An entry has at most 10,000 postings."""

    code = "ledger/too-many-postings"
    kind = Kind.INVALID
    advice = "Split it into several entries; they can be posted together."

    postings: int
    postings_max: int


@dataclass(eq=False, kw_only=True)
class PreconditionFailed(DomainError):
    """The account does not hold what the entry asked it to hold."""

    code = "ledger/precondition-failed"
    kind = Kind.CONFLICT
    advice = "Read the account again and decide anew."

    account: str
    balance_minor: int
    min_balance_minor: int | None
    max_balance_minor: int | None


@dataclass(eq=False, kw_only=True)
class StaleVersion(DomainError):
    """The account has moved on since it was read."""

    code = "ledger/stale-version"
    kind = Kind.CONFLICT
    advice = "Read the account again and decide anew."

    account: str
    expected: int
    version: int


@dataclass(eq=False, kw_only=True)
class PreconditionNotPossible(DomainError):
    """Preconditions need an account whose balance is kept with each posting."""

    code = "ledger/precondition-not-possible"
    kind = Kind.INVALID
    advice = "Leave the precondition out, or make the account synchronous."

    account: str
