"""Events leave the outbox and the inbox after their time, never before, and leave no gap behind."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import Error, connection, transaction

from apps.platform import clock
from apps.platform.events import record
from apps.platform.ids import first_id_at, made_at, new_id, public_id
from apps.platform.messaging import retention
from apps.platform.models import InboxMessage, OutboxMessage, Retention
from apps.platform.tenant import current_tenant_id
from apps.tenancy.contexts import inside, on_platform
from apps.tenancy.models import Tenant
from apps.tenancy.tasks import purge_old_events
from apps.tenancy.workers import BATCHES_MAX
from tests.platform.messaging.house import OrderNoted

KEPT = timedelta(days=90)


def ago(days: int) -> datetime:
    return clock.now() - timedelta(days=days)


def event(days: int, aggregate: str, sequence: int = 1, *, is_published: bool = True) -> None:
    recorded = ago(days)
    OutboxMessage.objects.create(
        id=type(new_id())(int=first_id_at(recorded).int + new_id().int % 2**60),
        name="tests.order_noted",
        version=1,
        aggregate=aggregate,
        sequence=sequence,
        payload={},
        recorded_at=recorded,
        published_at=recorded if is_published else None,
    )


def note(days: int, *, is_handled: bool = True) -> None:
    received = ago(days)
    id = type(new_id())(int=first_id_at(received).int + new_id().int % 2**60)
    InboxMessage.objects.create(
        id=id,
        consumer="tests.orders",
        source="food",
        event_id=str(id),
        received_at=received,
        handled_at=received if is_handled else None,
    )


def waiting() -> set[str]:
    return set(OutboxMessage.objects.values_list("aggregate", flat=True))


def test_what_is_old_and_published_goes_and_nothing_else(mara: Tenant, baobab: Tenant) -> None:
    with inside(mara):
        event(91, "old")
        event(91, "stuck", is_published=False)
        event(89, "young")
        note(121)  # thirty days longer: a stream may still deliver it
        note(119)
        note(200, is_handled=False)
    with inside(baobab):
        event(91, "theirs")
    with on_platform():
        event(91, "platform's")
    assert purge_old_events() == 4
    with inside(mara):
        assert waiting() == {"stuck", "young"}
        assert InboxMessage.objects.count() == 2
        mark = Retention.objects.get()
        assert abs(mark.events_since - (clock.now() - KEPT)) < timedelta(minutes=1)
    with inside(baobab):
        assert waiting() == set()
    assert purge_old_events() == 0


def test_a_long_backlog_goes_in_small_batches(
    mara: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        event(100 + number, f"old-{number}")
    assert retention.purge_published() == 2
    assert waiting() == {"old-0", "old-1", "old-2"}  # the oldest go first
    assert purge_old_events() == 3
    assert BATCHES_MAX * 1000 * 144 > 2_500_000  # rows of one tenant in a day


def test_numbers_go_on_where_earlier_events_are_gone(mara: Tenant) -> None:
    old = public_id("pi", first_id_at(ago(200)))
    for sequence in range(1, 8):
        event(100, old, sequence)
    event(100, "no-public-id", 2)
    assert retention.purge_published() == 8
    assert Retention.objects.get().highest_sequence == 7
    fresh = public_id("pi", new_id())
    for aggregate in (old, "no-public-id", fresh):
        record(OrderNoted(1), aggregate=aggregate)
        record(OrderNoted(2), aggregate=aggregate)
    numbers = OutboxMessage.objects.order_by("sequence").values_list("aggregate", "sequence")
    by_aggregate = {name: [n for a, n in numbers if a == name] for name in waiting()}
    assert by_aggregate == {old: [8, 9], "no-public-id": [8, 9], fresh: [1, 2]}


@pytest.mark.parametrize(
    "attempt",
    [
        "DELETE FROM platform_outbox_message WHERE aggregate = 'young'",
        "DELETE FROM platform_outbox_message WHERE aggregate = 'stuck'",
        "DELETE FROM platform_outbox_message",
        "TRUNCATE platform_outbox_message",
        "DELETE FROM platform_inbox_message WHERE handled_at IS NULL",
        "DELETE FROM platform_inbox_message WHERE handled_at > now() - interval '61 days'",
        "TRUNCATE platform_inbox_message",
        "DELETE FROM platform_retention",
        "UPDATE platform_retention SET events_since = events_since - interval '1 day'",
        "UPDATE platform_retention SET events_since = now()",
        "UPDATE platform_retention SET highest_sequence = 0",
    ],
)
def test_the_database_keeps_what_is_young_or_waits(mara: Tenant, attempt: str) -> None:
    event(91, "old", 3)
    assert retention.purge_published() == 1
    event(91, "also-old")
    event(91, "stuck", is_published=False)
    event(80, "young")
    note(100, is_handled=False)
    note(60)
    with (
        pytest.raises(Error) as refused,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(attempt)
    assert getattr(refused.value.__cause__, "sqlstate", "") in {"PF001", "PF002"}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM platform_outbox_message WHERE aggregate = 'also-old'")
        assert cursor.rowcount == 1


def test_without_a_mark_nothing_may_go(mara: Tenant) -> None:
    event(400, "old")
    with pytest.raises(Error), transaction.atomic():
        OutboxMessage.objects.all().delete()
    with pytest.raises(Error), transaction.atomic():
        Retention.objects.create(tenant=current_tenant_id(), events_since=ago(30))


def test_an_id_tells_when_it_was_made() -> None:
    now = clock.now()
    told = made_at(public_id("pi", new_id()))
    assert told is not None
    assert abs(told - now) < timedelta(seconds=1)
    assert first_id_at(now - timedelta(seconds=1)) < new_id() < first_id_at(ago(-1))
    assert [made_at(text) for text in ("", "9500.one", "pi_123", "ord_1")] == [None] * 4
