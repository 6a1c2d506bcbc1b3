"""The simulated provider as a process, and the house's inbox on a real port.

Tests that need them commit for real, in tenants of their own that are dropped at the end. Time is
moved by ``later``: the house's clock runs ahead of the machine's.
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connection

from apps.ledger.domain import EntryDraft, credit, debit
from apps.ledger.services import post_entry
from apps.payments import services
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.models import OutboxMessage
from apps.tenancy.contexts import inside
from apps.tenancy.models import Domain, Tenant
from apps.tenancy.selectors import tenant_by_slug
from apps.tenancy.services import provision_tenant
from tests.payments.world import (
    COLLECTIONS,
    PAYOUTS,
    Control,
    account_draft,
    kes,
    open_chart,
)
from tests.worlds.launch import Simulator

QUICK = {"callback_delay_ms": 40, "late_delay_ms": 600, "callback_gap_ms": 60}
_numbers = itertools.count(1)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Say nothing."""


class _Server(ThreadedWSGIServer):
    request_queue_size = 256


@dataclasses.dataclass
class House:
    """A tenant at work: its shortcodes, and the provider's control door."""

    tenant: Tenant
    paybill: str
    payer: str
    provider: Control
    inbox_url: str


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    simulator = Simulator(tmp_path_factory.mktemp("worlds"), seed=1)
    simulator.start()
    control = Control(simulator.url)
    control.tell("settings", **QUICK)
    yield control
    assert control.ask("proof")["holds"] is True
    simulator.stop()


@pytest.fixture(scope="session")
def inbox_url(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The web application on a port of its own; its threads commit."""
    with django_db_blocker.unblock():
        # The host of callback addresses belongs to a tenant that has nothing to do with them.
        baobab = tenant_by_slug("baobab")
        Domain.objects.get_or_create(domain="127.0.0.1", tenant=baobab, is_primary=False)
        server = _Server(("127.0.0.1", 0), _Quiet, connections_override={})
        server.set_app(WSGIHandler())
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def open_house(
    provider: Control, inbox_url: str, django_db_blocker: Any
) -> Iterator[Callable[[], House]]:
    """Makes committed tenants, each with a paybill and a payout account; drops them at the end."""
    made: list[str] = []

    def make() -> House:
        number, before = next(_numbers), getattr(connection, "tenant", None)
        slug = f"paytest-{number}"
        _drop(slug)
        provision_tenant(
            slug=slug,
            name=f"Pay Test {number}",
            functional_currency="KES",
            zone="Africa/Nairobi",
            domains=[f"{slug}.localhost"],
            actor=SYSTEM,
        )
        made.append(slug)
        tenant = tenant_by_slug(slug)
        assert tenant is not None
        if before is not None:
            connection.set_tenant(before)  # type: ignore[attr-defined]  # django_tenants' own
        paybill, payer = str(600_000 + number), str(700_000 + number)
        with inside(tenant):
            open_chart()
            for label, shortcode in ((COLLECTIONS, paybill), (PAYOUTS, payer)):
                provider.register(shortcode, provider.certificate())
                services.open_provider_account(
                    draft=account_draft(label, shortcode, provider.url), actor=SYSTEM
                )
            _fund()
        return House(tenant, paybill, payer, provider, inbox_url)

    yield make
    with django_db_blocker.unblock():
        for slug in made:
            _drop(slug)
        connection.close()


@pytest.fixture(scope="session")
def shared_house(open_house: Callable[[], House], django_db_blocker: Any) -> House:
    with django_db_blocker.unblock():
        return open_house()


@pytest.fixture
def house(shared_house: House, django_db_blocker: Any, monkeypatch: Any) -> Iterator[House]:
    """Inside the books of a committed tenant whose callbacks come to a real port."""
    env = dataclasses.replace(settings.ENV, public_url=shared_house.inbox_url)
    monkeypatch.setattr(settings, "ENV", env)
    with django_db_blocker.unblock():
        with inside(shared_house.tenant):
            yield shared_house
            # Nobody publishes here; what waits would be a lag to whoever measures one later.
            OutboxMessage.objects.filter(published_at=None).update(published_at=clock.now())
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django_tenants' own
        connection.close()


@pytest.fixture
def later() -> Iterator[Callable[[float], None]]:
    """Moves the house's clock ahead by so many seconds, on top of the machine's."""
    ahead = timedelta()

    def move(seconds: float) -> None:
        nonlocal ahead
        ahead += timedelta(seconds=seconds)

    with clock.reading(lambda: datetime.fromtimestamp(time.time(), UTC) + ahead):
        yield move


def _fund() -> None:
    """The float that the provider was given, in our books."""
    post_entry(
        draft=EntryDraft(
            description="Opening float",
            value_date=clock.today(),
            kind="opening",
            postings=[debit("1110", kes(1_000_000)), credit("3000", kes(1_000_000))],
        ),
        idempotency_key="opening",
        actor=SYSTEM,
    )


def _drop(slug: str) -> None:
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django_tenants' own
    schema = f"t_{slug}".replace("-", "_")
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
    Domain.objects.filter(tenant__slug=slug).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tenancy_tenant WHERE slug = %s", [slug])
