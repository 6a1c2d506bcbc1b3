"""``@use_case``: the one frame around every change."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import ParamSpec, TypeVar

import structlog
from django.db import connection, transaction
from opentelemetry import trace

from apps.platform import audit, context
from apps.platform.actors import Actor
from apps.platform.errors import DomainError
from apps.platform.metrics import USE_CASE_SECONDS

logger = structlog.get_logger("house.use_cases")
tracer = trace.get_tracer("countinghouse")
P = ParamSpec("P")
R = TypeVar("R")


def use_case(
    name: str, *, is_one_statement: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run the function in one transaction, traced, counted and audited under ``name``.

    Either everything it wrote is kept, its events and its audit record included, or nothing is.
    The function takes ``actor`` by keyword; inside it, ``audit.note`` adds the subject and facts.

    A function that writes everything, its audit record included, with one statement may say so:
    a statement is a transaction of its own, and BEGIN and COMMIT are two ways to the database that
    each cost about as much. Inside a caller's transaction it has a savepoint like any other.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            started = time.perf_counter()
            outcome = "failed"
            actor = _actor(kwargs)
            with (
                tracer.start_as_current_span(name) as span,
                context.bound(context.actor, str(actor)),
            ):
                try:
                    with (
                        _transaction(is_one_statement=is_one_statement),
                        audit.recording(name, actor),
                    ):
                        result = function(*args, **kwargs)
                    outcome = "done"
                except DomainError as error:
                    outcome = "refused"
                    span.set_attribute("house.refusal", error.code)
                    logger.info("use_case.refused", use_case=name, code=error.code)
                    raise
                finally:
                    seconds = time.perf_counter() - started
                    USE_CASE_SECONDS.labels(use_case=name, outcome=outcome).observe(seconds)
                logger.info("use_case.done", use_case=name, seconds=round(seconds, 4))
            return result

        return run

    return decorate


def _transaction(*, is_one_statement: bool) -> AbstractContextManager[None]:
    if is_one_statement and not connection.in_atomic_block:
        return nullcontext()
    return transaction.atomic()


def _actor(kwargs: dict[str, object]) -> Actor:
    actor = kwargs.get("actor")
    if not isinstance(actor, Actor):
        raise ValueError("a use case is told who acts: actor=…")  # noqa: TRY004  a mistake in code
    return actor
