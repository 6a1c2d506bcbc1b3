"""Delivering again: one, many, and what was missed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.events import record
from apps.platform.jobs import JobProgress, job_status, run_due_jobs
from apps.platform.models import OutboxMessage
from apps.webhooks.domain import DeliveryFilter, DeliveryState, SecretReceipt
from apps.webhooks.errors import StillUnderWay, UnknownDelivery
from apps.webhooks.events import EndpointDisabled
from apps.webhooks.models import Attempt, Delivery
from apps.webhooks.services import (
    deliver_due,
    remove_endpoint,
    replay_delivery,
    replaying,
    send_test_event,
    start_replay,
)
from apps.webhooks.services.claiming import claim
from apps.webhooks.services.queueing import queue_event
from tests.webhooks.conftest import Later, event, made
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db


def test_one_is_sent_again_with_its_id_and_a_waiting_one_at_once(
    endpoint: SecretReceipt, receiver: Receiver
) -> None:
    receiver.says(500)
    queue_event(event())
    deliver_due()
    row = Delivery.objects.get()
    receiver.says(200)
    replay_delivery(delivery_id=row.id, actor=SYSTEM)  # its next try was in five seconds
    assert deliver_due() == 1
    replay_delivery(delivery_id=row.id, actor=SYSTEM)  # though it had arrived
    (parcel,) = claim(1)
    with pytest.raises(StillUnderWay):
        replay_delivery(delivery_id=row.id, actor=SYSTEM)
    assert parcel.message_id == receiver.ids[0]
    assert len(set(receiver.ids)) == 1
    assert [one.number for one in Attempt.objects.all()] == [3, 2, 1]
    with pytest.raises(UnknownDelivery):
        replay_delivery(delivery_id=row.message_id, actor=SYSTEM)


def test_a_test_event_goes_to_one_endpoint_whatever_it_listens_to(
    endpoint: SecretReceipt, receiver: Receiver
) -> None:
    other = Receiver()
    only = made(other.url, "ledger.*")
    send_test_event(endpoint_id=only.endpoint_id, actor=SYSTEM)
    deliver_due()
    (body,) = other.verified(only.secret)
    assert (body["type"], receiver.heard) == ("webhooks.test.v1", [])
    other.close()


def test_many_are_sent_again_by_a_job_that_survives_its_worker(
    endpoint: SecretReceipt,
    receiver: Receiver,
    later: Later,
    amina: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("payments.payout_paid", "ledger.entry_posted"):
        for _ in range(3):
            queue_event(event(name))
    began = clock.now()
    later(hours=1)
    deliver_due()
    queue_event(event("payments.payout_paid"))  # not over yet
    where = DeliveryFilter(
        endpoint_id=endpoint.endpoint_id, event_type="payments.payout_paid",
        until=began + timedelta(minutes=1),
    )  # fmt: skip
    job = start_replay(where=where, actor=amina)
    monkeypatch.setattr(replaying, "BATCH", 2)
    taken: list[None] = []

    step = replaying._step_known

    def dies_after_one(progress: JobProgress, chosen: object) -> None:
        if taken:
            raise MemoryError
        step(progress, chosen)
        taken.append(None)

    with monkeypatch.context() as patched:
        patched.setattr(replaying, "_step_known", dies_after_one)
        run_due_jobs()
    assert (job_status(job).state, job_status(job).done) == ("queued", 2)
    later(minutes=5)
    run_due_jobs()
    assert (job_status(job).state, job_status(job).done, job_status(job).total) == ("done", 3, 3)
    heard = len(receiver.heard)
    assert deliver_due() == 4
    again = receiver.ids[heard:]
    assert len(set(again) & set(receiver.ids[:heard])) == 3
    assert Delivery.objects.filter(attempts=2).count() == 3


def test_what_was_missed_is_found_in_the_outbox(
    endpoint: SecretReceipt, receiver: Receiver, later: Later, amina: Actor
) -> None:
    """Events from before the endpoint was there, or while it was disabled."""
    told = EndpointDisabled(endpoint_id="whe_1", url=receiver.url, reason="A reason.")
    since = clock.now()
    later(seconds=1)
    missed = record(told, aggregate="whe_1")
    record(told, aggregate="whe_1")
    later(seconds=1)
    heard = OutboxMessage.objects.exclude(id=missed)[0]
    queue_event(replaying._heard(heard))
    deliver_due()
    where = DeliveryFilter(
        endpoint_id=endpoint.endpoint_id, since=since, state=DeliveryState.GIVEN_UP
    )
    job = start_replay(where=where, actor=amina, are_missed_included=True)
    run_due_jobs()
    assert (job_status(job).state, job_status(job).done) == ("done", 1)
    deliver_due()
    bodies = receiver.verified(endpoint.secret)
    assert [body["data"] for body in bodies] == [heard.payload, heard.payload]
    assert sorted(Delivery.objects.values_list("message_id", flat=True)) == sorted(
        [missed, heard.id]
    )
    remove_endpoint(endpoint_id=endpoint.endpoint_id, actor=SYSTEM)
