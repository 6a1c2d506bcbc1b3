"""From parameters to legs, in whole minor units that always add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.ledger.domain.accounts import Side
from apps.ledger.domain.entries import PostingDraft
from apps.ledger.domain.templates.body import (
    PLACEHOLDER,
    SIGIL,
    Amount,
    Fixed,
    Rest,
    Share,
    TemplateBody,
    TemplateLeg,
    Whole,
)
from apps.ledger.domain.templates.parameters import Values, as_text
from apps.platform.money import MINOR_MAX, WHOLE_BPS, Money

DESCRIPTION_MAX = 200
CLEARING_KEY_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What a template comes to. ``value_date`` is none when the template does not say the day."""

    description: str
    postings: tuple[PostingDraft, ...]
    value_date: date | None


def evaluate(body: TemplateBody, values: Values) -> Evaluated:
    """The legs for these values; a leg of zero is left out. Equal values, equal legs.

    ``ValueError`` with a sentence when they come to nothing that could be posted.
    """
    minors = _minors(body, values)
    postings = tuple(
        PostingDraft(
            _account(leg, values),
            leg.side,
            Money(minor, _currency(body, leg, values)),
            _filled(body, leg.clearing_key, values, CLEARING_KEY_MAX),
        )
        for leg, minor in zip(body.legs, minors, strict=True)
        if minor
    )
    day = values.get(body.value_date)
    return Evaluated(
        description=_filled(body, body.description, values, DESCRIPTION_MAX),
        postings=postings,
        value_date=day if isinstance(day, date) else None,
    )


def allocate(whole: int, shares: Sequence[int]) -> list[int]:
    """Basis points of ``whole`` in minor units, by the largest remainder; ties go half to even.

    What the shares leave to 10,000 takes part as a share of its own, so no part, nor what is left,
    is a minor unit or more off its exact value. Of one share alone this is rounding half to even.
    """
    parts = [divmod(whole * share, WHOLE_BPS) for share in shares]
    left = divmod(whole * (WHOLE_BPS - sum(shares)), WHOLE_BPS)
    unallocated = whole - left[0] - sum(floor for floor, _ in parts)
    # An odd floor becomes even by one more unit and goes first; an even one gives way to what is
    # left over.
    ranked = sorted(
        [(-remainder, 2 - 2 * (floor % 2), i) for i, (floor, remainder) in enumerate(parts)]
        + [(-left[1], 1, len(parts))]
    )
    winners = {i for _, _, i in ranked[:unallocated]}
    return [floor + (i in winners) for i, (floor, _) in enumerate(parts)]


def _minors(body: TemplateBody, values: Values) -> list[int]:
    """What each leg comes to, the rests last."""
    minors = [_own(leg.amount, values) for leg in body.legs]
    for place, part in _shared_out(body, values).items():
        minors[place] = part
    for place, leg in enumerate(body.legs):
        if isinstance(leg.amount, Rest):
            minors[place] = _rest(body, place, minors)
    if sum(minors) > MINOR_MAX:
        raise ValueError("the amounts are too large")
    return minors


def _shared_out(body: TemplateBody, values: Values) -> dict[int, int]:
    """The parts of the legs that are shares, by place: those of one side and parameter together."""
    groups: dict[tuple[Side, str], dict[int, int]] = {}
    for place, leg in enumerate(body.legs):
        if isinstance(leg.amount, Share):
            share = _number(values, leg.amount.basis_points)
            groups.setdefault((leg.side, leg.amount.parameter), {})[place] = share
    parts: dict[int, int] = {}
    for (_, name), shares in groups.items():
        if sum(shares.values()) > WHOLE_BPS:
            raise ValueError(f"the percentages of {name} are more than the whole")
        parts |= zip(shares, allocate(_number(values, name), [*shares.values()]), strict=True)
    return parts


def _own(amount: Amount, values: Values) -> int:
    """What a leg comes to without looking at the others."""
    match amount:
        case Whole(name):
            return _number(values, name)
        case Fixed(minor):
            return minor
    return 0


def _number(values: Values, given: int | str) -> int:
    """Minor units or basis points, by the name of their parameter unless they are a number."""
    value = values[given] if isinstance(given, str) else given
    if isinstance(value, Money):
        return value.minor
    if not isinstance(value, int):
        raise TypeError(f"{given} is no number")  # its type was checked with the template
    return value


def _rest(body: TemplateBody, place: int, minors: Sequence[int]) -> int:
    side, key = body.legs[place].side, body.currency_key(body.legs[place].amount)
    over = 0
    for leg, minor in zip(body.legs, minors, strict=True):
        if body.currency_key(leg.amount) == key:
            over += -minor if leg.side is side else minor
    if over < 0:
        raise ValueError(f"the rest of leg {place + 1} would be {-over} minor units below zero")
    return over


def _account(leg: TemplateLeg, values: Values) -> str:
    if leg.account.startswith(SIGIL):
        return str(values[leg.account.removeprefix(SIGIL)])
    return leg.account


def _currency(body: TemplateBody, leg: TemplateLeg, values: Values) -> str:
    key = body.currency_key(leg.amount)
    if key:
        return key
    return next(
        value.currency
        for one in body.parameters
        if not one.currency and isinstance(value := values[one.name], Money)
    )


def _filled(body: TemplateBody, text: str, values: Values, most: int) -> str:
    types = {one.name: one.type for one in body.parameters}
    filled = PLACEHOLDER.sub(lambda hit: as_text(values[hit[1]], types[hit[1]]), text)
    if len(filled) > most:
        raise ValueError(f"the text {filled[:40]}… is longer than {most} characters")
    return filled
