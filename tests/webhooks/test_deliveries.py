"""What happens in the house reaches whoever asked for it, signed, once or more, never not."""

from __future__ import annotations

import base64
import json
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from standardwebhooks import Webhook, WebhookVerificationError

from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id, public_id
from apps.platform.messaging.consumers import consumer_named
from apps.platform.messaging.envelope import encode
from apps.platform.messaging.inbox import Delivery as StreamDelivery
from apps.platform.messaging.inbox import Outcome as Handling
from apps.platform.messaging.inbox import receive
from apps.platform.messaging.outbox import Waiting
from apps.platform.messaging.tenants import find_place
from apps.platform.messaging.topology import house_subject
from apps.platform.models import AuditRecord, InboxMessage, OutboxMessage
from apps.platform.tenant import database
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from apps.webhooks.domain import DeliveryState, EndpointState, Outcome, SecretReceipt
from apps.webhooks.domain.schedule import REST_MAX, TRIES_MAX, WAITS
from apps.webhooks.domain.signing import signature_headers
from apps.webhooks.errors import EndpointNotActive, RotationUnderWay, UnknownEndpoint
from apps.webhooks.models import Attempt, Delivery, Endpoint, EndpointSecret, Message
from apps.webhooks.services import (
    activate_endpoint,
    deliver_due,
    delivering,
    pause_endpoint,
    purge_deliveries,
    remove_endpoint,
    rotate_secret,
    send_test_event,
)
from apps.webhooks.services.calling import call
from apps.webhooks.services.claiming import IN_FLIGHT_MAX, LEASE, claim
from apps.webhooks.services.queueing import is_wanted, queue_event
from tests.webhooks.conftest import Later, event, made
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db


def the_delivery() -> Delivery:
    return Delivery.objects.get()


def test_the_published_vector_is_met() -> None:
    headers = signature_headers(
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330,
        body=b'{"test": 2432232314}', keys=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )  # fmt: skip
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_event_arrives_once_and_verifies(endpoint: SecretReceipt, receiver: Receiver) -> None:
    told = event()
    assert is_wanted(told)
    assert [queue_event(told), queue_event(told)] == [1, 0]  # heard twice, queued once
    receiver.says(200, b'{"token": "abc123secret", "ok": true}' + b" " * 5000)
    assert (deliver_due(), deliver_due()) == (1, 0)
    (body,) = receiver.verified(endpoint.secret)
    assert body == {
        "type": "payments.payment_captured.v1",
        "timestamp": told.time.isoformat().replace("+00:00", "Z"),
        "tenant": "mara", "subject": "pi_1", "sequence": 3, "data": told.data,
    }  # fmt: skip
    assert receiver.ids == [public_id("msg", the_delivery().message_id)]
    assert the_delivery().state == DeliveryState.DELIVERED
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.status) == (Outcome.ACCEPTED, 200)
    assert len(attempt.response_head) <= 2048
    assert "abc123secret" not in attempt.response_head  # what looks secret is covered
    headers, raw = receiver.heard[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(raw + b" ", headers)


def test_the_secret_is_sealed_for_its_place(endpoint: SecretReceipt, mara: Tenant) -> None:
    row = EndpointSecret.objects.get()
    raw = base64.b64decode(endpoint.secret.removeprefix("whsec_"))
    assert len(raw) == 32
    assert endpoint.secret not in row.sealed
    assert endpoint.secret not in json.dumps(list(AuditRecord.objects.values("facts")), default=str)
    other = made("https://93.184.215.14/hook")
    EndpointSecret.objects.filter(endpoint_id=other.endpoint_id).update(sealed=row.sealed)
    queue_event(event())
    assert [parcel.endpoint_id for parcel in claim(10)] == [endpoint.endpoint_id]
    assert Endpoint.objects.get(id=other.endpoint_id).resting_until is not None


def test_a_former_key_of_the_program_still_opens(
    endpoint: SecretReceipt, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [settings.SECRET_KEY])
    monkeypatch.setattr(settings, "SECRET_KEY", "quite another key of this program" * 2)
    queue_event(event())
    deliver_due()
    assert len(receiver.verified(endpoint.secret)) == 1


def test_in_a_rotation_both_secrets_verify_and_then_only_the_new(
    endpoint: SecretReceipt, receiver: Receiver, later: Later
) -> None:
    fresh = rotate_secret(
        endpoint_id=endpoint.endpoint_id, overlap=timedelta(minutes=2), actor=SYSTEM
    )
    with pytest.raises(RotationUnderWay):
        rotate_secret(endpoint_id=endpoint.endpoint_id, actor=SYSTEM)
    queue_event(event())
    deliver_due()
    assert receiver.verified(endpoint.secret) == receiver.verified(fresh.secret)
    later(minutes=2, seconds=1)
    queue_event(event())
    deliver_due()
    receiver.heard = receiver.heard[1:]
    assert len(receiver.verified(fresh.secret)) == 1
    with pytest.raises(WebhookVerificationError):
        receiver.verified(endpoint.secret)
    leaked = rotate_secret(endpoint_id=endpoint.endpoint_id, overlap=timedelta(0), actor=SYSTEM)
    assert leaked.former_until is None
    assert EndpointSecret.objects.count() == 1


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        (["*"], True), (["payments.*"], True), (["payments.payment_captured"], True),
        (["payments.payment_captured.v1"], True), (["*.payment_*"], True),
        (["ledger.*", "payments.payment_c*"], True), (["payments.payment_captured.v2"], False),
        (["payments"], False), (["ledger.*"], False), (["*captured.v*2"], False),
        (["*a" * 40], False),
    ],
)  # fmt: skip
def test_patterns(mara: Tenant, receiver: Receiver, patterns: list[str], wanted: bool) -> None:
    made(receiver.url, *patterns)
    assert is_wanted(event()) is wanted
    assert queue_event(event()) == int(wanted)


