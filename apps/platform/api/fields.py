"""Fields every part of the API writes the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from apps.platform.currencies import currency as unit_of
from apps.platform.idempotency import money_body
from apps.platform.ids import parse_public_id, public_id
from apps.platform.money import MINOR_MAX, Money


class MoneyField(serializers.Field):
    """``{"amount": 105000, "currency": "KES"}``: whole minor units, never a fraction or a text.

    Answers add ``amount_decimal`` for people; a request may echo it if it says the same.
    ``positive`` refuses zero and less.
    """

    default_error_messages = {
        "shape": "Expected an object with amount (whole minor units) and currency (ISO 4217).",
        "amount": "The amount must be a whole number of minor units, within 64 bits.",
        "positive": "The amount must be more than zero.",
        "currency": "The currency must be a code of ISO 4217 or a unit of the tenant's own.",
        "decimal": "amount_decimal says something else than amount; leave it out.",
        "unknown_field": "There is no such field to send.",
    }

    def __init__(self, *, positive: bool = False, **kwargs: Any) -> None:
        self.positive = positive
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Money:
        """From a request."""
        if not isinstance(data, Mapping) or not {"amount", "currency"} <= data.keys():
            self.fail("shape")
        for name in data.keys() - {"amount", "currency", "amount_decimal"}:
            self._refuse(name, "unknown_field")
        amount, currency = data["amount"], data["currency"]
        if type(amount) is not int or abs(amount) > MINOR_MAX:
            self._refuse("amount", "amount")
        if self.positive and amount <= 0:
            self._refuse("amount", "positive")
        if not isinstance(currency, str) or unit_of(currency) is None:
            self._refuse("currency", "currency")
        money = Money(amount, currency)
        echoed = data.get("amount_decimal")
        if echoed is not None and echoed != money_body(money)["amount_decimal"]:
            self._refuse("amount_decimal", "decimal")
        return money

    def to_representation(self, value: Money) -> dict[str, object]:
        """For an answer."""
        return money_body(value)

    def _refuse(self, name: str, code: str) -> None:
        raise serializers.ValidationError(
            {name: [ErrorDetail(str(self.error_messages[code]), code=code)]}
        )


class PublicIdField(serializers.Field):
    """A UUID inside, ``prefix_…`` outside."""

    default_error_messages = {"invalid": "Expected an id that starts with {prefix}_."}

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> UUID:
        """From a request."""
        try:
            return parse_public_id(self.prefix, data if isinstance(data, str) else "")
        except ValueError:
            self.fail("invalid", prefix=self.prefix)

    def to_representation(self, value: UUID) -> str:
        """For an answer."""
        return public_id(self.prefix, value)
