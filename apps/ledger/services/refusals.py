"""From what the database refuses to the errors the ledger speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error

from apps.ledger import errors
from apps.platform.errors import DomainError

#: SQLSTATEs of ``sql/``. Their DETAIL is JSON whose names are the error's fields.
REFUSALS: dict[str, type[DomainError]] = {
    "LG001": errors.UnbalancedEntry,
    "LG005": errors.AmountNotPositive,
    "LG010": errors.UnknownAccount,
    "LG011": errors.HeaderAccount,
    "LG012": errors.AccountClosed,
    "LG013": errors.AccountFrozen,
    "LG014": errors.CurrencyMismatch,
    "LG020": errors.InsufficientFunds,
    "LG021": errors.CeilingExceeded,
    "LG022": errors.BalanceOverflow,
    "LG030": errors.IdempotencyKeyReused,
    "LG031": errors.DuplicateSourceEvent,
    "LG032": errors.AlreadyReversed,
}

#: Another transaction was in the way; the same work may succeed when done again from its start:
#: serialization failure, deadlock, lock not available.
IN_THE_WAY = frozenset({"40001", "40P01", "55P03"})


def sqlstate(error: Error) -> str:
    """The five letters PostgreSQL gave, or an empty text."""
    return str(getattr(error.__cause__, "sqlstate", None) or "")


@contextmanager
def typed() -> Iterator[None]:
    """Within the block, the posting functions' refusals are raised as typed errors."""
    try:
        yield
    except Error as error:
        refusal = REFUSALS.get(sqlstate(error))
        if refusal is None:
            raise
        detail = getattr(error.__cause__, "diag").message_detail  # noqa: B009  psycopg is untyped here
        raise refusal(**json.loads(detail)) from error
