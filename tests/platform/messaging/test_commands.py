"""The operator's commands about dead letters and consumers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from apps.platform import clock
from apps.platform.messaging import InboundEvent
from apps.platform.messaging.consumers import consumer, forget
from apps.platform.messaging.errors import UnknownConsumer
from apps.platform.models import DeadLetter
from tests.platform.messaging.house import order_placed, place

pytestmark = pytest.mark.usefixtures("books")
handled: list[str] = []


def handle(event: InboundEvent) -> None:
    if event.id == "still-bad":
        raise RuntimeError("no such restaurant")
    handled.append(event.id)


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    handled.clear()
    consumer(name="tests.mended", stream="FOOD", subject="food.*.order.placed.v1")(handle)
    yield
    forget("tests.mended")


def bury(event_id: str, slug: str = "mara") -> UUID:
    with place(slug).enter():
        letter = DeadLetter.objects.create(
            consumer="tests.mended",
            stream="FOOD",
            stream_sequence=1,
            subject=f"food.{slug}.order.placed.v1",
            event_id=event_id,
            source="/food-delivery",
            body=json.dumps(order_placed(event_id)),
            error_code="RuntimeError",
            error="no such restaurant",
            failures=5,
            arrived_at=clock.now(),
            died_at=clock.now(),
        )
    return letter.id


def run(**options: object) -> str:
    out = StringIO()
    call_command("dead_letters", stdout=out, stderr=out, **options)
    return out.getvalue()


def test_the_list_names_tenant_consumer_event_and_error() -> None:
    id = bury("1", "baobab")
    (line,) = run().splitlines()
    for part in ("baobab", str(id), "tests.mended", "RuntimeError: no such restaurant"):
        assert part in line
    assert run(tenant="mara") == ""


def test_one_is_replayed_by_its_id() -> None:
    id = bury("1")
    assert run(tenant="mara", replay=id) == f"{id}: handled\n"
    assert handled == ["1"]
    assert run(tenant="mara") == ""


def test_all_are_replayed_and_those_that_fail_again_go_on_waiting() -> None:
    for event_id in ("1", "still-bad", "2"):
        bury(event_id)
    with pytest.raises(CommandError, match="1 of 3 failed again"):
        run(tenant="mara", replay_all=True)
    assert handled == ["1", "2"]
    assert "still-bad" in run(tenant="mara")


def test_replaying_needs_to_know_whose() -> None:
    with pytest.raises(CommandError, match="--tenant"):
        run(replay_all=True)
    with pytest.raises(CommandError, match="no tenant 'nobody'"):
        run(tenant="nobody")
    id = bury("1")
    with pytest.raises(CommandError, match="1 of 1"):
        run(tenant="baobab", replay=id)
    assert handled == []


def test_consumers_are_listed_and_a_wrong_name_is_refused() -> None:
    out = StringIO()
    call_command("run_consumers", list=True, only="tests.mended", stdout=out)
    assert out.getvalue() == "tests.mended  FOOD  food.*.order.placed.v1\n"
    with pytest.raises(UnknownConsumer):
        call_command("run_consumers", only="tests.nobody")
