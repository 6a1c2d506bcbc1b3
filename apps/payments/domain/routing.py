"""Through which provider account a payment goes: rules as data, and choosing by them.

Choosing is pure: the same payment under the same rules and circumstances goes the same way, and the
answer says of every account why it was taken or not. Of the targets that fit, the lowest
``priority`` goes first; among equals the ``weight`` shares payments out, by a digest of the
payment's own key instead of a die.

Falling back is choosing again for a new attempt, so it is as safe as that: there is none while an
earlier one is under way or of unknown outcome (``payments_attempt_one_live_charge``).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from apps.payments.domain.states import Operation
from apps.platform.money import Money

RULES_MAX, TARGETS_MAX, NAME_MAX = 100, 20, 60
METHODS = ("none", "phone", "email", "token", "bank_account", "shortcode")
ROUTED = (Operation.PURCHASE, Operation.AUTHORISE, Operation.PAYOUT)
WEIGHT_MAX, PRIORITY_MAX = 1000, 100


class RoutingState(StrEnum):
    """A version of the rules."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    RETIRED = "retired"
    REJECTED = "rejected"


class Verdict(StrEnum):
    """What was said of an account."""

    CHOSEN = "chosen"
    SPARE = "spare"  # it could, but another goes first
    WAITS = "waits"  # it could, but nothing leaves through it now
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be routed. ``key`` names it for ever; ``about`` is its metadata."""

    operation: Operation
    amount: Money
    method: str
    key: str
    country: str = ""
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """An account that a rule names."""

    account: str
    priority: int = 1
    weight: int = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """Where payments go that meet every condition; a condition that names nothing is met.

    Without ``falls_back`` a payment waits for the targets of the lowest priority.
    """

    name: str
    targets: tuple[Target, ...]
    operations: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    least_minor: int = 0
    most_minor: int = 0  # 0: no limit
    metadata: Mapping[str, str] = field(default_factory=dict)
    falls_back: bool = True

    def unmet(self, wish: Wish) -> str:
        """The first condition the payment does not meet; empty when it meets all."""
        conditions = (
            (self.operations, wish.operation.value, "operation"),
            (self.currencies, wish.amount.currency, "currency"),
            (self.methods, wish.method, "method"),
            (self.countries, wish.country, "country"),
        )
        for wanted, given, name in conditions:
            if wanted and given not in wanted:
                return f"{name} is {given or 'not known'}, not {' or '.join(wanted)}"
        if wish.amount.minor < self.least_minor:
            return f"{wish.amount} is less than {Money(self.least_minor, wish.amount.currency)}"
        if self.most_minor and wish.amount.minor > self.most_minor:
            return f"{wish.amount} is more than {Money(self.most_minor, wish.amount.currency)}"
        for name, value in self.metadata.items():
            if wish.about.get(name) != value:
                return f"metadata {name} is not {value}"
        return ""


@dataclass(frozen=True, slots=True)
class Circumstance:
    """How an account stands towards one payment: why it cannot, or why it would wait."""

    account: str
    cannot: str = ""
    waits: str = ""
    fee: Money | None = None


@dataclass(frozen=True, slots=True)
class Considered:
    """An account and what was said of it."""

    account: str
    verdict: Verdict
    why: str
    fee: Money | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The way a payment goes, and why. ``account`` is empty when none can."""

    account: str
    rule: str
    version: int
    passed_over: tuple[tuple[str, str], ...]  # rules that did not apply, and why
    considered: tuple[Considered, ...]

    def facts(self) -> dict[str, Any]:
        """As it is kept on the attempt."""
        return {
            "account": self.account,
            "rule": self.rule,
            "version": self.version,
            "passed_over": [{"rule": name, "why": why} for name, why in self.passed_over],
            "considered": [
                {
                    "account": one.account,
                    "verdict": one.verdict.value,
                    "why": one.why,
                    **({"fee_minor": one.fee.minor} if one.fee else {}),
                }
                for one in self.considered
            ],
        }


def route(
    wish: Wish, rules: Sequence[Rule], version: int, circumstances: Sequence[Circumstance]
) -> Route:
    """The first rule whose conditions are met decides; without one, any account may, by label."""
    passed_over: list[tuple[str, str]] = []
    for rule in rules:
        unmet = rule.unmet(wish)
        if not unmet:
            return _by(rule, wish, version, circumstances, tuple(passed_over))
        passed_over.append((rule.name, unmet))
    anybody = Rule("", tuple(Target(one.account, nth) for nth, one in enumerate(circumstances, 1)))
    return _by(anybody, wish, version, circumstances, tuple(passed_over))


def _by(
    rule: Rule,
    wish: Wish,
    version: int,
    circumstances: Sequence[Circumstance],
    passed_over: tuple[tuple[str, str], ...],
) -> Route:
    known = {one.account: one for one in circumstances}
    ordered = sorted(rule.targets, key=lambda target: _turn(target, wish))
    standing = [known.get(t.account, Circumstance(t.account, "no such account")) for t in ordered]
    first = ordered[0].priority if ordered else 0
    open_to = {t.account for t in ordered if rule.falls_back or t.priority == first}
    able = [one for one in standing if not one.cannot and one.account in open_to]
    chosen = next((one for one in able if not one.waits), able[0] if able else None)
    considered = tuple(_said(one, chosen, is_open=one.account in open_to) for one in standing)
    return Route(chosen.account if chosen else "", rule.name, version, passed_over, considered)


