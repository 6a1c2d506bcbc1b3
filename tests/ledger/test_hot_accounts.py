"""Accounts that many post to at once: every mode reads exactly, keeps its limits and can change."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.ledger import errors
from apps.ledger.domain import AccountStatus, BalanceMode
from apps.ledger.domain import credit as credit_leg
from apps.ledger.domain import debit as debit_leg
from apps.ledger.models import BalanceShard, Posting
from apps.ledger.selectors import (
    account_balance,
    account_balance_as_of,
    account_keeping,
    account_statement,
    accounts,
    backlog,
    books_violations,
    days_of,
    trial_balance,
    trial_balance_from_postings,
)
from apps.ledger.services import (
    change_account_mode,
    change_account_status,
    fold_postings,
    look_at_waits,
    open_account,
    post_entry,
)
from apps.platform.actors import SYSTEM
from apps.platform.errors import DomainError
from apps.platform.ids import new_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import VALUE_DATE, draft, image, kes
from tests.ledger.test_races import all_at_once, deadlocks

MODES = list(BalanceMode)


def keep(code: str, mode: BalanceMode, *, early: bool = False) -> None:
    change_account_mode(
        code=code, mode=mode, releases_early=early, reason="It is hot.", actor=SYSTEM
    )


def sale(code: str, minor: int, day: date = VALUE_DATE) -> None:
    """Debit ``code`` by ``minor``; below zero, credit it."""
    legs = [debit_leg(code, kes(abs(minor))), credit_leg("9900", kes(abs(minor)))]
    if minor < 0:
        legs = [credit_leg(code, kes(-minor)), debit_leg("9900", kes(-minor))]
    post_entry(draft=draft(*legs, value_date=day), idempotency_key=str(new_id()), actor=SYSTEM)


def fold() -> int:
    """Within one transaction nothing is old enough to fold but what is told so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_fold_postings_v1('18446744073709551615', NULL, 1000)")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("mode", [BalanceMode.SHARDED, BalanceMode.DEFERRED])
def test_what_an_account_holds_is_told_exactly_whatever_is_folded(
    books: Tenant, mode: BalanceMode
) -> None:
    later = VALUE_DATE + timedelta(days=3)
    sale("9100", 400)
    keep("9100", mode)
    sale("9100", 250, later)
    sale("9100", -50)

    def told() -> list[object]:
        row = account_balance("9100")
        statement = account_statement("9100", VALUE_DATE, later)
        assert statement.closing == statement.lines[-1].balance
        assert trial_balance() == trial_balance_from_postings()
        return [
            (row.balance, row.debits, row.credits, row.version),
            account_balance_as_of("9100", VALUE_DATE).balance,
            account_balance_as_of("9100", later).balance,
            (statement.opening, statement.closing),
            sorted((line.value_date, line.amount.minor) for line in statement.lines),
            days_of(["9100"], starts=VALUE_DATE, ends=later),
            trial_balance(),
            trial_balance(as_of=VALUE_DATE),
            books_violations(),
        ]

    before = told()
    assert before[0] == (kes(600), kes(650), kes(50), 3)
    assert before[1:3] == [kes(350), kes(600)]
    assert before[-1] == []
    assert (account_keeping("9100").unfolded, backlog().postings) == (2, 2)
    assert (fold(), fold()) == (2, 0)
    assert told() == before
    numbers = Posting.objects.filter(account__code="9100").order_by("account_version")
    assert [(p.account_version, p.balance_after_minor) for p in numbers] == [
        (1, 400),
        (2, 650),
        (3, 600),
    ]


def test_the_fold_leaves_alone_what_an_older_transaction_may_still_precede(
    books: Tenant,
) -> None:
    keep("9100", BalanceMode.DEFERRED)
    sale("9100", 10)
    assert fold_postings(actor=SYSTEM) == 0
    assert account_balance("9100").balance == kes(10)


