"""Velocity limits hold for whoever posts, and monitored balances tell each crossing once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import Error, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.ledger.domain import AccountClass, Side, credit, debit
from apps.ledger.domain.limits import Comparison, Measure, TimeWindow
from apps.ledger.errors import LimitDiffers, LimitExceeded, LimitNotFound, LimitUnsound
from apps.ledger.models import AccountBalance, MonitorCrossing, VelocityUsage
from apps.ledger.selectors import books_violations
from apps.ledger.selectors.limits import velocity_usages
from apps.ledger.services import (
    BalanceMonitorDraft,
    VelocityLimitDraft,
    announce_crossings,
    end_balance_monitor,
    end_velocity_limit,
    open_account,
    post_entries,
    post_entry,
    reverse_entry,
    set_velocity_limit,
    watch_balance,
)
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.models import OutboxMessage
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import draft, image, kes
from tests.ledger.test_ledger_api import Caller

NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # noon in Nairobi


def limit(**facts: object) -> VelocityLimitDraft:
    about: dict[str, object] = {
        "code": "cash-out",
        "account": "9100",
        "side": Side.CREDIT,
        "measure": Measure.AMOUNT,
        "most": 1000,
        "time_window": TimeWindow.DAY,
    }
    return VelocityLimitDraft(**(about | facts))  # type: ignore[arg-type]


def begin(**facts: object) -> None:
    set_velocity_limit(draft=limit(**facts), reason="Agreed with the board", actor=SYSTEM)


def pay(minor: int, kind: str = "test.sale") -> UUID:
    """Out of 9100."""
    legs = debit("9900", kes(minor)), credit("9100", kes(minor))
    return post_entry(
        draft=draft(*legs, kind=kind), idempotency_key=str(new_id()), actor=SYSTEM
    ).entry_id


def test_a_day_takes_no_more_than_it_allows_and_the_next_day_begins_anew(books: Tenant) -> None:
    with time_machine.travel(NOON, tick=False):
        pay(300)
        begin()
        pay(700)
        before = image()
        with pytest.raises(LimitExceeded) as refusal:
            pay(1)
        assert image() == before
    assert (refusal.value.over, refusal.value.most) == (1, 1000)
    assert refusal.value.resets_at == "2026-03-02T21:00:00Z"  # midnight in Nairobi
    with (
        time_machine.travel(NOON + timedelta(hours=11, minutes=59), tick=False),
        pytest.raises(LimitExceeded),
    ):
        pay(1)
    with time_machine.travel(NOON + timedelta(hours=12), tick=False):
        pay(1000)
    assert [use.used for use in velocity_usages("cash-out")] == [1000, 1000]
    assert books_violations(mode="full") == []


def test_what_is_taken_back_is_not_counted_and_other_sides_and_kinds_are_free(
    books: Tenant,
) -> None:
    begin(entry_kind="test.payout")
    pay(5000)
    paid = pay(1000, "test.payout")
    reverse_entry(entry_id=paid, reason="twice", idempotency_key="r", actor=SYSTEM)
    with pytest.raises(LimitExceeded):
        pay(1, "test.payout")
    pay(5000)


def test_entries_are_counted_once_however_many_legs_they_have(books: Tenant) -> None:
    begin(measure=Measure.ENTRIES, most=2)
    two_legs = (debit("9900", kes(2)), credit("9100", kes(1)), credit("9100", kes(1)))
    post_entry(draft=draft(*two_legs), idempotency_key="a", actor=SYSTEM)
    drafts = {name: draft(debit("9900", kes(1)), credit("9100", kes(1))) for name in "bc"}
    with pytest.raises(LimitExceeded):
        post_entries(drafts=drafts, actor=SYSTEM)
    pay(1)


def test_a_class_holds_each_of_its_accounts_also_those_opened_later(books: Tenant) -> None:
    begin(account="", account_class=AccountClass.ASSET, currency="KES")
    open_account(
        code="9190", name="Later", account_class=AccountClass.ASSET, currency="KES", actor=SYSTEM
    )
    pay(1000)
    legs = debit("9900", kes(1001)), credit("9190", kes(1001))
    with pytest.raises(LimitExceeded) as refusal:
        post_entry(draft=draft(*legs), idempotency_key="a", actor=SYSTEM)
    assert refusal.value.account == "9190"
    assert not AccountBalance.objects.get(account__code="9900").is_watched


def test_an_ended_limit_holds_nobody_and_stays_ended(books: Tenant) -> None:
    begin()
    begin()
    with pytest.raises(LimitDiffers):
        begin(most=2000)
    end_velocity_limit(code="cash-out", reason="raised", actor=SYSTEM)
    assert not AccountBalance.objects.get(account__code="9100").is_watched
    pay(5000)
    with pytest.raises(LimitNotFound):
        end_velocity_limit(code="cash-out", reason="again", actor=SYSTEM)
    with pytest.raises(LimitDiffers):
        begin()


@pytest.mark.parametrize(
    "facts",
    [
        {"account": ""},
        {"account_class": AccountClass.ASSET},
        {"account": "", "account_class": AccountClass.ASSET},
        {"most": -1},
        {"most": 2**63 - 1},
        {"currency": "USD"},
    ],
)
def test_an_unsound_limit_is_refused(books: Tenant, facts: dict[str, object]) -> None:
    with pytest.raises(LimitUnsound):
        begin(**facts)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_velocity_limit SET most = 1",
        "UPDATE ledger_velocity_usage SET used = used - 1",
        "DELETE FROM ledger_velocity_usage",
        "DELETE FROM ledger_velocity_limit",
        "UPDATE ledger_balance_monitor SET threshold_minor = 1",
        "DELETE FROM ledger_monitor_crossing",
        "UPDATE ledger_monitor_crossing SET balance_minor = 1",
    ],
)
def test_the_database_keeps_terms_and_counts(books: Tenant, statement: str) -> None:
    begin()
    pay(10)
    watch("low", Comparison.BELOW, 100)
    with pytest.raises(Error, match="refused"), transaction.atomic():
        connection.cursor().execute(statement)


def watch(code: str, comparison: Comparison, threshold: int, account: str = "9100") -> None:
    draft = BalanceMonitorDraft(
        code=code, account=account, comparison=comparison, threshold_minor=threshold
    )
    watch_balance(draft=draft, reason="The bank asked", actor=SYSTEM)


def told() -> list[tuple[bool, int]]:
    rows = OutboxMessage.objects.filter(name="ledger.balance_crossed").order_by("id")
    return [(row.payload["is_crossed"], row.payload["balance"]["amount_minor"]) for row in rows]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=st.lists(st.integers(-300, 300).filter(bool), min_size=1, max_size=8))
def test_each_crossing_is_told_once_and_so_is_each_return(books: Tenant, moves: list[int]) -> None:
    with transaction.atomic():
        watch("low", Comparison.BELOW, 0)
        balance, crossed, expected = 0, False, []
        for move in moves:
            first, second = ("9100", "9900") if move > 0 else ("9900", "9100")
            legs = debit(first, kes(abs(move))), credit(second, kes(abs(move)))
            post_entry(draft=draft(*legs), idempotency_key=str(new_id()), actor=SYSTEM)
            balance += move
            if (balance < 0) != crossed:
                crossed = balance < 0
                expected.append((crossed, balance))
        assert announce_crossings(actor=SYSTEM) == len(expected)
        assert announce_crossings(actor=SYSTEM) == 0
        assert told() == expected
        transaction.set_rollback(True)


def test_a_balance_already_beyond_its_threshold_is_told_at_once_and_an_end_is_an_end(
    books: Tenant,
) -> None:
    watch("low", Comparison.BELOW, 100)
    assert MonitorCrossing.objects.get().balance_minor == 0
    end_balance_monitor(code="low", reason="enough", actor=SYSTEM)
    pay(500)
    assert MonitorCrossing.objects.count() == 1
    assert VelocityUsage.objects.count() == 0


def test_over_http_a_limit_is_set_used_up_refused_and_ended(books: Tenant) -> None:
    caller = Caller(books, ["ledger:read", "ledger:write"])
    body = {
        "code": "cash-out",
        "account": "9100",
        "side": "credit",
        "most": 100,
        "time_window": "day",
        "reason": "Agreed",
    }
    assert caller.post("limits", body).status_code == 201
    pay(100)
    assert caller.get("limits/cash-out").json()["usages"][0]["used"] == 100
    leg = {"account": "9100", "amount": {"amount": 1, "currency": "KES"}}
    sale = {
        "description": "One more",
        "value_date": "2026-03-02",
        "postings": [leg | {"side": "credit"}, leg | {"account": "9900", "side": "debit"}],
    }
    refused = caller.post("entries", sale, key="k2")
    assert (refused.status_code, refused.json()["code"]) == (409, "ledger/limit-exceeded")
    ended = caller.post("limits/cash-out/end", {"reason": "raised"}, key="k3")
    assert ended.json()["ended_at"]
    watched = {
        "code": "low",
        "account": "9100",
        "comparison": "below",
        "threshold_minor": 0,
        "reason": "Agreed",
    }
    assert caller.post("monitors", watched, key="k4").json()["is_crossed"]
    assert caller.get("monitors/low").json()["crossings"][0]["balance"]["amount"] == -100
    assert caller.get("monitors/high").status_code == 404


def test_in_the_console_a_treasurer_sets_and_ends_and_a_viewer_reads(books: Tenant) -> None:
    person = make_person("grace", "treasurer")
    treasurer = signed_in(person, secret=enrolled(person))
    terms = {
        "code": "cash-out",
        "account": "9100",
        "side": "credit",
        "measure": "amount",
        "most": "1.00",
        "time_window": "day",
        "reason": "Agreed",
    }
    watched = {
        "code": "low",
        "account": "9100",
        "balance_kind": "posted",
        "comparison": "below",
        "threshold": "-0.50",
        "reason": "Agreed",
    }
    assert treasurer.post("/console/ledger/limits/set", terms).status_code == 302
    assert treasurer.post("/console/ledger/monitors/watch", watched).status_code == 302
    connection.set_tenant(books)  # type: ignore[attr-defined]
    pay(60)
    viewer = signed_in(make_person("viola", "viewer"))
    shown = {
        "velocitylimit/": ["cash-out", "KES 1.00 each day", "Running"],
        "limits/cash-out": ["9100", "0.60", "Agreed"],
        "balancemonitor/": ["low", "crossed"],
        "monitors/low": ["0.60", "Below"],
    }
    for page, words in shown.items():
        text = viewer.get(f"/console/ledger/{page}").content.decode()
        assert [word for word in words if word not in text] == [], page
    end = {"action": "end", "text": "no longer needed"}
    assert viewer.post("/console/ledger/limits/cash-out", end).status_code == 409
    assert treasurer.post("/console/ledger/limits/cash-out", end).status_code == 302
    assert treasurer.post("/console/ledger/monitors/low", end).status_code == 302
