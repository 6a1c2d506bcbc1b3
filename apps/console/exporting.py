"""Writing values to CSV files that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from django.http import StreamingHttpResponse

from apps.console.values import (
    Code,
    Link,
    Note,
    Phone,
    Progress,
    Ref,
    Several,
    Status,
    Table,
    Value,
)
from apps.platform.money import Money

#: A cell that begins with one of these may be run as a formula (OWASP, CSV injection).
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BYTE_ORDER_MARK = "\ufeff"  # so that spreadsheets read UTF-8


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def plain(value: Value) -> str:
    """The value as the text of a cell. Numbers stay numbers; text can never be a formula.

    Money becomes its decimal amount; its currency belongs into a column of its own. Times are
    RFC 3339 in UTC.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal | Money):
        return str(value.major if isinstance(value, Money) else value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return safe_text(_text(value))


def _text(value: Value) -> str:
    match value:
        case Status(word=text) | Ref(text=text) | Link(text=text) | Code(text=text):
            found = str(text)
        case Phone():
            found = value.masked
        case Note(text=first, below=below):
            found = " – ".join(part for part in (plain(first), plain(below)) if part)
        case Progress():
            found = f"{value.done}/{value.total}"
        case Several(values=values):
            found = ", ".join(plain(one) for one in values)
        case _:
            found = str(value)
    return found


def safe_text(text: str) -> str:
    """Text that a spreadsheet shows as text: an apostrophe goes before a leading formula sign."""
    if text.lstrip(" ").startswith(DANGEROUS) or text.startswith(DANGEROUS):
        return f"'{text}"
    return text


def header(labels: Sequence[str], money: Sequence[bool]) -> list[str]:
    """The heading row: a column of amounts is followed by one of their currencies."""
    row: list[str] = []
    for label, is_money in zip(labels, money, strict=True):
        row.append(safe_text(label))
        if is_money:
            row.append(f"{label} currency")
    return row


def cells(values: Iterable[Value], money: Sequence[bool]) -> list[str]:
    """One row of a file, in the columns that ``header`` named."""
    row: list[str] = []
    for value, is_money in zip(values, money, strict=True):
        amount = value.text if isinstance(value, Note) else value
        if is_money:
            row.extend((plain(amount), amount.currency if isinstance(amount, Money) else ""))
        elif isinstance(amount, Money):
            row.append(f"{amount.currency} {amount.major}")
        else:
            row.append(plain(value))
    return row


def lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The text of a CSV file (RFC 4180), row by row."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield BYTE_ORDER_MARK
    for row in rows:
        yield writer.writerow(row)


def table_rows(table: Table) -> Iterator[list[str]]:
    """A table of a page: its title, its headings, its rows."""
    money = [
        any(isinstance(row.cells[index], Money) for row in table.rows)
        for index in range(len(table.columns))
    ]
    yield [safe_text(table.title)]
    yield header(table.columns, money)
    for row in table.rows:
        yield cells(row.cells, money)


def csv_response(name: str, rows: Iterable[Sequence[str]]) -> StreamingHttpResponse:
    """A download that is written while it is read, however long."""
    response = StreamingHttpResponse(lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
