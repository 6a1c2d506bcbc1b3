"""Everything the parts of this provider share: its file, clock, identifiers, key and settings."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.worlds.daraja.certificate import Certificate
from tests.worlds.daraja.clock import Clock
from tests.worlds.daraja.identifiers import Identifiers
from tests.worlds.daraja.store import Store

#: What the control API may set, and what holds until it does.
SETTINGS = {
    "callback_delay_ms": 300,  # from acceptance to money moved and callback due
    "late_delay_ms": 2_000,  # from "unreachable" or "timed out" to the payment that comes after all
    "callback_gap_ms": 150,  # between several callbacks about one payment
    "retry_count": 8,  # further tries after a connection that failed
    "retry_delay_ms": 250,  # before the first of them; doubles each time, up to ten seconds
    "stk_confirms_c2b": 0,  # 1: a paid STK push also sends the registered C2B confirmation
    "clock_offset_ms": 0,
}


class World:
    """The state of the simulated provider, durable in ``daraja.sqlite3``."""

    def __init__(self, data: Path, seed: int) -> None:
        self.store = Store(data / "daraja.sqlite3")
        self.clock = Clock(self.setting("clock_offset_ms"))
        self.ids = Identifiers(self.store, seed)
        self.certificate = Certificate(data)
        self.wake = threading.Event()

    def setting(self, name: str) -> int:
        row = self.store.row("SELECT value FROM setting WHERE name = ?", name)
        return row["value"] if row else SETTINGS[name]

    def set_setting(self, name: str, value: int) -> None:
        self.store.write("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, value)
        if name == "clock_offset_ms":
            self.clock.offset_ms = value
        self.wake.set()

    def now_ms(self) -> int:
        return self.clock.now_ms()
