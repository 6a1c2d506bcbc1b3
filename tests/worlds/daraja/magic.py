"""The last two digits of a phone decide what happens to a payment; any others simply succeed."""

from __future__ import annotations

import hashlib
from enum import StrEnum


class Magic(StrEnum):
    SUCCESS = "01"
    CANCELLED = "02"  # payouts: the receiver is not registered
    INSUFFICIENT = "03"  # payouts: the Utility account is short
    LATE_SUCCESS = "04"  # "unreachable" first, paid after all
    TRIPLE = "05"  # the same callback three times
    EARLY = "06"  # the callback overtakes the acknowledgement
    LOST_ACK = "07"  # booked, then the connection is closed without an answer
    SILENT = "08"  # paid, but no callback ever
    SWAPPED = "09"  # success first, then a stale failure; payouts: queue timeout, then paid
    SPIKE = "10"  # refused twice for too much traffic, then accepted
    ODD_CODES = "11"  # the result code as a boolean, then as a string
    OTHER_AMOUNT = "12"  # the customer pays a shilling less (more, when asked for one)
    MASKED = "13"  # the payer's number with stars
    HASHED = "14"  # the payer's number as SHA-256


def of(phone: str) -> Magic:
    try:
        return Magic(phone[-2:])
    except ValueError:
        return Magic.SUCCESS


def shown_payer(phone: str) -> str:
    """The payer as a callback shows it: plain, masked or hashed."""
    match of(phone):
        case Magic.MASKED:
            return f"{phone[:4]} ***** {phone[-3:]}"
        case Magic.HASHED:
            return hashlib.sha256(phone.encode()).hexdigest()
    return phone
