"""The postings of a conversion and of a revaluation, and the accounts they need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from apps.ledger.domain.accounts import AccountClass, Side
from apps.ledger.domain.entries import POSITIONS, PostingDraft
from apps.ledger.domain.fx.revaluation import Line
from apps.ledger.domain.fx.terms import Terms
from apps.platform.money import Money

#: Kinds of entries that only the ledger writes.
CONVERSION_KIND = "fx"
REVALUATION_KIND = "revaluation"

REALISED = "fx.realised"
UNREALISED = "fx.unrealised"
_SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class FxAccount:
    """An account of the ledger's own, opened when it is first needed. ``parent`` is its header."""

    code: str
    name: str
    account_class: AccountClass
    parent: str = ""


def position(currency: str) -> FxAccount:
    """What the house holds of a currency through conversions; a credit balance is a long one.

    The functional currency's holds the other side: what all positions cost, on the debit side.
    """
    return FxAccount(
        f"{POSITIONS}{currency}", f"FX position {currency}", AccountClass.EQUITY, "fx.position"
    )


def spread(currency: str) -> FxAccount:
    """What clients paid above the middle rate, in the currency they sold."""
    return FxAccount(
        f"fx.spread.{currency}", f"FX spread {currency}", AccountClass.INCOME, "fx.spread"
    )


def rounding(currency: str) -> FxAccount:
    """Fractions of a minor unit that were rounded in favour of the house."""
    return FxAccount(
        f"fx.rounding.{currency}", f"FX rounding {currency}", AccountClass.INCOME, "fx.rounding"
    )


def realised() -> FxAccount:
    """Results of positions that were closed."""
    return FxAccount(REALISED, "FX result, realised", AccountClass.INCOME)


def unrealised() -> FxAccount:
    """Results of revaluations, each reversed on the next day."""
    return FxAccount(UNREALISED, "FX result, unrealised", AccountClass.INCOME)


def valuation(of: str) -> FxAccount:
    """What revaluation adds to the accounts of a class without touching them."""
    name = f"FX valuation of {of}s" if of != _SETTLED else "FX valuation of settled balances"
    account_class = AccountClass(of) if of != _SETTLED else AccountClass.EQUITY
    return FxAccount(f"fx.valuation.{of}", name, account_class)


HEADERS = {
    "fx.position": ("FX positions", AccountClass.EQUITY),
    "fx.spread": ("FX spread", AccountClass.INCOME),
    "fx.rounding": ("FX rounding", AccountClass.INCOME),
}


def conversion_legs(
    *, terms: Terms, sell_account: str, buy_account: str, direction: int, result: Money
) -> list[PostingDraft]:
    """Each currency balances on its own. ``direction`` is 1 when selling debits the account.

    ``result`` is what the positions realised, in functional currency; a gain is positive.
    """
    given, taken = (Side.DEBIT, Side.CREDIT) if direction == 1 else (Side.CREDIT, Side.DEBIT)
    sold, bought = terms.sell.currency, terms.buy.currency
    legs = [
        PostingDraft(sell_account, given, terms.sell),
        PostingDraft(position(sold).code, taken, terms.sell_position),
        PostingDraft(spread(sold).code, taken, terms.spread),
        PostingDraft(rounding(sold).code, taken, terms.sell_rounding),
        PostingDraft(position(bought).code, given, terms.buy_position),
        PostingDraft(buy_account, taken, terms.buy),
        PostingDraft(rounding(bought).code, taken, terms.buy_rounding),
        *_pair(position(result.currency).code, REALISED, result),
    ]
    return [leg for leg in legs if leg.amount]


def revaluation_legs(lines: Iterable[Line], functional: str) -> list[PostingDraft]:
    """Functional currency only: a valuation account for each class against the result.

    A gain is a debit: assets are worth more, or debts cost less.
    """
    sums = Counter[str]()
    for line in lines:
        sums[line.account_class or _SETTLED] += line.difference.minor
    return [
        leg
        for of, minor in sorted(sums.items())
        for leg in _pair(valuation(of).code, UNREALISED, Money(minor, functional))
    ]


def accounts_of(lines: Iterable[PostingDraft]) -> list[FxAccount]:
    """Those of the ledger's own accounts that the postings touch."""
    codes = {leg.account: leg.amount.currency for leg in lines}
    known = {REALISED: realised(), UNREALISED: unrealised()}
    for currency in codes.values():
        for account in (position(currency), spread(currency), rounding(currency)):
            known[account.code] = account
    for of in (*AccountClass, _SETTLED):
        known[valuation(of).code] = valuation(of)
    return [known[code] for code in sorted(codes) if code in known]


def _pair(asset: str, income: str, gain: Money) -> list[PostingDraft]:
    if not gain:
        return []
    sides = (Side.DEBIT, Side.CREDIT) if gain.minor > 0 else (Side.CREDIT, Side.DEBIT)
    return [PostingDraft(asset, sides[0], abs(gain)), PostingDraft(income, sides[1], abs(gain))]
