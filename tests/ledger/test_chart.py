"""Units, limits, dimensions, categories and the tree: what a tenant makes of its chart."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import Error, connection, transaction

from apps.ledger.domain import credit, debit
from apps.ledger.errors import (
    DimensionMissing,
    DimensionNotAllowed,
    LimitBroken,
    LimitsNotPossible,
    ParentNotHeader,
    UnitCodeTaken,
    UnitInUse,
)
from apps.ledger.models import Account, Unit
from apps.ledger.selectors import account_balance
from apps.ledger.selectors.units import unit
from apps.ledger.services import (
    change_account_limits,
    declare_dimension,
    declare_unit,
    describe_account,
    open_account,
    post_entry,
    remove_unit,
    reverse_entry,
)
from apps.platform.actors import SYSTEM, Actor
from apps.platform.money import Money
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes
from tests.ledger.rows import insertion, row


def refused(sql: str, *arguments: Any) -> str:
    """The SQLSTATE with which the database itself refuses."""
    with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, arguments)
    return str(getattr(caught.value.__cause__, "sqlstate", ""))


@pytest.mark.parametrize(
    ("exponent", "shown"), [(0, "PTS 12,345"), (2, "PTS 123.45"), (9, "PTS 0.000012345")]
)
def test_a_tenants_own_unit_counts_like_money(
    books: Tenant, amina: Actor, exponent: int, shown: str
) -> None:
    declare_unit(code="PTS", name="Points", exponent=exponent, actor=amina)
    for code, kind in (("9800", "liability"), ("9810", "expense")):
        open_account(code=code, name="Points", account_class=kind, currency="PTS", actor=amina)
    amount = Money(12_345, "PTS")
    post_entry(
        draft=draft(debit("9810", amount), credit("9800", amount)), idempotency_key="k", actor=amina
    )
    assert str(account_balance("9800").balance) == shown
    assert Money.from_major(amount.major, "PTS") == amount
    before = image()
    with pytest.raises(UnitInUse):
        declare_unit(code="PTS", name="Points", exponent=(exponent + 1) % 10, actor=amina)
    with pytest.raises(UnitInUse):
        remove_unit(code="PTS", actor=amina)
    assert refused("UPDATE ledger_unit SET exponent = (exponent + 1) %% 10") == "LG092"
    assert refused("DELETE FROM ledger_unit") == "LG092"
    assert image() == before
    declare_unit(code="PTS", name="Stars", exponent=exponent, actor=amina)


def test_a_unit_is_never_mistaken_for_a_currency(books: Tenant, amina: Actor) -> None:
    for code in ("KES", "P", "points", "POINTSANDPOINTS"):
        with pytest.raises(UnitCodeTaken):
            declare_unit(code=code, name="Points", exponent=0, actor=amina)
    row = "INSERT INTO ledger_unit (tenant, code, name, exponent, declared_at) VALUES"
    assert refused(f"{row} (%s, 'USD', 'Mine', 0, now())", books.id) == "23514"
    assert refused(f"{row} (%s, 'PTS', 'Mine', 10, now())", books.id) == "23514"
    declare_unit(code="PTS", name="Points", exponent=0, actor=amina)
    declare_unit(code="PTS", name="Points", exponent=3, actor=amina)  # nobody counts in it yet
    found = unit("PTS")
    assert found is not None
    assert found.exponent == 3
    remove_unit(code="PTS", actor=amina)
    assert not Unit.objects.exists()
    with pytest.raises(ValueError, match="unknown currency"):
        Money(1, "PTS")


def test_limits_are_changed_unless_the_balance_breaks_them(books: Tenant, amina: Actor) -> None:
    made = draft(debit("9100", kes(500)), credit("9500.one", kes(500)))
    post_entry(draft=made, idempotency_key="k", actor=amina)

    def change(code: str, floor: int | None, ceiling: int | None) -> None:
        change_account_limits(
            code=code, floor_minor=floor, ceiling_minor=ceiling, reason="Agreed", actor=amina
        )

    change("9500.one", -2_000, 500)  # an overdraft
    row = account_balance("9500.one")
    assert (row.floor, row.ceiling) == (kes(-2_000), kes(500))
    before = image()
    for floor, ceiling, limit in ((501, None, "floor"), (None, 499, "ceiling")):
        with pytest.raises(LimitBroken) as caught:
            change("9500.one", floor, ceiling)
        assert caught.value.limit == limit
    with pytest.raises(LimitsNotPossible):
        change("9500.one", 10, 9)
    with pytest.raises(LimitsNotPossible):
        change("9500", 0, None)
    change("9500.one", -2_000, 500)  # again: nothing, not even a record
    assert image() == before


def test_required_dimensions_are_answered_by_the_account_or_the_entry(
    books: Tenant, amina: Actor
) -> None:
    def post(key: str, **metadata: object) -> object:
        made = draft(debit("9100", kes(5)), credit("9900", kes(5)), metadata=metadata)
        return post_entry(draft=made, idempotency_key=key, actor=amina)

    post("before", dimensions={"anything": "goes"})
    declare_dimension(
        code="branch",
        name="Branch",
        allowed=["nairobi", "kisumu"],
        is_required=True,
        account_classes=["income"],
        kinds=["test.sale"],
        actor=amina,
    )
    before = image()
    with pytest.raises(DimensionMissing) as caught:
        post("missing")
    assert (caught.value.account, caught.value.dimension) == ("9900", "branch")
    for wrong in ({"branch": "mombasa"}, {"branch": 7}, {"branch": "nairobi", "shop": "x"}):
        with pytest.raises(DimensionNotAllowed):
            post("wrong", dimensions=wrong)
    assert image() == before
    receipt = post("entry", dimensions={"branch": "nairobi"})
    reverse_entry(
        entry_id=receipt.entry_id,  # type: ignore[attr-defined]
        reason="Wrong",
        idempotency_key="r",
        actor=amina,
    )
    with pytest.raises(DimensionNotAllowed):
        describe_account(code="9900", dimensions={"branch": "mombasa"}, actor=amina)
    describe_account(code="9900", dimensions={"branch": "kisumu"}, actor=amina)
    post("account")


def test_the_tree_has_headers_of_one_class_and_no_circles(books: Tenant, amina: Actor) -> None:
    for code, parent in (("9501", "9500"), ("9502", "9501")):
        open_account(
            code=code,
            name="Below",
            account_class="liability",
            currency="KES",
            is_header=True,
            parent=parent,
            actor=SYSTEM,
        )
    describe_account(code="9500.one", parent="9502", name="Renamed", actor=amina)
    for code, parent in (
        ("9500", "9502"),
        ("9501", "9501"),
        ("9501", "9500.one"),
        ("9900", "9500"),
    ):
        with pytest.raises(ParentNotHeader):
            describe_account(code=code, parent=parent, actor=amina)
    ids = dict(Account.objects.values_list("code", "id"))
    move = "UPDATE ledger_account SET parent_id = %s WHERE id = %s"
    assert refused(move, ids["9502"], ids["9500"]) == "LG093"
    assert refused(move, ids["9500.two"], ids["9501"]) == "LG093"
    assert refused(move, ids["9500"], ids["9900"]) == "LG093"
    stray = row("ledger_account") | {"parent_id": f"'{ids['9500']}'"}
    assert refused(insertion("ledger_account", stray)) == "LG093"
    describe_account(code="9500.one", parent="", actor=amina)
    assert account_balance("9500.one").parent == ""
