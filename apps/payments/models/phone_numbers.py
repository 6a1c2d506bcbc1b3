"""Telephone numbers of payers and payees, sealed."""

from __future__ import annotations

from django.db import models

from apps.payments.domain.phones import masked
from apps.platform.models.rows import Identified
from apps.platform.secrets.sealing import blinds, seal, unseal

_PURPOSE = "payments.phone_number"


class PhoneNumber(Identified):
    """One number, kept once; payments, attempts and payees only point here.

    ``sealed`` opens with the program's key and nothing else; ``blind_index`` finds an equal number
    without opening any. ``shown`` is all that lists ever need. A new program key changes the first
    two, together with ``sealed_by``; the database lets nothing else change.
    """

    sealed = models.CharField(max_length=200)
    blind_index = models.BinaryField(max_length=32)
    shown = models.CharField(max_length=20)
    sealed_by = models.CharField(max_length=8)
    created_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "payments_phone_number"
        constraints = [
            models.UniqueConstraint(fields=["blind_index"], name="payments_phone_number_kept_once"),
        ]
        indexes = [
            models.Index(fields=["sealed_by"], name="payments_phone_number_key"),
        ]

    def __str__(self) -> str:
        return self.shown

    @property
    def number(self) -> str:
        """The number itself, ``254712345678``: for providers, and for people with a reason."""
        return unseal(f"{_PURPOSE}:{self.id}", self.sealed)

    @number.setter
    def number(self, number: str) -> None:
        self.sealed = seal(f"{_PURPOSE}:{self.id}", number)
        self.blind_index = blind_indexes(number)[0]
        self.shown = masked(number)


def blind_indexes(number: str) -> list[bytes]:
    """What an equal number is found by, the newest key's first."""
    return blinds(_PURPOSE, number)


def number_of(kept: PhoneNumber | None) -> str:
    """The number, or an empty text where there is none."""
    return kept.number if kept else ""


def shown_of(kept: PhoneNumber | None) -> str:
    """The number's mask, or an empty text."""
    return kept.shown if kept else ""
