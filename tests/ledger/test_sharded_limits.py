"""A sharded account keeps its floor and ceiling whatever else the same call asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import transaction

from apps.ledger import errors
from apps.ledger.domain import BalanceMode, Precondition
from apps.ledger.domain import credit as credit_leg
from apps.ledger.domain import debit as debit_leg
from apps.ledger.selectors import books_violations
from apps.ledger.services import post_entries, post_entry
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes
from tests.ledger.test_hot_accounts import keep


def test_limits_of_a_sharded_account_hold_at_the_end_of_each_entry_of_a_batch(
    books: Tenant,
) -> None:
    keep("9600", BalanceMode.SHARDED)  # a liability that never holds more than 50,000

    def batch(*amounts: int) -> None:
        legs = {
            str(new_id()): draft(
                *(
                    [credit_leg("9600", kes(minor)), debit_leg("9100", kes(minor))]
                    if minor > 0
                    else [debit_leg("9600", kes(-minor)), credit_leg("9100", kes(-minor))]
                )
            )
            for minor in amounts
        }
        post_entries(drafts=legs, actor=SYSTEM)

    batch(49_000, -49_000, 50_000)
    before = image()
    for amounts, over in [((1, -1), 1), ((-50_000, 50_001), 1), ((-1, 2, -2), 1)]:
        with pytest.raises(errors.CeilingExceeded) as refused, transaction.atomic():
            batch(*amounts)
        assert refused.value.over_minor == over
    assert image() == before
    assert books_violations() == []


def test_what_else_is_asked_of_a_call_leaves_no_room_uncounted(books: Tenant) -> None:
    """A sharded account keeps its floor beside replays, and beside accounts only looked at."""
    replayed = draft(debit_leg("9100", kes(10)), credit_leg("9900", kes(10)))
    post_entry(draft=replayed, idempotency_key="before", actor=SYSTEM)
    keep("9110", BalanceMode.SHARDED)
    over = draft(credit_leg("9110", kes(1)), debit_leg("9600", kes(1)))
    looked_at = [Precondition(account=code, min_balance_minor=0) for code in ("9100", "9900")]
    for drafts in (
        {"before": replayed, "over": over},
        {"over": over, "before": replayed},
        {"over": replace(over, preconditions=looked_at)},
    ):
        before = image()
        with pytest.raises(errors.InsufficientFunds), transaction.atomic():
            post_entries(drafts=drafts, actor=SYSTEM)
        assert image() == before
    assert books_violations() == []


def test_an_earlier_rule_is_refused_before_the_room_of_a_sharded_account(books: Tenant) -> None:
    keep("9110", BalanceMode.SHARDED)
    legs = [credit_leg("9110", kes(5)), debit_leg("9999", kes(5))]
    with pytest.raises(errors.UnknownAccount):
        post_entry(draft=draft(*legs), idempotency_key="k", actor=SYSTEM)