def test_an_endpoint_is_not_told_what_was_before_it(mara: Tenant, receiver: Receiver) -> None:
    before = event()
    made(receiver.url)
    assert not is_wanted(before)
    assert queue_event(before) == 0


def test_a_worker_that_dies_before_recording_sends_the_same_id_again(
    endpoint: SecretReceipt, receiver: Receiver, later: Later
) -> None:
    queue_event(event())
    (parcel,) = claim(10)
    call(parcel)  # and here it is killed
    assert deliver_due() == 0  # nobody else takes it while it may be alive
    later(seconds=LEASE.total_seconds() + 1)
    assert deliver_due() == 1
    assert len(receiver.heard) == 2
    assert len(set(receiver.ids)) == 1
    assert [(one.number, one.outcome) for one in Attempt.objects.all()] == [
        (2, Outcome.ACCEPTED), (1, Outcome.INTERRUPTED),
    ]  # fmt: skip
    delivering.keep(parcel, call(parcel))  # the dead one comes back: its attempt, not the delivery
    assert the_delivery().attempts == 2
    assert the_delivery().state == DeliveryState.DELIVERED


def test_the_schedule_is_kept_until_the_last_try(
    endpoint: SecretReceipt, receiver: Receiver, later: Later
) -> None:
    receiver.says(500, b"no")
    queue_event(event())
    for number, wait in enumerate(WAITS, 1):
        assert deliver_due() == 1, number
        due = the_delivery().next_try_at
        assert due is not None
        assert wait * 0.99 <= due - clock.now() <= wait * 1.11
        later(seconds=wait.total_seconds() * 0.9)
        assert deliver_due() == 0
        later(seconds=wait.total_seconds() * 0.2 + REST_MAX.total_seconds() * 1.1)
    assert deliver_due() == 1
    assert (the_delivery().state, len(receiver.heard)) == (DeliveryState.GIVEN_UP, TRIES_MAX)
    assert len(set(receiver.ids)) == 1


def test_a_receiver_may_ask_for_time(
    endpoint: SecretReceipt, receiver: Receiver, later: Later
) -> None:
    receiver.says(429, Retry_After="90")
    queue_event(event())
    queue_event(event())
    assert deliver_due() >= 1
    heard = len(receiver.heard)
    queue_event(event())
    later(seconds=80)
    assert deliver_due() == 0  # the whole endpoint is left alone
    later(seconds=30)
    receiver.says(204)
    assert deliver_due() == 3
    assert len(receiver.heard) == heard + 3
    assert Endpoint.objects.get().resting_until is None


def test_gone_means_gone(endpoint: SecretReceipt, receiver: Receiver) -> None:
    receiver.says(410)
    queue_event(event())
    deliver_due()
    row = Endpoint.objects.get()
    assert (row.state, row.state_reason) == ("disabled", "It answered 410: it is gone.")
    assert the_delivery().state == DeliveryState.GIVEN_UP
    told = OutboxMessage.objects.get(name="webhooks.endpoint_disabled")
    assert told.payload["endpoint_id"] == public_id("whe", row.id)
    assert queue_event(event()) == 0
    with pytest.raises(EndpointNotActive):
        send_test_event(endpoint_id=row.id, actor=SYSTEM)
    activate_endpoint(endpoint_id=row.id, actor=SYSTEM)
    assert queue_event(event()) == 1


def test_five_days_of_failures_disable_it_and_one_success_begins_anew(
    endpoint: SecretReceipt, receiver: Receiver, later: Later
) -> None:
    def one_a_day(*, times: int) -> None:
        for _ in range(times):
            queue_event(event())
            deliver_due()
            later(days=1)

    receiver.says(503)
    one_a_day(times=4)
    receiver.says(200)
    one_a_day(times=1)
    receiver.says(302, Location="http://169.254.169.254/")  # a redirect is a failure
    one_a_day(times=5)
    assert Endpoint.objects.get().state == EndpointState.ACTIVE
    one_a_day(times=1)
    row = Endpoint.objects.get()
    assert (row.state, row.state_reason) == ("disabled", "Every try has failed for five days.")