def _turn(target: Target, wish: Wish) -> tuple[int, float, str]:
    """Whose turn it is: by priority, then weighted rendezvous hashing (Thaler and Ravishankar)."""
    digest = hashlib.sha256(f"{wish.key}:{target.account}".encode()).digest()
    share = (int.from_bytes(digest[:8]) + 1) / 2**64
    return target.priority, -math.log(min(share, 1.0)) / target.weight, target.account


def _said(one: Circumstance, chosen: Circumstance | None, *, is_open: bool) -> Considered:
    if one.cannot:
        return Considered(one.account, Verdict.CANNOT, one.cannot, one.fee)
    if one is chosen:
        why = f"It waits: {one.waits}" if one.waits else "The first that can."
        return Considered(one.account, Verdict.CHOSEN, why, one.fee)
    if one.waits:
        return Considered(one.account, Verdict.WAITS, one.waits, one.fee)
    why = "Another goes first." if is_open else "The rule does not fall back."
    return Considered(one.account, Verdict.SPARE, why, one.fee)


def rules_of(told: Any) -> tuple[tuple[Rule, ...], str]:
    """Rules as they are written down, and what is wrong with them (empty when nothing is)."""
    if not isinstance(told, list) or len(told) > RULES_MAX:
        return (), f"a list of at most {RULES_MAX} rules is needed"
    rules = []
    for nth, one in enumerate(told, 1):
        problem = _problem(one)
        if problem:
            return (), f"rule {nth}: {problem}"
        rules.append(_rule(one))
    names = [rule.name for rule in rules]
    return tuple(rules), "" if len(set(names)) == len(names) else "two rules have one name"


_LISTS: Mapping[str, Sequence[str] | None] = {
    "operations": [operation.value for operation in ROUTED],
    "currencies": None,
    "methods": METHODS,
    "countries": None,
}
_KNOWN = {"name", "targets", "least_minor", "most_minor", "metadata", "falls_back", *_LISTS}


def _problem(told: Any) -> str:
    if not isinstance(told, dict) or told.keys() - _KNOWN:
        return f"an object with {', '.join(sorted(_KNOWN))} is needed"
    name = told.get("name")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= NAME_MAX:
        return f"a name of at most {NAME_MAX} letters is needed"
    for field_name, allowed in _LISTS.items():
        given = told.get(field_name, [])
        if not isinstance(given, list) or any(not isinstance(word, str) for word in given):
            return f"{field_name} is a list of words"
        if allowed is not None and set(given) - set(allowed):
            return f"{field_name} are among {', '.join(allowed)}"
    return _amounts_problem(told) or _metadata_problem(told) or _targets_problem(told)


def _amounts_problem(told: Mapping[str, Any]) -> str:
    least, most = told.get("least_minor", 0), told.get("most_minor", 0)
    if any(type(amount) is not int or amount < 0 for amount in (least, most)):
        return "amounts are whole minor units"
    if (least or most) and len(told.get("currencies", [])) != 1:
        return "a rule with amounts names one currency"
    return "least_minor is more than most_minor" if most and least > most else ""


def _metadata_problem(told: Mapping[str, Any]) -> str:
    given = told.get("metadata", {})
    is_texts = isinstance(given, dict) and all(isinstance(value, str) for value in given.values())
    if not isinstance(told.get("falls_back", True), bool):
        return "falls_back is true or false"
    return "" if is_texts else "metadata is an object of texts"


def _targets_problem(told: Mapping[str, Any]) -> str:
    given = told.get("targets")
    if not isinstance(given, list) or not 0 < len(given) <= TARGETS_MAX:
        return f"1 to {TARGETS_MAX} targets are needed"
    for one in given:
        if not isinstance(one, dict) or one.keys() - {"account", "priority", "weight"}:
            return "a target has account, priority and weight"
        for name, most in (("priority", PRIORITY_MAX), ("weight", WEIGHT_MAX)):
            number = one.get(name, 1)
            if type(number) is not int or not 0 < number <= most:
                return f"{name} is from 1 to {most}"
        if not isinstance(one.get("account"), str) or not one["account"]:
            return "a target names an account"
    accounts = [one["account"] for one in given]
    return "" if len(set(accounts)) == len(accounts) else "an account is named twice"


def _rule(told: Mapping[str, Any]) -> Rule:
    return Rule(
        name=told["name"].strip(),
        targets=tuple(Target(**one) for one in told["targets"]),
        **{name: tuple(told.get(name, ())) for name in _LISTS},
        least_minor=told.get("least_minor", 0),
        most_minor=told.get("most_minor", 0),
        metadata=dict(told.get("metadata", {})),
        falls_back=told.get("falls_back", True),
    )
