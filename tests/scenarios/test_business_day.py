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
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that has lived a day in which each of its processes was killed once."""
    with opened(tmp_path_factory.mktemp("house"), once=False) as house:
        house.wait_for("orders")
        for name in PROCESSES:
            for pid in house.pids(name):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(BETWEEN_KILLS_SECONDS)
        house.wait_for("closed")
        yield house


def audit(house: House) -> tuple[int, list[str]]:
    """The exit code of the audit and the names of the broken laws."""
    done = house.manage("audit_books", "--all-tenants", "--json")
    found = [
        violation["check"]
        for tenant in json.loads(done.stdout)["tenants"]
        for violation in tenant["violations"]
    ]
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
    assert [proof for proof in report["proofs"] if not proof["holds"]] == []
    assert report["all_hold"]
    assert audit(house) == (0, [])


def test_an_entry_altered_behind_the_triggers_is_found(house: House) -> None:
    target = "t_mara.ledger_posting"
    key = f"(SELECT entry_id, leg FROM {target} ORDER BY 1, 2 LIMIT 1)"
    with tampered(
        house,
        f"UPDATE {target} SET amount_minor = amount_minor + 1 WHERE (entry_id, leg) = {key}",
    ):
        code, found = audit(house)
    with tampered(
        house,
        f"UPDATE {target} SET amount_minor = amount_minor - 1 WHERE (entry_id, leg) = {key}",
    ):
        pass
    assert code == 1
    assert found
    assert audit(house) == (0, [])


def test_a_balance_altered_behind_the_triggers_is_found(house: House) -> None:
    table = "t_baobab.ledger_account_balance"
    which = f"WHERE account_id = (SELECT account_id FROM {table} ORDER BY 1 LIMIT 1)"
    with tampered(house, f"UPDATE {table} SET debits_minor = debits_minor + 1 {which}"):
        code, found = audit(house)
    with tampered(house, f"UPDATE {table} SET debits_minor = debits_minor - 1 {which}"):
        pass
    assert code == 1
    assert found
    assert audit(house) == (0, [])


def test_a_deleted_event_is_found(house: House) -> None:
    table = "t_mara.platform_outbox_message"
    which = f"SELECT id FROM {table} WHERE name = 'ledger.entry_posted' ORDER BY id LIMIT 1"
    with tampered(
        house,
        f"CREATE TABLE t_mara.kept AS SELECT * FROM {table} WHERE id = ({which})",
        f"DELETE FROM {table} WHERE id = (SELECT id FROM t_mara.kept)",
    ):
        code, found = audit(house)
    with tampered(
        house, f"INSERT INTO {table} SELECT * FROM t_mara.kept", "DROP TABLE t_mara.kept"
    ):
        pass
    assert code == 1
    assert found
    assert audit(house) == (0, [])


def test_ctrl_c_leaves_nothing_running_and_the_next_day_begins(house: House) -> None:
    """Runs after the audits above: it closes the house and opens it for another day."""
    assert house.stop() == 0
    assert house.running() == []
    with opened(house.folder, once=True) as again:
        assert again.process.wait(DAY_SECONDS) == 0
        assert again.report()["all_hold"]
        assert again.running() == []


def test_a_day_stopped_in_the_middle_is_finished_by_the_next_start(tmp_path: Path) -> None:
    with opened(tmp_path, once=True) as first:
        first.wait_for("disbursements")
        first.stop()
        assert first.running() == []
        assert "closed" not in first.acts_done()
    with opened(tmp_path, once=False) as second:
        second.wait_for("closed")
        report = second.report()
        assert report["resumed"]
        assert [proof for proof in report["proofs"] if not proof["holds"]] == []
        payouts_paid_twice_are_found(second)
        second.stop()
        assert second.running() == []


def payouts_paid_twice_are_found(house: House) -> None:
    """The provider pays one of our payouts again in its own books, and the audit sees it."""
    assert audit(house) == (0, [])
    provider = Provider(house.environment()["MPESA_BASE_URL"])
    transfers = provider.ask("transactions", shortcode=COMPANIES[0].payout_shortcode)
    paid = [row for row in transfers["transactions"] if row["kind"] == "payout"]
    provider.tell("pay-again", receipt=paid[0]["receipt"])
    code, found = audit(house)
    assert code == 1
    assert any("provider" in check or "payments" in check for check in found)
