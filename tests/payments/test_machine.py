"""Whatever happens between us and the provider, in whatever order, both books say the same.

``make payments-machine`` tries two thousand examples; ``SEED=…`` tries the same again.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from apps.payments import selectors
from tests.payments.conftest import House
from tests.payments.machine import slowly
from tests.payments.world import COLLECTIONS, PAYOUTS

EXAMPLES = int(os.environ.get("PAYMENTS_EXAMPLES", "2"))
SEED = int(os.environ.get("PAYMENTS_SEED") or random.SystemRandom().randrange(2**32))
#: Each part has books of its own: what reads all of them stays cheap.
EXAMPLES_OF_PART = 40
PARTS = -(-EXAMPLES // EXAMPLES_OF_PART)


@pytest.fixture
def shared_house(
    open_house: Callable[[], House], django_db_blocker: pytest.FixtureRequest
) -> House:
    """Books that nobody else looks at, at another time."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # a plugin's own
        return open_house()


@pytest.mark.timeout(1_800)  # forty examples on a machine that others use
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_our_journals_equal_the_providers_books(
    house: House,
    part: int,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    began = time.monotonic()
    with slowly(house) as machine:
        machine.steps.clear()
        run_state_machine_as_test(
            seed(SEED + part)(machine),
            settings=settings(
                max_examples=min(EXAMPLES, EXAMPLES_OF_PART),
                stateful_step_count=30,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        assert selectors.provider_disagreements(label=COLLECTIONS) == []
        assert selectors.provider_disagreements(label=PAYOUTS) == []
    with capsys.disabled():
        told = f"part {part + 1} of {PARTS}, SEED={SEED}: {dict(machine.steps)}"
        print(f"\n{told} in {time.monotonic() - began:.0f} s", flush=True)
