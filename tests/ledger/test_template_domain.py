"""What posting templates may say and what they come to. No database."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ledger.domain import Side
from apps.ledger.domain.entries import check_legs
from apps.ledger.domain.templates import allocate, evaluate, read_document, read_parameters
from apps.ledger.errors import templates as refusals
from tests.ledger.conftest import kes
from tests.ledger.template_world import Json, changed, leg, money


@settings(max_examples=300, deadline=None)
@given(
    whole=st.integers(0, 10**15),
    cuts=st.lists(st.integers(1, 10_000), max_size=8, unique=True),
    is_whole=st.booleans(),
)
def test_every_unit_goes_somewhere_and_no_leg_is_a_unit_off(
    whole: int, cuts: list[int], is_whole: bool
) -> None:
    edges = [0, *sorted(cuts), *([10_000] if is_whole and 10_000 not in cuts else [])]
    shares = [upper - lower for lower, upper in pairwise(edges)]
    parts = allocate(whole, shares)
    left = whole - sum(parts)
    for part, share in zip([*parts, left], [*shares, 10_000 - sum(shares)], strict=True):
        assert abs(part * 10_000 - whole * share) < 10_000
    if len(shares) == 1:
        assert parts == [kes(whole).share_bps(shares[0]).minor]
    if not shares:
        return
    document = {
        "code": "x",
        "name": "X",
        "kind": "test.x",
        "description": "X",
        "parameters": [{"name": "a", "type": "money"}],
        "legs": [
            leg("1", "debit", {"parameter": "a"}),
            *(leg(f"2.{s}", "credit", {"basis_points": s, "of": "a"}) for s in shares),
            leg("3", "credit", {"rest": True}),
        ],
        "examples": [],
    }
    read = read_document(document)
    values, problems = read_parameters(read.body, {"a": money(whole)})
    made = evaluate(read.body, values)
    assert problems == []
    assert all(one.amount.minor > 0 for one in made.postings)
    if whole:
        check_legs(made.postings)
        credited = [one.amount.minor for one in made.postings if one.side is Side.CREDIT]
        assert credited == [part for part in [*parts, left] if part]
    assert read_document(read.as_json()) == read


UNSOUND: dict[str, tuple[Callable[[Json], object], str]] = {
    "reserved": (lambda d: d.update(kind="fx"), "Only the ledger itself"),
    "manual": (lambda d: d.update(kind="manual.rent"), "written by hand"),
    "one side": (lambda d: d.update(legs=d["legs"][:1]), "either side"),
    "no rest": (lambda d: d["legs"].pop(), "let one leg take the rest"),
    "two rests": (lambda d: d["legs"].append(d["legs"][3]), "Only one leg takes the rest"),
    "currency": (lambda d: d["parameters"][0].pop("currency"), "let one leg take the rest"),
    "placeholder": (lambda d: d.update(description="{what}"), "{what} names no parameter"),
    "attribute": (lambda d: d.update(description="{order.x}"), "{order.x} names no parameter"),
    "account": (lambda d: d["legs"][0].update(account="$order"), "no parameter of type account"),
    "money": (lambda d: d["legs"][0].update(amount={"parameter": "day"}), "of type money"),
    "share": (
        lambda d: d["legs"][1].update(amount={"basis_points": "$order", "of": "amount"}),
        "of type basis_points",
    ),
    "day": (lambda d: d.update(value_date="$order"), "of type date"),
    "twice": (lambda d: d["parameters"].append(d["parameters"][0]), "more than once"),
    "text in currency": (lambda d: d["parameters"][3].update(currency="KES"), "is not money"),
    "code": (lambda d: d.update(code="a@b"), "code does not have its form"),
    "unknown": (lambda d: d.update(eval="1"), "there is no eval"),
    "fraction": (lambda d: d["legs"][2]["amount"].update(amount=1.5), "amount is parameter, or"),
    "expected": (lambda d: d["examples"][0]["legs"][0].update(amount=money(0)), "above zero"),
    "example": (lambda d: d["examples"][0]["parameters"].pop("order"), "order: missing"),
    "too much": (
        lambda d: d["legs"].extend(
            leg("9900", "credit", {"basis_points": 6_000, "of": "amount"}) for _ in range(2)
        ),
        "more than the whole",
    ),
}


@pytest.mark.parametrize("case", UNSOUND)
def test_what_cannot_be_meant_is_not_kept(case: str) -> None:
    change, said = UNSOUND[case]
    with pytest.raises(refusals.TemplateUnsound) as caught:
        read_document(changed(change))
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize("given", [None, [], "x", {"legs": 1, "examples": {}}, {"legs": [None]}])
def test_what_is_no_document_is_told_so(given: object) -> None:
    with pytest.raises(refusals.TemplateUnsound):
        read_document(given)
