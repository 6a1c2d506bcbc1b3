"""From what the database refuses to the errors the ledger speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import Error

from apps.ledger import errors
from apps.ledger.errors.fx import ConversionNotReversible
from apps.platform.errors import DomainError
from apps.platform.ids import public_id

#: SQLSTATEs of ``sql/``. Their DETAIL is JSON whose names are the error's fields.
REFUSALS: dict[str, type[DomainError]] = {
    "LG001": errors.UnbalancedEntry,
    "LG005": errors.AmountNotPositive,
    "LG010": errors.UnknownAccount,
    "LG011": errors.HeaderAccount,
    "LG012": errors.AccountClosed,
    "LG013": errors.AccountFrozen,
    "LG014": errors.CurrencyMismatch,
    "LG019": errors.AccountNotHoldable,
    "LG015": errors.PreconditionFailed,
    "LG016": errors.StaleVersion,
    "LG017": errors.PreconditionNotPossible,
    "LG020": errors.InsufficientFunds,
    "LG021": errors.CeilingExceeded,
    "LG022": errors.BalanceOverflow,
    "LG030": errors.IdempotencyKeyReused,
    "LG031": errors.DuplicateSourceEvent,
    "LG032": errors.AlreadyReversed,
    "LG033": errors.ReversalExceedsRemaining,
    "LG040": errors.PeriodHardClosed,
    "LG041": errors.PeriodSoftClosed,
    "LG045": errors.PostingStopped,
    "LG050": errors.LimitExceeded,
    "LG070": errors.ApprovalRequired,
    "LG090": errors.DimensionMissing,
    "LG091": errors.DimensionNotAllowed,
    "LG092": errors.UnitInUse,
    "LG093": errors.ParentNotHeader,
    "LG112": ConversionNotReversible,
    "LG060": errors.HoldNotFound,
    "LG061": errors.HoldAlreadyClosed,
    "LG062": errors.HoldExpired,
    "LG063": errors.CaptureExceedsHold,
    "LG064": errors.DuplicateHold,
}

#: Facts of a DETAIL that name something by its UUID, with the prefix of its public id.
ID_PREFIXES = {"entry_id": "je", "reversed_by": "je", "hold_id": "hld"}

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
        facts = _facts(error)
        facts.pop("entry", None)
        raise refusal(**facts) from error


def _facts(error: Error) -> dict[str, Any]:
    """The DETAIL's JSON, with ids as the outside knows them."""
    diagnosis = error.__cause__.diag  # type: ignore[union-attr]  # psycopg's, as a SQLSTATE was there
    facts: dict[str, Any] = json.loads(diagnosis.message_detail)
    for name in ID_PREFIXES.keys() & facts.keys():
        facts[name] = public_id(ID_PREFIXES[name], UUID(facts[name]))
    return facts
