"""The background: does what is due and sends what is due, from rows that survive a crash."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from tests.worlds.paypal import events
from tests.worlds.paypal.world import World

IDLE_SECONDS = 0.05
WORKERS = 8
BATCH = 64

Action = Callable[[World, str], object]


class Agenda:
    """Looks for due rows and works on each of them once at a time."""

    def __init__(self, world: World, actions: Mapping[str, Action]) -> None:
        self._world, self._actions = world, actions
        self._stop = threading.Event()
        self._busy: set[tuple[str, int]] = set()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="paypal")
        self._thread = threading.Thread(target=self._run, name="paypal-agenda", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Finish what is under way; what is not begun stays in the file for the next start."""
        self._stop.set()
        self._world.wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._world.wake.wait(IDLE_SECONDS)
            self._world.wake.clear()
            self._begin("task", "is_done = 0", self._act)
            self._begin("delivery", "state = 'due'", self._deliver)

    def _begin(self, table: str, condition: str, work: Callable[[int], None]) -> None:
        due = self._world.store.rows(
            f"SELECT id FROM {table} WHERE {condition} AND due_at_ms <= ?"
            " ORDER BY due_at_ms, id LIMIT ?",
            self._world.now_ms(),
            BATCH,
        )
        for row in due:
            key = (table, row["id"])
            if key not in self._busy:
                self._busy.add(key)
                self._pool.submit(self._guarded, key, work)

    def _guarded(self, key: tuple[str, int], work: Callable[[int], None]) -> None:
        try:
            work(key[1])
        except Exception:  # noqa: BLE001  the outermost loop of a worker: show it, keep going
            traceback.print_exc()
        finally:
            self._busy.discard(key)

    def _act(self, task_id: int) -> None:
        """An action and the note that it is done are one transaction: never half, never twice."""
        with self._world.store.transaction():
            row = self._world.store.row("SELECT * FROM task WHERE id = ? AND is_done = 0", task_id)
            if row:
                self._actions[row["action"]](self._world, row["subject"])
                self._world.store.write("UPDATE task SET is_done = 1 WHERE id = ?", task_id)

    def _deliver(self, delivery_id: int) -> None:
        events.deliver(self._world, delivery_id)
