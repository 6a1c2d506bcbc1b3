"""Doing a use case again when another transaction was in its way."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

from apps.ledger.services.refusals import IN_THE_WAY, sqlstate
from apps.platform.errors import Busy

P = ParamSpec("P")
R = TypeVar("R")

TRIES_MAX = 4
FIRST_PAUSE_SECONDS = 0.02


def again_when_in_the_way(function: Callable[P, R]) -> Callable[P, R]:
    """Run the use case anew, at most ``TRIES_MAX`` times, after a deadlock or the like.

    Stands outside ``@use_case``, because only a whole transaction may be done again: what it read
    before the failure is no longer true. Inside a caller's transaction there is nothing to redo
    here; the caller gets ``Busy``, whose kind says that the same request may succeed later.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        tries = 1 if connection.in_atomic_block else TRIES_MAX
        for number in range(1, tries + 1):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if sqlstate(error) not in IN_THE_WAY:
                    raise
                if number == tries:
                    raise Busy from error
            time.sleep(FIRST_PAUSE_SECONDS * 2**number * random.random())  # noqa: S311  jitter
        raise Busy

    return run
