"""The faults, by their number in the matrix: what is done to the servers while clients post."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import redis

from tests.faults.proxy import Weather
from tests.faults.rig import Rig

ANSWERS_BETWEEN = 15


@dataclass(frozen=True, slots=True)
class Row:
    """One fault and, where it can be seen at the clients, the proof that it struck."""

    title: str
    strike: Callable[[Rig], None]
    loses_answers: bool = False


def _kill(rig: Rig) -> None:
    """Three times, each time after it serves again."""
    for _ in range(3):
        rig.kill("postgres", signal.SIGKILL)
        rig.wait(rig.random.random() * 0.3)
        rig.wait_until_it_serves()
        rig.wait_for_answers(ANSWERS_BETWEEN)


def _stop_immediately(rig: Rig) -> None:
    """No process of the server may finish what it does; it recovers from its log."""
    rig.kill("postgres", signal.SIGQUIT)
    rig.wait(0.3)


def _lose_answers(rig: Rig) -> None:
    """Of one request in twenty the answer is lost after it was carried out."""
    rig.proxy.weather = Weather(loses_answers=0.05)
    rig.wait(rig.seconds)


def _block(rig: Rig) -> None:
    """Answers stop coming, then every connection is cut."""
    rig.proxy.weather = Weather(blocks_answers=True)
    rig.wait(rig.seconds)
    rig.proxy.cut()


def _refuse(rig: Rig) -> None:
    """Nobody gets through, and who was through is cut off."""
    rig.proxy.weather = Weather(refuses=True)
    rig.proxy.cut()
    rig.wait(rig.seconds)


def _pause(rig: Rig) -> None:
    """Every process of the server stands still and goes on as if nothing had been."""
    rig.kill_all("postgres", signal.SIGSTOP)
    rig.wait(rig.seconds)
    rig.kill_all("postgres", signal.SIGCONT)


def _empty_redis(rig: Rig) -> None:
    """Emptied, killed, and emptied again when it is back."""
    with redis.from_url(rig.stack.environment["REDIS_URL"]) as store:
        store.flushall()
        rig.kill("redis", signal.SIGKILL)
        rig.wait(rig.seconds)
        store.flushall()


def _kill_broker(rig: Rig) -> None:
    """Posting has nothing to ask the broker."""
    rig.kill("nats", signal.SIGKILL)
    rig.wait_for_answers(ANSWERS_BETWEEN)


def _broker_stands_still(rig: Rig) -> None:
    """As if it were down: it answers nothing, and posting goes on."""
    rig.kill("nats", signal.SIGSTOP)
    rig.wait(rig.seconds)
    rig.wait_for_answers(ANSWERS_BETWEEN)
    rig.kill("nats", signal.SIGCONT)


def _slow(rig: Rig) -> None:
    """Two hot accounts in both directions, locks held for long: where deadlocks would come from."""
    rig.proxy.weather = Weather(delay_seconds=0.01)
    rig.wait(rig.seconds)


ROWS: Mapping[str, Row] = {
    "F1": Row("PostgreSQL killed three times", _kill),
    "F1b": Row("PostgreSQL stopped immediately", _stop_immediately),
    "F2": Row("one answer in twenty lost", _lose_answers, loses_answers=True),
    "F3": Row("answers blocked, all cut", _block),
    "F3b": Row("connections refused", _refuse),
    "F3c": Row("PostgreSQL stands still", _pause),
    "F6": Row("Redis emptied and killed (posting)", _empty_redis),
    "F7": Row("NATS killed (posting)", _kill_broker),
    "F8": Row("NATS stands still (posting)", _broker_stands_still),
    "F19": Row("opposite transfers, slow wire", _slow),
}
