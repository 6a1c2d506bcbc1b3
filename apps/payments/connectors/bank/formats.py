"""Every kind of file a bank sends, by name, and how to tell them apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from apps.payments.connectors.bank import bai2, camt, mt940
from apps.payments.connectors.bank.reading import Limits
from apps.payments.domain.bank_statements import Part

#: Statements that need no description of ours. CSV needs a profile.
STATEMENTS: dict[str, Callable[[BinaryIO, Limits], Iterator[Part]]] = {
    "camt": camt.read,
    "mt940": mt940.read,
    "bai2": bai2.read,
}
PAIN002, CSV = "pain.002", "csv"
HEAD_BYTES = 4096
_SWIFT = re.compile(rb"\s*(\{1:|:20:|:\d\d[A-Z]?:)")


def recognised(head: bytes) -> str:
    """The format a file seems to have, by its first bytes; the reader then proves it."""
    if b"<" in head[:200] and b"BkToCstmr" in head:
        return "camt"
    if b"<" in head[:200] and b"CstmrPmtStsRpt" in head:
        return PAIN002
    if head.startswith(b"01,"):
        return "bai2"
    return "mt940" if _SWIFT.match(head) else CSV
