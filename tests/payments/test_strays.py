"""Money that came otherwise than it was asked for: in suspense, in a queue, and out of both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from apps.payments import selectors, services
from apps.payments.connectors.base import ProviderFact, Result
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Outcome
from apps.payments.errors import PartyAccountNeeded, UseReasonMissing
from apps.payments.errors.operators import VerbNotAllowed
from apps.payments.models import Attempt, PaymentIntent, ProviderAccount, Refund, Stray, StrayUse
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.payments.books import Caller, open_accounts
from tests.payments.test_guards import refused
from tests.payments.test_late_and_corrected import FAILED, books, hear, paid, tried
from tests.payments.test_rulings import call, person, visit
from tests.payments.world import COLLECTIONS, balance, kes, new_intent, queue_payout, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def intent(mara: Tenant) -> UUID:
    open_accounts()
    account = ProviderAccount.objects.get(label=COLLECTIONS)
    account.config["operations"] = ["purchase", "refund"]
    account.save()
    return new_intent("254708000001")


def late(intent_id: UUID, how: str = "expired", shillings: int = 1_500) -> UUID:
    """Money that came after the payer was told that nothing is wanted any more."""
    attempt_id = tried(intent_id)
    hear(attempt_id, FAILED)
    if how == "cancelled":
        services.cancel_payment_intent(intent_id=intent_id, actor=SYSTEM)
    elif how == "expired":
        past = clock.now() - timedelta(seconds=1)
        PaymentIntent.objects.filter(id=intent_id).update(expires_at=past)
        services.expire_intents()
    hear(attempt_id, paid("R1", kes(shillings)))
    return attempt_id


def the() -> Any:
    (row,) = selectors.waiting_strays()
    return row


def why(stray_id: UUID) -> dict[str, str]:
    return {verb.verb: verb.why_not for verb in selectors.stray_verbs(stray_id)}


@pytest.mark.parametrize("how", ["expired", "cancelled"])
def test_what_comes_too_late_is_accepted_into_the_payment(intent: UUID, how: str) -> None:
    late(intent, how)
    assert books() == (1_500_00, 1_500_00, 0)
    name = public_id("pi", intent)
    assert (the().kind, the().left, told("payment_captured", name)) == ("late", kes(1_500), [])
    assert len(told("money_strayed", name)) == 1
    assert selectors.payments_violations() == []
    with pytest.raises(UseReasonMissing):
        services.accept_stray(stray_id=the().id, reason=" ", actor=SYSTEM)
    id = the().id
    services.accept_stray(stray_id=id, reason="The kitchen still made it", actor=SYSTEM)
    assert books() == (1_500_00, 0, 1_350_00)
    assert len(told("payment_captured", name)) == 1
    assert selectors.stray(id).state == "done"
    assert set(why(id).values()) == {"All of it has its place."}
    assert selectors.payments_violations() == []


def test_what_failed_and_succeeds_while_it_is_wanted_is_captured(intent: UUID) -> None:
    late(intent, how="")
    assert (books(), selectors.waiting_strays()) == ((1_500_00, 0, 1_350_00), [])


def test_it_goes_back_to_the_payer_when_a_second_person_agrees(intent: UUID) -> None:
    late(intent)
    id, clerk, boss = the().id, person("clerk", "operator"), person("boss", "approver")
    receipt = services.refund_stray(
        stray_id=id, reason="Order is over", idempotency_key="k", actor=clerk
    )
    assert (the().state, set(why(id).values())) == (
        "refunding", {"A refund of it is decided about or on its way."},
    )  # fmt: skip
    decision: dict[str, Any] = {"refund_id": receipt.refund_id, "note": "No", "actor": boss}
    services.decide_refund(is_approved=False, **decision)
    assert the().state == "open"
    again = services.refund_stray(
        stray_id=id, reason="It is over", idempotency_key="k2", actor=clerk
    )
    services.decide_refund(refund_id=again.refund_id, is_approved=True, note="", actor=boss)
    assert (books(), balance("2810")) == ((1_500_00, 0, 0), 1_500_00)
    assert selectors.waiting_strays() == []
    attempt = Refund.objects.get(id=again.refund_id).attempt
    assert attempt is not None
    # The provider does not do it: the money is here again, and so is the question.
    Attempt.objects.filter(id=attempt.id).update(state="sending", sends=1)
    hear(attempt.id, Result(Outcome.DECLINED, facts=(ProviderFact(EventKind.FAILED, dedupe="f2"),)))
    assert (books(), the().left) == ((1_500_00, 1_500_00, 0), kes(1_500))
    hear(attempt.id, paid("RF1", kes(1_500)))
    assert (books(), balance("2810")) == ((0, 0, 0), 0)
    assert [use.use for use in selectors.stray(id).uses] == [
        "refunded", "refund_undone", "refunded",
    ]  # fmt: skip
    assert selectors.payments_violations() == []


def test_short_payments_add_up_and_what_is_over_stays(intent: UUID) -> None:
    first = tried(intent)
    hear(first, paid("R1", kes(700)))
    assert the().kind == "short"
    assert why(the().id)["accept"].startswith("KES 800.00 is missing")
    with pytest.raises(VerbNotAllowed):
        services.accept_stray(stray_id=the().id, reason="Good enough", actor=SYSTEM)
    Attempt.objects.filter(id=first).update(state="succeeded")
    row = Attempt.objects.get(id=first)
    fields = {f.name: getattr(row, f.name) for f in Attempt._meta.concrete_fields}
    second = Attempt(**fields)
    second.pk, second.number, second.state = None, 2, "queued"
    second.provider_key, second.idempotency_key = "again", "again"
    second.callback_token_hash = b"again"
    second.id = Attempt._meta.pk.get_default()
    second.save(force_insert=True)
    hear(second.id, paid("R2", kes(900)))
    rows = selectors.waiting_strays()
    services.accept_stray(stray_id=rows[1].id, reason="She paid the rest", actor=SYSTEM)
    assert (books(), the().left) == ((1_600_00, 100_00, 1_350_00), kes(100))
    assert why(the().id)["accept"] == "The payment has all it asked for."
    with pytest.raises(PartyAccountNeeded):
        services.move_stray(stray_id=the().id, account="4000", reason="ours", actor=SYSTEM)
    services.move_stray(stray_id=the().id, account="2900", reason="Her tip", actor=SYSTEM)
    assert (balance("2800"), balance("2900")) == (0, 100_00)
    assert selectors.payments_violations() == []


@pytest.mark.parametrize(
    ("shillings", "kind", "left"),
    [(1_600, "corrected", 100), (1_400, "corrected", -100)],
)
def test_a_corrected_amount_waits_for_people(
    intent: UUID, shillings: int, kind: str, left: int
) -> None:
    attempt_id = tried(intent)
    hear(attempt_id, paid("query", kes(1_500)))
    hear(attempt_id, paid("R1", kes(shillings), provider_time=clock.now()))
    assert (the().kind, the().left) == (kind, kes(left))
    if left < 0:
        services.accept_stray(stray_id=the().id, reason="They bear it", actor=SYSTEM)
        assert books() == (1_400_00, 0, 1_260_00)
    else:
        assert why(the().id)["accept"] == "The payment has all it asked for."


def test_a_payout_that_came_back_is_moved_and_nothing_else(intent: UUID) -> None:
    attempt_id = Attempt.objects.get(payout_ref=queue_payout("254708374149")).id
    Attempt.objects.filter(id=attempt_id).update(state="sending", sends=1)
    hear(attempt_id, paid("P1", kes(2_000)))
    back = ProviderFact(EventKind.REVERSED, dedupe="back:P1", amount=kes(2_000), reference="P1R")
    hear(attempt_id, Result(Outcome.SUCCEEDED, facts=(back,)))
    assert (the().kind, the().left) == ("returned", kes(2_000))
    reasons = why(the().id)
    assert reasons["accept"] == "It belongs to no payment."
    assert reasons["refund"] == "A payout came back: it has no payer."
    services.move_stray(stray_id=the().id, account="2100.rst-1", reason="Theirs", actor=SYSTEM)
    assert balance("2100.rst-1") == 2_000_00


def test_the_database_keeps_what_strayed_and_its_uses(intent: UUID) -> None:
    late(intent)
    rows = Stray.objects.filter(id=the().id)
    with refused("PM053"):
        rows.update(amount_minor=1, left_minor=1)
    with refused("PM001"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM payments_stray")
    with refused("PM054"), connection.cursor() as cursor:
        rows.update(left_minor=1)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    services.move_stray(stray_id=the().id, account="2900", reason="Hers", actor=SYSTEM)
    with refused("PM053"):
        rows.update(state="open", left_minor=1, closed_at=None)
    with refused("PM001"):
        StrayUse.objects.update(amount_minor=1)


def test_the_console_and_the_api_say_what_may_be_done(intent: UUID, mara: Tenant) -> None:
    late(intent)
    name = public_id("str", the().id)
    caller = Caller(mara, "payments:read", "payments:write")
    (row,) = caller.get("strays", state="open").json()["data"]
    shown = caller.get(f"strays/{name}").json()
    assert (row["id"], row["left"]["amount"], len(shown["verbs"])) == (name, 1_500_00, 3)
    refused_move = caller.post(f"strays/{name}/move", {"account": "4000", "reason": "x"}, key="m")
    assert refused_move.json()["type"].endswith("party-account-needed")
    clerk = visit(mara, "ada", "operator")
    assert "Came too late" in call(mara, clerk, "strays").content.decode()
    page = call(mara, clerk, f"strays/{name}").content.decode()
    assert "Accept KES 1,500.00" in page
    assert f"strays/{name}/move" in page
    assert call(mara, clerk, f"strays/{name}/move").status_code == 200
    asked = {"action": "refund", "text": "The order is over"}
    assert call(mara, clerk, f"strays/{name}", **asked).status_code == 302
    assert caller.get(f"strays/{name}").json()["state"] == "refunding"
    late_again = caller.post(f"strays/{name}/accept", {"reason": "Yes"}, key="a")
    assert late_again.status_code == 409