def test_a_posting_is_numbered_once_and_nothing_else_about_it_changes(books: Tenant) -> None:
    keep("9100", BalanceMode.DEFERRED)
    sale("9100", 10)
    for change in ("amount_minor = 11, account_version = 1, balance_after_minor = 11", "leg = 3"):
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            execute(f"UPDATE ledger_posting SET {change} WHERE account_version IS NULL")
    fold()
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        execute("UPDATE ledger_posting SET account_version = 9, balance_after_minor = 9")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("code", "mode", "obstacle"),
    [
        ("9110", BalanceMode.DEFERRED, "limits"),
        ("9600", BalanceMode.DEFERRED, "limits"),
        ("9500", BalanceMode.SHARDED, "header"),
    ],
)
def test_a_mode_that_cannot_keep_what_the_account_must_is_refused(
    books: Tenant, code: str, mode: BalanceMode, obstacle: str
) -> None:
    before = image()
    with pytest.raises(errors.ModeNotPossible) as refused:
        keep(code, mode)
    assert refused.value.obstacle == obstacle
    assert image() == before


def test_a_sharded_account_is_spent_to_its_floor_and_not_below(books: Tenant) -> None:
    sale("9110", 1_000)
    keep("9110", BalanceMode.SHARDED)
    assert rooms("9110") == 1_000
    with pytest.raises(errors.InsufficientFunds) as refused, transaction.atomic():
        sale("9110", -1_001)
    assert refused.value.short_minor == 1
    sale("9110", -900)  # more than any part has: the others give
    sale("9110", -100)
    with pytest.raises(errors.InsufficientFunds), transaction.atomic():
        sale("9110", -1)
    sale("9110", 17)
    assert (rooms("9110"), account_balance("9110").balance) == (17, kes(17))
    keep("9110", BalanceMode.SYNCHRONOUS)
    assert not BalanceShard.objects.exists()
    with pytest.raises(errors.InsufficientFunds), transaction.atomic():
        sale("9110", -18)
    assert books_violations() == []


def rooms(code: str) -> int:
    parts = BalanceShard.objects.filter(account__code=code).values_list("down_minor", flat=True)
    return sum(part for part in parts if part is not None)


