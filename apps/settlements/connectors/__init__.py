"""Statement profiles: each reads one kind of file into a ``ParsedStatement``. Pure."""

from __future__ import annotations

from collections.abc import Callable

from apps.settlements.connectors import camt053, mpesa_csv
from apps.settlements.domain import ParsedStatement

#: Profile name to reader of the file's bytes. Readers raise ``UnreadableStatement``.
PROFILES: dict[str, Callable[[bytes], ParsedStatement]] = {
    "mpesa-csv": mpesa_csv.read,
    "camt.053": camt053.read,
}

__all__ = ["PROFILES"]
