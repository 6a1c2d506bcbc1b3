"""What becomes of a delivery: handled once, tried again, or set aside. No broker is needed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import OperationalError, connection

from apps.platform import clock, context
from apps.platform.actors import SYSTEM
from apps.platform.errors import DomainError, Kind
from apps.platform.events import EventsOutOfTurn
from apps.platform.messaging import InboundEvent
from apps.platform.messaging.consumers import Consumer, consumer, consumer_named, forget
from apps.platform.messaging.dead_letters import replay_dead_letter, waiting_dead_letters
from apps.platform.messaging.errors import ForeignEvent, UnknownConsumer, UnknownDeadLetter
from apps.platform.messaging.inbox import Delivery, Outcome, Verdict, receive
from apps.platform.models import DeadLetter, InboxMessage, OutboxMessage
from apps.platform.tenant import current_tenant
from apps.tenancy.domain import TenantState
from apps.tenancy.models import Tenant
from tests.platform.messaging.house import note_order, order_placed, place

pytestmark = pytest.mark.usefixtures("books")
SUBJECT = "food.mara.order.placed.v1"


class Ledger:
    """Stands for an app: notes each event as an event of its own, and fails when told to."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.seen: list[tuple[str, str]] = []

    def __call__(self, event: InboundEvent) -> None:
        self.seen.append((current_tenant().slug, event.id))
        note_order(1, f"seen_{event.id}", current_tenant().slug)
        if self.error is not None:
            raise self.error


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    ledger = Ledger()
    consumer(name="tests.ledger", stream="FOOD", subject="food.*.order.placed.v1")(ledger)
    yield ledger
    forget("tests.ledger")


Ledger.__module__ = __name__


def delivery(body: Any, *, subject: str = SUBJECT, tries: int = 1, sequence: int = 1) -> Delivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery("FOOD", sequence, subject, raw, {"X-Trace": "1"}, tries, clock.now())


def hand(ledger: Ledger, body: Any, **about: Any) -> Verdict:
    return receive(consumer_named("tests.ledger"), delivery(body, **about))


def effects(slug: str = "mara") -> int:
    with place(slug).enter():
        return OutboxMessage.objects.count()


def letters(slug: str = "mara") -> list[DeadLetter]:
    with place(slug).enter():
        return list(DeadLetter.objects.order_by("died_at"))


def test_an_event_is_handled_inside_the_tenant_of_its_subject(ledger: Ledger) -> None:
    verdict = hand(ledger, order_placed("1"))
    assert verdict == Verdict(Outcome.HANDLED)
    assert ledger.seen == [("mara", "1")]
    assert (effects("mara"), effects("baobab"), effects("platform")) == (1, 0, 0)


def test_a_redelivered_event_has_no_second_effect(ledger: Ledger) -> None:
    hand(ledger, order_placed("1"))
    assert hand(ledger, order_placed("1"), tries=2) == Verdict(Outcome.REPEATED)
    assert len(ledger.seen) == 1


def test_the_same_id_from_another_source_is_another_event(ledger: Ledger) -> None:
    hand(ledger, order_placed("1"))
    assert hand(ledger, order_placed("1", source="/till")).outcome is Outcome.HANDLED
    assert len(ledger.seen) == 2


def test_the_same_event_in_two_hands_at_once_is_handled_once(ledger: Ledger) -> None:
    verdicts: list[Outcome] = []
    start = threading.Barrier(4)

    def one() -> None:
        start.wait()
        verdicts.append(hand(ledger, order_placed("1")).outcome)
        connection.close()

    hands = [threading.Thread(target=one) for _ in range(4)]
    for each in hands:
        each.start()
    for each in hands:
        each.join()
    assert sorted(verdicts) == [Outcome.HANDLED, *[Outcome.REPEATED] * 3]
    assert effects() == 1


@dataclass(eq=False, kw_only=True)
class ProviderAsleep(DomainError):
    """The provider does not answer."""

    code = "tests/provider-asleep"
    kind = Kind.UNAVAILABLE


