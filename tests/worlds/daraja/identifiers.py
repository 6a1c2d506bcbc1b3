"""Receipts and identifiers: shaped like M-Pesa's, decided by the seed, never given out twice."""

from __future__ import annotations

import hashlib

from tests.worlds.daraja.clock import eat
from tests.worlds.daraja.store import Store

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALPHABET = "0123456789" + _LETTERS
_FIRST_YEAR = 2006  # receipts of 2019 start with N, those of 2026 with U
_FIRST_NAMES = ("ACHIENG", "BRIAN", "CHEBET", "DAVID", "ESTHER", "FATUMA", "GRACE", "HASSAN")
_LAST_NAMES = ("KAMAU", "KIPROTICH", "MUTUA", "NJERI", "ODHIAMBO", "OTIENO", "WAFULA", "WANJIKU")


def public_name(phone: str) -> str:
    """The registered name of a subscriber; the same phone always has the same one."""
    digest = hashlib.sha256(phone.encode()).digest()
    return f"{_FIRST_NAMES[digest[0] % 8]} {_LAST_NAMES[digest[1] % 8]}"


class Identifiers:
    """Draws from counters kept in the books, so a restart goes on where the last run ended."""

    def __init__(self, store: Store, seed: int) -> None:
        self._store, self._seed = store, seed

    def receipt(self, at_ms: int) -> str:
        """Ten upper-case characters; the first three tell year, month and day in Nairobi."""
        day = eat(at_ms)
        head = _LETTERS[(day.year - _FIRST_YEAR) % 26] + _LETTERS[day.month - 1]
        head += _ALPHABET[day.day]
        while True:
            number = int(self._digest("receipt"), 16)
            tail = ""
            for _ in range(7):
                number, index = divmod(number, 36)
                tail += _ALPHABET[index]
            if not self._store.row("SELECT 1 FROM transfer WHERE receipt = ?", head + tail):
                return head + tail

    def conversation(self, at_ms: int) -> str:
        return f"AG_{eat(at_ms):%Y%m%d}_{self._digest('conversation')[:20]}"

    def originator(self) -> str:
        """As the gateway makes them: ``53e3-4aa8-9fe0-8fb5e4092cdd3533373``."""
        text = self._digest("originator")
        tail = int(text[24:30], 16) % 10_000_000
        return f"{text[:4]}-{text[4:8]}-{text[8:12]}-{text[12:24]}{tail:07d}"

    def checkout(self, at_ms: int, phone: str) -> str:
        number = self._store.count_up("checkout") % 1000
        return f"ws_CO_{eat(at_ms):%d%m%Y%H%M%S}{number:03d}{phone[3:]}"

    def _digest(self, purpose: str) -> str:
        number = self._store.count_up(purpose)
        return hashlib.sha256(f"{self._seed}/{purpose}/{number}".encode()).hexdigest()
