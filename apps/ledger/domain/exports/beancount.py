"""Beancount (version 3), to be checked by ``bean-check``.

Amounts carry every decimal of their currency and the tolerance is switched off, so one minor unit
too many in any posting or balance is an error. Debits are positive. Beancount orders by date, so
entries stand in the order they were sealed and say their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from apps.ledger.domain.accounts import AccountClass
from apps.ledger.domain.exports.book import Book, BookEntry, HeldBalance, names_of, one_line

_ROOTS = {
    AccountClass.ASSET: "Assets",
    AccountClass.LIABILITY: "Liabilities",
    AccountClass.EQUITY: "Equity",
    AccountClass.INCOME: "Income",
    AccountClass.EXPENSE: "Expenses",
    AccountClass.MEMO: "Equity:Memo",
}


class Beancount:
    """Writes one book."""

    suffix = "beancount"

    def __init__(self, book: Book) -> None:
        self._book = book
        self._names = names_of(book.accounts, _ROOTS)

    def head(self) -> Iterator[str]:
        """Options, commodities, accounts."""
        book = self._book
        yield f";; {one_line(book.title)}: sealed entries 1 to {book.last}\n"
        yield f'option "title" {_quoted(book.title)}\n'
        yield f'option "operating_currency" "{book.functional_currency}"\n'
        yield 'option "tolerance_multiplier" "0"\n\n'
        for currency in sorted({account.currency for account in book.accounts}):
            yield f"{book.starts} commodity {currency}\n  exponent: {book.exponents[currency]}\n"
        for account in book.accounts:
            yield f"{book.starts} open {self._names[account.code]} {account.currency}\n"
            yield f"  code: {_quoted(account.code)}\n  name: {_quoted(account.name)}\n"

    def entry(self, entry: BookEntry) -> str:
        """One transaction with what identifies it."""
        lines = [f"\n{entry.value_date} * {_quoted(entry.description)}"]
        about = {
            "id": entry.reference,
            "seal": str(entry.number),
            "kind": entry.kind,
            "posted": entry.posted_at.isoformat(),
            "source": entry.source_event,
            "reverses": entry.reverses,
        }
        lines += [f"  {key}: {_quoted(value)}" for key, value in about.items() if value]
        lines += [
            f"  {self._names[leg.account]}  "
            f"{self._book.amount(leg.signed_minor, leg.currency)} {leg.currency}"
            for leg in entry.legs
        ]
        return "\n".join(lines) + "\n"

    def tail(self, balances: Iterable[HeldBalance]) -> Iterator[str]:
        """What every account must hold, by the ledger's own word, on the morning after."""
        morning = self._book.ends + timedelta(days=1)
        currencies = {account.code: account.currency for account in self._book.accounts}
        yield "\n"
        for held in balances:
            currency = currencies[held.account]
            amount = self._book.amount(held.signed_minor, currency)
            yield f"{morning} balance {self._names[held.account]}  {amount} {currency}\n"


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
