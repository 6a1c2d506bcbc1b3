"""The main job, on real servers in real processes, with everything that can die dying once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local.day.cast import COMPANIES
from deploy.local.day.doors import Provider
from tests.scenarios.house import DAY_SECONDS, PROCESSES, House, opened

pytestmark = [pytest.mark.demo, pytest.mark.timeout(2 * DAY_SECONDS)]
BETWEEN_KILLS_SECONDS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the house of these tests keeps everything."""
    return tmp_path_factory.mktemp("house")


@pytest.fixture(scope="module")
def house(folder: Path) -> Iterator[House]:
    """A house in whose day each process was killed once, and that was closed and opened again."""
    with opened(folder, once=True) as first:
        first.wait_for("orders")
        for name in PROCESSES:
            for pid in first.pids(name):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(BETWEEN_KILLS_SECONDS)
        first.wait_for("disbursements")
        first.stop()
        assert first.running() == []
        assert "closed" not in first.acts_done()
    with opened(folder, once=False) as second:
        second.wait_for("closed")
        yield second


@pytest.fixture(scope="module")
def next_day(house: House) -> Iterator[House]:
    """The same house, closed in order and opened for another day.

    Whoever falsifies its books does so after that day: the house watches itself, and may have
    stopped all posting by the time they are put right again.
    """
    yesterday = house.report()["day"]
    assert house.stop() == 0
    assert house.running() == []
    with opened(house.folder, once=False) as again:
        again.wait_until("the next day", lambda: again.report()["day"] != yesterday)
        yield again


def audit(house: House) -> tuple[int, set[tuple[str, str]]]:
    """The exit code of the audit, and each broken law with the company whose law it is."""
    done = house.manage("audit_books", "--all-tenants", "--json")
    found = {
        (tenant["tenant"], violation["check"])
        for tenant in json.loads(done.stdout)["tenants"]
        for violation in tenant["violations"]
    }
    return done.returncode, found


@contextlib.contextmanager
def tampered(house: House, *statements: str) -> Iterator[None]:
    """Behind every trigger's back, as a database administrator could."""
    with psycopg.connect(house.environment()["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)
        yield


def test_the_day_is_proved_though_every_process_was_killed(house: House) -> None:
    report = house.report()
    assert report["resumed"]
    assert [proof for proof in report["proofs"] if not proof["holds"]] == []
    assert report["all_hold"]
    assert audit(house) == (0, set())


def test_the_next_day_is_proved_too(next_day: House) -> None:
    assert next_day.report()["all_hold"], next_day.said()
    assert audit(next_day) == (0, set())


def test_what_is_altered_behind_the_triggers_is_found(next_day: House) -> None:
    """A posting's amount, a balance, an event that was never told: each by the law it breaks."""
    posting, balance = "t_mara.ledger_posting", "t_baobab.ledger_account_balance"
    event = "t_mara.platform_outbox_message"
    leg = f"WHERE (entry_id, leg) = (SELECT entry_id, leg FROM {posting} ORDER BY 1, 2 LIMIT 1)"
    account = f"WHERE account_id = (SELECT account_id FROM {balance} ORDER BY 1 LIMIT 1)"
    told = f"SELECT id FROM {event} WHERE name = 'ledger.entry_posted' ORDER BY id LIMIT 1"
    with tampered(
        next_day,
        f"UPDATE {posting} SET amount_minor = amount_minor + 1 {leg}",
        f"UPDATE {balance} SET debits_minor = debits_minor + 1 {account}",
        f"CREATE TABLE t_mara.kept AS SELECT * FROM {event} WHERE id = ({told})",
        f"DELETE FROM {event} WHERE id = (SELECT id FROM t_mara.kept)",
    ):
        code, found = audit(next_day)
    with tampered(
        next_day,
        f"UPDATE {posting} SET amount_minor = amount_minor - 1 {leg}",
        f"UPDATE {balance} SET debits_minor = debits_minor - 1 {account}",
        f"INSERT INTO {event} SELECT * FROM t_mara.kept",
        "DROP TABLE t_mara.kept",
    ):
        pass
    assert code == 1
    assert found >= {
        ("mara", "ledger.entries_balance"),
        ("baobab", "ledger.balance_is_last_posting"),
        ("mara", "ledger.entries_are_announced"),
    }
    assert audit(next_day) == (0, set())


def test_a_payout_paid_twice_is_found_and_ctrl_c_leaves_nothing_running(next_day: House) -> None:
    """The provider pays one of our payouts again in its own books, and the audit sees it."""
    provider = Provider(next_day.environment()["MPESA_BASE_URL"])
    transfers = provider.ask("transactions", shortcode=COMPANIES[0].payout_shortcode)
    paid = [row for row in transfers["transactions"] if row["kind"] == "payout"]
    provider.tell("pay-again", receipt=paid[0]["receipt"])
    code, found = audit(next_day)
    assert code == 1
    assert any("provider" in check or "payments" in check for _, check in found)
    assert next_day.stop() == 0
    assert next_day.running() == []
