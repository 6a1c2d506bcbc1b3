"""Many at once, on connections of their own, committed: nothing is lost, nothing counted twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.ledger import errors
from apps.ledger.domain import AccountStatus, credit, debit
from apps.ledger.domain.reversals import ReversalPart
from apps.ledger.models import JournalEntry
from apps.ledger.selectors import account_balance, books_violations
from apps.ledger.services import (
    change_account_status,
    open_account,
    post_entries,
    post_entry,
    reverse_entry,
)
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform.actors import SYSTEM
from apps.platform.errors import DomainError
from apps.platform.ids import new_id, public_id
from apps.platform.models import AuditRecord, OutboxMessage
from apps.platform.use_cases import use_case
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes


@pytest.fixture
def pair(races: Tenant, django_db_blocker: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Two fresh accounts without limits, in committed books that are sound before and after."""
    with django_db_blocker.unblock(), inside(races):  # type: ignore[attr-defined]
        codes = (f"race.{new_id()}", f"race.{new_id()}")
        for code in codes:
            open_account(code=code, name=code, account_class="asset", currency="KES", actor=SYSTEM)
        yield codes
        assert books_violations() == []


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def all_at_once(tenant: Tenant, work: list[Callable[[], object]]) -> list[object]:
    """Run each on a thread and connection of its own, started together; answers or refusals."""
    start = threading.Barrier(len(work))

    def one(job: Callable[[], object]) -> object:
        try:
            with inside(tenant):
                start.wait()
                return job()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(one, work))


def test_a_posting_by_itself_is_one_statement_and_leaves_all_or_nothing(
    pair: tuple[str, str],
) -> None:
    def left() -> tuple[int, ...]:
        return tuple(model.objects.count() for model in (JournalEntry, OutboxMessage, AuditRecord))

    made, key = draft(debit(pair[0], kes(5)), credit(pair[1], kes(5))), str(new_id())
    before = left()
    with CaptureQueriesContext(connection) as through_django:
        receipt = post_entry(draft=made, idempotency_key=key, actor=SYSTEM)
    assert through_django.captured_queries == []  # no BEGIN, no COMMIT, no second statement
    assert left() == tuple(count + 1 for count in before)
    (record,) = AuditRecord.objects.filter(subject=public_id("je", receipt.entry_id))
    assert (record.use_case, record.actor_name, record.facts) == ("ledger.post_entry", "system", {})

    after = left()
    assert post_entry(draft=made, idempotency_key=key, actor=SYSTEM).is_replay
    elsewhere = draft(debit(pair[0], kes(5)), credit("nowhere", kes(5)))
    with pytest.raises(errors.UnknownAccount):
        post_entry(draft=elsewhere, idempotency_key=str(new_id()), actor=SYSTEM)
    assert left() == after


def test_eight_writers_in_opposite_directions_on_two_hot_accounts(
    races: Tenant, pair: tuple[str, str]
) -> None:
    rounds, writers = 25, 8
    before = deadlocks()

    def writer(number: int) -> Callable[[], object]:
        one, other = pair if number % 2 else pair[::-1]

        def run() -> None:
            for turn in range(rounds):
                made = draft(debit(one, kes(number + 1)), credit(other, kes(number + 1)))
                if turn % 5:
                    post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM)
                else:
                    post_entries(drafts={str(new_id()): made, str(new_id()): made}, actor=SYSTEM)

        return run

    answers = all_at_once(races, [writer(number) for number in range(writers)])
    assert answers == [None] * writers
    assert deadlocks() == before
    entries_each = rounds + rounds // 5
    moved = [(number + 1) * entries_each * (1 if number % 2 else -1) for number in range(writers)]
    assert account_balance(pair[0]).balance == kes(sum(moved))
    assert account_balance(pair[1]).balance == kes(-sum(moved))
    assert account_balance(pair[0]).version == entries_each * writers


def test_twenty_with_the_same_key_make_one_entry(races: Tenant, pair: tuple[str, str]) -> None:
    made = draft(debit(pair[0], kes(5)), credit(pair[1], kes(5)))
    key = str(new_id())

    def ask() -> object:
        receipt = post_entry(draft=made, idempotency_key=key, actor=SYSTEM)
        return receipt.entry_id, receipt.posted_at, receipt.balances[pair[0]], receipt.is_replay

    answers = all_at_once(races, [ask] * 8) + all_at_once(races, [ask] * 8)
    answers += all_at_once(races, [ask] * 4)
    assert len(answers) == 20
    assert len({answer[:3] for answer in answers}) == 1  # type: ignore[index]
    assert Counter(answer[3] for answer in answers) == {False: 1, True: 19}  # type: ignore[index]
    assert account_balance(pair[0]).balance == kes(5)


