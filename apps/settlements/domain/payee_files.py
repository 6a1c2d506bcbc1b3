"""Files of payees: a CSV whose first row names the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from apps.platform.currencies import CURRENCIES
from apps.settlements.domain.payout_details import PayoutDetails, Rail, normalised, problems
from apps.settlements.domain.states import PayeeKind

COLUMNS = (
    "reference", "name", "kind", "currency", "rail", "phone", "account_name", "iban", "account",
    "bic", "clearing_member",
)  # fmt: skip
_NEEDED = ("reference", "name", "kind", "currency", "rail")
_LONGEST = {"reference": 40, "name": 150}
ROWS_MAX = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeLine:
    """A row that is well-formed: who, and where to."""

    row: int
    reference: str
    name: str
    kind: PayeeKind
    currency: str
    details: PayoutDetails


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in one row; rows are counted as a spreadsheet does, the heading being 1."""

    row: int
    column: str
    sentence: str


def read_payees(content: bytes) -> tuple[list[PayeeLine], list[RowProblem], int]:
    """The good rows, what is wrong with the others, and how many rows there are.

    Raises ``ValueError`` with a sentence when the file as a whole is not one of payees.
    """
    lines: list[PayeeLine] = []
    found: list[RowProblem] = []
    seen: dict[str, int] = {}
    number = 1
    for number, row in enumerate(_rows(content), start=2):
        if number > ROWS_MAX + 1:
            raise ValueError(f"it has more than {ROWS_MAX} rows; split it")
        wrong = _row_problems(row)
        reference = row["reference"]
        if reference in seen:
            wrong.append(("reference", f"is in row {seen[reference]} as well"))
        seen.setdefault(reference, number)
        found += [RowProblem(number, column, sentence) for column, sentence in wrong]
        if not wrong:
            lines.append(_line(number, row))
    return lines, found, number - 1


def _rows(content: bytes) -> Iterator[dict[str, str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    headings = [name.strip().lower() for name in reader.fieldnames or ()]
    if missing := [name for name in _NEEDED if name not in headings]:
        raise ValueError(f"its first row lacks the columns {', '.join(missing)}")
    if unknown := [name for name in headings if name not in COLUMNS]:
        raise ValueError(f"its first row has columns nobody knows: {', '.join(unknown)}")
    reader.fieldnames = headings
    try:
        for row in reader:
            yield dict.fromkeys(COLUMNS, "") | {
                name: value.strip() for name, value in row.items() if name and value
            }
    except csv.Error as error:
        raise ValueError(f"it is not a CSV: {error}") from None


def _row_problems(row: dict[str, str]) -> list[tuple[str, str]]:
    wrong = [
        (name, f"is needed, at most {longest} letters")
        for name, longest in _LONGEST.items()
        if not 1 <= len(row[name]) <= longest
    ]
    for name, allowed in (("kind", list(PayeeKind)), ("rail", list(Rail))):
        if row[name].lower() not in allowed:
            wrong.append((name, f"is one of {', '.join(allowed)}"))
    if row["currency"].upper() not in CURRENCIES:
        wrong.append(("currency", "is a currency such as KES"))
    if wrong:
        return wrong
    return list(problems(_details(row), row["currency"].upper()).items())


def _details(row: dict[str, str]) -> PayoutDetails:
    facts = {name: row[name] for name in COLUMNS[5:]}
    return normalised(PayoutDetails(rail=Rail(row["rail"].lower()), **facts))


def _line(number: int, row: dict[str, str]) -> PayeeLine:
    return PayeeLine(
        row=number,
        reference=row["reference"],
        name=row["name"],
        kind=PayeeKind(row["kind"].lower()),
        currency=row["currency"].upper(),
        details=_details(row),
    )
