"""Many callers at once, and what each piece of work costs.

Only the standard library, because the peers' programs run this file in an environment of their own.
Callers are threads of forked processes: one interpreter would let only one of them run at a time.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CLOCK_TICKS = 100  # a second, on every Linux we know
PROCESSES_MAX = 4
#: A caller that has not finished by this long after the end is taken for lost.
LATE_SECONDS = 60.0

#: Makes a caller in its own thread: the work, which answers how many pieces it did, and the process
#: number of the server that does it.
Hire = Callable[[int], tuple[Callable[[], int], int]]


@dataclass(frozen=True, slots=True)
class Tally:
    """What a crowd did: pieces a second, CPU microseconds of each, and how long calls took."""

    rate: float
    client_us: float
    server_us: float
    p50_ms: float
    p99_ms: float

    @property
    def cpu_us(self) -> float:
        """Client and server together."""
        return self.client_us + self.server_us

    def plain(self) -> dict[str, float]:
        """As JSON carries it."""
        return asdict(self)


@dataclass(slots=True)
class _Share:
    """What one process of the crowd did."""

    done: int
    client_seconds: float
    server_seconds: float
    elapsed: float
    calls: list[float]


def crowd(hire: Hire, callers: int, seconds: float, processes_max: int = PROCESSES_MAX) -> Tally:
    """Let that many callers work side by side until the time is up."""
    context = multiprocessing.get_context("fork")
    processes = min(callers, processes_max)
    ready = context.Barrier(processes + 1)
    answers: Any = context.SimpleQueue()
    crews = [range(number, callers, processes) for number in range(processes)]
    started = [
        context.Process(target=_work, args=(hire, crew, seconds, ready, answers), daemon=True)
        for crew in crews
    ]
    for process in started:
        process.start()
    try:
        ready.wait(LATE_SECONDS)
        shares = [answers.get() for _ in started]
    finally:
        for process in started:
            process.join(LATE_SECONDS)
    lost = [share for share in shares if not isinstance(share, _Share)]
    if lost:
        raise RuntimeError(f"a caller failed: {lost[0]}")
    return _tally(shares)


def _work(hire: Hire, numbers: range, seconds: float, ready: Any, answers: Any) -> None:
    """One process: its callers start together with all others."""
    try:
        answers.put(_Crew(hire, numbers, seconds).share(ready))
    except Exception as error:
        ready.abort()
        answers.put(repr(error))
        raise


class _Crew:
    """The callers of one process, each on a thread."""

    def __init__(self, hire: Hire, numbers: range, seconds: float) -> None:
        self._hire = hire
        self._numbers = numbers
        self._seconds = seconds
        self._share = _Share(0, 0.0, 0.0, 0.0, [])
        self._failures: list[Exception] = []
        self._everyone = threading.Barrier(len(numbers) + 1)

    def share(self, ready: Any) -> _Share:
        """Work until the time is up."""
        threads = [threading.Thread(target=self._call, args=(n,)) for n in self._numbers]
        for thread in threads:
            thread.start()
        begun = client = 0.0
        with suppress(threading.BrokenBarrierError):
            self._everyone.wait(LATE_SECONDS)
            ready.wait(LATE_SECONDS)
            begun, client = time.perf_counter(), time.process_time()
            self._everyone.wait(LATE_SECONDS)
        for thread in threads:
            thread.join()
        if self._failures:
            raise self._failures[0]
        self._share.client_seconds = time.process_time() - client
        self._share.elapsed = time.perf_counter() - begun
        return self._share

    def _call(self, number: int) -> None:
        try:
            work, server = self._hire(number)
            work()  # connections are open and plans are made before it counts
            self._everyone.wait(LATE_SECONDS)
            self._everyone.wait(LATE_SECONDS)
            self._count(work, server)
        except Exception as error:  # noqa: BLE001  told by the thread that waits for this one
            self._failures.append(error)
            self._everyone.abort()

    def _count(self, work: Callable[[], int], server: int) -> None:
        before, calls, done = server_seconds(server), [], 0
        now = time.perf_counter()
        until = now + self._seconds
        while now < until:
            done += work()
            calls.append(-now + (now := time.perf_counter()))
        self._share.done += done
        self._share.calls += calls
        self._share.server_seconds += server_seconds(server) - before


def _tally(shares: list[_Share]) -> Tally:
    done = sum(share.done for share in shares)
    calls = sorted(call for share in shares for call in share.calls)
    return Tally(
        rate=done / max(share.elapsed for share in shares),
        client_us=sum(share.client_seconds for share in shares) / done * 1e6,
        server_us=sum(share.server_seconds for share in shares) / done * 1e6,
        p50_ms=calls[len(calls) // 2] * 1e3,
        p99_ms=calls[min(len(calls) - 1, len(calls) * 99 // 100)] * 1e3,
    )


def server_seconds(pid: int) -> float:
    """CPU time of a server process, when it runs on this machine; else zero."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