def test_parts_that_do_not_add_up_are_noticed_by_the_audit(books: Tenant) -> None:
    keep("9110", BalanceMode.SHARDED)
    execute("UPDATE ledger_balance_shard SET down_minor = 1 WHERE shard = 3")
    assert {violation.check for violation in books_violations("fast")} == {
        "ledger.shards_are_the_room"
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        execute("UPDATE ledger_balance_shard SET down_minor = -1 WHERE shard = 3")


# --- committed, by many at once


@pytest.fixture
def hot(races: Tenant, django_db_blocker: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """An account with a floor and a plain one, in committed books that are sound afterwards."""
    with django_db_blocker.unblock(), inside(races):  # type: ignore[attr-defined]
        codes = (f"hot.{new_id()}", f"hot.{new_id()}")
        for code, floor in zip(codes, (0, None), strict=True):
            open_account(
                code=code,
                name=code,
                account_class="asset",
                currency="KES",
                floor_minor=floor,
                actor=SYSTEM,
            )
        yield codes
        for code in codes:  # which folds all they have, whatever runs elsewhere on the server
            keep(code, BalanceMode.SYNCHRONOUS)
        assert (backlog().postings, books_violations()) == (0, [])


def move(one: str, other: str, minor: int) -> None:
    made = draft(debit_leg(one, kes(minor)), credit_leg(other, kes(minor)))
    post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM)


def test_many_writers_spend_a_sharded_account_exactly_to_its_floor(
    races: Tenant, hot: tuple[str, str]
) -> None:
    floored, plain = hot
    move(floored, plain, 100)
    keep(floored, BalanceMode.SHARDED, early=True)
    before = deadlocks()

    def spend() -> int:
        done = 0
        for _ in range(15):
            try:
                move(plain, floored, 1 + done % 3)
            except errors.InsufficientFunds:
                continue
            done += 1
        return done

    assert all(isinstance(done, int) for done in all_at_once(races, [spend] * 8))
    left = account_balance(floored).balance.minor
    assert 0 <= left < 3
    if left:
        move(plain, floored, left)  # whatever is left is found, in whichever parts it is
    assert (account_balance(floored).balance, deadlocks()) == (kes(0), before)


def test_the_mode_changes_again_and_again_while_many_post_and_fold(
    races: Tenant, hot: tuple[str, str]
) -> None:
    floored, plain = hot
    move(floored, plain, 1_000)
    before, rounds, writers = deadlocks(), 12, 5
    is_over = threading.Event()

    def write() -> None:
        for turn in range(rounds):
            move(*((plain, floored, 7) if turn % 2 else (floored, plain, 5)))

    def change() -> int:
        changes = 0
        while not is_over.is_set():
            keep(floored, random.choice([BalanceMode.SYNCHRONOUS, BalanceMode.SHARDED]))
            keep(plain, random.choice(MODES), early=random.random() < 0.5)
            fold_postings(actor=SYSTEM)
            changes += 1
        return changes

    answers: list[object] = []
    changer = threading.Thread(target=lambda: answers.extend(all_at_once(races, [change])))
    changer.start()
    outcome: list[Callable[[], object]] = [write] * writers
    failed = [one for one in all_at_once(races, outcome) if isinstance(one, DomainError)]
    is_over.set()
    changer.join()
    assert failed == []
    assert isinstance(answers[0], int)
    net = writers * rounds // 2 * (5 - 7)
    assert account_balance(floored).balance == kes(1_000 + net)
    assert account_balance(plain).balance == kes(-1_000 - net)
    assert deadlocks() == before


def test_a_closed_account_takes_nothing_more_whatever_its_mode(
    races: Tenant, hot: tuple[str, str]
) -> None:
    """Nobody who read the account as open may still post to it when it is closed as empty."""
    _, plain = hot
    keep(plain, BalanceMode.DEFERRED)
    move(plain, "9900", 5)
    with pytest.raises(errors.AccountNotEmpty):
        change_account_status(code=plain, status=AccountStatus.CLOSED, reason="Done", actor=SYSTEM)
    move("9900", plain, 5)

    def close() -> None:
        change_account_status(code=plain, status=AccountStatus.CLOSED, reason="Done", actor=SYSTEM)

    all_at_once(races, [close, *[lambda: move(plain, "9900", 1)] * 5])
    row = account_balance(plain)
    assert (row.status == AccountStatus.CLOSED) == (row.balance == kes(0))


@pytest.mark.parametrize("mode", [BalanceMode.SYNCHRONOUS, BalanceMode.SHARDED])
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("is_new", [True, False])
def test_only_what_is_flagged_is_let_go_before_the_disk_and_answered_after_it(
    races: Tenant,
    hot: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    mode: BalanceMode,
    early: bool,
    is_new: bool,
) -> None:
    """What survives a crash is shown on a server of its own, in ``test_crashes``.

    A session that let nobody go yet has no such setting, one that did has it without a value.
    """
    floored, _ = hot
    keep(floored, mode, early=early)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # the next session is a new one
    if not is_new:
        execute("SELECT set_config('ledger.releases_early', 'on', true)")
    flushed: list[str] = []
    monkeypatch.setattr("apps.ledger.services.posting.flush", lambda: flushed.append(setting()))
    execute("SET synchronous_commit = on")
    try:
        with transaction.atomic():
            move(floored, "9900", 3)
            assert (setting(), flushed) == ("off" if early else "on", [])
        assert flushed == (["on"] if early else [])
    finally:
        execute("RESET synchronous_commit")


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_commit')")
        return str(cursor.fetchone()[0])


def test_a_queue_for_an_account_is_seen_by_a_look_at_it(
    races: Tenant, hot: tuple[str, str]
) -> None:
    floored, plain = hot
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            move(floored, "9900", 1)
            is_held.set()
            may_go.wait(10)

    def wait() -> None:
        is_held.wait(10)
        move(floored, plain, 1)

    def look() -> int:
        is_held.wait(10)
        for _ in range(200):
            if seen := look_at_waits(actor=SYSTEM):
                break
            time.sleep(0.01)
        may_go.set()
        return seen

    assert 1 in all_at_once(races, [hold, wait, wait, look])
    assert 0 < account_keeping(floored).waiting < 0.01


@pytest.mark.parametrize("mode", MODES)
def test_one_account_and_the_chart_tell_the_same(books: Tenant, mode: BalanceMode) -> None:
    """One is read by a statement of its own, the chart through the models."""
    sale("9100", 400)
    keep("9100", mode)
    sale("9100", 250)
    sale("9100", -50)
    rows = accounts()
    assert account_balance("9100").version == 3
    assert [account_balance(row.account) for row in rows] == rows
