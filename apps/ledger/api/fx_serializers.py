"""The shapes of requests and answers about currencies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.ledger.domain.fx import MONETARY, SPREAD_BPS_MAX, FixedSide, RateSource, RunState
from apps.ledger.domain.fx.rates import RATE_DECIMALS, RATE_DIGITS, plain
from apps.platform.api.fields import MoneyField, PublicIdField

_SECONDS_MAX = 7 * 24 * 3600
_FILE_MAX = 500_000


class RateField(serializers.DecimalField):
    """A rate: a number or a text with at most 18 decimals; always a text in answers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=RATE_DIGITS, decimal_places=RATE_DECIMALS, **kwargs)

    def to_representation(self, value: Decimal) -> str:
        """Without trailing zeros, and never with an exponent."""
        return plain(value)


def _code() -> serializers.CharField:
    return serializers.CharField(max_length=12)


class RateInput(serializers.Serializer):
    """One unit of ``base`` is worth ``rate`` units of ``quote`` for a while."""

    base = _code()
    quote = _code()
    rate = RateField()
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField()


class RateSerializer(RateInput):
    """A recorded rate."""

    id = PublicIdField("fxr")
    source = serializers.ChoiceField([value.value for value in RateSource])  # type: ignore[assignment]  # a field, not the base class's source
    provider = serializers.CharField(allow_blank=True)
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class RateAnswer(serializers.Serializer):
    """Either the rate that is in force, or the proposal that a second person has to approve."""

    rate = RateSerializer(allow_null=True)
    proposal = PublicIdField("fxp", allow_null=True)


class RatesQuery(serializers.Serializer):
    """Rates of which currencies."""

    base = serializers.CharField(max_length=12, required=False)
    quote = serializers.CharField(max_length=12, required=False)


class RatesFile(serializers.Serializer):
    """The text of ``eurofxref-daily.xml`` or ``eurofxref.csv``."""

    content = serializers.CharField(max_length=_FILE_MAX, trim_whitespace=False)


class RatesFileAnswer(serializers.Serializer):
    """What an import brought."""

    new = serializers.IntegerField(help_text="How many rates were not known before.")


class MidQuery(serializers.Serializer):
    """The middle rate of which pair, at which instant (now)."""

    base = _code()
    quote = _code()
    at = serializers.DateTimeField(required=False)


class HopSerializer(serializers.Serializer):
    """A recorded rate on the way; upside down if inverted."""

    rate_id = serializers.CharField()
    base = serializers.CharField()
    quote = serializers.CharField()
    rate = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # likewise
    is_inverted = serializers.BooleanField()


class MidSerializer(serializers.Serializer):
    """The middle rate of a pair, and the recorded rates it is made of."""

    base = serializers.CharField()
    quote = serializers.CharField()
    rate = RateField()
    derivation = HopSerializer(many=True)


class QuoteInput(serializers.Serializer):
    """What to price: one amount is named, the other follows."""

    amount = MoneyField(positive=True)
    side = serializers.ChoiceField(
        [value.value for value in FixedSide], help_text="Whether the amount is sold or bought."
    )
    other_currency = _code()
    spread_bps = serializers.IntegerField(min_value=0, max_value=SPREAD_BPS_MAX)
    lifetime_seconds = serializers.IntegerField(min_value=1, max_value=_SECONDS_MAX, default=30)


class TermsSerializer(serializers.Serializer):
    """Both sides to the minor unit; ``spread`` is a part of ``sell``."""

    sell = MoneyField(source="terms.sell")
    buy = MoneyField(source="terms.buy")
    spread = MoneyField(source="terms.spread")
    spread_bps = serializers.IntegerField()
    mid = RateField()
    value = MoneyField(help_text="In functional currency, at the middle rate.")


class QuoteSerializer(TermsSerializer):
    """A price. It holds until ``expires_at`` and is used once."""

    id = PublicIdField("fxq")
    side = serializers.CharField(source="fixed_side")
    derivation = HopSerializer(many=True)
    quoted_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    conversion = PublicIdField("fxc", source="conversion_id", allow_null=True)


class ConversionInput(serializers.Serializer):
    """Which quote to carry out: ``sell_account`` falls, ``buy_account`` rises."""

    quote = PublicIdField("fxq")
    sell_account = serializers.CharField(max_length=64)
    buy_account = serializers.CharField(max_length=64)
    description = serializers.CharField(max_length=200, default="", allow_blank=True)
    value_date = serializers.DateField(default=None, allow_null=True)


class ConversionSerializer(TermsSerializer):
    """Money that changed its currency, and the entry that did it."""

    id = PublicIdField("fxc")
    quote = PublicIdField("fxq", source="quote_id")
    entry = PublicIdField("je", source="entry_id")
    sell_account = serializers.CharField()
    buy_account = serializers.CharField()
    realised = MoneyField(help_text="The result of the positions it closed; a gain is positive.")
    description = serializers.CharField()
    value_date = serializers.DateField()
    converted_at = serializers.DateTimeField()


class ExposureSerializer(serializers.Serializer):
    """A position: what is held through conversions, what it cost, what it is worth now."""

    currency = serializers.CharField(source="quantity.currency")
    quantity = MoneyField()
    carried = MoneyField()
    rate = RateField(allow_null=True)
    worth = MoneyField(allow_null=True)
    unrealised = MoneyField(allow_null=True)
    realised = MoneyField()


class ExposuresSerializer(serializers.Serializer):
    """Every position, by currency."""

    data = ExposureSerializer(many=True)  # type: ignore[assignment]  # likewise


class RunInput(serializers.Serializer):
    """The day to revalue at its end, and what takes part."""

    as_of = serializers.DateField()
    classes = serializers.MultipleChoiceField(
        choices=[value.value for value in MONETARY],
        default=[value.value for value in MONETARY],  # type: ignore[arg-type]  # a list keeps its order
    )
    excluded = serializers.ListField(
        child=serializers.CharField(max_length=64), default=list, max_length=200
    )


class RunQuery(serializers.Serializer):
    """The day to revalue at its end."""

    as_of = serializers.DateField()


class RevaluationLineSerializer(serializers.Serializer):
    """One account; without an account, what was settled in a currency. Normal sides; a gain is a
    positive difference.
    """

    account = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    balance = MoneyField()
    carried = MoneyField()
    rate = RateField(allow_null=True)
    revalued = MoneyField()
    difference = MoneyField()


class FiguresSerializer(serializers.Serializer):
    """What a run would book."""

    as_of = serializers.DateField()
    result = MoneyField()
    digest = serializers.CharField()
    lines = RevaluationLineSerializer(many=True)


class RunSerializer(FiguresSerializer):
    """A run: draft, approved by a second person, posted with its reversal."""

    id = PublicIdField("rev")
    state = serializers.ChoiceField([value.value for value in RunState])
    reversal_date = serializers.DateField()
    rate_set = PublicIdField("frs", source="rate_set_id")
    classes = serializers.ListField(child=serializers.CharField())
    excluded = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    posted_at = serializers.DateTimeField(allow_null=True)
    entry = PublicIdField("je", source="entry_id", allow_null=True)
    reversal = PublicIdField("je", source="reversal_id", allow_null=True)


class DiscardInput(serializers.Serializer):
    """Why a run is put aside."""

    reason = serializers.CharField(max_length=200)
