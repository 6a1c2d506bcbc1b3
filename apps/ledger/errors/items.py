"""What is refused about open items, their settlement, and clearing keys."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class ClearingKeyMissing(DomainError):
    """A posting to this account must say which open item it belongs to, by its clearing key."""

    code = "ledger/clearing-key-missing"
    kind = Kind.INVALID
    advice = "Give the posting the clearing_key of what it opens or clears."

    leg: int
    account: str


@dataclass(eq=False, kw_only=True)
class ItemNotFound(DomainError):
    """The account has no such item on this side, or is not kept by open items."""

    code = "ledger/item-not-found"
    kind = Kind.NOT_FOUND
    advice = "Take items from the account's list of open items: debits with credits."

    account: str
    item: str


@dataclass(eq=False, kw_only=True)
class ItemAlreadySettled(DomainError):
    """No more of an item can be settled than remains of it."""

    code = "ledger/item-already-settled"
    kind = Kind.CONFLICT
    advice = "Read the open items again; settle at most what remains, or undo a settlement first."

    item: str
    asked_minor: int
    remaining_minor: int
    currency: str


@dataclass(eq=False, kw_only=True)
class ItemsUnmatched(DomainError):
    """A settlement matches items of the debit side with items of the credit side."""

    code = "ledger/items-unmatched"
    kind = Kind.INVALID
    advice = "Choose at least one debit and one credit, each once, with amounts above zero."

    debits: int
    credits: int


@dataclass(eq=False, kw_only=True)
class SettlementNotFound(DomainError):
    """There is no settlement of items with this id, or it is itself the undoing of one."""

    code = "ledger/settlement-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the id."

    settlement_id: str


@dataclass(eq=False, kw_only=True)
class SettlementAlreadyUndone(DomainError):
    """A settlement is undone once; its items are open again already."""

    code = "ledger/settlement-already-undone"
    kind = Kind.CONFLICT
    advice = "Nothing to do: look at the account's open items."

    settlement_id: str


@dataclass(eq=False, kw_only=True)
class ItemsNotPossible(DomainError):
    """The account cannot be kept by items or cleared by key in this way."""

    code = "ledger/items-not-possible"
    kind = Kind.CONFLICT
    advice = "Choose another account, or leave on what has been begun."

    account: str
    obstacle: str
