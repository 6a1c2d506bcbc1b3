"""A small chart in the books of Mara Eats, and a tenant of its own for tests that must commit."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.ledger.domain import AccountClass, EntryDraft, PostingDraft
from apps.ledger.selectors import books_violations, seal_status
from apps.ledger.services import open_account
from apps.ledger.services.sealing import seal_books
from apps.platform.actors import SYSTEM
from apps.platform.money import Money
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import tenant_by_slug
from apps.tenancy.services import provision_tenant

VALUE_DATE = date(2026, 3, 2)
RACES = "ledger-races"
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
TABLES = [
    "ledger_account",
    "ledger_account_balance",
    "ledger_balance_day",
    "ledger_journal_entry",
    "ledger_posting",
    "ledger_hold",
    "ledger_hold_leg",
    "ledger_hold_movement",
    "platform_outbox_message",
    "platform_audit_record",
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


def image() -> dict[str, str]:
    """Every row of the books, as one hash for each table: equal when nothing moved."""
    with connection.cursor() as cursor:
        hashes = {}
        for table in TABLES:
            cursor.execute(f"SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM {table} r")
            hashes[table] = cursor.fetchone()[0]
        return hashes


@pytest.fixture
def books(mara: Tenant) -> Iterator[Tenant]:
    """The chart, open and empty. What is checked at COMMIT is checked when the test ends."""
    open_chart()
    yield mara
    if not connection.needs_rollback:
        connection.check_constraints()


@pytest.fixture(scope="session")
def races(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A tenant whose tests commit, from many threads; gone afterwards with all it had.

    The books are append-only, so these tests cannot clean up after themselves in shared ones.
    """
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        _drop()
        provision_tenant(
            slug=RACES, name="Races", functional_currency="KES", domains=[], actor=SYSTEM
        )
        tenant = tenant_by_slug(RACES)
        assert tenant is not None
        with inside(tenant):
            open_chart()
        yield tenant
        _drop()


def _drop() -> None:
    connection.set_schema_to_public()  # type: ignore[attr-defined]
    tenant = tenant_by_slug(RACES)
    if tenant is not None:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{tenant.schema_name}" CASCADE')
        Tenant.objects.filter(id=tenant.id).delete()


@pytest.fixture
def sealing(
    races: Tenant,
    django_db_blocker: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> Iterator[Tenant]:
    """Committed books, sealed so far, with a key to sign with and a folder to anchor in."""
    monkeypatch.setenv("SECRET_LEDGER_SEAL_CURRENT", "k1")
    monkeypatch.setenv("SECRET_LEDGER_SEAL_KEY_K1", base64.b64encode(bytes(range(32))).decode())
    settings.ENV = replace(settings.ENV, storage_url=f"file://{tmp_path}/files")
    with django_db_blocker.unblock(), inside(races):  # type: ignore[attr-defined]
        sealed_soon()
        yield races
        assert books_violations() == []


def sealed_soon() -> None:
    """Seal until nothing is left. Whatever writes elsewhere on the server holds the sealer back."""
    deadline = time.monotonic() + 60
    while True:
        seal_books()
        if seal_status().unsealed == 0:
            return
        assert time.monotonic() < deadline, "something holds the sealer back for a minute"
        time.sleep(0.02)
