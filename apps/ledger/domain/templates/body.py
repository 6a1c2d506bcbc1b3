"""What a version of a template says: parameters and legs, as data. There is nothing to execute.

An amount is one of four things, and nothing else: a money parameter, a share of one in basis
points, a fixed amount, or the rest that makes both sides equal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.ledger.domain.accounts import Side
from apps.ledger.domain.entries import RESERVED_KINDS
from apps.ledger.domain.journals import is_manual
from apps.platform.money import WHOLE_BPS

#: ``{name}`` in a description or a clearing key stands for a parameter.
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
#: An account or a percentage that begins so is the name of a parameter.
SIGIL = "$"


class ParameterType(StrEnum):
    """What a parameter may hold."""

    MONEY = "money"
    ACCOUNT = "account"
    DATE = "date"
    TEXT = "text"
    BASIS_POINTS = "basis_points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing to be given. Money without a ``currency`` is in the entry's one currency."""

    name: str
    type: ParameterType
    label: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """All of a money parameter."""

    parameter: str


@dataclass(frozen=True, slots=True)
class Share:
    """Basis points of a money parameter: a number, or the name of a parameter that holds it."""

    parameter: str
    basis_points: int | str


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same amount, in minor units."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Rest:
    """What the other side has more, in a currency (empty: the entry's one currency)."""

    currency: str = ""


Amount = Whole | Share | Fixed | Rest


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateLeg:
    """One leg. ``account`` is a code, or ``$name`` for a parameter."""

    side: Side
    account: str
    amount: Amount
    clearing_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateBody:
    """A version's meaning. ``value_date`` names the date parameter that gives the day, if any."""

    kind: str
    description: str
    parameters: Sequence[Parameter]
    legs: Sequence[TemplateLeg]
    reason: str = ""
    value_date: str = ""

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name."""
        return next((one for one in self.parameters if one.name == name), None)

    def currency_key(self, amount: Amount) -> str:
        """The currency an amount is in as far as the template says; empty for the entry's own."""
        if isinstance(amount, Fixed | Rest):
            return amount.currency
        parameter = self.parameter(amount.parameter)
        return parameter.currency if parameter else ""

    def problems(self) -> list[str]:
        """Why the template could not post, or might not balance, whatever it is given."""
        found = [*self._entry_problems(), *self._parameter_problems()]
        for number, leg in enumerate(self.legs, start=1):
            found += [f"Leg {number}: {text}" for text in self._leg_problems(leg)]
        return found or [*self._share_problems(), *self._balance_problems()]

    def _entry_problems(self) -> Iterator[str]:
        if self.kind in RESERVED_KINDS:
            yield f"Only the ledger itself writes entries of kind {self.kind}."
        if is_manual(self.kind):
            yield "Entries of kind manual are written by hand and approved one by one."
        if len({leg.side for leg in self.legs}) < len(Side):
            yield "A template has a leg on either side."
        if self.value_date and not self._is(self.value_date, ParameterType.DATE):
            yield f"The value date names {self.value_date}, which is no parameter of type date."
        yield from self._placeholder_problems(self.description)

    def _parameter_problems(self) -> Iterator[str]:
        for name, times in Counter(one.name for one in self.parameters).items():
            if times > 1:
                yield f"The parameter {name} is named more than once."
        for one in self.parameters:
            if one.currency and one.type is not ParameterType.MONEY:
                yield f"The parameter {one.name} is not money and has no currency."

    def _leg_problems(self, leg: TemplateLeg) -> Iterator[str]:
        name = leg.account.removeprefix(SIGIL)
        if name != leg.account and not self._is(name, ParameterType.ACCOUNT):
            yield f"{leg.account} names no parameter of type account."
        amount = leg.amount
        if isinstance(amount, Whole | Share) and not self._is(
            amount.parameter, ParameterType.MONEY
        ):
            yield f"{amount.parameter} is no parameter of type money."
        share = amount.basis_points if isinstance(amount, Share) else 0
        if isinstance(share, str) and not self._is(share, ParameterType.BASIS_POINTS):
            yield f"${share} names no parameter of type basis_points."
        yield from self._placeholder_problems(leg.clearing_key)

    def _placeholder_problems(self, text: str) -> Iterator[str]:
        for name in PLACEHOLDER.findall(text):
            if self.parameter(name) is None:
                yield f"{{{name}}} names no parameter."

    def _share_problems(self) -> Iterator[str]:
        """Fixed percentages of one parameter on one side are at most the whole of it."""
        sums = Counter[tuple[Side, str]]()
        for leg in self.legs:
            if isinstance(leg.amount, Share) and isinstance(leg.amount.basis_points, int):
                sums[leg.side, leg.amount.parameter] += leg.amount.basis_points
        for (side, name), total in sums.items():
            if total > WHOLE_BPS:
                yield f"The percentages of {name} on the {side} side are more than the whole."

    def _balance_problems(self) -> Iterator[str]:
        """Without a rest, what stands on both sides of a currency must be the same by itself."""
        rests = Counter(leg.amount.currency for leg in self.legs if isinstance(leg.amount, Rest))
        for key in sorted({self.currency_key(leg.amount) for leg in self.legs}):
            words = f"in {key}" if key else "in the entry's currency"
            if rests[key] > 1:
                yield f"Only one leg takes the rest {words}."
            elif not rests[key] and self._sum(Side.DEBIT, key) != self._sum(Side.CREDIT, key):
                yield f"Both sides {words} may differ: let one leg take the rest."

    def _sum(self, side: Side, key: str) -> object:
        """What one side of a currency comes to, written so that equal texts are equal sums."""
        fixed, wholes = 0, Counter[str]()
        shares: dict[str, list[int | str]] = {}
        for leg in self.legs:
            if leg.side is not side or self.currency_key(leg.amount) != key:
                continue
            match leg.amount:
                case Fixed(minor):
                    fixed += minor
                case Whole(name):
                    wholes[name] += 1
                case Share(name, basis_points):
                    shares.setdefault(name, []).append(basis_points)
        for name, parts in list(shares.items()):
            if all(isinstance(part, int) for part in parts) and sum(map(int, parts)) == WHOLE_BPS:
                wholes[name] += 1
                del shares[name]
        return fixed, wholes, shares

    def _is(self, name: str, wanted: ParameterType) -> bool:
        parameter = self.parameter(name)
        return parameter is not None and parameter.type is wanted
