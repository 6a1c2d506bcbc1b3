"""An entry that deserves two refusals gets the one that comes first: every pair of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

import pytest

from apps.ledger import errors
from apps.ledger.domain import AccountStatus, PostingDraft, Precondition, Side, credit, debit
from apps.ledger.services import change_account_status, post_entry
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an entry: in its legs, or in what it says."""

    error: type[DomainError]
    leg: PostingDraft | None = None
    facts: dict[str, object] = field(default_factory=dict)
    key: str = ""


def asks(**condition: int) -> dict[str, object]:
    return {"preconditions": [Precondition(account="9900", **condition)]}


#: In their order of precedence.
FAULTS = [
    Fault(errors.IdempotencyKeyReused, key="taken"),
    Fault(errors.DuplicateSourceEvent, facts={"source_event": "evt"}),
    Fault(errors.UnknownAccount, credit("none", kes(1))),
    Fault(errors.HeaderAccount, credit("9500", kes(1))),
    Fault(errors.AccountClosed, credit("9100", kes(1))),
    Fault(errors.AccountFrozen, credit("9110", kes(1))),
    Fault(errors.CurrencyMismatch, credit("9200", kes(1))),
    Fault(errors.PreconditionFailed, facts=asks(min_balance_minor=1_000_000)),
    Fault(errors.StaleVersion, facts=asks(version=99)),
    Fault(errors.InsufficientFunds, debit("9500.one", kes(1))),
    Fault(errors.CeilingExceeded, credit("9600", kes(50_001))),
]


def test_of_two_refusals_the_first_by_precedence_is_told(books: Tenant, amina: Actor) -> None:
    first = draft(debit("9100", kes(5)), credit("9900", kes(5)), source_event="evt")
    post_entry(draft=first, idempotency_key="taken", actor=amina)
    change_account_status(code="9110", status=AccountStatus.FROZEN, reason="x", actor=SYSTEM)
    post_entry(
        draft=draft(debit("9900", kes(5)), credit("9100", kes(5))),
        idempotency_key="emptied",
        actor=amina,
    )
    change_account_status(code="9100", status=AccountStatus.CLOSED, reason="x", actor=SYSTEM)
    before = image()
    for sooner, later in combinations(FAULTS, 2):
        legs = [fault.leg for fault in (later, sooner) if fault.leg]
        over = sum(one.amount.minor * (1 if one.side is Side.DEBIT else -1) for one in legs)
        legs += [debit("9900", kes(100_000)), credit("9900", kes(100_000 + over))]
        facts = later.facts | sooner.facts
        if {"preconditions"} <= later.facts.keys() & sooner.facts.keys():
            facts["preconditions"] = [
                *later.facts["preconditions"], *sooner.facts["preconditions"],  # type: ignore[misc]
            ]  # fmt: skip
        with pytest.raises(DomainError) as refused:
            post_entry(
                draft=draft(*legs, **facts),
                idempotency_key=sooner.key or later.key or "k",
                actor=amina,
            )
        assert type(refused.value) is sooner.error, (sooner.error, later.error)
    assert image() == before
