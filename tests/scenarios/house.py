"""A whole house in processes of its own, to be watched, killed and looked into."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: A day takes a minute or two; with every process killed once, or other work beside it, far longer.
DAY_SECONDS = 900
STOP_SECONDS = 60

#: What each process can be recognised by on its command line.
PROCESSES = {
    "web": "granian",
    "worker": "config.celery worker",
    "beat": "config.celery beat",
    "relay": "run_relay",
    "consumers": "run_consumers",
    "simulators": "tests.worlds",
    "nats": "nats-server",
    "redis": "redis-server",
    "postgres": "postgres -D",
}
_SERVERS = ("DATABASE_URL", "REDIS_URL", "NATS_URL")


@dataclass(slots=True)
class House:
    """A running ``make demo`` on data of its own."""

    folder: Path
    process: subprocess.Popen[str]

    @property
    def data(self) -> Path:
        """Where the demo keeps everything."""
        return self.folder / "demo"

    def report(self) -> dict[str, Any]:
        """The report of the last day."""
        return dict(json.loads((self.data / "report.json").read_text()))

    def acts_done(self) -> list[str]:
        """The acts of the present day that are over."""
        with contextlib.suppress(OSError, ValueError):
            return list(json.loads((self.data / "day.json").read_text())["done"])
        return []

    def wait_for(self, act: str) -> None:
        """Until the act is over."""
        self.wait_until(act, lambda: act in self.acts_done())

    def wait_until(self, what: str, is_over: Callable[[], bool]) -> None:
        """Until it is over. Fails when the day is in trouble, or the house ends before."""
        deadline = time.monotonic() + DAY_SECONDS
        while not is_over() and self.process.poll() is None:
            assert time.monotonic() < deadline, f"{what} did not come to an end: {self.state()}"
            said = self.said()
            assert "The day stopped" not in said, said
            assert "Traceback" not in said, said
            time.sleep(0.2)
        assert is_over(), f"the house ended before {what}: {self.said()}"

    def said(self) -> str:
        """The end of what was printed on the terminal."""
        return (self.folder / "output.txt").read_text()[-6000:]

    def state(self) -> str:
        """What somebody who cannot look into the house has to know: what runs, and the last words.

        Of the logs, what is not the everyday: warnings, errors, and what is no event at all.
        """
        parts = [self.said(), *(f"{pid} {line[:120]}" for pid, line in self.running())]
        for log in sorted((self.data / "log").glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()
            odd = [line[:600] for line in lines if '"level": "info"' not in line]
            parts += [f"--- {log.name}: {len(lines)} lines", *odd[-12:], *lines[-1:]]
        return "\n".join(parts)

    def pids(self, name: str) -> list[int]:
        """The processes of that name that belong to this house."""
        return [pid for pid, line in self.running() if PROCESSES[name] in line]

    def running(self) -> list[tuple[int, str]]:
        """Every process that works on this house's data, with its command line."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = (entry / "environ").read_bytes().decode(errors="replace")
                if str(self.folder) in environment or str(self.folder) in line:
                    found.append((int(entry.name), line))
        return found

    def environment(self) -> dict[str, str]:
        """What the web process was told."""
        raw = Path(f"/proc/{self.pids('web')[0]}/environ").read_bytes().decode()
        return dict(item.split("=", 1) for item in raw.split("\0") if "=" in item)

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a management command against this house's servers."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def stop(self) -> int:
        """Ctrl-C, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def opened(folder: Path, *, once: bool) -> Iterator[House]:
    """``make demo`` in ``folder``; what is left of it is killed at the end."""
    environment = {key: value for key, value in os.environ.items() if key not in _SERVERS}
    environment |= {"LOCAL_DATA": str(folder), "ONCE": "1" if once else ""}
    with (folder / "output.txt").open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "demo"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    house = House(folder, process)
    try:
        yield house
    finally:
        if process.poll() is None:
            process.kill()
        for pid, _ in house.running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
