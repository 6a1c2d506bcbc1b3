"""A journal for hledger (1.x), after https://hledger.org/hledger.html.

Each account ends in an assertion (``= amount``), so ``hledger check`` proves every balance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from apps.ledger.domain.accounts import AccountClass
from apps.ledger.domain.exports.book import Book, BookEntry, HeldBalance, names_of, one_line

_ROOTS = {
    AccountClass.ASSET: "assets",
    AccountClass.LIABILITY: "liabilities",
    AccountClass.EQUITY: "equity",
    AccountClass.INCOME: "revenues",
    AccountClass.EXPENSE: "expenses",
    AccountClass.MEMO: "equity:memo",
}
_MEANINGFUL = str.maketrans(",;|", "   ")


class Hledger:
    """Writes one book."""

    suffix = "journal"

    def __init__(self, book: Book) -> None:
        self._book = book
        self._names = names_of(book.accounts, _ROOTS)

    def head(self) -> Iterator[str]:
        """Commodities with their decimals, then accounts."""
        book = self._book
        yield f"; {one_line(book.title)}: sealed entries 1 to {book.last}\ndecimal-mark .\n\n"
        for currency in sorted({account.currency for account in book.accounts}):
            # A commodity's sample must show a decimal mark, even one that nothing follows.
            sample = f"{book.amount(1000 * 10 ** book.exponents[currency], currency)}"
            mark = "" if "." in sample else "."
            yield f"commodity {sample}{mark} {_symbol(currency)}\n"
        yield "\n"
        for account in book.accounts:
            about = f"code:{_tag(account.code)}, name:{_tag(account.name)}"
            yield f"account {self._names[account.code]}  ; {about}\n"

    def entry(self, entry: BookEntry) -> str:
        """One transaction with what identifies it."""
        about = {
            "id": entry.reference,
            "seal": str(entry.number),
            "kind": entry.kind,
            "posted": entry.posted_at.isoformat(),
            "source": entry.source_event,
            "reverses": entry.reverses,
        }
        lines = [f"\n{entry.value_date} * {_tag(entry.description)}"]
        lines += [f"    ; {key}:{_tag(value)}" for key, value in about.items() if value]
        lines += [
            f"    {self._names[leg.account]}  "
            f"{self._book.amount(leg.signed_minor, leg.currency)} {_symbol(leg.currency)}"
            for leg in entry.legs
        ]
        return "\n".join(lines) + "\n"

    def tail(self, balances: Iterable[HeldBalance]) -> Iterator[str]:
        """One transaction that moves nothing and asserts everything."""
        currencies = {account.code: account.currency for account in self._book.accounts}
        yield f"\n{self._book.ends + timedelta(days=1)} * Balances by the ledger's own word\n"
        for held in balances:
            currency = currencies[held.account]
            symbol = _symbol(currency)
            amount = self._book.amount(held.signed_minor, currency)
            nothing = self._book.amount(0, currency)
            yield f"    {self._names[held.account]}  {nothing} {symbol} = {amount} {symbol}\n"


def _symbol(currency: str) -> str:
    """A commodity whose name holds anything but letters stands in quotes."""
    return currency if currency.isalpha() else f'"{currency}"'


def _tag(text: str) -> str:
    """A tag's value ends at a comma, a comment begins at a semicolon, and a parenthesis, a star or
    an exclamation mark in front would be taken for the transaction's code or state.
    """
    return one_line(text).translate(_MEANINGFUL).lstrip("(*! ")
