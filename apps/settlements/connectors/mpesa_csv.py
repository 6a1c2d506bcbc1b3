"""The organisation statement of M-Pesa's portal as CSV.

A preamble (account, balances), a header line, then one line per movement. Times are East Africa
Time (UTC+3). The receipt of a charge line's movement is in ``Linked Transaction ID``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from apps.platform.money import Money
from apps.settlements.domain import Direction, LineKind, ParsedLine, ParsedStatement
from apps.settlements.errors import UnreadableStatement

EAST_AFRICA = timezone(timedelta(hours=3))
HEADER = (
    "Receipt No.",
    "Completion Time",
    "Initiation Time",
    "Details",
    "Transaction Status",
    "Paid In",
    "Withdrawn",
    "Balance",
    "Balance Confirmed",
    "Reason Type",
    "Other Party Info",
    "Linked Transaction ID",
    "A/C No.",
)
_PREAMBLE = {
    "Short Code:": "account",
    "Currency:": "currency",
    "Opening Balance:": "opening",
    "Closing Balance:": "closing",
}


def read(content: bytes) -> ParsedStatement:
    """Read the file; ``UnreadableStatement`` names the first line that is not as it should be."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error):
        raise UnreadableStatement(line=1, reason="not a CSV file in UTF-8") from None
    about, start = _preamble(rows)
    currency = about["currency"]
    lines = [
        _line(row, start + index, currency)
        for index, row in enumerate(rows[start:], start=1)
        if any(row)
    ]
    return ParsedStatement(
        account=about["account"],
        currency=currency,
        opening_minor=_amount(about["opening"], currency, start),
        closing_minor=_amount(about["closing"], currency, start),
        lines=[line for line in lines if line is not None],
    )


def _preamble(rows: Sequence[Sequence[str]]) -> tuple[dict[str, str], int]:
    about: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        if tuple(cell.strip() for cell in row) == HEADER:
            missing = set(_PREAMBLE.values()) - about.keys()
            if missing:
                raise UnreadableStatement(line=number, reason=f"no {min(missing)} before the lines")
            return about, number
        if len(row) > 1 and row[0].strip() in _PREAMBLE:
            about[_PREAMBLE[row[0].strip()]] = row[1].strip()
    raise UnreadableStatement(line=len(rows), reason="the header line of the portal is missing")


def _line(row: Sequence[str], number: int, currency: str) -> ParsedLine | None:
    if len(row) != len(HEADER):
        raise UnreadableStatement(line=number, reason=f"{len(row)} columns, not {len(HEADER)}")
    cell = dict(zip(HEADER, (text.strip() for text in row), strict=True))
    if cell["Transaction Status"] != "Completed":
        return None  # declined and cancelled movements change no balance
    paid_in = _amount(cell["Paid In"] or "0", currency, number)
    withdrawn = abs(_amount(cell["Withdrawn"] or "0", currency, number))
    if bool(paid_in) == bool(withdrawn) or paid_in < 0:
        raise UnreadableStatement(line=number, reason="either Paid In or Withdrawn has an amount")
    direction = Direction.IN if paid_in else Direction.OUT
    return ParsedLine(
        booked_at=_time(cell["Completion Time"], number),
        direction=direction,
        amount_minor=paid_in or withdrawn,
        kind=_kind(cell["Reason Type"], direction),
        provider_reference=cell["Receipt No."],
        our_reference=cell["A/C No."],
        linked_reference=cell["Linked Transaction ID"],
        counterparty=cell["Other Party Info"],
        text=cell["Details"],
    )


def _kind(reason: str, direction: Direction) -> LineKind:
    words = reason.lower()
    if "charge" in words or "fee" in words or "commission" in words:
        return LineKind.FEE
    if "reversal" in words or "deposit" in words or "transfer" in words:
        return LineKind.TRANSFER
    return LineKind.PAYIN if direction is Direction.IN else LineKind.PAYOUT


def _amount(text: str, currency: str, number: int) -> int:
    try:
        return Money.from_major(text.replace(",", ""), currency).minor
    except ValueError:
        raise UnreadableStatement(line=number, reason=f"{text!r} is not an amount") from None


def _time(text: str, number: int) -> datetime:
    for form in ("%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=EAST_AFRICA)
        except ValueError:
            continue
    raise UnreadableStatement(line=number, reason=f"{text!r} is not a time")