@pytest.mark.parametrize(
    "error",
    [ProviderAsleep(), EventsOutOfTurn(aggregate="ord_1"), OperationalError("gone")],
    ids=["unavailable", "out of turn", "database"],
)
def test_what_is_only_away_is_tried_again_for_as_long_as_it_takes(
    ledger: Ledger, error: Exception
) -> None:
    ledger.error = error
    waits = [hand(ledger, order_placed("1"), tries=tries).retry_seconds for tries in range(1, 12)]
    assert waits == [1, 2, 5, 15, 30, 60, 60, 60, 60, 60, 60]
    assert effects() == 0
    assert letters() == []
    ledger.error = None
    assert hand(ledger, order_placed("1"), tries=12).outcome is Outcome.HANDLED
    assert effects() == 1


def test_a_poisonous_event_is_set_aside_after_five_failures_and_others_pass(
    ledger: Ledger,
) -> None:
    ledger.error = RuntimeError("no such restaurant")
    verdicts = [hand(ledger, order_placed("bad"), tries=tries) for tries in range(1, 6)]
    assert verdicts[:4] == [Verdict(Outcome.FAILED, wait) for wait in (1, 5, 15, 30)]
    assert verdicts[4] == Verdict(Outcome.DEAD)

    (letter,) = letters("mara")
    assert (letter.event_id, letter.consumer, letter.failures) == ("bad", "tests.ledger", 5)
    assert (letter.error_code, letter.error) == ("RuntimeError", "no such restaurant")
    assert json.loads(letter.body) == order_placed("bad")
    assert (letter.subject, letter.headers) == (SUBJECT, {"X-Trace": "1"})
    assert effects() == 0
    ledger.error = None
    assert hand(ledger, order_placed("good")).outcome is Outcome.HANDLED


def test_tries_that_were_no_failures_are_not_counted(ledger: Ledger) -> None:
    ledger.error = OperationalError("gone")
    for tries in range(1, 9):
        hand(ledger, order_placed("1"), tries=tries)
    ledger.error = RuntimeError("a bug")
    assert hand(ledger, order_placed("1"), tries=9) == Verdict(Outcome.FAILED, 1.0)


def test_a_dead_letter_is_replayed_once_the_cause_is_mended(ledger: Ledger) -> None:
    ledger.error = RuntimeError("a bug")
    for tries in range(1, 6):
        hand(ledger, order_placed("bad"), tries=tries)
    with place("mara").enter():
        (row,) = waiting_dead_letters()
        with pytest.raises(RuntimeError):
            replay_dead_letter(dead_letter_id=row.id, actor=SYSTEM)
        assert len(waiting_dead_letters()) == 1
        assert effects() == 0

        ledger.error = None
        assert replay_dead_letter(dead_letter_id=row.id, actor=SYSTEM) is True
        assert waiting_dead_letters() == []
        assert replay_dead_letter(dead_letter_id=row.id, actor=SYSTEM) is False
    assert effects() == 1
    assert hand(ledger, order_placed("bad"), tries=6).outcome is Outcome.REPEATED


def test_a_dead_letter_of_another_tenant_is_not_there(ledger: Ledger) -> None:
    ledger.error = RuntimeError("a bug")
    for tries in range(1, 6):
        hand(ledger, order_placed("bad"), tries=tries)
    (letter,) = letters("mara")
    with place("baobab").enter(), pytest.raises(UnknownDeadLetter):
        replay_dead_letter(dead_letter_id=letter.id, actor=SYSTEM)


@pytest.mark.parametrize("named", ["tenantid", "source"])
def test_an_envelope_that_names_another_tenant_is_refused(ledger: Ledger, named: str) -> None:
    foreign = {"tenantid": str(place("baobab").id), "source": "/tenants/baobab"}[named]
    verdict = hand(ledger, order_placed("1", **{named: foreign}))
    assert verdict == Verdict(Outcome.DEAD)
    assert ledger.seen == []
    assert letters("mara") == letters("baobab") == []
    (letter,) = letters("platform")
    assert letter.error_code == "platform/foreign-event"
    with place("platform").enter(), pytest.raises(ForeignEvent):
        replay_dead_letter(dead_letter_id=letter.id, actor=SYSTEM)
    assert ledger.seen == []


@pytest.mark.parametrize("named", ["tenantid", "source"])
def test_an_envelope_that_names_its_own_tenant_is_confirmed(ledger: Ledger, named: str) -> None:
    own = {"tenantid": str(place("mara").id), "source": "/tenants/mara"}[named]
    assert hand(ledger, order_placed("1", **{named: own})).outcome is Outcome.HANDLED


