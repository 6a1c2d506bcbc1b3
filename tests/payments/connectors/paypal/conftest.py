"""A merchant for each test; PayPal's books are proved after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.payments.connectors.paypal.merchant import Merchant, opened
from tests.payments.world import Control


@pytest.fixture
def merchant(provider: Control) -> Iterator[Merchant]:
    control = Control(f"{provider.url}/paypal")
    control.tell("settings", late_delay_ms=60, webhook_delay_ms=5)
    made = opened(control)
    yield made
    control.tell("faults", clear=True)
    control.tell("clock", offset_seconds=0)
    assert control.ask("proof")["holds"] is True
