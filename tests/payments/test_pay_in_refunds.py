"""A pay-in nobody wanted goes back whence it came: whole, once, and when two people want it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from apps.payments import selectors, services
from apps.payments.connectors.base import ProviderFact, Result
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Outcome
from apps.payments.errors import AlreadyDecided, PayInDoesNotFit, SecondPersonNeeded
from apps.payments.errors.operators import VerbNotAllowed
from apps.payments.models import Attempt, PayInRefund, ProviderAccount
from apps.payments.selectors.contexts import view_of
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import new_id, public_id
from apps.tenancy.models import Tenant
from tests.payments.books import Caller, open_accounts
from tests.payments.test_guards import refused
from tests.payments.test_late_and_corrected import hear, paid
from tests.payments.test_pay_ins import news, take, the
from tests.payments.test_rulings import call, person, visit
from tests.payments.world import COLLECTIONS, balance, kes, told

pytestmark = pytest.mark.django_db
NO = Result(Outcome.DECLINED, facts=(ProviderFact(EventKind.FAILED, dedupe="no"),))


@pytest.fixture
def account(mara: Tenant) -> ProviderAccount:
    open_accounts()
    account = ProviderAccount.objects.get(label=COLLECTIONS)
    account.config["operations"] = ["purchase", "refund"]
    account.save()
    take(account, news("RC1", kes(700), "who knows"))
    return account


def wish(actor: Actor = SYSTEM) -> UUID:
    return services.ask_pay_in_refund(pay_in_id=the("RC1").id, reason="Not ours", actor=actor)


def agreed(name: str = "boss") -> Attempt:
    """A wish that another person agreed to, on its way."""
    id = wish()
    services.decide_pay_in_refund(
        refund_id=id, is_approved=True, reason="", actor=person(name, "approver")
    )
    Attempt.objects.filter(payout_ref=id).update(state="sending", sends=1)
    return Attempt.objects.get(payout_ref=id)


def test_two_people_give_it_back_and_the_provider_undoes_it(account: ProviderAccount) -> None:
    clerk, boss = person("clerk", "operator"), person("boss", "approver")
    id = wish(clerk)
    with pytest.raises(PayInDoesNotFit):
        services.move_pay_in(pay_in_id=the("RC1").id, account="2900", reason="x", actor=SYSTEM)
    decision: dict[str, Any] = {"refund_id": id, "is_approved": True, "reason": ""}
    for same in (clerk, SYSTEM):
        with pytest.raises(SecondPersonNeeded):
            services.decide_pay_in_refund(actor=same, **decision)
    services.decide_pay_in_refund(actor=boss, **decision)
    with pytest.raises(AlreadyDecided):
        services.decide_pay_in_refund(actor=boss, **decision)
    attempt = Attempt.objects.get(payout_ref=id)
    view = view_of(attempt)
    assert (view.party.kind, view.party.value, view.amount) == ("receipt", "RC1", kes(700))
    Attempt.objects.filter(id=attempt.id).update(state="sending", sends=1)
    hear(attempt.id, paid("RV1", kes(700)))
    assert [balance(code) for code in ("1100", "2800")] == [0, 0]
    (refund,) = selectors.pay_in(the("RC1").id).refunds
    assert (the("RC1").state, refund.state, refund.said) == ("used", "done", "RV1")
    assert told("payout_paid", str(id)) == []
    (back,) = told("pay_in_refunded", public_id("pin", the("RC1").id))
    assert back["provider_reference"] == "RV1"
    assert selectors.payments_violations() == []


def test_what_the_provider_does_not_undo_waits_again(account: ProviderAccount) -> None:
    attempt = agreed()
    hear(attempt.id, NO)
    assert (the("RC1").state, PayInRefund.objects.get().state) == ("open", "failed")
    # It had gone back after all, and nobody used it meanwhile.
    hear(attempt.id, paid("RV1", kes(700)))
    assert (the("RC1").state, balance("2800")) == ("used", 0)


def test_what_went_back_and_was_used_is_missing_and_said(account: ProviderAccount) -> None:
    attempt = agreed()
    hear(attempt.id, NO)
    services.move_pay_in(pay_in_id=the("RC1").id, account="2900", reason="Hers", actor=SYSTEM)
    hear(attempt.id, paid("RV1", kes(700)))
    (stray,) = selectors.waiting_strays()
    assert (stray.left, balance("2800")) == (kes(-700), -700_00)
    services.move_stray(stray_id=stray.id, account="5010", reason="Written off", actor=SYSTEM)
    assert balance("2800") == 0


def test_it_says_why_it_cannot_go_back(account: ProviderAccount) -> None:
    id = the("RC1").id
    account.config["operations"] = ["purchase"]
    account.save()
    assert "undoes nothing by receipt" in selectors.pay_in_refund_verb(id)
    with pytest.raises(VerbNotAllowed):
        wish()
    account.config["operations"] = ["purchase", "payout"]
    account.save()
    assert selectors.pay_in_refund_verb(id) == ""
    services.move_pay_in(pay_in_id=id, account="2900", reason="Half", amount=kes(350), actor=SYSTEM)
    assert selectors.pay_in_refund_verb(id).startswith("A part of it was used")


def test_the_database_wants_two_people(account: ProviderAccount) -> None:
    attempt = agreed()
    fields = {f.name: getattr(attempt, f.name) for f in Attempt._meta.concrete_fields}
    with refused("PM056"):
        forged = {"id": new_id(), "state": "queued", "payout_ref": new_id(), "provider_key": "x"}
        Attempt(**(fields | forged)).save(force_insert=True)


def test_programs_and_people_ask_and_another_decides(
    account: ProviderAccount, mara: Tenant
) -> None:
    name = public_id("pin", the("RC1").id)
    caller = Caller(mara, "payments:read", "payments:write")
    asked = caller.post(f"pay-ins/{name}/refund", {"reason": "Not ours"}, key="r")
    assert (asked.status_code, asked.json()["state"]) == (202, "refunding")
    boss = visit(mara, "bob", "approver")
    assert "RC1" in call(mara, boss, "refunds").content.decode()
    key = public_id("pir", PayInRefund.objects.get().id)
    form = {"key": key, "action": "reject", "text": "It is for an order"}
    assert call(mara, boss, "refunds", **form).status_code == 302
    assert the("RC1").state == "open"
    clerk = visit(mara, "ada", "operator")
    give = {"action": "refund", "text": "She wants it back"}
    assert "Give KES 700.00 back" in call(mara, clerk, f"pay-ins/{name}").content.decode()
    assert call(mara, clerk, f"pay-ins/{name}", **give).status_code == 302
    key = public_id("pir", PayInRefund.objects.get(state="asked").id)
    done = call(mara, boss, "refunds", key=key, action="approve")
    assert (done.status_code, Attempt.objects.filter(operation="payout").count()) == (302, 1)
