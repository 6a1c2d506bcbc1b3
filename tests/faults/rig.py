"""Servers of their own, a wire that can fail, clients under load; a fault, then its healing."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import psycopg

from deploy.local.process import Child
from deploy.local.say import Voice
from deploy.local.stack import Stack, thrown_away
from tests.faults.checks import Findings, answers_in, compare, entries_in, unannounced_in
from tests.faults.proxy import Proxy, Weather

ROOT = Path(__file__).resolve().parents[2]
SERVES_SECONDS = 30.0
#: After the fault the load goes on for so long: it has to find its way back by itself.
HEALS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Books:
    """Where the clients post: a tenant, and the statements that make its schema."""

    schema: str
    tenant: UUID
    statements: Sequence[str]


@dataclass(slots=True)
class Rig:
    """What a fault may do to the machine."""

    stack: Stack
    proxy: Proxy
    random: random.Random
    #: How long the fault phase lasts, in seconds.
    seconds: float
    log: Path

    def child(self, name: str) -> Child:
        """A server by its name: postgres, redis, nats."""
        return self.stack.supervisor.children[name]

    def kill(self, name: str, number: int) -> None:
        """A signal to the server's first process. The supervisor starts again what ends."""
        os.kill(self.child(name).pid, number)

    def kill_all(self, name: str, number: int) -> None:
        """The same to all of its processes."""
        for pid in _family(self.child(name).pid):
            os.kill(pid, number)

    def wait(self, seconds: float) -> None:
        """Let the load run."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.stack.supervisor.tick()

    def answered(self) -> int:
        """How many answers the clients have had so far."""
        return self.log.read_bytes().count(b"\n")

    def wait_for_answers(self, more: int) -> None:
        """Until the clients had so many more answers: load is on, however busy the machine is."""
        enough, until = self.answered() + more, time.monotonic() + SERVES_SECONDS
        while self.answered() < enough:
            assert time.monotonic() < until, "the clients are not answered any more"
            self.stack.supervisor.tick()

    def wait_until_it_serves(self) -> None:
        """Until PostgreSQL takes connections again."""
        url = self.stack.environment["DATABASE_URL"]

        def serves() -> bool:
            try:
                psycopg.connect(url).close()
            except psycopg.OperationalError:
                return False
            return True

        self.stack.supervisor.wait_until(serves, self.child("postgres"), SERVES_SECONDS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one fault came to."""

    findings: Findings
    violations: list[str]
    unannounced: int
    #: From the end of the fault to the first answer after it, in seconds.
    recovery: float
    answers_lost: int

    @property
    def failures(self) -> dict[str, object]:
        """Everything that must not be."""
        found: dict[str, object] = dict(self.findings.failures())
        if self.violations:
            found["violations"] = self.violations
        if self.unannounced:
            found["unannounced"] = self.unannounced
        return found


def suffer(fault: Callable[[Rig], None], books: Books, *, seed: int, seconds: float) -> Outcome:
    """Run the load, the fault and its healing, and compare everybody's record."""
    chance = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as name,
        thrown_away(Voice(quiet=True), _without_servers(), durable=True) as stack,
    ):
        folder = Path(name)
        url = stack.environment["DATABASE_URL"]
        with psycopg.connect(url) as session:
            session.execute("SET check_function_bodies = off")
            session.execute(f'CREATE SCHEMA "{books.schema}"'.encode())
            for statement in books.statements:
                session.execute(statement.encode())
        with Proxy(folder, _socket_of(url), chance) as proxy:
            rig = Rig(stack, proxy, chance, seconds, folder / "answers.jsonl")
            with _clients(rig, books, seed) as clients:
                fault(rig)
                proxy.weather = Weather()
                healed = time.monotonic()
                rig.wait_until_it_serves()
                rig.wait_for_answers(1)
                rig.wait(HEALS_SECONDS)
                violations = _last_word(clients)
        answers = answers_in(rig.log)
        with psycopg.connect(url) as session:
            findings = compare(answers, entries_in(session, books.schema))
            unannounced = unannounced_in(session, books.schema)
    after = [answer["at"] - healed for answer in answers if answer["at"] >= healed]
    return Outcome(findings, violations, unannounced, min(after), proxy.lost)


def _family(pid: int) -> list[int]:
    """A process and its descendants, wherever in their groups and sessions they are."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _without_servers() -> dict[str, str]:
    given = ("DATABASE_URL", "REDIS_URL", "NATS_URL")
    return {name: value for name, value in os.environ.items() if name not in given}


def _socket_of(url: str) -> Path:
    asked = parse_qs(urlsplit(url).query)
    return Path(asked["host"][0]) / f".s.PGSQL.{asked['port'][0]}"


@contextmanager
def _clients(rig: Rig, books: Books, seed: int) -> Iterator[subprocess.Popen[str]]:
    """The load, which reaches the database only through the proxy."""
    parts = urlsplit(rig.stack.environment["DATABASE_URL"])
    port = rig.proxy.socket.name.rpartition(".")[2]
    query = f"host={quote(str(rig.proxy.folder))}&port={port}"
    environment = {**os.environ, **rig.stack.environment}
    environment["DATABASE_URL"] = parts._replace(query=query).geturl()
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.faults.client", books.schema, str(books.tenant)),
            *(str(seed), str(rig.log)),
        ],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n", "the clients did not begin"
            rig.wait_for_answers(20)
            yield program
        finally:
            program.kill()


def _last_word(clients: subprocess.Popen[str]) -> list[str]:
    """Have them decide what is open and audit; a client that fell over is no witness."""
    said, _ = clients.communicate("stop\n", timeout=90)
    assert clients.returncode == 0, "a client met an answer that it does not know"
    return list(json.loads(said.splitlines()[-1]))
