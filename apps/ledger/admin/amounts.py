"""Amounts as people type them: in the decimals of their currency, never in minor units."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError

from apps.ledger.errors import AccountNotFound
from apps.ledger.selectors import account_balance
from apps.platform.currencies import exponent
from apps.platform.money import Money


def minor_of(amount: Decimal, currency: str) -> int:
    """The typed amount in minor units, or what is wrong with it in a form's own way."""
    try:
        return Money.from_major(amount, currency).minor
    except ValueError:
        raise ValidationError(_wrong(currency)) from None


def currency_of(account: str) -> str:
    """What an account counts in, or a form's refusal."""
    try:
        return account_balance(account).currency
    except AccountNotFound as error:
        raise ValidationError(f"{error.title} {error.advice}".strip()) from None


def _wrong(currency: str) -> str:
    try:
        decimals = exponent(currency)
    except ValueError:
        return f"{currency} is no currency or unit of these books."
    return f"{currency} has {decimals or 'no'} decimal{'' if decimals == 1 else 's'}."
