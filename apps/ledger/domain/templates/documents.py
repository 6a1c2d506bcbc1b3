"""A version of a template as a JSON document: how it is imported, stored and exported."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.ledger.domain.accounts import Side
from apps.ledger.domain.entries import PostingDraft
from apps.ledger.domain.templates.body import (
    SIGIL,
    Amount,
    Fixed,
    Parameter,
    ParameterType,
    Rest,
    Share,
    TemplateBody,
    TemplateLeg,
    Whole,
)
from apps.ledger.domain.templates.parameters import ACCOUNT, read_parameters
from apps.ledger.errors.templates import TemplateUnsound
from apps.platform.currencies import currency as unit_of
from apps.platform.money import MINOR_MAX, WHOLE_BPS

CODE = r"[a-z0-9][a-z0-9-]{0,59}"
NAME = r"[a-z][a-z0-9_]{0,29}"
KIND = r"[a-z][a-z0-9_.]{0,49}"
PARAMETERS_MAX, LEGS_MAX, EXAMPLES_MAX = 30, 100, 50
ONE_LINE = r"[^\x00-\x1f]{0,200}"


class VersionState(StrEnum):
    """Where a version of a template stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Parameters, and the legs they must come to. Both as they are stored."""

    name: str
    parameters: Mapping[str, Any]
    legs: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDocument:
    """A version before it has a number."""

    code: str
    name: str
    body: TemplateBody
    examples: Sequence[Example]

    def as_json(self) -> dict[str, Any]:
        """What ``read_document`` reads back as an equal document."""
        return {
            "code": self.code,
            "name": self.name,
            **_body_as_json(self.body),
            "examples": [
                {
                    "name": one.name,
                    "parameters": dict(one.parameters),
                    "legs": [dict(leg) for leg in one.legs],
                }
                for one in self.examples
            ],
        }


def reference(code: str, number: int) -> str:
    """``card-sale@3``."""
    return f"{code}@{number}"


def split_reference(text: str) -> tuple[str, int | None]:
    """Code and version of ``card-sale@3``; no version in ``card-sale``."""
    code, at, number = text.partition("@")
    if not at or not re.fullmatch(r"[1-9][0-9]{0,5}", number):
        return text, None
    return code, int(number)


def legs_as_json(postings: Sequence[PostingDraft]) -> list[dict[str, Any]]:
    """Legs as examples hold them: two lists are equal when they post the same."""
    return [
        {
            "account": leg.account,
            "side": leg.side.value,
            "amount": {"amount": leg.amount.minor, "currency": leg.amount.currency},
            "clearing_key": leg.clearing_key,
        }
        for leg in postings
    ]


def read_document(given: Any) -> TemplateDocument:
    """A document as a person or a program wrote it. ``TemplateUnsound`` tells what is wrong."""
    reader = _Reader()
    document = reader.document(given)
    problems = reader.problems or document.body.problems()
    if not problems:
        for one in document.examples:
            found = read_parameters(document.body, one.parameters)[1]
            problems = [*problems, *(f"Example {one.name}: {text}" for text in found)]
    if problems:
        raise TemplateUnsound(problems=problems)
    return document


def body_of(content: Mapping[str, Any]) -> TemplateBody:
    """The meaning of a stored version, which was read when it was kept."""
    return _Reader().body(content)


class _Reader:
    """Reads the form, and gathers every problem rather than the first."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def document(self, given: Any) -> TemplateDocument:
        fields = {"code", "name", "examples", *_BODY}
        facts = self.mapping(given, "The document", fields)
        return TemplateDocument(
            code=self.text(facts, "code", CODE, "The document"),
            name=self.text(facts, "name", r"\S" + ONE_LINE, "The document"),
            body=self.body(facts),
            examples=[
                self.example(one, f"Example {number}")
                for number, one in enumerate(self.items(facts, "examples", EXAMPLES_MAX), start=1)
            ],
        )

    def body(self, facts: Mapping[str, Any]) -> TemplateBody:
        where = "The document"
        parameters = enumerate(self.items(facts, "parameters", PARAMETERS_MAX), start=1)
        legs = enumerate(self.items(facts, "legs", LEGS_MAX), start=1)
        return TemplateBody(
            kind=self.text(facts, "kind", KIND, where),
            description=self.text(facts, "description", r"\S" + ONE_LINE, where),
            reason=self.text(facts, "reason", r"[a-z0-9_]{0,40}", where, ""),
            value_date=self.text(facts, "value_date", rf"(\${NAME})?", where, "")[1:],
            parameters=[self.parameter(one, f"Parameter {number}") for number, one in parameters],
            legs=[self.leg(one, f"Leg {number}") for number, one in legs],
        )

    def parameter(self, given: Any, where: str) -> Parameter:
        facts = self.mapping(given, where, {"name", "type", "label", "currency"})
        types = "|".join(one.value for one in ParameterType)
        return Parameter(
            name=self.text(facts, "name", NAME, where),
            type=ParameterType(self.text(facts, "type", types, where) or ParameterType.TEXT),
            label=self.text(facts, "label", r".{0,80}", where, ""),
            currency=self.currency(facts, where) if facts.get("currency") else "",
        )

    def leg(self, given: Any, where: str) -> TemplateLeg:
        facts = self.mapping(given, where, {"side", "account", "amount", "clearing_key"})
        account = rf"{ACCOUNT.pattern}|\{SIGIL}{NAME}"
        return TemplateLeg(
            side=Side(self.text(facts, "side", "debit|credit", where) or Side.DEBIT),
            account=self.text(facts, "account", account, where),
            amount=self.amount(facts.get("amount"), where),
            clearing_key=self.text(facts, "clearing_key", r"[^\x00-\x1f]{0,100}", where, ""),
        )

    def amount(self, given: Any, where: str) -> Amount:
        facts = given if isinstance(given, Mapping) else {}
        if set(facts) == {"parameter"}:
            return Whole(self.text(facts, "parameter", NAME, where))
        if set(facts) == {"basis_points", "of"}:
            return Share(self.text(facts, "of", NAME, where), self.basis_points(facts, where))
        if set(facts) == {"amount", "currency"}:
            minor = facts["amount"]
            if type(minor) is int and 0 < minor <= MINOR_MAX:
                return Fixed(minor, self.currency(facts, where))
        if {"rest"} <= set(facts) <= {"rest", "currency"} and facts["rest"] is True:
            return Rest(self.currency(facts, where) if facts.get("currency") else "")
        self.problems.append(
            f"{where}: amount is parameter, or basis_points and of, or amount (above zero, in minor"
            " units) and currency, or rest: true."
        )
        return Rest()

    def basis_points(self, facts: Mapping[str, Any], where: str) -> int | str:
        value = facts["basis_points"]
        if type(value) is int and 0 < value <= WHOLE_BPS:
            return value
        if isinstance(value, str) and re.fullmatch(rf"\{SIGIL}{NAME}", value):
            return value.removeprefix(SIGIL)
        self.problems.append(f"{where}: basis_points is 1 to 10000, or $ and a parameter's name.")
        return WHOLE_BPS

    def example(self, given: Any, where: str) -> Example:
        facts = self.mapping(given, where, {"name", "parameters", "legs"})
        parameters = facts.get("parameters")
        if not isinstance(parameters, Mapping):
            self.problems.append(f"{where}: parameters is an object.")
            parameters = {}
        legs = enumerate(self.items(facts, "legs", LEGS_MAX), start=1)
        return Example(
            name=self.text(facts, "name", r"\S.{0,99}", where),
            parameters=dict(parameters),
            legs=[self.expected(one, f"{where}, leg {number}") for number, one in legs],
        )

    def expected(self, given: Any, where: str) -> Mapping[str, Any]:
        facts = self.mapping(given, where, {"account", "side", "amount", "clearing_key"})
        amount = facts.get("amount")
        money = amount if isinstance(amount, Mapping) else {}
        minor = money.get("amount")
        if type(minor) is not int or not 0 < minor <= MINOR_MAX:
            self.problems.append(f"{where}: amount is whole minor units above zero and currency.")
        return {
            "account": self.text(facts, "account", ACCOUNT.pattern, where),
            "side": self.text(facts, "side", "debit|credit", where),
            "amount": {"amount": minor, "currency": self.currency(money, where)},
            "clearing_key": self.text(facts, "clearing_key", r"[^\x00-\x1f]{0,100}", where, ""),
        }

    def currency(self, facts: Mapping[str, Any], where: str) -> str:
        value = facts.get("currency")
        if isinstance(value, str) and unit_of(value) is not None:
            return value
        self.problems.append(f"{where}: currency is a code of ISO 4217 or a unit that is declared.")
        return ""

    def mapping(self, given: Any, where: str, fields: set[str]) -> Mapping[str, Any]:
        if not isinstance(given, Mapping):
            self.problems.append(f"{where} is not an object.")
            return {}
        self.problems += [f"{where}: there is no {name}." for name in sorted(given.keys() - fields)]
        return given

    def items(self, facts: Mapping[str, Any], name: str, most: int) -> Sequence[Any]:
        value = facts.get(name, [])
        if isinstance(value, list) and len(value) <= most:
            return value
        self.problems.append(f"{name} is a list of at most {most}.")
        return []

    def text(
        self, facts: Mapping[str, Any], name: str, form: str, where: str, default: str | None = None
    ) -> str:
        value = facts.get(name, default)
        if isinstance(value, str) and re.fullmatch(form, value):
            return value
        said = "is missing" if value is None else "does not have its form"
        self.problems.append(f"{where}: {name} {said}.")
        return ""


_BODY = ("kind", "reason", "description", "value_date", "parameters", "legs")


def _body_as_json(body: TemplateBody) -> dict[str, Any]:
    return {
        "kind": body.kind,
        "reason": body.reason,
        "description": body.description,
        "value_date": f"{SIGIL}{body.value_date}" if body.value_date else "",
        "parameters": [
            {"name": p.name, "type": p.type.value, "label": p.label, "currency": p.currency}
            for p in body.parameters
        ],
        "legs": [
            {
                "side": leg.side.value,
                "account": leg.account,
                "amount": _amount_as_json(leg.amount),
                "clearing_key": leg.clearing_key,
            }
            for leg in body.legs
        ],
    }


def _amount_as_json(amount: Amount) -> dict[str, Any]:
    match amount:
        case Whole(name):
            return {"parameter": name}
        case Share(name, basis_points):
            given = basis_points if isinstance(basis_points, int) else f"{SIGIL}{basis_points}"
            return {"basis_points": given, "of": name}
        case Fixed(minor, currency):
            return {"amount": minor, "currency": currency}
        case Rest(currency):
            return {"rest": True, **({"currency": currency} if currency else {})}
