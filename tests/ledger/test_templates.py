"""Posting templates: what they come to, who lets them in, and what the database holds them to."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.identity.people import actor_of
from apps.ledger import errors
from apps.ledger.domain import credit, debit
from apps.ledger.domain.templates import (
    evaluate,
    legs_as_json,
    read_document,
    read_parameters,
)
from apps.ledger.errors import templates as refusals
from apps.ledger.models import JournalEntry, PostingTemplate, TemplateVersion
from apps.ledger.selectors import account_balance, books_violations, journal_entry
from apps.ledger.selectors.templates import entries_of_template, template_version
from apps.ledger.services import (
    TemplateOrder,
    activate_template,
    check_template,
    draft_template,
    erase_metadata,
    post_entry,
    post_from_template,
    preview_template,
    retire_template,
)
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.tenancy.models import Tenant
from tests.identity.people import make_person
from tests.ledger.conftest import VALUE_DATE, draft, image, kes
from tests.ledger.template_world import PARAMETERS, SALE, Json, changed, leg, money


def order(**facts: Any) -> TemplateOrder:
    version = facts.pop("version", None)
    return TemplateOrder(code="sale", parameters=PARAMETERS | facts, version=version)


@pytest.fixture
def people(books: Tenant) -> dict[str, Actor]:
    roles = {"maker": "treasurer", "second": "approver"}
    return {name: actor_of(make_person(name, role)) for name, role in roles.items()}


def activate(name: str, who: Actor, *, age: timedelta = timedelta(0)) -> None:
    activate_template(template=name, step_up_at=clock.now() - age, actor=who)


@pytest.fixture
def sale(people: dict[str, Actor]) -> dict[str, Actor]:
    """The first version, in use."""
    activate(draft_template(document=SALE, actor=people["maker"]), people["second"])
    return people


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"amount": money(-1)}, "not below zero"),
        ({"amount": money(5, "USD")}, "must be in KES"),
        ({"amount": {"amount": "5", "currency": "KES"}}, "whole number of minor units"),
        ({"amount": 5}, "an object with amount"),
        ({"commission": 10_001}, "0 to 10000"),
        ({"commission": True}, "0 to 10000"),
        ({"seller": "no such; account"}, "code of an account"),
        ({"order": "a\nb"}, "one line"),
        ({"order": ""}, "1 to 100"),
        ({"day": "2026-02-30"}, "a day such as"),
        ({"tip": 1}, "does not ask for this"),
        ({"amount": money(1), "commission": 10_000}, "below zero"),
    ],
)
def test_parameters_are_of_their_type(sale: dict[str, Actor], facts: Json, said: str) -> None:
    before = image()
    with pytest.raises(refusals.TemplateParametersRefused, match=said):
        post_from_template(order=order(**facts), idempotency_key="k", actor=sale["maker"])
    assert image() == before


# From draft to use


def refused(people: dict[str, Actor], document: Json) -> refusals.TemplateExamplesFailed:
    name = draft_template(document=document, actor=people["maker"])
    before = image()
    with pytest.raises(refusals.TemplateExamplesFailed) as caught:
        activate(name, people["second"])
    assert image() == before
    assert template_version(name).state == "draft"
    return caught.value


ONE = ["A small sale"]
ACTIVATIONS: dict[str, tuple[Callable[[Json], object], list[str]]] = {
    "no example": (lambda d: d.update(examples=[]), []),
    "another amount": (lambda d: d["examples"][0]["legs"][1].update(amount=money(26)), ONE),
    "another side": (lambda d: d["examples"][0]["legs"][1].update(side="debit"), ONE),
    "another key": (lambda d: d["examples"][0]["legs"][0].update(clearing_key=""), ONE),
    "another order": (lambda d: d["examples"][0]["legs"].reverse(), ONE),
    "a leg missing": (lambda d: d["examples"][0]["legs"].pop(), ONE),
    "no account": (lambda d: d["legs"][2].update(account="4711"), ONE),
    "a header": (lambda d: d["legs"][2].update(account="9500"), ONE),
    "a ceiling": (lambda d: d["legs"][2].update(amount=money(50_001)), ONE),
}


@pytest.mark.parametrize("case", ACTIVATIONS)
def test_no_version_is_activated_whose_examples_do_not_post(
    people: dict[str, Actor], case: str
) -> None:
    change, failed = ACTIVATIONS[case]
    assert refused(people, changed(change)).failed == failed


def test_a_second_person_activates_and_then_it_posts(sale: dict[str, Actor]) -> None:
    name = draft_template(document=SALE, actor=sale["maker"])
    assert name == "sale@1"  # what says the same makes no version
    row = template_version("sale")
    assert (row.reference, row.state, row.activator) == (name, "active", "person:second")
    assert row.checks == [
        {"name": "A small sale", "passed": True, "refusal": "", "legs": SALE["examples"][0]["legs"]}
    ]
    assert read_document(row.document).as_json() == read_document(SALE).as_json()
    before = image()
    seen = preview_template(order=order(), actor=sale["maker"])
    assert image() == before
    receipt = post_from_template(order=order(), idempotency_key="k", actor=sale["maker"])
    assert seen.receipt.balances == receipt.balances
    entry = journal_entry(receipt.entry_id)
    assert (entry.template, entry.value_date, entry.kind) == (name, VALUE_DATE, "test.sale")
    assert entry.description == "Sale A-7 of KES 10.01, 2.50 %"
    assert entry.metadata == {"template": {"parameters": PARAMETERS}}
    assert account_balance("9500.one").balance == kes(975)
    assert [one.id for one in entries_of_template(name)] == [entry.id]
    connection.check_constraints()
    assert books_violations() == []


def test_a_key_stays_with_the_version_it_was_used_for(sale: dict[str, Actor]) -> None:
    first = post_from_template(order=order(), idempotency_key="k", actor=sale["maker"])
    next_one = changed(lambda d: d["legs"][1].update(account="9500.two"))
    next_one["examples"][0]["legs"][1]["account"] = "9500.two"
    assert draft_template(document=next_one, actor=sale["maker"]) == "sale@2"
    assert template_version("sale").number == 1
    with pytest.raises(refusals.TemplateNotActive):
        post_from_template(order=order(version=2), idempotency_key="j", actor=sale["maker"])
    seen = preview_template(order=order(version=2), actor=sale["maker"])
    assert "9500.two" in seen.receipt.balances
    activate("sale@2", sale["second"])
    assert template_version("sale@1").state == "retired"
    again = post_from_template(order=order(), idempotency_key="k", actor=sale["maker"])
    assert (again.entry_id, again.is_replay) == (first.entry_id, True)
    with pytest.raises(errors.IdempotencyKeyReused):
        post_from_template(order=order(order="B"), idempotency_key="k", actor=sale["maker"])
    post_from_template(order=order(), idempotency_key="j", actor=sale["maker"])
    assert account_balance("9500.two").balance == kes(25)
    with pytest.raises(refusals.TemplateNotActive):
        post_from_template(order=order(version=1), idempotency_key="l", actor=sale["maker"])
    retire_template(template="sale@2", reason="No longer sold", actor=sale["maker"])
    retire_template(template="sale@2", reason="Again", actor=sale["maker"])
    assert template_version("sale@2").retired_reason == "No longer sold"
    with pytest.raises(refusals.TemplateNotActive):
        post_from_template(order=order(), idempotency_key="m", actor=sale["maker"])
    with pytest.raises(refusals.TemplateCannotMove):
        activate("sale@2", sale["second"])
    with pytest.raises(refusals.TemplateNotFound):
        template_version("sale@3")
    assert books_violations() == []


def test_whoever_wrote_it_does_not_activate_it(people: dict[str, Actor]) -> None:
    name = draft_template(document=SALE, actor=people["maker"])
    with pytest.raises(refusals.TemplateSelfActivation):
        activate(name, people["maker"])
    with pytest.raises(DomainError, match="second-factor"):
        activate(name, people["second"], age=timedelta(minutes=6))
    with pytest.raises(ValueError, match="only a person"):
        activate(name, SYSTEM)
    assert [one.passed for one in check_template(template=name, actor=people["maker"])] == [True]
    assert template_version(name).state == "draft"


def test_books_that_went_past_a_template_are_found_out(sale: dict[str, Actor]) -> None:
    wrong = draft(
        debit("9100", kes(1_001), "A-7"),
        credit("9900", kes(26)),
        credit("9600", kes(1)),
        credit("9500.one", kes(974)),
        template="sale@1",
        metadata={"template": {"parameters": PARAMETERS}},
    )
    entry = post_entry(draft=wrong, idempotency_key="k", actor=SYSTEM).entry_id
    law = "ledger.templated_entries_are_their_parameters"
    assert [(one.check, one.subject) for one in books_violations()] == [(law, str(entry))]
    erase_metadata(entry_ids=[entry], reason="Asked for", actor=SYSTEM)
    assert books_violations() == []


def test_the_law_works_out_the_same_legs_in_its_own_way(people: dict[str, Actor]) -> None:
    chance = random.Random(7)
    for number in range(12):
        shares = [chance.randint(1, 3_000) for _ in range(chance.randint(1, 3))]
        document = copy.deepcopy(SALE)
        document |= {"code": f"law-{number}", "examples": []}
        document["legs"] = [
            leg("9100", "debit", {"parameter": "amount"}),
            leg("9100", "debit", {"basis_points": "$commission", "of": "amount"}),
            *(leg("9900", "credit", {"basis_points": one, "of": "amount"}) for one in shares),
            leg("$seller", "credit", {"rest": True, "currency": "KES"}),
        ]
        body = read_document(document).body
        parameters = PARAMETERS | {
            "amount": money(chance.choice([1, 2, 5, 50, 333, 10**9 + 7])),
            "commission": chance.choice([0, 1, 5_000, 10_000]),
        }
        made = evaluate(body, read_parameters(body, parameters)[0])
        legs = [
            leg(one["account"], one["side"], one["amount"]) for one in legs_as_json(made.postings)
        ]
        document["examples"] = [{"name": "It", "parameters": parameters, "legs": legs}]
        name = draft_template(document=document, actor=people["maker"])
        activate(name, people["second"])
        told = TemplateOrder(code=f"law-{number}", parameters=parameters)
        post_from_template(order=told, idempotency_key=name, actor=people["maker"])
    assert JournalEntry.objects.filter(template__startswith="law-").count() == number + 1
    assert books_violations() == []


# What the database holds


STATE = "UPDATE ledger_template_version SET state = 'active', activated_at = now()"
GUARDS: dict[str, tuple[str, str]] = {
    "words": ("UPDATE ledger_template_version SET content = '{}'", "LG102"),
    "number": ("UPDATE ledger_template_version SET number = 7", "LG102"),
    "maker": ("UPDATE ledger_template_version SET maker_person = 'x'", "LG102"),
    "checks": ("UPDATE ledger_template_version SET checks = '[]'", "LG102"),
    "back": ("UPDATE ledger_template_version SET state = 'draft'", "LG102"),
    "not dated": ("UPDATE ledger_template_version SET state = 'retired'", "LG102"),
    "gone": ("DELETE FROM ledger_template_version", "LG002"),
    "code": ("UPDATE ledger_template SET code = 'x'", "LG002"),
    "template": ("DELETE FROM ledger_template", "LG002"),
}
MAKER = f"{STATE}, activator_person = maker_person, step_up_at = now()"
SECOND = f"{STATE}, activator_person = 'second', step_up_at = now()"
OF_DRAFTS: dict[str, tuple[str, str]] = {
    "nobody": (f"{STATE}, step_up_at = now()", "LG103"),
    "maker": (MAKER, "LG103"),
    "no factor": (f"{STATE}, activator_person = 'second'", "LG103"),
    "stale": (SECOND.replace("step_up_at = now()", "step_up_at = now() - interval '6 m'"), "LG103"),
    "unchecked": (SECOND, "LG104"),
    "failed": (
        SECOND + ", checks = jsonb_build_array(jsonb_build_object('passed', false,"
        " 'legs', content #> '{examples,0,legs}'))",
        "LG104",
    ),
    "other legs": (f"""{SECOND}, checks = '[{{"passed": true, "legs": []}}]'""", "LG104"),
}


def hurts(statement: str, state: str) -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        connection.cursor().execute(statement)
    assert caught.value.__cause__.sqlstate == state  # type: ignore[union-attr]


def test_the_database_keeps_versions_and_four_eyes(sale: dict[str, Actor]) -> None:
    for statement, state in GUARDS.values():
        hurts(statement, state)
    next_one = changed(lambda d: d.update(description="Sale {order}"))
    draft_template(document=next_one, actor=sale["maker"])
    for statement, state in OF_DRAFTS.values():
        hurts(f"{statement} WHERE number = 2", state)
    template = PostingTemplate.objects.get()
    facts = {"template": template, "content": {}, "maker_person": "x", "created_at": clock.now()}
    for wrong in ({"number": 4}, {"number": 3, "state": "active"}):
        with pytest.raises(DatabaseError, match="begins as a draft"), transaction.atomic():
            TemplateVersion.objects.create(**facts, **wrong)


@pytest.mark.parametrize("named", ["sale@2", "sale@7", "sale", "other@1", "sale@1@1"])
def test_no_entry_names_what_is_not_active(sale: dict[str, Actor], named: str) -> None:
    draft_template(document=changed(lambda d: d.update(reason="x")), actor=sale["maker"])
    legs = (debit("9100", kes(1)), credit("9900", kes(1)))
    before = image()
    with pytest.raises(refusals.TemplateNotActive):
        post_entry(
            draft=draft(*legs, template=named, metadata={"template": {"parameters": {}}}),
            idempotency_key="k",
            actor=SYSTEM,
        )
    with pytest.raises(refusals.TemplateNotActive):
        post_entry(draft=draft(*legs, template="sale@1"), idempotency_key="k", actor=SYSTEM)
    assert image() == before
