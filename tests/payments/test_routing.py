"""Which account a payment goes through: by rules two people agreed on, and always with a reason."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import Error, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.identity.people import actor_of
from apps.payments import selectors, services
from apps.payments.domain.routing import Circumstance, Rule, Target, Wish, route, rules_of
from apps.payments.domain.states import Operation
from apps.payments.errors import AmountNotPayable, IntentNotCollectable, SecondPersonNeeded
from apps.payments.errors.routing import InvalidRouting, NoRoute, RoutingUndecided
from apps.payments.models import Attempt, PaymentIntent, ProviderAccount, RoutingVersion
from apps.payments.selectors.breakers import breaker_key, breaker_store
from apps.platform.actors import SYSTEM, Actor
from apps.platform.clock import now
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in
from tests.payments.books import NOWHERE, Caller, open_accounts
from tests.payments.world import COLLECTIONS, account_draft, kes, new_intent

FIRST, SECOND, THIRD = COLLECTIONS, "mpesa-second", "mpesa-third"
ACCOUNTS = (FIRST, SECOND, THIRD)


def wish(shillings: int = 1_500, key: str = "k", **about: str) -> Wish:
    return Wish(Operation.PURCHASE, kes(shillings), "phone", key, "KE", about)


def rule(*targets: Target, **conditions: Any) -> Rule:
    return Rule("rule", targets or (Target(FIRST), Target(SECOND, 2)), **conditions)


CAN = [Circumstance(label) for label in ACCOUNTS]


@pytest.mark.parametrize(
    ("conditions", "asked", "applies"),
    [
        ({"currencies": ("KES",), "most_minor": 150_000}, wish(), True),
        ({"currencies": ("KES",), "most_minor": 149_999}, wish(), False),
        ({"currencies": ("KES",), "least_minor": 150_000}, wish(), True),
        ({"currencies": ("KES",), "least_minor": 150_001}, wish(), False),
        ({"currencies": ("USD",)}, wish(), False),
        ({"methods": ("token",)}, wish(), False),
        ({"methods": ("token", "phone")}, wish(), True),
        ({"countries": ("UG",)}, wish(), False),
        ({"operations": ("payout",)}, wish(), False),
        ({"metadata": {"merchant": "rst-1"}}, wish(merchant="rst-1"), True),
        ({"metadata": {"merchant": "rst-1"}}, wish(merchant="rst-2"), False),
        ({"metadata": {"merchant": "rst-1"}}, wish(), False),
    ],
)
def test_a_rule_applies_when_every_condition_is_met(
    conditions: dict[str, Any], asked: Wish, *, applies: bool
) -> None:
    found = route(asked, [rule(Target(SECOND), **conditions)], 3, CAN)
    assert found.account == (SECOND if applies else FIRST)  # without a rule: the first by label
    assert (found.rule == "rule") == applies
    assert bool(found.passed_over) != applies


@pytest.mark.parametrize(
    ("circumstances", "falls_back", "account", "verdicts"),
    [
        ({}, True, FIRST, ["chosen", "spare"]),
        ({FIRST: {"waits": "stopped"}}, True, SECOND, ["waits", "chosen"]),
        ({FIRST: {"waits": "stopped"}}, False, FIRST, ["chosen", "spare"]),
        ({FIRST: {"cannot": "paused"}}, True, SECOND, ["cannot", "chosen"]),
        ({FIRST: {"cannot": "paused"}}, False, "", ["cannot", "spare"]),
        ({FIRST: {"waits": "a"}, SECOND: {"waits": "b"}}, True, FIRST, ["chosen", "waits"]),
        ({FIRST: {"cannot": "a"}, SECOND: {"cannot": "b"}}, True, "", ["cannot", "cannot"]),
    ],
)
def test_it_goes_to_the_first_target_that_can_and_each_is_told_why(
    circumstances: dict[str, dict[str, Any]], account: str, verdicts: list[str], *, falls_back: bool
) -> None:
    standing = [Circumstance(label, **circumstances.get(label, {})) for label in ACCOUNTS]
    found = route(wish(), [rule(falls_back=falls_back)], 3, standing)
    assert found.account == account
    assert [one.verdict for one in found.considered] == verdicts
    assert all(one.why for one in found.considered)


def test_equals_share_by_weight_and_one_payment_always_goes_one_way() -> None:
    shared = [rule(Target(FIRST, 1, 300), Target(SECOND, 1, 100), Target(THIRD, 2, 1000))]
    ways = [route(wish(key=f"k{nth}"), shared, 1, CAN).account for nth in range(2_000)]
    counts = Counter(ways)
    assert set(counts) == {FIRST, SECOND}
    assert 0.70 < counts[FIRST] / len(ways) < 0.80
    assert ways == [route(wish(key=f"k{nth}"), shared, 1, CAN).account for nth in range(2_000)]


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "targets", "account", "priority", "metadata", "currencies"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_anything)
def test_rules_that_cannot_be_read_are_refused_with_a_reason(told: Any) -> None:
    rules, problem = rules_of(told)
    assert (problem != "") == (rules == () and told != []) or not rules


@pytest.fixture
def amina(mara: Tenant) -> Actor:
    """A person who proposes."""
    return actor_of(make_person("person-amina", "operator"))


@pytest.fixture
def brian(mara: Tenant) -> Actor:
    """Another, who approves."""
    return actor_of(make_person("person-brian", "approver"))


@pytest.fixture
def books(mara: Tenant) -> Tenant:
    open_accounts()
    for label, shortcode in ((SECOND, "600002"), (THIRD, "600003")):
        services.open_provider_account(draft=account_draft(label, shortcode, NOWHERE), actor=SYSTEM)
    return mara


def to(*labels: str, **conditions: Any) -> dict[str, Any]:
    targets = [{"account": label, "priority": nth} for nth, label in enumerate(labels, 1)]
    return {"name": f"to {labels[0]}", "targets": targets, **conditions}


def in_force(*rules: dict[str, Any], by: Actor, then: Actor) -> int:
    version = services.propose_routing(rules=rules, note="A test's.", actor=by)
    services.decide_routing(version=version, is_approved=True, said="", actor=then)
    return version


@pytest.mark.django_db
def test_rules_wait_for_a_second_person_and_are_never_rewritten(
    books: Tenant, amina: Actor, brian: Actor
) -> None:
    rules = [to(SECOND)]
    version = services.propose_routing(rules=rules, note="Cheaper.", actor=amina)
    assert services.propose_routing(rules=rules, note="Cheaper.", actor=amina) == version
    with pytest.raises(RoutingUndecided):
        services.propose_routing(rules=[], note="Other.", actor=brian)
    assert selectors.explain_route(wish()).account == FIRST
    for actor in (amina, SYSTEM):
        with pytest.raises(SecondPersonNeeded):
            services.decide_routing(version=version, is_approved=True, said="", actor=actor)
    services.decide_routing(version=version, is_approved=True, said="", actor=brian)
    assert selectors.explain_route(wish()).account == SECOND
    assert in_force(to(THIRD), by=brian, then=amina) == version + 1
    states = [row.state for row in selectors.routing_versions()]
    assert states == ["active", "retired"]
    rows = RoutingVersion.objects.filter(version=version)
    newest = RoutingVersion.objects.filter(version=version + 1)
    for change, sqlstate in (
        (lambda: rows.update(rules=[]), "PM061"),
        (lambda: rows.update(state="active"), "PM061"),
        (lambda: newest.update(said="x"), "PM061"),
        (lambda: newest.delete(), "PM061"),  # noqa: PLW0108  typed alike
    ):
        with pytest.raises(Error) as error, transaction.atomic():
            change()
        assert error.value.__cause__.sqlstate == sqlstate  # type: ignore[union-attr]
    services.propose_routing(rules=[], note="None.", actor=amina)
    person = RoutingVersion.objects.get(state="proposed").proposed_person
    with pytest.raises(Error) as error, transaction.atomic():
        newest.update(state="retired")
        RoutingVersion.objects.filter(state="proposed").update(
            state="active", decided_person=person
        )
    assert error.value.__cause__.sqlstate == "PM062"  # type: ignore[union-attr]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rules", "note"),
    [
        ([to("nobody")], "n"), ([to(FIRST), to(FIRST)], "n"), ([to(FIRST)], " "),
        ([to(FIRST, least_minor=1)], "n"), ([to(FIRST, methods=["pigeon"])], "n"),
        ([{"name": "x", "targets": []}], "n"), ([to(FIRST, surprise=1)], "n"),
    ],
)  # fmt: skip
def test_rules_that_make_no_sense_are_not_proposed(
    books: Tenant, amina: Actor, rules: list[dict[str, Any]], note: str
) -> None:
    with pytest.raises(InvalidRouting):
        services.propose_routing(rules=rules, note=note, actor=amina)
    assert not RoutingVersion.objects.exists()


@pytest.mark.django_db
def test_an_attempt_keeps_why_and_falls_back_only_when_nothing_can_have_moved(
    books: Tenant, amina: Actor, brian: Actor
) -> None:
    version = in_force(to(SECOND, THIRD, FIRST), by=amina, then=brian)
    intent_id = new_intent("254708000001")
    receipt = services.start_collection(intent_id=intent_id, actor=SYSTEM)
    attempt = Attempt.objects.select_related("provider_account").get(id=receipt.attempt_id)
    assert attempt.provider_account.label == SECOND
    assert (attempt.route["account"], attempt.route["version"]) == (SECOND, version)
    verdicts = {one["account"]: one["verdict"] for one in attempt.route["considered"]}
    assert verdicts == {SECOND: "chosen", THIRD: "spare", FIRST: "spare"}
    with pytest.raises(Error), transaction.atomic():
        Attempt.objects.filter(id=attempt.id).update(route={})
    for state in ("sending", "unknown"):
        Attempt.objects.filter(id=attempt.id).update(state=state, unknown_since=now())
    _project(attempt)
    with pytest.raises(IntentNotCollectable):
        services.start_collection(intent_id=intent_id, actor=SYSTEM)
    assert Attempt.objects.filter(intent_id=intent_id).count() == 1
    Attempt.objects.filter(id=attempt.id).update(
        state="failed", money_moved="no", code="provider.outage", finished_at=now()
    )
    _project(attempt)
    again = services.start_collection(intent_id=intent_id, actor=SYSTEM)
    second = Attempt.objects.select_related("provider_account").get(id=again.attempt_id)
    assert second.provider_account.label == THIRD
    assert second.route["considered"][0] == {
        "account": SECOND, "verdict": "waits", "why": "this payment failed there before",
        "fee_minor": second.route["considered"][0]["fee_minor"],
    }  # fmt: skip


def _project(attempt: Attempt) -> None:
    """As if the attempt's state had been learnt."""
    attempt.refresh_from_db()
    PaymentIntent.objects.filter(attempts=attempt).update(status=attempt.state)


