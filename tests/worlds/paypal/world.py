"""Everything the parts of this provider share: its file, clock, names, certificates, settings."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.worlds.daraja.clock import Clock
from tests.worlds.daraja.store import Store
from tests.worlds.paypal.certificates import Certificates
from tests.worlds.paypal.errors import Refused

#: What the control API may set, and what holds until it does.
SETTINGS = {
    "late_delay_ms": 1_500,  # until what is pending or being processed goes on
    "webhook_delay_ms": 20,  # from an event to its first delivery
    "retry_delay_ms": 250,  # before the first repetition of a delivery; doubles each time
    "payer_delay_ms": -1,  # until a simulated payer approves an order unasked; negative: never
    "clock_offset_ms": 0,
}
_LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXY"


class World:
    """The state of the simulated provider, durable in ``paypal.sqlite3``."""

    def __init__(self, data: Path, seed: int) -> None:
        self.store = Store(data / "paypal.sqlite3", Path(__file__).with_name("schema.sql"))
        self.clock = Clock(self.setting("clock_offset_ms"))
        self.certificates = Certificates(data)
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

    def stamp(self, at_ms: int | None = None) -> str:
        """``2026-11-22T15:30:45Z``."""
        moment = datetime.fromtimestamp((self.now_ms() if at_ms is None else at_ms) / 1000, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def name(self, kind: str, length: int = 17) -> str:
        """An identifier: shaped like PayPal's, decided by the seed, never given out twice."""
        count = self.store.count_up(kind)
        digest = hashlib.sha256(f"{self._seed}/paypal/{kind}/{count}".encode()).digest()
        return "".join(_LETTERS[byte % 32] for byte in digest)[:length]

    def schedule(self, action: str, subject: str, delay_ms: int) -> None:
        """Something that happens later; a row, so that it survives a crash."""
        self.store.insert(
            "task", action=action, subject=subject, due_at_ms=self.now_ms() + delay_ms
        )
        self.wake.set()

    def add(self, kind: str, merchant: str, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a new object; its ``_id`` or ``id`` names it."""
        self.store.insert(
            "object",
            id=body.get("_id") or body["id"],
            kind=kind,
            merchant=merchant,
            body=json.dumps(body),
        )
        return body

    def save(self, body: dict[str, Any]) -> dict[str, Any]:
        """Keep the object as it now is."""
        if "update_time" in body:
            body["update_time"] = self.stamp()
        self.store.write(
            "UPDATE object SET body = ? WHERE id = ?",
            json.dumps(body),
            body.get("_id") or body["id"],
        )
        return body

    def find(self, kind: str, name: str, merchant: str = "") -> dict[str, Any]:
        """The object, if it is the merchant's; else PayPal's 404."""
        row = self.store.row(
            "SELECT * FROM object WHERE id = ?1 AND kind = ?2 AND (?3 = '' OR merchant = ?3)",
            name,
            kind,
            merchant,
        )
        if row is None:
            raise Refused(404, "INVALID_RESOURCE_ID")
        body: dict[str, Any] = json.loads(row["body"])
        return body | {"_merchant": row["merchant"]}

    def all(self, kind: str, merchant: str = "") -> list[dict[str, Any]]:
        rows = self.store.rows(
            "SELECT * FROM object WHERE kind = ?1 AND (?2 = '' OR merchant = ?2) ORDER BY sequence",
            kind,
            merchant,
        )
        return [json.loads(row["body"]) | {"_merchant": row["merchant"]} for row in rows]


def public(value: Any) -> Any:
    """What is shown of an object."""
    if isinstance(value, dict):
        return {name: public(part) for name, part in value.items() if not name.startswith("_")}
    return [public(part) for part in value] if isinstance(value, list) else value
