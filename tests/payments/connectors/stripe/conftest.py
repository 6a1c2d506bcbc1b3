"""The shop: an account of its own at the simulator for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from apps.payments.connectors.base import (
    AccountConfig,
    Context,
)
from apps.platform import clock
from apps.platform.http import HttpClient
from tests.payments.connectors.stripe.shop import SECRET, Shop
from tests.payments.world import Control

_numbers = itertools.count(1)


@pytest.fixture
def shop(provider: Control) -> Iterator[Shop]:
    control = Control(f"{provider.url}/stripe")
    account = f"acct_conn{next(_numbers)}"
    control.tell("settings", late_delay_ms=100)
    opening = {"usd": 500_000}
    control.tell("accounts", account=account, customer_pays=0, opening_balances_minor=opening)
    secrets = {"api_key": f"sk_test_{account}", "webhook_secret": f"whsec_old {SECRET}"}
    context = Context(
        account=AccountConfig("cards", "simulator", "", "USD", {"base_url": control.url}),
        http=HttpClient(),
        cache=None,  # type: ignore[arg-type]  # not used by this connector
        secret=secrets.__getitem__,
        now=clock.now,
        timeout_seconds=5,
    )
    yield Shop(control, account, context)
    control.tell("faults", clear=True)
    assert control.ask("proof")["holds"] is True
