"""Provider money against our books: compared, kept as a discrepancy, closed when it agrees."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.services import open_account
from apps.payments import selectors, services
from apps.payments.connectors.accounts import AboutBankPayout, BalanceReading
from apps.payments.connectors.base import ProviderFact, Result
from apps.payments.domain.balances import unexplained
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Outcome
from apps.payments.errors import (
    AlreadyDecided,
    CallbackContradicts,
    NotOfferedHere,
    UseReasonMissing,
)
from apps.payments.models import Discrepancy, ProviderAccount, ProviderBalance, Withdrawal
from apps.payments.services.balances import hear_balance
from apps.payments.services.withdrawals import hear_withdrawal
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.tenancy.models import Tenant
from tests.payments.books import Caller, open_accounts
from tests.payments.test_guards import refused
from tests.payments.test_late_and_corrected import hear, paid, tried
from tests.payments.test_pay_ins import news, take
from tests.payments.test_readings import told as figure
from tests.payments.test_rulings import call, visit
from tests.payments.world import COLLECTIONS, balance, kes, new_intent, told

pytestmark = pytest.mark.django_db
amounts = st.integers(-(10**9), 10**9)
parts = st.integers(0, 10**9)


@pytest.fixture
def account(mara: Tenant) -> ProviderAccount:
    open_accounts()
    return ProviderAccount.objects.get(label=COLLECTIONS)


def says(account: ProviderAccount, shillings: int) -> ProviderBalance:
    """The provider tells its balance, half of it kept back."""
    half = kes(shillings // 2)
    reading = BalanceReading(available=half, reserved=kes(shillings) - half, name="Utility")
    other = BalanceReading(available=Money(5, "USD"))
    assert hear_balance(account, [reading, other])
    return ProviderBalance.objects.order_by("-at", "-id").first()  # type: ignore[return-value]


@given(amounts, parts, parts, parts)
def test_what_is_under_way_explains_no_more_than_it_is(
    drift: int, coming: int, going: int, fees: int
) -> None:
    rest = unexplained(drift, coming=coming, going=going, fees=fees)
    assert -(going + fees) <= drift - rest <= coming
    assert rest == 0 or drift - rest in (coming, -(going + fees))


def test_a_drift_is_kept_until_the_two_agree(account: ProviderAccount) -> None:
    take(account, news("RC1", kes(700)))
    assert says(account, 700).unexplained_minor == 0
    assert selectors.open_discrepancies() == []
    assert says(account, 900).unexplained_minor == 200_00
    assert says(account, 950).unexplained_minor == 250_00
    (row,) = selectors.open_discrepancies()
    assert (row.found, row.difference, row.kind) == (kes(950), kes(250), "balance")
    assert figure("house_payments_balance_drift_seconds") is not None
    says(account, 700)
    assert selectors.open_discrepancies() == []
    assert selectors.discrepancy(row.id).state == "vanished"
    assert figure("house_payments_balance_drift_seconds") is None
    events = [told(name, "dcy_") for name in ("discrepancy_opened", "discrepancy_closed")]
    assert [len(one) for one in events] == [1, 1]
    with pytest.raises(AlreadyDecided):
        services.take_discrepancy(discrepancy_id=row.id, actor=SYSTEM)


def test_what_a_person_explained_stays_explained_while_it_is_the_same(
    account: ProviderAccount,
) -> None:
    says(account, 100)
    (row,) = selectors.open_discrepancies()
    services.take_discrepancy(discrepancy_id=row.id, actor=SYSTEM)
    assert selectors.discrepancy(row.id).owner_name == "system"
    with pytest.raises(UseReasonMissing):
        services.explain_discrepancy(discrepancy_id=row.id, explanation=" ", actor=SYSTEM)
    services.explain_discrepancy(discrepancy_id=row.id, explanation="Our deposit", actor=SYSTEM)
    says(account, 100)
    assert selectors.open_discrepancies() == []
    says(account, 101)
    assert selectors.open_discrepancies()[0].difference == kes(101)


def test_what_is_under_way_and_promised_fees_are_no_drift(account: ProviderAccount) -> None:
    tried(new_intent("254708000001"))  # nobody knows whether its 1,500 came
    assert says(account, 1_500).unexplained_minor == 0
    assert says(account, 1_501).unexplained_minor == 1_00
    take(account, news("RC1", kes(10_000)))  # 0.55 % of it is the provider's, by the tariff
    kept = says(account, 9_945)
    assert (kept.fees_minor, kept.unexplained_minor) == (55_00, 0)
    assert says(account, 9_944).unexplained_minor == -1_00


def test_a_fee_that_is_not_the_tariffs_is_shown(account: ProviderAccount) -> None:
    def come(reference: str, fee: int) -> None:
        fact = ProviderFact(
            EventKind.SUCCEEDED, dedupe=reference, amount=kes(1_000), reference=reference,
            fee=Money(fee, "KES"),
        )  # fmt: skip
        hear(tried(new_intent("254708000001", kes(1_000))), Result(Outcome.SUCCEEDED, {}, (fact,)))

    come("F1", 5_50)
    assert selectors.open_discrepancies() == []
    come("F2", 6_00)
    (row,) = selectors.open_discrepancies()
    assert (row.kind, row.expected, row.found) == ("fee", Money(5_50, "KES"), Money(6_00, "KES"))
    hear(tried(new_intent("254708000001")), paid("F3", kes(1_500)))  # names none
    assert len(selectors.open_discrepancies()) == 1
    assert selectors.payments_violations() == []


def test_the_database_keeps_readings_and_how_it_ended(account: ProviderAccount) -> None:
    says(account, 100)
    rows = Discrepancy.objects.all()
    with refused("PM001"):
        ProviderBalance.objects.update(held_minor=1)
    with refused("PM055"):
        rows.update(kind="fee")
    services.explain_discrepancy(
        discrepancy_id=rows.get().id, explanation="Our deposit", actor=SYSTEM
    )
    with refused("PM055"):
        rows.update(explanation="Another")
    with refused("PM001"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM payments_discrepancy")


def told_of(account: ProviderAccount, status: Any, amount: Money | None = None) -> bool:
    said = AboutBankPayout(
        dedupe=status, reference="po_1", amount=amount or kes(400), status=status,
        arrival_at=datetime(2026, 11, 25, tzinfo=UTC),
    )  # fmt: skip
    return hear_withdrawal(account, said, SYSTEM)


@pytest.fixture
def bank(account: ProviderAccount) -> str:
    open_account(
        code="1010", name="Bank", account_class="asset", currency="KES", actor=SYSTEM
    )  # fmt: skip
    row = ProviderAccount.objects.get(id=account.id)
    row.pk, row.label, row.connector, row.clearing_account = UUID(int=7), "bank", "bank", "1010"
    row.save(force_insert=True)
    return "1010"


def moved() -> tuple[int, int]:
    return balance("1100"), balance("1190")


def test_a_payout_to_our_bank_is_in_transit_until_it_is_there(
    account: ProviderAccount, bank: str
) -> None:
    assert not told_of(account, "failed")
    assert [told_of(account, one) for one in ("pending", "in_transit")] == [True, False]
    assert moved() == (-400_00, 400_00)
    with pytest.raises(CallbackContradicts):
        told_of(account, "paid", kes(401))
    assert told_of(account, "paid")
    assert (moved(), balance(bank)) == ((-400_00, 0), 400_00)
    assert [told_of(account, one) for one in ("in_transit", "paid")] == [False, False]
    assert not told_of(account, "paid", Money(1, "USD"))
    assert told_of(account, "failed")  # providers say so also after they said paid
    assert (moved(), balance(bank)) == ((0, 0), 0)
    assert not told_of(account, "paid")
    names = ("withdrawal_left", "withdrawal_came", "withdrawal_failed")
    assert [len(told(name, "po_1")) for name in names] == [1, 1, 1]
    with refused("PM055"):
        Withdrawal.objects.update(status="paid", back_entry=None)


def test_a_payout_to_a_bank_we_do_not_know_stays_in_transit(account: ProviderAccount) -> None:
    assert told_of(account, "paid")
    assert moved() == (-400_00, 400_00)
    assert told_of(account, "canceled")
    assert moved() == (0, 0)


def test_the_console_and_the_api_show_both_sides(account: ProviderAccount, mara: Tenant) -> None:
    says(account, 100)
    told_of(account, "in_transit")
    caller = Caller(mara, "payments:read", "payments:write")
    rows = {row["provider_account"]: row for row in caller.get("balances").json()["data"]}
    assert rows[COLLECTIONS]["unexplained"]["amount"] == 100_00
    assert rows["mpesa-payouts"]["held"] is None
    (row,) = caller.get("discrepancies", state="open").json()["data"]
    assert caller.get("withdrawals").json()["data"][0]["status"] == "left"
    clerk = visit(mara, "ada", "operator")
    for page in ("balances", "discrepancies", f"discrepancies/{row['id']}", "withdrawals"):
        assert COLLECTIONS in call(mara, clerk, page).content.decode(), page
    with transaction.atomic():
        asked = call(mara, clerk, "balances", key=COLLECTIONS, action="read")
    assert asked.status_code == 302
    problem = next(
        one.problem for one in selectors.provider_balances() if one.account == COLLECTIONS
    )
    assert problem  # nobody listens there
    done = {"key": row["id"], "action": "explain", "text": "Our deposit"}
    assert call(mara, clerk, "discrepancies", **done).status_code == 302
    explained = caller.post(f"discrepancies/{row['id']}/explain", {"explanation": "Again"}, key="e")
    assert explained.status_code == 409
    open_account(code="1131", name="Till", account_class="asset", currency="KES", actor=SYSTEM)
    ProviderAccount.objects.filter(label="mpesa-payouts").update(connector="cash")
    with pytest.raises(NotOfferedHere):
        services.read_balance_now(provider_account="mpesa-payouts", actor=SYSTEM)
    assert selectors.discrepancy(Discrepancy.objects.get().id).explained_by == "person:ada"
    assert public_id("dcy", Discrepancy.objects.get().id) == row["id"]
