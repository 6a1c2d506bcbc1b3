"""International bank account numbers."""

from __future__ import annotations

LENGTHS = range(15, 35)  # ISO 13616: the shortest and the longest there are


def is_iban(number: str) -> bool:
    """The check digits of ISO 13616: the rearranged number leaves 1 when divided by 97."""
    if len(number) not in LENGTHS:
        return False
    rearranged = number[4:] + number[:4]
    return int("".join(str(int(letter, 36)) for letter in rearranged)) % 97 == 1