@pytest.mark.django_db
def test_an_open_breaker_and_a_stop_send_payments_another_way(
    books: Tenant, amina: Actor, brian: Actor
) -> None:
    in_force(to(FIRST, SECOND, THIRD), by=amina, then=brian)
    services.stop_provider(
        provider_account=FIRST, operation=Operation.PURCHASE, reason="Contract", actor=amina
    )
    second = ProviderAccount.objects.get(label=SECOND)
    key = breaker_key(second.id, Operation.PURCHASE)
    breaker_store().hset(key, "until", now().timestamp() + 60)
    try:
        found = selectors.explain_route(wish())
    finally:
        breaker_store().delete(key)
    assert found.account == THIRD
    said = {one.account: one.why for one in found.considered}
    assert said[FIRST] == "stopped by hand: Contract"
    assert said[SECOND] == "its circuit breaker is open"


@pytest.mark.django_db
def test_nobody_who_can_is_a_refusal_with_its_reason(
    books: Tenant, amina: Actor, brian: Actor
) -> None:
    giant = new_intent("254708000001", kes(1_000_000))
    with pytest.raises(AmountNotPayable):
        services.start_collection(intent_id=giant, actor=SYSTEM)
    in_force(to(SECOND), by=amina, then=brian)
    with pytest.raises(NoRoute):
        services.start_collection(intent_id=giant, actor=SYSTEM)
    services.start_collection(
        intent_id=new_intent("254708000001"), provider_account=FIRST, actor=SYSTEM
    )
    assert Attempt.objects.get().route == {
        "account": FIRST, "rule": "", "version": 0, "is_named": True,
    }  # fmt: skip


