"""A receiver on a real port, and endpoints of Mara's that lead to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.messaging import InboundEvent
from apps.tenancy.models import Tenant
from apps.webhooks.domain import EndpointDraft, SecretReceipt
from apps.webhooks.services import create_endpoint
from tests.webhooks.receiver import Receiver

Later = Callable[..., None]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def later() -> Iterator[Later]:
    """Moves the house's clock ahead of the machine's; it goes on from there."""
    ahead = timedelta()

    def move(**by: float) -> None:
        nonlocal ahead
        ahead += timedelta(**by)

    with clock.reading(lambda: datetime.fromtimestamp(time.time(), UTC) + ahead):
        yield move


@pytest.fixture
def endpoint(mara: Tenant, receiver: Receiver) -> SecretReceipt:
    return made(receiver.url)


def made(url: str, *patterns: str, rate: int = 6000) -> SecretReceipt:
    draft = EndpointDraft(
        url=url, patterns=patterns or ("*",), description="Orders", rate_per_minute=rate
    )
    return create_endpoint(draft=draft, actor=SYSTEM)


def event(name: str = "payments.payment_captured", **about: object) -> InboundEvent:
    """As the stream tells it."""
    return InboundEvent(
        id=str(new_id()), type=f"countinghouse.{name}.v1", subject="pi_1", time=clock.now(),
        data={"amount": {"amount_minor": 150000, "currency": "KES"}, **about},
        traceparent="", correlation="", sequence=3,
    )  # fmt: skip
