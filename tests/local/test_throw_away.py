"""Servers for one command: side by side, only those not given, and nothing left of them."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

from deploy.local.binaries import postgres_folder
from deploy.local.postgres import PostgreSQL
from deploy.local.privileges import Disguise, ways, works
from deploy.local.process import Spec
from deploy.local.refusals import Refused
from deploy.local.say import Voice
from deploy.local.stack import kept, thrown_away
from deploy.local.state import State, free_port
from deploy.local.supervisor import Supervisor
from tests.local.conftest import Machine, read_until, until

QUIET = Voice(quiet=True)
RUN = ("-m", "deploy.local", "run", "--", "sh", "-c")


def test_two_side_by_side_do_not_meet_and_leave_nothing(machine: Machine) -> None:
    ask = (
        "import os, psycopg, redis; "
        "url = os.environ['REDIS_URL']; redis.from_url(url).incr('mine'); "
        "psycopg.connect(os.environ['DATABASE_URL']).execute('CREATE TABLE mine ()'); "
        "print('mine', redis.from_url(url).get('mine').decode(), os.environ['DATABASE_URL'])"
    )
    command = f"{sys.executable} -c {shlex.quote(ask)}; read wait < /dev/null; exit 5"
    both = [machine.start(*RUN, command) for _ in range(2)]
    said = [program.communicate()[0] for program in both]
    assert [program.returncode for program in both] == [5, 5], said
    assert all(words.startswith("mine 1 ") for words in said)
    assert said[0] != said[1]
    assert machine.processes() == {}
    assert machine.leftovers() == []


def test_two_that_start_at_the_same_instant_choose_different_ports(tmp_path: Path) -> None:
    """Nothing listens on any of them yet: asking the kernel alone would give both the same."""
    wanted = free_port(0)
    one, two = State.load(tmp_path / "one"), State.load(tmp_path / "two")
    ports = [stack.port(name, wanted) for stack in (one, two) for name in ("web", "redis")]
    assert ports[0] == wanted
    assert len(set(ports)) == 4
    assert one.port("web", wanted) == wanted  # its own claim is not in its way
    for claim in one.claims.values():
        claim.close()  # as when its process ends, however it ends
    assert State.load(tmp_path / "three").port("web", wanted) == wanted


def test_a_killed_run_leaves_no_process_and_no_folder(machine: Machine) -> None:
    program = machine.start(*RUN, "echo started; sleep 999")
    read_until(program, "started")
    os.kill(program.pid, signal.SIGKILL)
    until(lambda: machine.processes() == {})
    until(lambda: machine.leftovers() == [])


def test_a_terminated_run_ends_its_command(machine: Machine) -> None:
    program = machine.start(*RUN, "echo started; exec sleep 999")
    read_until(program, "started")
    program.send_signal(signal.SIGTERM)
    program.communicate()
    assert program.returncode == 128 + signal.SIGTERM
    assert machine.processes() == {}
    assert machine.leftovers() == []


def test_a_server_named_from_outside_is_used_and_none_started() -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/books"}
    with thrown_away(QUIET, given) as stack:
        assert stack.supervisor.children.keys() == {"redis", "nats"}
        assert stack.environment["DATABASE_URL"] == given["DATABASE_URL"]


def test_with_all_servers_named_no_program_is_even_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [])  # as where the wheels are not installed
    given = {"DATABASE_URL": "postgresql://a/b", "REDIS_URL": "redis://a", "NATS_URL": "nats://a"}
    with thrown_away(QUIET, given) as stack:
        assert stack.supervisor.children == {}


def test_a_relative_folder_is_as_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with kept(Path("demo"), QUIET, {"REDIS_URL": "redis://a", "NATS_URL": "nats://a"}) as stack:
        assert f"host={tmp_path}/demo/pg&" in stack.environment["DATABASE_URL"]


def test_a_long_path_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / "demo"
    with kept(folder, QUIET, {"REDIS_URL": "redis://a", "NATS_URL": "nats://a"}) as stack:
        assert str(folder) not in stack.environment["DATABASE_URL"]
        elsewhere = PostgreSQL(stack.state, durable=True).socket_folder
        assert elsewhere.stat().st_mode & 0o077 == 0
    assert not elsewhere.exists()


def test_ports_are_kept_while_free_and_changed_when_taken(tmp_path: Path) -> None:
    state = State.load(tmp_path)
    port = state.port("web", free_port(0))
    for claim in state.claims.values():  # as when the process that chose it has ended
        claim.close()
    assert State.load(tmp_path).port("web", 0) == port
    with thrown_away(QUIET, {"DATABASE_URL": "x", "NATS_URL": "x"}) as stack:
        state.ports["web"] = stack.state.ports["redis"]
        assert state.port("web", 0) != stack.state.ports["redis"]


def test_what_cannot_start_is_a_refusal_with_its_last_words(tmp_path: Path) -> None:
    spec = Spec(
        name="grumpy",
        argv=("sh", "-c", "echo I will not; exit 1"),
        log=tmp_path / "grumpy.log",
        rank=1,
    )
    with Supervisor(QUIET) as supervisor, pytest.raises(Refused, match="I will not"):
        supervisor.wait_until(lambda: False, supervisor.run(lambda: spec))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to drop privileges")
@pytest.mark.parametrize("name", ["user namespace", "capability", "plain"])
def test_root_starts_the_database_each_way_this_machine_allows(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [way] = [way for way in ways() if way.name == name]
    program = postgres_folder() / "postgres"

    def only(program: Path, folder: Path) -> Disguise:
        if name == "plain":
            folder.chmod(0o711)
        if not works(way, program, folder):
            pytest.skip(f"this machine allows no {name}")
        return way

    monkeypatch.setattr("deploy.local.postgres.disguise_for", only)
    with thrown_away(QUIET, {"REDIS_URL": "redis://a", "NATS_URL": "nats://a"}) as stack:
        assert stack.supervisor.children["postgres"].is_running()
        assert program.exists()
