"""The table of every refusal of the ledger, written from the code that raises them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.ledger import errors
from apps.ledger.errors.precedence import PRECEDENCE
from apps.ledger.services.refusals import REFUSALS
from apps.platform.api.catalogue import known_problem
from apps.platform.errors import DomainError
from tests.architecture.test_golden import compare
from tests.ledger.test_precedence import FAULTS

PAGE = Path(errors.__path__[0]).parent / "ERRORS.md"
HEAD = """# What the ledger refuses

Written from the code: `make test ARGS="tests/ledger/test_error_table.py --update-golden"`.

A posting that deserves several refusals gets the first of the first table; within a line the
earliest leg; among guards of what was written the first is not promised. All that is wrong with its
legs is told beside it, under `errors`. The status is that of HTTP, where the code stands in `type`
and `code` of the problem; *again* means that the same request may succeed later. SQLSTATE is how
the database says it. How each looks over HTTP, with its facts: `/v1/docs/problems`.

## Of postings, in their order of precedence

| | stage | code | status | SQLSTATE | rule | what to do |
|---|---|---|---|---|---|---|
"""
OTHERS = """
## Of everything else

One request breaks one of these; the first that is found is told.

| code | status | SQLSTATE | rule | what to do |
|---|---|---|---|---|
"""
STATES = {error: state for state, error in REFUSALS.items()}


def of_the_ledger() -> list[type[DomainError]]:
    for module in pkgutil.iter_modules(errors.__path__):
        importlib.import_module(f"{errors.__name__}.{module.name}")

    def below(error: type[DomainError]) -> Iterator[type[DomainError]]:
        for child in error.__subclasses__():
            yield child
            yield from below(child)

    found = [one for one in below(DomainError) if one.__module__.startswith(errors.__name__)]
    return sorted(found, key=lambda one: one.code)


def cells(error: type[DomainError]) -> str:
    known = known_problem(error)
    status = f"{known.status}{', again' if known.is_retryable else ''}"
    code = error.code.removeprefix("ledger/")
    texts = (known.title, known.advice)
    said = " | ".join(" ".join(text.split()).replace("|", "\\|") for text in texts)
    return f"`{code}` | {status} | {STATES.get(error, '')} | {said} |"


def page() -> str:
    """The whole page."""
    ordered = [(stage, error) for stage, found in PRECEDENCE for error in found]
    lines = [
        f"| {number} | {stage} | {cells(error)}\n"
        for number, (stage, error) in enumerate(ordered, start=1)
    ]
    posting = {error for _, error in ordered}
    rest = [f"| {cells(error)}\n" for error in of_the_ledger() if error not in posting]
    return "".join([HEAD, *lines, OTHERS, *rest])


def test_the_table_is_that_of_the_code(request: pytest.FixtureRequest) -> None:
    compare(PAGE, page(), is_update=bool(request.config.getoption("--update-golden")))


def test_the_order_is_the_one_that_is_tried_and_that_of_the_database() -> None:
    order = [error for _, found in PRECEDENCE for error in found]
    assert len(order) == len(set(order))
    tried = [fault.error for fault in FAULTS]
    assert tried == sorted(tried, key=order.index)
    for stage, found in PRECEDENCE[4:7]:  # what one statement judges, it orders by SQLSTATE
        states = [STATES[error] for error in found]
        assert states == sorted(states), stage