def test_of_many_with_one_key_and_different_drafts_one_wins(
    races: Tenant, pair: tuple[str, str]
) -> None:
    key = str(new_id())

    def asking(minor: int) -> Callable[[], object]:
        made = draft(debit(pair[0], kes(minor)), credit(pair[1], kes(minor)))
        return lambda: post_entry(draft=made, idempotency_key=key, actor=SYSTEM)

    answers = all_at_once(races, [asking(minor) for minor in range(1, 9)])
    refusals = [answer for answer in answers if isinstance(answer, errors.IdempotencyKeyReused)]
    assert len(refusals) == 7
    assert account_balance(pair[0]).version == 1


def test_the_last_unit_is_spent_once(races: Tenant, pair: tuple[str, str]) -> None:
    purse = f"race.{new_id()}"
    open_account(
        code=purse, name="x", account_class="liability", currency="KES", floor_minor=0, actor=SYSTEM
    )
    post_entry(
        draft=draft(debit(pair[0], kes(3)), credit(purse, kes(3))),
        idempotency_key=str(new_id()),
        actor=SYSTEM,
    )
    spend = draft(debit(purse, kes(1)), credit(pair[1], kes(1)))
    answers = all_at_once(
        races,
        [lambda: post_entry(draft=spend, idempotency_key=str(new_id()), actor=SYSTEM)] * 8,
    )
    assert sum(isinstance(answer, errors.InsufficientFunds) for answer in answers) == 5
    assert account_balance(purse).balance == kes(0)


def test_many_reversals_of_one_entry_make_one(races: Tenant, pair: tuple[str, str]) -> None:
    made = draft(debit(pair[0], kes(5)), credit(pair[1], kes(5)))
    id = post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM).entry_id
    answers = all_at_once(
        races,
        [
            lambda: reverse_entry(
                entry_id=id, reason="x", idempotency_key=str(new_id()), actor=SYSTEM
            )
        ]
        * 8,
    )
    assert sum(isinstance(answer, errors.AlreadyReversed) for answer in answers) == 7
    assert account_balance(pair[0]).balance == kes(0)


def test_parts_taken_back_at_once_never_exceed_the_whole(
    races: Tenant, pair: tuple[str, str]
) -> None:
    made = draft(debit(pair[0], kes(10)), credit(pair[1], kes(10)))
    id = post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM).entry_id

    def take() -> object:
        return reverse_entry(
            entry_id=id,
            reason="x",
            part=ReversalPart(amount=kes(3)),
            idempotency_key=str(new_id()),
            actor=SYSTEM,
        )

    answers = all_at_once(races, [take] * 8)
    assert sum(isinstance(one, errors.ReversalExceedsRemaining) for one in answers) == 5
    assert account_balance(pair[0]).balance == kes(1)


def test_nothing_is_posted_after_an_account_was_frozen(
    races: Tenant, pair: tuple[str, str]
) -> None:
    """Who posts while the status changes either comes before it or is refused."""
    versions = []

    def freeze() -> object:
        change_account_status(code=pair[0], status=AccountStatus.FROZEN, reason="x", actor=SYSTEM)
        versions.append(account_balance(pair[0]).version)
        return None

    def post() -> object:
        made = draft(debit(pair[0], kes(1)), credit(pair[1], kes(1)))
        return post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM)

    answers = all_at_once(races, [*[post] * 4, freeze, *[post] * 3])
    refused = sum(isinstance(answer, errors.AccountFrozen) for answer in answers)
    assert account_balance(pair[0]).version == versions[0] == 7 - refused


def test_opening_one_account_at_once_opens_it_once(races: Tenant, pair: tuple[str, str]) -> None:
    code = f"race.{new_id()}"

    def opening() -> object:
        return open_account(
            code=code, name="x", account_class="asset", currency="KES", actor=SYSTEM
        )

    assert all_at_once(races, [opening] * 8) == [None] * 8
    assert account_balance(code).version == 0


def test_who_is_in_the_way_of_each_other_tries_again(races: Tenant, pair: tuple[str, str]) -> None:
    """Two callers lock by hand in opposite orders, then post: PostgreSQL ends one, we try again.

    The order of locks of the posting functions makes this impossible among themselves; a caller's
    own locks can still bring it about.
    """
    made = draft(debit(pair[0], kes(1)), credit(pair[1], kes(1)))
    outside = threading.Barrier(2)
    tries = Counter[str]()

    def crossing(mine: str) -> Callable[[], object]:
        @again_when_in_the_way
        @use_case("tests.crossing")
        def cross(*, actor: object) -> None:
            tries[mine] += 1
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL deadlock_timeout = '50ms'")
                cursor.execute(
                    "SELECT 1 FROM ledger_account_balance b JOIN ledger_account a"
                    " ON a.id = b.account_id WHERE a.code = %s FOR UPDATE OF b",
                    [mine],
                )
            if tries[mine] == 1:
                outside.wait()
            post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM)

        return lambda: cross(actor=SYSTEM)

    answers = all_at_once(races, [crossing(pair[0]), crossing(pair[1])])
    assert len(answers) == 2
    assert account_balance(pair[0]).version in (1, 2)