def test_one_slow_endpoint_holds_up_nobody_and_is_called_a_few_times_at_once(
    endpoint: SecretReceipt, receiver: Receiver
) -> None:
    slow, at_once, most = Receiver(), 0, 0
    guard, go_on = threading.Lock(), threading.Event()

    def linger(_headers: object, _body: object) -> tuple[int, dict[str, str], bytes]:
        nonlocal at_once, most
        with guard:
            at_once += 1
            most = max(most, at_once)
        go_on.wait(5)
        with guard:
            at_once -= 1
        return 200, {}, b""

    slow.answer = linger
    made(slow.url)
    for _ in range(IN_FLIGHT_MAX * 2):
        queue_event(event())

    def release() -> None:
        until = time.monotonic() + 4
        while len(receiver.heard) < IN_FLIGHT_MAX * 2 and time.monotonic() < until:
            time.sleep(0.01)
        go_on.set()

    threading.Thread(target=release, daemon=True).start()
    began = time.monotonic()
    assert deliver_due() == IN_FLIGHT_MAX * 4
    assert time.monotonic() - began < 4  # all of the others came while the slow one was waiting
    assert most == IN_FLIGHT_MAX
    slow.close()


def test_the_pace_is_kept(mara: Tenant, receiver: Receiver, later: Later) -> None:
    made(receiver.url, rate=60)  # one a second, and five at once after a rest
    for _ in range(20):
        queue_event(event())
    assert deliver_due() == 6
    later(seconds=3.1)
    assert deliver_due() in (3, 4)  # the test itself takes a moment


def test_what_is_paused_waits_and_what_is_removed_is_cancelled(
    endpoint: SecretReceipt, receiver: Receiver
) -> None:
    id = endpoint.endpoint_id
    pause_endpoint(endpoint_id=id, actor=SYSTEM)
    assert queue_event(event()) == 1
    assert deliver_due() == 0
    activate_endpoint(endpoint_id=id, actor=SYSTEM)
    assert deliver_due() == 1
    queue_event(event())
    remove_endpoint(endpoint_id=id, actor=SYSTEM)
    assert deliver_due() == 0
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["cancelled", "delivered"]
    assert not EndpointSecret.objects.exists()
    assert not is_wanted(event())
    with pytest.raises(UnknownEndpoint):
        pause_endpoint(endpoint_id=id, actor=SYSTEM)


def test_two_tenants_never_meet(
    endpoint: SecretReceipt, receiver: Receiver, baobab: Tenant, mara: Tenant
) -> None:
    with inside(baobab):
        theirs = Receiver()
        their_endpoint = made(theirs.url)
        assert queue_event(event(whose="baobab")) == 1
        with pytest.raises(UnknownEndpoint):
            send_test_event(endpoint_id=endpoint.endpoint_id, actor=SYSTEM)
        deliver_due()
    with inside(mara):
        queue_event(event(whose="mara"))
        deliver_due()
    assert [b["tenant"] for b in theirs.verified(their_endpoint.secret)] == ["baobab"]
    assert [b["tenant"] for b in receiver.verified(endpoint.secret)] == ["mara"]
    theirs.close()


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        (Delivery, {"state": "sent"}),
        (Delivery, {"state": "delivered"}),  # without an end
        (Delivery, {"next_try_at": None}),
        (Delivery, {"tries": 9}),
        (Endpoint, {"state": "disabled"}),  # without a reason
        (Endpoint, {"state": "asleep"}),
        (Endpoint, {"rate_per_minute": 0}),
    ],
)
def test_the_database_guards_itself(
    endpoint: SecretReceipt, table: type[Delivery | Endpoint], wrong: dict[str, object]
) -> None:
    queue_event(event())
    with pytest.raises(IntegrityError), transaction.atomic():
        table.objects.update(**wrong)


def test_what_is_old_and_over_goes(
    endpoint: SecretReceipt, receiver: Receiver, later: Later
) -> None:
    queue_event(event())
    deliver_due()
    later(days=settings.ENV.events_kept_days + 1)
    queue_event(event())
    assert purge_deliveries() == 1
    assert (Delivery.objects.count(), Message.objects.count(), Attempt.objects.count()) == (1, 1, 0)


def test_the_stream_is_heard_and_what_nobody_wants_leaves_no_trace(
    endpoint: SecretReceipt, mara: Tenant
) -> None:
    def arrives(tenant_slug: str) -> Handling:
        message = Waiting(
            id=new_id(), name="payments.payment_captured", version=1, aggregate="pi_1",
            sequence=7, payload='{"a":1}', traceparent="", correlation="",
            recorded_at=clock.now(),
        )  # fmt: skip
        database.set_schema_to_public()
        place = find_place(tenant_slug)
        assert place is not None
        heard = StreamDelivery(
            "HOUSE", 1, house_subject(tenant_slug, message.name, 1), encode(message, place),
            {}, 1, clock.now(),
        )  # fmt: skip
        return receive(consumer_named("webhooks.events"), heard).outcome

    assert (arrives("mara"), arrives("baobab")) == (Handling.HANDLED, Handling.PASSED)
    assert arrives("platform") == Handling.PASSED  # which has no endpoints, nor tables for them
    with inside(mara):
        assert json.loads(Message.objects.get().body)["sequence"] == 7
        assert InboxMessage.objects.filter(consumer="webhooks.events").count() == 1
