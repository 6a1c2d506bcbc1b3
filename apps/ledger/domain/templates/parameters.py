"""Reading what a template is given: each parameter of its type, and no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from apps.ledger.domain.templates.body import Parameter, ParameterType, TemplateBody
from apps.platform.currencies import currency as unit_of
from apps.platform.money import MINOR_MAX, WHOLE_BPS, Money

TEXT_MAX = 100
ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")

Value = Money | date | str | int
Values = Mapping[str, Value]


def read_parameters(
    body: TemplateBody, given: Mapping[str, Any]
) -> tuple[dict[str, Value], list[str]]:
    """The values by name, and what is wrong with what was given; no problem, every value."""
    values: dict[str, Value] = {}
    names = {one.name for one in body.parameters}
    problems = [f"{name}: the template does not ask for this" for name in given.keys() - names]
    for parameter in body.parameters:
        if parameter.name not in given:
            problems.append(f"{parameter.name}: missing")
            continue
        try:
            values[parameter.name] = _read(parameter, given[parameter.name])
        except ValueError as error:
            problems.append(f"{parameter.name}: {error}")
    open_currencies = {
        value.currency
        for name, value in values.items()
        if isinstance(value, Money) and not _of(body, name).currency
    }
    if len(open_currencies) > 1:
        words = " and ".join(sorted(open_currencies))
        problems.append(f"all money must be in one currency, not in {words}")
    return values, sorted(problems)


def as_text(value: Value, kind: ParameterType) -> str:
    """As it stands in a description: ``KES 10.00``, ``2026-03-02``, ``2.50 %``."""
    if kind is ParameterType.BASIS_POINTS and isinstance(value, int):
        return f"{value // 100}.{value % 100:02d} %"
    return str(value)


def _read(parameter: Parameter, given: Any) -> Value:
    if parameter.type is ParameterType.MONEY:
        return _money(given, parameter.currency)
    return _READERS[parameter.type](given)


def _basis_points(given: Any) -> int:
    if type(given) is not int or not 0 <= given <= WHOLE_BPS:
        raise ValueError("a whole number of basis points from 0 to 10000 is expected")
    return given


def _account(given: Any) -> str:
    if not isinstance(given, str) or not ACCOUNT.fullmatch(given):
        raise ValueError("the code of an account is expected")
    return given


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > TEXT_MAX:
        raise ValueError(f"a text of 1 to {TEXT_MAX} characters is expected")
    if not given.isprintable():
        raise ValueError("a text on one line is expected")
    return given


def _money(given: Any, currency: str) -> Money:
    if not isinstance(given, Mapping) or set(given) - {"amount_decimal"} != {"amount", "currency"}:
        raise ValueError("an object with amount (whole minor units) and currency is expected")
    amount, unit = given["amount"], given["currency"]
    if type(amount) is not int or not 0 <= amount <= MINOR_MAX:
        raise ValueError("the amount is a whole number of minor units, not below zero")
    if not isinstance(unit, str) or unit_of(unit) is None:
        raise ValueError("the currency is not known")
    if currency and unit != currency:
        raise ValueError(f"the amount must be in {currency}")
    return Money(amount, unit)


def _date(given: Any) -> date:
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise ValueError("a day such as 2026-03-02 is expected") from None


_READERS: Mapping[ParameterType, Callable[[Any], Value]] = {
    ParameterType.ACCOUNT: _account,
    ParameterType.DATE: _date,
    ParameterType.TEXT: _text,
    ParameterType.BASIS_POINTS: _basis_points,
}


def _of(body: TemplateBody, name: str) -> Parameter:
    return next(one for one in body.parameters if one.name == name)
