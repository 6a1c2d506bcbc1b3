"""The outbox outlives the stream."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.platform import clock
from apps.platform.messaging import outbox
from apps.platform.messaging.broker import Broker
from apps.platform.messaging.relay import Relay
from apps.platform.messaging.replay import replay_outbox
from apps.platform.models import OutboxMessage
from tests.platform.messaging.house import delete_streams, note_order, place, stored

pytestmark = pytest.mark.usefixtures("books")


def test_a_deleted_stream_is_filled_again_with_the_same_ids_in_order(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PAGE_MAX", 7)
    ids = [note_order(number, f"ord_{number % 3}") for number in range(30)]
    Relay(broker).turn()
    delete_streams(broker)
    waiting = note_order(99, "ord_new")

    count = replay_outbox(broker, place("mara"), clock.now() - timedelta(hours=1))

    again = stored(broker)
    assert count == 30
    assert {message.id for message in again} == set(ids)
    assert waiting not in {message.id for message in again}
    for aggregate in ("ord_0", "ord_1", "ord_2"):
        numbers = [m.body["sequence"] for m in again if m.body["subject"] == aggregate]
        assert numbers == [f"{number:010d}" for number in range(1, 11)]


def test_only_what_was_recorded_since_is_published_again(broker: Broker) -> None:
    old, new = note_order(1, "ord_1"), note_order(2, "ord_2")
    Relay(broker).turn()
    with place("mara").enter():
        OutboxMessage.objects.filter(id=old).update(recorded_at=clock.now() - timedelta(days=9))
    delete_streams(broker)
    assert replay_outbox(broker, place("mara"), clock.now() - timedelta(days=1)) == 1
    assert [message.id for message in stored(broker)] == [new]


def test_replaying_onto_a_whole_stream_changes_nothing(broker: Broker) -> None:
    note_order(1)
    Relay(broker).turn()
    assert replay_outbox(broker, place("mara"), clock.now() - timedelta(hours=1)) == 1
    assert len(stored(broker)) == 1


def test_the_command_says_how_many_for_whom(broker: Broker) -> None:
    note_order(1, slug="baobab")
    Relay(broker).turn()
    out = StringIO()
    call_command("outbox_replay", since="2020-01-01", tenant="baobab", stdout=out)
    assert out.getvalue() == "baobab: 1 events published again\n"
    with pytest.raises(CommandError, match="no tenant"):
        call_command("outbox_replay", since="2020-01-01", tenant="nobody")
    with pytest.raises(CommandError, match="is not a time"):
        call_command("outbox_replay", since="yesterday")
