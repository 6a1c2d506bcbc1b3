"""Quotes, conversions and the positions they make."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.ledger.domain.fx import SPREAD_BPS_MAX, FixedSide
from apps.ledger.domain.fx.rates import RATE_DECIMALS, RATE_DIGITS
from apps.ledger.models.accounts import Account
from apps.ledger.models.entries import JournalEntry
from apps.ledger.models.fx_rates import CURRENCY_LENGTH
from apps.platform.models.rows import Identified, TenantRow, choices


class Settled(Identified):
    """Both sides of a conversion in minor units, as ``domain.fx.Terms`` explains them.

    ``value_minor`` is what the position legs are worth, ``sell_value_minor`` and
    ``buy_value_minor`` what the client's legs are, all in the functional currency.
    """

    sell_currency = models.CharField(max_length=CURRENCY_LENGTH)
    buy_currency = models.CharField(max_length=CURRENCY_LENGTH)
    functional_currency = models.CharField(max_length=CURRENCY_LENGTH)
    sell_minor = models.BigIntegerField()
    sell_position_minor = models.BigIntegerField()
    sell_rounding_minor = models.BigIntegerField()
    spread_minor = models.BigIntegerField()
    buy_minor = models.BigIntegerField()
    buy_position_minor = models.BigIntegerField()
    buy_rounding_minor = models.BigIntegerField()
    value_minor = models.BigIntegerField()
    sell_value_minor = models.BigIntegerField()
    buy_value_minor = models.BigIntegerField()
    mid = models.DecimalField(max_digits=RATE_DIGITS, decimal_places=RATE_DECIMALS)
    spread_bps = models.IntegerField()

    class Meta(Identified.Meta):
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_adds_up",
                condition=Q(
                    sell_minor=F("sell_position_minor")
                    + F("sell_rounding_minor")
                    + F("spread_minor"),
                    buy_position_minor=F("buy_minor") + F("buy_rounding_minor"),
                    sell_position_minor__gt=0,
                    buy_minor__gt=0,
                    spread_minor__gte=0,
                    value_minor__gte=0,
                    mid__gt=0,
                    spread_bps__gte=0,
                    spread_bps__lte=SPREAD_BPS_MAX,
                )
                & ~Q(sell_currency=F("buy_currency")),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_dust_is_one_unit",
                condition=Q(sell_rounding_minor__in=[0, 1], buy_rounding_minor__in=[0, 1]),
            ),
        ]


class FxQuote(Settled):
    """A price that holds until ``expires_at`` by the database's clock, and is used once.

    ``derivation`` names the recorded rates that the middle rate was made of.
    """

    fixed_side = models.CharField(max_length=4, choices=choices(FixedSide))
    derivation = models.JSONField()
    idempotency_key = models.CharField(max_length=320, unique=True)
    fingerprint = models.BinaryField()
    quoted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    quoted_by = models.CharField(max_length=221)

    class Meta(Settled.Meta):
        db_table = "ledger_fx_quote"
        ordering = ["-quoted_at", "-id"]
        constraints = [
            *Settled.Meta.constraints,
            models.CheckConstraint(
                name="ledger_fx_quote_expires", condition=Q(expires_at__gt=F("quoted_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sell_minor} {self.sell_currency} for {self.buy_minor} {self.buy_currency}"


class FxConversion(Settled):
    """Money that changed its currency: one journal entry, whose legs the database holds it to.

    ``direction`` is 1 when the house takes what is sold into its position (a customer converts)
    and -1 when it gives it out of its position (the house converts money of its own). The realised
    results are those of the two positions, in functional currency; a gain is positive.
    """

    quote = models.OneToOneField(FxQuote, models.PROTECT, related_name="conversion")
    entry = models.OneToOneField(JournalEntry, models.PROTECT, related_name="+")
    sell_account = models.ForeignKey(Account, models.PROTECT, db_constraint=False, related_name="+")
    buy_account = models.ForeignKey(Account, models.PROTECT, db_constraint=False, related_name="+")
    direction = models.SmallIntegerField()
    sell_realised_minor = models.BigIntegerField()
    buy_realised_minor = models.BigIntegerField()
    description = models.CharField(max_length=200)
    idempotency_key = models.CharField(max_length=320)
    value_date = models.DateField()
    accepted_at = models.DateTimeField(help_text="By the database's clock.")
    converted_at = models.DateTimeField()
    converted_by = models.CharField(max_length=221)

    class Meta(Settled.Meta):
        db_table = "ledger_fx_conversion"
        ordering = ["-converted_at", "-id"]
        verbose_name = "conversion"
        indexes = [
            models.Index(fields=["converted_at", "id"], name="ledger_fx_conversion_at"),
        ]
        constraints = [
            *Settled.Meta.constraints,
            models.CheckConstraint(
                name="ledger_fx_conversion_direction_known", condition=Q(direction__in=[1, -1])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sell_minor} {self.sell_currency} for {self.buy_minor} {self.buy_currency}"


class FxPosition(TenantRow):
    """What the house holds of a foreign currency through conversions, and what it cost.

    The fold of the conversions, kept so that the next one need not read them all; it is locked
    before anything is posted. Negative quantities are owed. What all positions carry together is
    the debit balance of the functional currency's position account.
    """

    currency = models.CharField(max_length=CURRENCY_LENGTH, primary_key=True)
    functional_currency = models.CharField(max_length=CURRENCY_LENGTH)
    quantity_minor = models.BigIntegerField(default=0)
    carried_minor = models.BigIntegerField(default=0)
    realised_minor = models.BigIntegerField(default=0)

    class Meta(TenantRow.Meta):
        db_table = "ledger_fx_position"
        ordering = ["currency"]
        constraints = [
            models.CheckConstraint(
                name="ledger_fx_position_cost_has_its_sign",
                condition=Q(quantity_minor=0, carried_minor=0)
                | Q(quantity_minor__gt=0, carried_minor__gte=0)
                | Q(quantity_minor__lt=0, carried_minor__lte=0),
            ),
            models.CheckConstraint(
                name="ledger_fx_position_is_foreign",
                condition=~Q(currency=F("functional_currency")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity_minor} {self.currency} at {self.carried_minor}"
