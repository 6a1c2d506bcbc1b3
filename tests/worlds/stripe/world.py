"""Everything the parts of this provider share: its file, clock, identifiers and settings."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from tests.worlds.daraja.clock import Clock
from tests.worlds.daraja.store import Store

#: The version that the official SDK 16.1.0 pins; any other is refused.
API_VERSION = "2026-10-28.endive"

#: What the control API may set, and what holds until it does.
SETTINGS = {
    "customer_delay_ms": 300,  # from an intent without a method to the simulated customer's payment
    "late_delay_ms": 1_500,  # until what is processing, pending, disputed or in transit goes on
    "webhook_delay_ms": 20,  # from an event to its first delivery
    "retry_delay_ms": 250,  # before the first repetition of a delivery; doubles each time
    "settlement_seconds": 172_800,  # until the money of a charge is available
    "clock_offset_ms": 0,
}
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class World:
    """The state of the simulated provider, durable in ``stripe.sqlite3``."""

    def __init__(self, data: Path, seed: int) -> None:
        self.store = Store(data / "stripe.sqlite3", Path(__file__).with_name("schema.sql"))
        self.clock = Clock(self.setting("clock_offset_ms"))
        self.wake = threading.Event()
        self._seed = seed

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

    def now(self) -> int:
        """Seconds, as API objects have them."""
        return self.now_ms() // 1000

    def name(self, prefix: str, length: int = 24) -> str:
        """An identifier: shaped like Stripe's, decided by the seed, never given out twice."""
        count = self.store.count_up(prefix)
        number = int(
            hashlib.sha256(f"{self._seed}/stripe/{prefix}/{count}".encode()).hexdigest(), 16
        )
        letters = ""
        for _ in range(length):
            number, index = divmod(number, 62)
            letters += _LETTERS[index]
        return f"{prefix}_{letters}"

    def schedule(self, action: str, subject: str, delay_ms: int) -> None:
        """Something that happens later; a row, so that it survives a crash."""
        self.store.insert(
            "task", action=action, subject=subject, due_at_ms=self.now_ms() + delay_ms
        )
        self.wake.set()
