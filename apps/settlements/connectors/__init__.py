"""Statement profiles: each reads one kind of file into a ``ParsedStatement``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from apps.settlements.connectors import bank, mpesa_csv
from apps.settlements.domain import ParsedStatement

#: Read by what the provider account says of its bank's files.
BANK_CSV = "bank-csv"
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
    BANK_CSV: "CSV, as the bank account describes it",
}
#: Profiles of the formats that files from a bank's folder have.
BANK_PROFILES = {"camt": "camt.053", "mt940": "mt940", "bai2": "bai2", "csv": BANK_CSV}


def read_statement(content: bytes, profile: str, provider_account: str) -> ParsedStatement:
    """Read a file by a profile of ``PROFILE_NAMES``; ``UnreadableStatement`` and nothing else."""
    if profile == BANK_CSV:
        return bank.read(content, "csv", provider_account)
    return PROFILES[profile](content)


__all__ = ["BANK_PROFILES", "PROFILES", "PROFILE_NAMES", "read_statement"]
