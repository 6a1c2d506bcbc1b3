"""Statement profiles: each reads one kind of file into a ``ParsedStatement``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from apps.settlements.connectors import bank, mpesa_csv
from apps.settlements.domain import ParsedStatement

#: Profile name to reader of the file's bytes. Readers raise ``UnreadableStatement``.
PROFILES: dict[str, Callable[[bytes], ParsedStatement]] = {
    "mpesa-csv": mpesa_csv.read,
    "camt.053": partial(bank.read, file_format="camt"),
    "mt940": partial(bank.read, file_format="mt940"),
    "bai2": partial(bank.read, file_format="bai2"),
}
#: What people call them.
PROFILE_NAMES = {
    "mpesa-csv": "M-Pesa portal, CSV",
    "camt.053": "ISO 20022 camt.053",
    "mt940": "SWIFT MT940",
    "bai2": "BAI2",
}

__all__ = ["PROFILES", "PROFILE_NAMES"]
