"""The chart of accounts."""

from __future__ import annotations

import pytest

from apps.ledger import errors
from apps.ledger.domain import AccountStatus, credit, debit
from apps.ledger.selectors import account_balance, accounts, balances_below
from apps.ledger.services import change_account_status, open_account, post_entry
from apps.platform.actors import Actor
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes


def test_a_new_account_is_open_and_empty(books: Tenant, amina: Actor) -> None:
    row = account_balance("9500.one")
    assert (row.account_class, row.normal_side, row.parent) == ("liability", "credit", "9500")
    assert (row.status, row.balance, row.version) == (AccountStatus.OPEN, kes(0), 0)
    assert (row.floor, row.ceiling) == (kes(0), None)


def test_opening_it_again_does_nothing(books: Tenant, amina: Actor) -> None:
    before = image()
    open_account(
        code="9500.one",
        name="Only a label",
        account_class="liability",
        currency="KES",
        parent="",
        floor_minor=-5,
        actor=amina,
    )
    assert image() == before


@pytest.mark.parametrize(
    ("difference", "facts"),
    [
        ("account_class", {"account_class": "equity", "parent": ""}),
        ("currency", {"currency": "USD"}),
        ("is_header", {"is_header": True, "floor_minor": None}),
    ],
)
def test_opening_it_as_another_kind_is_refused(
    books: Tenant, amina: Actor, difference: str, facts: dict[str, object]
) -> None:
    same: dict[str, object] = {
        "code": "9500.one",
        "name": "x",
        "account_class": "liability",
        "currency": "KES",
        "parent": "9500",
        "floor_minor": 0,
    }
    before = image()
    with pytest.raises(errors.AccountDiffers) as refusal:
        open_account(**(same | facts), actor=amina)  # type: ignore[arg-type]
    assert refusal.value.account == "9500.one"
    assert difference in refusal.value.differences
    assert image() == before


@pytest.mark.parametrize("parent", ["9900", "nowhere", "9100"])
def test_a_parent_is_a_header_of_the_same_class(books: Tenant, amina: Actor, parent: str) -> None:
    before = image()
    with pytest.raises(errors.ParentNotHeader):
        open_account(
            code="9999",
            name="x",
            account_class="income",
            currency="KES",
            parent=parent,
            actor=amina,
        )
    assert image() == before


def test_an_account_in_no_currency_is_a_mistake(books: Tenant, amina: Actor) -> None:
    with pytest.raises(errors.UnknownUnit):
        open_account(code="9999", name="x", account_class="income", currency="XXZ", actor=amina)


def test_only_an_empty_account_is_closed_and_it_can_be_reopened(
    books: Tenant, amina: Actor
) -> None:
    made = draft(debit("9100", kes(5)), credit("9900", kes(5)))
    post_entry(draft=made, idempotency_key="k1", actor=amina)
    before = image()
    with pytest.raises(errors.AccountNotEmpty) as refusal:
        change_account_status(code="9100", status=AccountStatus.CLOSED, reason="x", actor=amina)
    assert refusal.value.facts == {"account": "9100", "balance_minor": 5, "currency": "KES"}
    assert image() == before
    post_entry(
        draft=draft(debit("9900", kes(5)), credit("9100", kes(5))),
        idempotency_key="k2",
        actor=amina,
    )
    change_account_status(code="9100", status=AccountStatus.CLOSED, reason="x", actor=amina)
    assert account_balance("9100").status == AccountStatus.CLOSED
    change_account_status(code="9100", status=AccountStatus.OPEN, reason="x", actor=amina)
    post_entry(draft=made, idempotency_key="k3", actor=amina)


def test_a_status_it_has_is_no_change(books: Tenant, amina: Actor) -> None:
    before = image()
    change_account_status(code="9100", status=AccountStatus.OPEN, reason="x", actor=amina)
    assert image() == before


def test_the_chart_is_listed_by_code_and_by_branch(books: Tenant) -> None:
    codes = [row.account for row in accounts() if row.account.startswith("9")]
    assert codes == sorted(codes)
    assert [row.account for row in accounts(after="9500", limit=2)] == ["9500.one", "9500.two"]
    assert [row.account for row in balances_below("9500")] == ["9500.one", "9500.two"]


def test_what_is_not_there_is_not_found(books: Tenant, amina: Actor) -> None:
    with pytest.raises(errors.AccountNotFound):
        account_balance("nowhere")
    with pytest.raises(errors.AccountNotFound):
        change_account_status(code="9500", status=AccountStatus.FROZEN, reason="x", actor=amina)
