"""One simulator process and one callback receiver for all tests here; each test its own tenant."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.world_daraja.client import Receiver, Tenant
from tests.worlds.launch import Simulator

#: Shorter than the defaults, so that the tests are quick.
QUICK = {"callback_delay_ms": 30, "late_delay_ms": 250, "callback_gap_ms": 60}

_shortcodes = itertools.count(600_001)

NewTenant = Callable[..., Tenant]


@pytest.fixture(scope="session")
def daraja(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path_factory.mktemp("daraja"), seed=7)
    simulator.start()
    httpx.post(f"{simulator.url}/_control/settings", json=QUICK)
    yield simulator
    assert httpx.get(f"{simulator.url}/_control/proof").json()["holds"] is True
    assert simulator.stop() == 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def new_tenant(daraja: Simulator, receiver: Receiver) -> NewTenant:
    def new(**registration: Any) -> Tenant:
        return Tenant(daraja.url, str(next(_shortcodes)), receiver, **registration)

    return new


@pytest.fixture
def tenant(new_tenant: NewTenant) -> Tenant:
    return new_tenant()


@pytest.fixture
def own_simulator(tmp_path: Path) -> Iterator[Simulator]:
    """A process of the test's own, to be killed."""
    simulator = Simulator(tmp_path / "world", seed=11)
    simulator.start()
    yield simulator
    simulator.kill()
