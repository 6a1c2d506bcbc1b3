"""Bank files as other apps may read them."""

from __future__ import annotations

import io
from collections.abc import Iterator

from apps.payments.connectors.bank.formats import STATEMENTS
from apps.payments.connectors.bank.reading import Limits
from apps.payments.domain.bank_statements import BankStatement, collected

STATEMENT_FORMATS = tuple(sorted(STATEMENTS))


def bank_statements(content: bytes, *, file_format: str, bytes_max: int) -> Iterator[BankStatement]:
    """The statements in a file of one of ``STATEMENT_FORMATS``; ``UnreadableFile`` if it is not."""
    limits = Limits(file_bytes=bytes_max)
    return collected(STATEMENTS[file_format](io.BytesIO(content), limits))