@pytest.mark.django_db
def test_api_and_console_propose_decide_and_explain(books: Tenant) -> None:
    caller = Caller(books, "payments:read", "payments:write")
    rules = [to(SECOND, currencies=["KES"], most_minor=200_000)]
    made = caller.post("routing", {"rules": rules, "note": "Small ones."}, "r1")
    assert made.status_code == 201
    assert (made.json()["version"], made.json()["state"]) == (1, "proposed")
    assert made.json()["rules"] == rules
    boss = make_person("person-approver", "approver")
    client = signed_in(boss, secret=enrolled(boss))
    connection.set_tenant(books)  # type: ignore[attr-defined]  # django_tenants' own
    page = client.get("/console/payments/routing").content.decode()
    assert "Small ones." in page
    done = client.post("/console/payments/routing", {"key": "1", "action": "approve"})
    assert done.status_code == 302
    connection.set_tenant(books)  # type: ignore[attr-defined]  # django_tenants' own
    told = caller.get("route", amount_minor="150000", currency="KES", country="KE").json()
    assert (told["account"], told["rule"], told["version"]) == (SECOND, f"to {SECOND}", 1)
    told = caller.get("route", amount_minor="300000", currency="KES").json()
    assert (told["account"], told["rule"]) == (FIRST, "")
    assert "KES" in told["passed_over"][0]["why"]
    shown = client.get("/console/payments/route", {"amount": "1500", "currency": "KES"})
    connection.set_tenant(books)  # type: ignore[attr-defined]  # django_tenants' own
    assert shown.status_code == 200
    assert f"to {SECOND}" in shown.content.decode()
    wrong = client.get("/console/payments/route", {"amount": "1.234", "currency": "XYZ"})
    assert wrong.status_code == 422
