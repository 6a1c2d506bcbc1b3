"""The demo's processes: started again when they fall, and gone when it is."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.local.conftest import Machine, command_line, read_until, until

DEMO = ("-m", "tests.local.stand_in")


def test_one_day_ends_with_its_verdict_and_leaves_nothing(machine: Machine, tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces"
    program = machine.start(*DEMO, str(folder), ONCE="1", DAY_CODE="7")
    said, _ = program.communicate()
    assert program.returncode == 7, said
    assert "amina signs in" in said
    assert "a day" in said
    assert machine.processes() == {}
    assert (folder / "state.json").stat().st_mode & 0o777 == 0o600


def test_ctrl_c_ends_everything_in_order_and_keeps_the_data(
    machine: Machine, tmp_path: Path
) -> None:
    program = machine.start(*DEMO, str(tmp_path / "demo"))
    read_until(program, "The house stays open")
    for word in ("bin/postgres", "redis-server", "nats-server", "simulators", "a worker"):
        assert machine.process(word), word
    program.send_signal(signal.SIGINT)
    said, _ = program.communicate()
    assert program.returncode == 0, said
    assert machine.processes() == {}
    log = (tmp_path / "demo" / "log" / "postgres.log").read_text()
    assert "received fast shutdown request" in log
    assert log.rstrip().endswith("database system is shut down")


def test_hanging_up_the_terminal_ends_it_too(machine: Machine, tmp_path: Path) -> None:
    program = machine.start(*DEMO, str(tmp_path / "demo"))
    read_until(program, "Ready in")
    program.send_signal(signal.SIGHUP)
    program.communicate()
    assert machine.processes() == {}


def test_killing_the_supervisor_leaves_no_orphan(machine: Machine, tmp_path: Path) -> None:
    program = machine.start(*DEMO, str(tmp_path / "demo"))
    read_until(program, "The house stays open")
    os.kill(program.pid, signal.SIGKILL)
    until(lambda: machine.processes() == {})


def test_killing_supervisor_and_guard_leaves_no_server(machine: Machine, tmp_path: Path) -> None:
    program = machine.start(*DEMO, str(tmp_path / "demo"))
    read_until(program, "The house stays open")
    [guard] = [pid for pid in machine.children_of(program.pid) if "guard.py" in command_line(pid)]
    os.kill(guard, signal.SIGKILL)
    servers = ("bin/postgres", "redis-server", "nats-server")
    assert all(machine.process(server) for server in servers)
    program.kill()
    until(lambda: not any(machine.process(server) for server in servers))


def test_a_killed_app_is_started_again_without_its_old_children(
    machine: Machine, tmp_path: Path
) -> None:
    program = machine.start(*DEMO, str(tmp_path / "demo"))
    read_until(program, "The house stays open")
    until(lambda: len(machine.children_of(machine.process("a worker"))) == 1)
    worker = machine.process("a worker")
    [child] = machine.children_of(worker)
    os.kill(worker, signal.SIGKILL)
    said = read_until(program, "worker was")
    assert "worker was killed by signal 9; starting it again in 0.1 s." in said
    until(lambda: child not in machine.processes())
    until(lambda: machine.process("a worker") not in (0, worker))
    until(lambda: len(machine.children_of(machine.process("a worker"))) == 1)


def test_a_killed_server_is_started_again_under_its_old_address(
    machine: Machine, tmp_path: Path
) -> None:
    program = machine.start(*DEMO, str(tmp_path / "demo"))
    read_until(program, "The house stays open")
    ports = (tmp_path / "demo" / "state.json").read_text()
    os.kill(machine.process("nats-server"), signal.SIGKILL)
    read_until(program, "nats was killed by signal 9; starting it again")
    until(lambda: machine.process("nats-server"))
    assert (tmp_path / "demo" / "state.json").read_text() == ports


def test_a_second_demo_in_the_same_checkout_is_refused(machine: Machine, tmp_path: Path) -> None:
    first = machine.start(*DEMO, str(tmp_path / "demo"))
    read_until(first, "Ready in")
    second = machine.start(*DEMO, str(tmp_path / "demo"))
    said, _ = second.communicate()
    assert second.returncode == 1
    assert f"already runs its demo (process {first.pid})" in said
    assert first.poll() is None


def test_a_step_that_fails_says_why(machine: Machine, tmp_path: Path) -> None:
    program = machine.start(*DEMO, str(tmp_path / "demo"), SEED_FAILS="no such table: tenants")
    said, _ = program.communicate()
    assert program.returncode == 1
    assert "no such table: tenants" in said
    assert machine.processes() == {}
