"""Whatever is asked of the ledger, in whatever order, it answers as its model in plain Python.

``make machine`` asks two thousand times; ``SEED=…`` asks the same again.
"""

from __future__ import annotations

import logging
import os
import random
import time
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from apps.identity.people import actor_of
from apps.ledger.domain.periods import PeriodLength, months_after
from apps.ledger.models import Period
from apps.ledger.services import open_account, open_fiscal_year
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.tenancy.models import Tenant
from tests.identity.people import make_person
from tests.ledger.fx_world import say
from tests.ledger.machine.base import begun
from tests.ledger.machine.keeping import Closing, Holding, Keeping
from tests.ledger.machine.posting import RATE, Posting

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "12"))
SEED = int(os.environ.get("MACHINE_SEED") or random.SystemRandom().randrange(2**32))
#: Each part is a transaction of its own: what is rolled back piles up until it ends.
EXAMPLES_OF_PART = 40
PARTS = -(-EXAMPLES // EXAMPLES_OF_PART)


class Books(Posting, Holding, Keeping, Closing):
    """Everything at once."""


@pytest.fixture
def machine(books: Tenant) -> type[Books]:
    """The machine, with what all examples share: a calendar, two people, a rate."""
    Books.begins = begun()
    with clock.reading(lambda: Books.begins):
        Books.people = (
            actor_of(make_person("one", "treasurer")),
            actor_of(make_person("two", "treasurer")),
        )
        open_account(
            code="9710",
            name="Wallet",
            account_class="liability",
            currency="USD",
            floor_minor=0,
            actor=SYSTEM,
        )
        say("USD/KES", str(RATE), days=3_650)
        today = clock.today(books.zone)
        open_fiscal_year(
            starts=months_after(date(today.year, today.month, 1), -3),
            length=PeriodLength.MONTH,
            actor=SYSTEM,
        )
    Books.months = list(Period.objects.order_by("starts").values_list("id", "starts", "ends"))
    return Books


@pytest.mark.timeout(1_800)  # forty examples on a machine that others use
@pytest.mark.parametrize("part", range(PARTS))
def test_the_ledger_answers_as_its_model(
    machine: type[Books], part: int, capsys: pytest.CaptureFixture[str], caplog: Any
) -> None:
    caplog.set_level(logging.WARNING)
    machine.steps.clear()
    began = time.monotonic()
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
    with capsys.disabled():
        told = f"part {part + 1} of {PARTS}, SEED={SEED}: {dict(machine.steps)}"
        print(f"\n{told} in {time.monotonic() - began:.0f} s", flush=True)
