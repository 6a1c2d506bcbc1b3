"""Bank statements in any format the house reads, as statements to be reconciled.

Only booked entries count, and opening and closing balance prove them. A file has one statement.
An entry that stands for many payments becomes a line for each, if the bank tells all their amounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time

from apps.payments.domain.bank_statements import (
    BankStatement,
    Detail,
    Entry,
    EntryStatus,
    References,
    Side,
)
from apps.payments.errors.bank_files import UnreadableFile
from apps.payments.selectors import bank_statements
from apps.settlements.domain import Direction, LineKind, ParsedLine, ParsedStatement
from apps.settlements.errors import UnreadableStatement

SIZE_MAX_BYTES = 20 * 1024 * 1024
#: The last part of ISO 20022 bank transaction codes, SWIFT's types, and BAI2's.
_FEES = frozenset({"CHRG", "FEES", "COMM", "NCHG", "NCOM", "FCHG", "661", "698"})
_TRANSFERS = frozenset({"BOOK", "RRTN"})


def read(content: bytes, file_format: str, provider_account: str = "") -> ParsedStatement:
    """Read a file with exactly one statement; ``UnreadableStatement`` and nothing else.

    A CSV is read by the profile of the provider account.
    """
    try:
        found = list(
            bank_statements(
                content,
                file_format=file_format,
                bytes_max=SIZE_MAX_BYTES,
                provider_account=provider_account,
            )
        )
    except UnreadableFile as refused:
        where = re.findall(r"\d+", refused.place)
        line = int(where[-1]) if where else 1
        raise UnreadableStatement(line=line, reason=f"{refused.place}: {refused.reason}") from None
    if len(found) != 1:
        raise UnreadableStatement(line=1, reason=f"{len(found)} statements, not one")
    return _statement(found[0])


def _statement(told: BankStatement) -> ParsedStatement:
    opening, closing = told.footer.opening_minor, told.footer.closing_minor
    if opening is None or closing is None:
        raise UnreadableStatement(line=1, reason="no opening or no closing balance")
    booked = [entry for entry in told.entries if entry.status is EntryStatus.BOOKED]
    return ParsedStatement(
        account=told.header.account,
        currency=told.header.currency or next((entry.currency for entry in booked), ""),
        opening_minor=opening,
        closing_minor=closing,
        lines=[line for entry in booked for line in _lines(entry)],
    )


def _lines(entry: Entry) -> Iterator[ParsedLine]:
    if not entry.amount_minor:
        raise UnreadableStatement(line=entry.number, reason="an entry without an amount")
    details = entry.details
    alike = all(one.side in (None, entry.side) and one.amount_minor for one in details)
    total = sum(one.amount_minor or 0 for one in details)
    is_told = {one.currency for one in details} == {entry.currency}
    if len(details) > 1 and alike and is_told and total == entry.amount_minor:
        yield from (_line(entry, one) for one in details)
    else:
        own = Detail(
            amount_minor=entry.amount_minor,
            references=entry.references,
            counterparty=entry.counterparty,
            text=entry.text,
        )
        yield _line(entry, own)


def _line(entry: Entry, told: Detail) -> ParsedLine:
    direction = Direction.IN if entry.side is Side.CREDIT else Direction.OUT
    return ParsedLine(
        booked_at=_booked_at(entry),
        direction=direction,
        amount_minor=told.amount_minor or entry.amount_minor,
        kind=_kind(entry, direction),
        provider_reference=told.references.bank or entry.references.bank,
        our_reference=told.references.end_to_end,
        linked_reference=_linked(told.references),
        counterparty=told.counterparty.name,
        text=told.text or entry.text,
    )


def _kind(entry: Entry, direction: Direction) -> LineKind:
    code = entry.code.rpartition("/")[2]
    if code in _FEES:
        return LineKind.FEE
    if code in _TRANSFERS:
        return LineKind.TRANSFER
    return LineKind.PAYIN if direction is Direction.IN else LineKind.PAYOUT


def _booked_at(entry: Entry) -> datetime:
    """The moment, if the bank tells it; else the beginning of the day."""
    if entry.booked_at is not None:
        moment = entry.booked_at
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    day = entry.booking_date or entry.value_date
    if day is None:
        raise UnreadableStatement(line=entry.number, reason="an entry without a day")
    return datetime.combine(day, time(), UTC)


def _linked(references: References) -> str:
    return dict(references.others).get("LinkedTransactionID", "")
