"""Recording an event: its number, its payload, and what happens without the lock."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar
from uuid import UUID

import pytest
from django.db import connection, transaction

from apps.platform.events import EventsOutOfTurn, record
from apps.platform.models import OutboxMessage
from apps.platform.money import Money
from tests.platform.messaging.house import OrderNoted, note_order, place

pytestmark = pytest.mark.usefixtures("books")


@dataclass(frozen=True)
class Everything:
    """An event with a field of each kind."""

    name: ClassVar[str] = "tests.everything"
    version: ClassVar[int] = 2

    amount: Money
    parts: tuple[Money, ...]
    id: UUID
    on_date: date
    at: datetime


def test_events_of_one_object_are_numbered_one_two_three() -> None:
    for number in range(3):
        note_order(number, "ord_1")
    note_order(1, "ord_2")
    with place("mara").enter():
        numbers = OutboxMessage.objects.order_by("aggregate", "sequence").values_list(
            "aggregate", "sequence"
        )
        assert list(numbers) == [("ord_1", 1), ("ord_1", 2), ("ord_1", 3), ("ord_2", 1)]


def test_numbers_of_two_tenants_do_not_meet() -> None:
    for slug in ("mara", "baobab", "platform"):
        note_order(1, "ord_1", slug)
        with place(slug).enter():
            assert OutboxMessage.objects.get().sequence == 1


def test_the_payload_is_plain() -> None:
    event = Everything(
        amount=Money(105_000, "KES"),
        parts=(Money(1, "USD"),),
        id=UUID(int=7),
        on_date=date(2026, 11, 22),
        at=datetime(2026, 11, 22, 18, tzinfo=UTC),
    )
    with place("mara").enter():
        id = record(event, aggregate="x_1", correlation="basket-1")
        row = OutboxMessage.objects.get(id=id)
    assert (row.name, row.version, row.correlation) == ("tests.everything", 2, "basket-1")
    assert row.payload == {
        "amount": {"amount_minor": 105_000, "currency": "KES"},
        "parts": [{"amount_minor": 1, "currency": "USD"}],
        "id": "00000000-0000-0000-0000-000000000007",
        "on_date": "2026-11-22",
        "at": "2026-11-22T18:00:00Z",
    }


def test_two_that_tell_of_one_object_at_once_are_told_so_and_leave_no_gap() -> None:
    """What happens when a use case forgets the row lock."""
    first_wrote, second_waits = threading.Event(), threading.Event()
    refused: list[EventsOutOfTurn] = []

    def first() -> None:
        with place("mara").enter(), transaction.atomic():
            record(OrderNoted(1), aggregate="ord_1")
            first_wrote.set()
            second_waits.wait(10)
        connection.close()

    def second() -> None:
        first_wrote.wait(10)
        threading.Timer(0.3, second_waits.set).start()
        try:
            with place("mara").enter(), transaction.atomic():
                record(OrderNoted(2), aggregate="ord_1")
        except EventsOutOfTurn as error:
            refused.append(error)
        connection.close()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [error.aggregate for error in refused] == ["ord_1"]
    note_order(2, "ord_1")
    with place("mara").enter():
        assert sorted(OutboxMessage.objects.values_list("sequence", flat=True)) == [1, 2]
