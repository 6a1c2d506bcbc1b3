"""A small chart in the books of Mara Eats."""

from __future__ import annotations

from datetime import date

import pytest

from apps.ledger.domain import AccountClass, EntryDraft, PostingDraft
from apps.ledger.services import open_account
from apps.platform.actors import SYSTEM
from apps.platform.money import Money
from apps.tenancy.models import Tenant

VALUE_DATE = date(2026, 3, 2)
CHART: list[tuple[str, AccountClass, str, dict[str, object]]] = [
    ("9100", AccountClass.ASSET, "KES", {}),
    ("9110", AccountClass.ASSET, "KES", {"floor_minor": 0}),
    ("9200", AccountClass.ASSET, "USD", {}),
    ("9500", AccountClass.LIABILITY, "KES", {"is_header": True}),
    ("9500.one", AccountClass.LIABILITY, "KES", {"floor_minor": 0, "parent": "9500"}),
    ("9500.two", AccountClass.LIABILITY, "KES", {"floor_minor": 0, "parent": "9500"}),
    ("9600", AccountClass.LIABILITY, "KES", {"ceiling_minor": 50_000}),
    ("9700", AccountClass.EQUITY, "USD", {}),
    ("9900", AccountClass.INCOME, "KES", {}),
]


def kes(minor: int) -> Money:
    return Money(minor, "KES")


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def draft(*postings: PostingDraft, **facts: object) -> EntryDraft:
    about: dict[str, object] = {
        "description": "A sale",
        "value_date": VALUE_DATE,
        "kind": "test.sale",
    }
    return EntryDraft(postings=list(postings), **(about | facts))  # type: ignore[arg-type]


def open_chart() -> None:
    for code, account_class, currency, facts in CHART:
        open_account(
            code=code,
            name=f"Account {code}",
            account_class=account_class,
            currency=currency,
            actor=SYSTEM,
            **facts,  # type: ignore[arg-type]
        )


@pytest.fixture
def books(mara: Tenant) -> Tenant:
    """The chart, open and empty."""
    open_chart()
    return mara
