"""Natural batching: while one batch is worked on, the next requests gather. There is no timer.

A lone request is worked on at once. The busier the door, the larger its batches, and the less each
request costs: one transaction, one wait for the disk, one round of locks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from apps.platform.errors import Busy

N = TypeVar("N", bound=Hashable)
Q = TypeVar("Q")
A = TypeVar("A")

#: Weight of one batch. Beyond some hundred entries a transaction gains nothing and others wait.
BATCH_WEIGHT_MAX = 500
#: Weight that may wait in all lanes together before the door says that it is busy.
WAITING_WEIGHT_MAX = 20_000
THREADS = 4


@dataclass(slots=True)
class _Waiting(Generic[Q, A]):
    question: Q
    weight: int
    answer: asyncio.Future[A]


@dataclass(slots=True)
class _Lane(Generic[Q, A]):
    queue: deque[_Waiting[Q, A]] = field(default_factory=deque)


class Lanes(Generic[N, Q, A]):
    """Queues by name, one for each tenant, each with at most one batch under way.

    ``work`` takes a lane's name and what gathered in it, on one of a few threads, and answers each.
    """

    def __init__(
        self, work: Callable[[N, Sequence[Q]], Sequence[A]], threads: int = THREADS
    ) -> None:
        self._work = work
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="door")
        self._lanes: dict[N, _Lane[Q, A]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._weight = 0

    async def ask(self, name: N, question: Q, weight: int = 1) -> A:
        """The answer to one question; ``Busy`` when too much waits already.

        Whoever stops waiting before the batch begins is left out of it; afterwards only the answer
        is lost, not the work.
        """
        if self._weight + weight > WAITING_WEIGHT_MAX:
            raise Busy
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._weight += weight
        if (lane := self._lanes.get(name)) is None:
            lane = self._lanes[name] = _Lane()
            task = asyncio.create_task(self._run(name, lane))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        lane.queue.append(_Waiting(question, weight, answer))
        return await answer

    async def drain(self) -> None:
        """Finish everything that waits."""
        while self._running:
            await asyncio.wait(self._running)
        self._threads.shutdown()

    async def _run(self, name: N, lane: _Lane[Q, A]) -> None:
        """Until the lane is empty; then it is gone, and the next request makes it anew."""
        while lane.queue:
            batch = self._next(lane)
            if batch:
                await self._answer(name, batch)
        del self._lanes[name]

    def _next(self, lane: _Lane[Q, A]) -> list[_Waiting[Q, A]]:
        batch: list[_Waiting[Q, A]] = []
        weight = 0
        while lane.queue and (not batch or weight + lane.queue[0].weight <= BATCH_WEIGHT_MAX):
            waiting = lane.queue.popleft()
            self._weight -= waiting.weight
            if not waiting.answer.done():
                batch.append(waiting)
                weight += waiting.weight
        return batch

    async def _answer(self, name: N, batch: list[_Waiting[Q, A]]) -> None:
        questions = [waiting.question for waiting in batch]
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._threads, self._work, name, questions)
        except Exception as error:  # noqa: BLE001  told to everybody who waits; the lane lives on
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
