"""Nobody makes us call home: not when an endpoint is registered, not when it is called."""

from __future__ import annotations

import dataclasses
import socket

import pytest
from django.conf import settings

from apps.platform import ssrf
from apps.platform.actors import SYSTEM
from apps.platform.errors import AddressRefused
from apps.tenancy.models import Tenant
from apps.webhooks.domain import DeliveryState, EndpointDraft, Outcome
from apps.webhooks.models import Attempt, Delivery, Endpoint
from apps.webhooks.services import change_endpoint, deliver_due
from apps.webhooks.services.queueing import queue_event
from tests.platform.test_ssrf import HOSTILE_FORMS, HOSTILE_HOSTS
from tests.webhooks.conftest import event, made
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db
PUBLIC = "https://93.184.215.14/hook"
BESIDE_US = {
    "http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "https://127.0.0.1/hook",
}  # fmt: skip


@pytest.fixture
def in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    env = dataclasses.replace(settings.ENV, webhook_loopback=False)
    monkeypatch.setattr(settings, "ENV", env)


@pytest.mark.usefixtures("in_production")
def test_no_hostile_address_is_registered_or_moved_to(mara: Tenant) -> None:
    ours = made(PUBLIC)
    hostile = {*HOSTILE_FORMS, *(f"https://{host}/hook" for host in HOSTILE_HOSTS), *BESIDE_US}
    for url in sorted(hostile):
        draft = EndpointDraft(url=url, patterns=("*",))
        with pytest.raises(AddressRefused):
            made(url)
        with pytest.raises(AddressRefused):
            change_endpoint(endpoint_id=ours.endpoint_id, draft=draft, actor=SYSTEM)
    assert [row.url for row in Endpoint.objects.all()] == [PUBLIC]


@pytest.mark.parametrize("url", sorted(BESIDE_US))
def test_a_developer_may_have_a_receiver_beside_the_house(mara: Tenant, url: str) -> None:
    made(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:9/", "http://10.0.0.1/", "http://169.254.169.254/", "http://example.com/",
        "http://127.1:9/", "http://0.0.0.0:9/", "https://[::ffff:127.0.0.1]/", "https://0/",
        "http://localhost.:9/", "https://hooks.example.com:22/",
    ],
)  # fmt: skip
def test_and_by_that_nothing_else_is_open(url: str) -> None:
    with pytest.raises(AddressRefused):
        ssrf.check(url, lambda _host, _port: ["127.0.0.1"], ssrf.Wall(is_loopback_open=True))


@pytest.mark.usefixtures("in_production")
def test_an_address_that_turns_hostile_later_is_not_called(
    mara: Tenant, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that led to the internet when it was registered, and home when it is called."""
    made(PUBLIC)
    Endpoint.objects.update(url=receiver.url.replace("http:", "https:"))
    queue_event(event())
    deliver_due()
    assert (Attempt.objects.get().outcome, receiver.heard) == (Outcome.BLOCKED, [])
    Endpoint.objects.update(url="https://hooks.example.com/", resting_until=None)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
    queue_event(event())
    deliver_due()
    newest = Attempt.objects.order_by("-started_at")[0]
    assert (newest.outcome, newest.problem) == (Outcome.BLOCKED, "address not public")
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.PENDING}
