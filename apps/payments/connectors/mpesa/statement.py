"""The organisation portal's statement (CSV), line by line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from apps.payments.connectors.mpesa import wire
from apps.payments.domain.phones import masked
from apps.payments.domain.receipts import ProviderTransaction
from apps.platform.money import Money

_FIRST_COLUMN = "Receipt No."
_MINIMUM = {"Receipt No.", "Completion Time", "Transaction Status", "Paid In", "Withdrawn"}
#: How the details of a payout name the key it was sent under.
_OUR_KEY = re.compile(r"Original conversation ID is ([\w-]+)")
#: ``Reason Type`` of the portal to our words; a reason not met before is ``other``.
KINDS = {
    "pay bill online": "pay_in",
    "pay bill": "pay_in",
    "pay bill charge": "fee",
    "business payment charge": "fee",
    "business payment to customer via api": "payout",
    "organization deposit": "deposit",
    "pay bill reversal": "reversal",
}


def read(content: bytes) -> list[ProviderTransaction]:
    """Every completed line in the file's order; ``ValueError`` when it is no such statement."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    header = next((row for row in rows if row and row[0].strip() == _FIRST_COLUMN), None)
    if header is None or not {name.strip() for name in header} >= _MINIMUM:
        raise ValueError("this is not a statement of the organisation portal")
    names = [name.strip() for name in header]
    return list(_lines(names, rows))


def _lines(names: list[str], rows: Iterable[list[str]]) -> Iterator[ProviderTransaction]:
    for row in rows:
        line = dict(zip(names, (cell.strip() for cell in row), strict=False))
        if line.get("Transaction Status", "").lower() == "completed":
            yield _transaction(line)


def _transaction(line: dict[str, str]) -> ProviderTransaction:
    at: datetime | None = wire.moment(line.get("Completion Time"))
    amount = wire.money(line.get("Paid In") or line.get("Withdrawn"))
    if at is None or amount is None or not line[_FIRST_COLUMN]:
        raise ValueError(f"line {line.get(_FIRST_COLUMN)!r} cannot be read")
    signed = abs(amount) if line.get("Paid In") else -abs(amount)
    details = line.get("Details", "")
    our_key = _OUR_KEY.search(details)
    phone, _, _name = line.get("Other Party Info", "").partition(" - ")
    return ProviderTransaction(
        reference=line[_FIRST_COLUMN],
        at=at,
        amount=Money(signed.minor, wire.CURRENCY),
        balance=wire.money(line.get("Balance")),
        details=wire.without_numbers(details),
        kind=KINDS.get(line.get("Reason Type", "").lower(), "other"),
        account_reference=our_key[1] if our_key else line.get("A/C No.", ""),
        counterparty=masked(phone),
        linked_reference=line.get("Linked Transaction ID", ""),
    )
