"""Exchange rates and proposals of them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.ledger.domain.fx import RateSource
from apps.ledger.domain.fx.rates import RATE_DECIMALS, RATE_DIGITS
from apps.platform.models.rows import Identified, choices

#: A unit of a tenant's own may have a longer code than ISO's.
CURRENCY_LENGTH = 12


class FxRate(Identified):
    """What one unit of ``base`` is worth in ``quote`` for a while. Written once, never changed.

    ``provider`` names the source more closely: whose provider, which file. A source says one rate
    for a pair and an instant.
    """

    base = models.CharField(max_length=CURRENCY_LENGTH)
    quote = models.CharField(max_length=CURRENCY_LENGTH)
    rate = models.DecimalField(max_digits=RATE_DIGITS, decimal_places=RATE_DECIMALS)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    source = models.CharField(max_length=8, choices=choices(RateSource))
    provider = models.CharField(max_length=60, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=221)

    class Meta(Identified.Meta):
        db_table = "ledger_fx_rate"
        ordering = ["-valid_from", "-id"]
        verbose_name = "exchange rate"
        indexes = [
            models.Index(
                fields=["base", "quote", "-valid_from", "-recorded_at"],
                name="ledger_fx_rate_newest",
            ),
            models.Index(fields=["recorded_at", "id"], name="ledger_fx_rate_recorded_at"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "provider", "base", "quote", "valid_from"],
                name="ledger_fx_rate_said_once",
            ),
            models.CheckConstraint(
                name="ledger_fx_rate_sound",
                condition=Q(rate__gt=0, valid_until__gt=F("valid_from")) & ~Q(base=F("quote")),
            ),
            models.CheckConstraint(
                name="ledger_fx_rate_source_known",
                condition=Q(source__in=[value.value for value in RateSource]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.rate}"


class FxRateProposal(Identified):
    """A manual rate that is far from the rate in force and waits for a second person.

    ``deviation_bps`` is the distance; nothing when there was no rate to compare it with.
    """

    base = models.CharField(max_length=CURRENCY_LENGTH)
    quote = models.CharField(max_length=CURRENCY_LENGTH)
    rate = models.DecimalField(max_digits=RATE_DIGITS, decimal_places=RATE_DECIMALS)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    deviation_bps = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, default="pending")
    maker_name = models.CharField(max_length=221)
    maker_person = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    checker_name = models.CharField(max_length=221, blank=True)
    checker_person = models.CharField(max_length=150, blank=True)
    step_up_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    recorded = models.OneToOneField(FxRate, models.PROTECT, null=True, related_name="proposal")

    class Meta(Identified.Meta):
        db_table = "ledger_fx_rate_proposal"
        ordering = ["-proposed_at"]
        constraints = [
            models.CheckConstraint(
                name="ledger_fx_rate_proposal_decided_by_another",
                condition=Q(state="pending", checker_person="", recorded=None)
                | Q(state="rejected", recorded=None) & ~Q(checker_person="") & ~Q(reason="")
                | Q(state="approved", recorded__isnull=False, step_up_at__isnull=False)
                & ~Q(checker_person="")
                & ~Q(checker_person=F("maker_person")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.rate} ({self.state})"
