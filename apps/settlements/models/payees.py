"""Whom we pay, and where to."""

from __future__ import annotations

from django.db import models

from apps.platform.models.rows import Identified, choices
from apps.settlements.domain import PayeeKind


class Payee(Identified):
    """A restaurant or driver we owe money to. ``ledger_account`` is the code of its payable."""

    reference = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=20, choices=choices(PayeeKind))
    ledger_account = models.CharField(max_length=64, unique=True)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_payee"
        ordering = ["reference"]

    def __str__(self) -> str:
        return self.name


class Beneficiary(Identified):
    """One version of a payee's payout details. Never changed: a change is the next version."""

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="beneficiaries")
    version = models.PositiveIntegerField()
    phone = models.CharField(max_length=15)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)

    class Meta(Identified.Meta):
        db_table = "settlements_beneficiary"
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "version"], name="settlements_beneficiary_version_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payee_id} v{self.version}"
