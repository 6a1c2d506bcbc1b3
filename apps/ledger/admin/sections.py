"""What other parts of the ledger add to the pages of an account and of an entry.

``register_account_section(build)``: ``build(row)`` answers a table, a card, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from apps.console.cards import Card
from apps.console.values import Table
from apps.ledger.selectors import AccountRow, EntryRow

Part = Table | Card | None
_accounts: list[tuple[int, Callable[[AccountRow], Part]]] = []
_entries: list[tuple[int, Callable[[EntryRow], Part]]] = []


def register_account_section(build: Callable[[AccountRow], Part], *, order: int = 100) -> None:
    """Show something on every account's page, below its balances."""
    _accounts.append((order, build))


def register_entry_section(build: Callable[[EntryRow], Part], *, order: int = 100) -> None:
    """Show something on every entry's page, below its postings."""
    _entries.append((order, build))


def account_parts(row: AccountRow) -> list[Table | Card]:
    """What was registered, in order."""
    built = [build(row) for _, build in sorted(_accounts, key=lambda one: one[0])]
    return [part for part in built if part is not None]


def entry_parts(row: EntryRow) -> list[Table | Card]:
    """Likewise for an entry."""
    built = [build(row) for _, build in sorted(_entries, key=lambda one: one[0])]
    return [part for part in built if part is not None]
