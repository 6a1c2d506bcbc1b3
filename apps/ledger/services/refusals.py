"""From what the database refuses to the errors the ledger speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import UUID

from django.db import Error

from apps.ledger import errors
from apps.ledger.errors.fx import ConversionNotReversible
from apps.ledger.errors.templates import (
    TemplateCannotMove,
    TemplateExamplesFailed,
    TemplateNotActive,
    TemplateSelfActivation,
)
from apps.platform.errors import DomainError, Kind
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
    "LG080": errors.ClearingKeyMissing,
    "LG081": errors.ItemNotFound,
    "LG082": errors.ItemAlreadySettled,
    "LG083": errors.SettlementNotFound,
    "LG084": errors.ItemsNotPossible,
    "LG090": errors.DimensionMissing,
    "LG091": errors.DimensionNotAllowed,
    "LG092": errors.UnitInUse,
    "LG093": errors.ParentNotHeader,
    "LG101": TemplateNotActive,
    "LG102": TemplateCannotMove,
    "LG103": TemplateSelfActivation,
    "LG104": TemplateExamplesFailed,
    "LG112": ConversionNotReversible,
    "LG060": errors.HoldNotFound,
    "LG061": errors.HoldAlreadyClosed,
    "LG062": errors.HoldExpired,
    "LG063": errors.CaptureExceedsHold,
    "LG064": errors.DuplicateHold,
}

#: Facts of a DETAIL that name something by its UUID, with the prefix of its public id.
ID_PREFIXES = {"entry_id": "je", "reversed_by": "je", "hold_id": "hld", "settlement_id": "its"}

#: Another transaction was in the way; the same work may succeed when done again from its start:
#: serialization failure, deadlock, lock not available.
IN_THE_WAY = frozenset({"40001", "40P01", "55P03"})


#: The same request was refused before and gets the same answer.
REFUSED_BEFORE = "LG035"

#: What the request says by itself, every time anew; and what is about another entry than this one.
NOT_KEPT = frozenset(
    {
        errors.ReservedKind,
        errors.TooFewPostings,
        errors.TooManyPostings,
        errors.AmountNotPositive,
        errors.ReservedAccount,
        errors.UnbalancedEntry,
        errors.IdempotencyKeyReused,
        errors.LinkedEntryRefused,
    }
)


def is_final(refusal: DomainError) -> bool:
    """Whether the same request under the same key is to get this answer for ever.

    Whatever the books themselves decided is final, want of money included: the client was told no,
    and what is asked for again later is a new intention with a new key. Not final is what may pass
    (``unavailable``), and what needs no memory because the request alone says it.
    """
    return refusal.kind is not Kind.UNAVAILABLE and type(refusal) not in NOT_KEPT


def title_and_advice(code: str) -> tuple[str, str]:
    """The rule behind a code that was kept, and what to do about it, for people."""
    known = _classes()[code]
    return (known.__doc__ or "").strip().splitlines()[0], known.advice


def sqlstate(error: Error) -> str:
    """The five letters PostgreSQL gave, or an empty text."""
    return str(getattr(error.__cause__, "sqlstate", None) or "")


@contextmanager
def typed() -> Iterator[None]:
    """Within the block, the posting functions' refusals are raised as typed errors."""
    try:
        yield
    except Error as error:
        state = sqlstate(error)
        if state == REFUSED_BEFORE:
            facts = json.loads(_detail(error))
            refusal = _classes()[facts["code"]](**facts["facts"])
            refusal.is_replay = True
            raise refusal from error
        if state not in REFUSALS:
            raise
        facts = json.loads(_detail(error))
        others = facts.pop("others", None) or ()
        refusal = _refusal(state, facts)
        refusal.others = tuple(_refusal(other.pop("state"), other) for other in others)
        raise refusal from error


def _refusal(state: str, facts: dict[str, Any]) -> DomainError:
    """The typed error, with ids as the outside knows them."""
    facts.pop("entry", None)
    for name in ID_PREFIXES.keys() & facts.keys():
        facts[name] = public_id(ID_PREFIXES[name], UUID(facts[name]))
    if item := facts.get("item"):  # an item is its entry and its leg
        entry, _, leg = item.partition("/")
        facts["item"] = f"{public_id('je', UUID(entry))}/{leg}"
    refusal = REFUSALS[state](**facts)
    if facts.get("leg"):
        refusal.pointer = f"/postings/{facts['leg'] - 1}"
    return refusal


def _detail(error: Error) -> str:
    diagnosis = error.__cause__.diag  # type: ignore[union-attr]  # psycopg's, as a SQLSTATE was there
    return str(diagnosis.message_detail)


@cache
def _classes() -> dict[str, type[DomainError]]:
    """Every error by its code."""
    found, todo = {}, [DomainError]
    while todo:
        kind = todo.pop()
        found[kind.code] = kind
        todo += kind.__subclasses__()
    return found