def test_an_event_of_no_known_tenant_dies_in_the_platforms_books(ledger: Ledger) -> None:
    verdict = hand(ledger, order_placed("1"), subject="food.nobody.order.placed.v1")
    assert verdict == Verdict(Outcome.DEAD)
    assert [letter.error_code for letter in letters("platform")] == ["platform/unknown-tenant"]


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (TenantState.SUSPENDED, Verdict(Outcome.WAITING, 60.0)),
        (TenantState.PROVISIONING, Verdict(Outcome.WAITING, 60.0)),
        (TenantState.CLOSED, Verdict(Outcome.DEAD)),
    ],
)
def test_a_tenant_that_is_not_served_keeps_its_events_waiting(
    ledger: Ledger, state: TenantState, verdict: Verdict
) -> None:
    try:
        Tenant.objects.filter(slug="mara").update(state=state)
        assert hand(ledger, order_placed("1")) == verdict
    finally:
        Tenant.objects.filter(slug="mara").update(state=TenantState.READY)
    assert ledger.seen == []


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b"\xff\xfe\x00",
        {"specversion": "0.3", "id": "1", "source": "/x", "type": "t"},
        order_placed(""),
        order_placed("x" * 256),
        order_placed("1", type=""),
        order_placed("1", data=[1]),
        order_placed("1", time="yesterday"),
        order_placed("1", time="2026-11-22T18:00:00"),
        order_placed("1", tenantid=7),
    ],
)
def test_what_is_no_cloud_event_dies_at_once_and_whole(ledger: Ledger, body: Any) -> None:
    verdict = hand(ledger, body, sequence=42)
    assert verdict == Verdict(Outcome.DEAD)
    assert hand(ledger, body, sequence=42) == Verdict(Outcome.DEAD)
    (letter,) = letters("platform")
    assert (letter.error_code, letter.event_id) == ("platform/malformed-event", "FOOD:42")


def test_the_inbox_and_the_work_stand_or_fall_together(ledger: Ledger) -> None:
    ledger.error = RuntimeError("after the work was done")
    hand(ledger, order_placed("1"))
    assert effects() == 0
    with place("mara").enter():
        row = InboxMessage.objects.get()
    assert (row.handled_at, row.failures) == (None, 1)


def test_the_database_going_away_while_receiving_is_waited_out(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(slug: str) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr("apps.platform.messaging.inbox.find_place", away)
    assert hand(ledger, order_placed("1"), tries=2) == Verdict(Outcome.WAITING, 2.0)


def test_events_that_follow_carry_the_correlation_and_the_cause(ledger: Ledger) -> None:
    seen: list[tuple[str, str]] = []

    def noting(event: InboundEvent) -> None:
        seen.append((context.request_id.get(), context.correlation.get()))
        note_order(1, "ord_1")

    long_id = "order-" + "7" * 100
    listener = Consumer("tests.noting", consumer_named("tests.ledger").stream, "", noting)
    receive(listener, delivery(order_placed("evt-1", correlationid="basket-9")))
    receive(listener, delivery(order_placed(long_id, correlationid="c" * 200)))
    with place("mara").enter():
        first = OutboxMessage.objects.get(sequence=1)
    assert first.correlation == "basket-9"
    assert seen[0] == ("evt-1", "basket-9")
    assert len(seen[1][0]) == 64
    assert len(seen[1][1]) == 100


@pytest.mark.parametrize(
    ("name", "stream", "subject"),
    [
        ("orders", "FOOD", "food.*.order.placed.v1"),
        ("tests.orders", "FOOD", "house.*.order.placed.v1"),
        ("tests.orders", "FOOD", "food.mara.order.placed.v1"),
        ("tests.orders", "OTHER", "other.*.order.placed.v1"),
    ],
)
def test_a_consumer_says_a_stream_of_the_house_and_every_tenant(
    name: str, stream: str, subject: str
) -> None:
    with pytest.raises(ValueError, match=r"consumer|subject"):
        consumer(name=name, stream=stream, subject=subject)(lambda _event: None)


def test_a_name_belongs_to_one_consumer(ledger: Ledger) -> None:
    def another(event: InboundEvent) -> None: ...

    another.__module__ = "somewhere.else"
    with pytest.raises(ValueError, match="two consumers"):
        consumer(name="tests.ledger", stream="FOOD", subject="food.*.order.placed.v1")(another)
    with pytest.raises(UnknownConsumer):
        consumer_named("tests.nobody")
