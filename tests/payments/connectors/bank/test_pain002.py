"""Statuses in: accepted is not paid, and a rejected duplicate proves nothing."""

from __future__ import annotations

import pytest

from apps.payments.connectors.bank import pain002
from apps.payments.connectors.bank.pain002 import Level
from apps.payments.domain.states import Outcome
from tests.payments.connectors.bank.files import pain002_file, stream, valid


@pytest.mark.parametrize("version", ["03", "12", "14"])
def test_statuses_of_message_batch_and_payments(version: str) -> None:
    message, batch, *rows = pain002.read(stream(pain002_file(version)))
    assert (message.level, message.message, message.outcome) == (
        Level.MESSAGE, "M-1", Outcome.ACCEPTED,
    )  # fmt: skip
    assert (batch.level, batch.batch, batch.status) == (Level.BATCH, "B-1", "PART")
    assert {(row.message, row.batch, row.level) for row in rows} == {("M-1", "B-1", Level.PAYMENT)}
    assert [(row.end_to_end, row.instruction, row.outcome) for row in rows] == [
        ("E1", "I1", Outcome.ACCEPTED),
        ("E2", "I2", Outcome.DECLINED),
        ("E3", "I3", Outcome.UNKNOWN),
        ("E4", "I4", Outcome.SUCCEEDED),
    ]
    closed, twice = rows[1].error, rows[2].error
    assert closed is not None
    assert twice is not None
    assert (closed.standard, closed.provider_code) == ("customer.invalid_account", "AC04")
    assert (closed.money_moved, closed.retry, closed.message) == ("no", "never", "see account")
    assert (twice.standard, twice.money_moved) == ("request.duplicate", "unknown")


@pytest.mark.parametrize("version", ["03", "12", "14"])
def test_our_example_is_valid_by_the_official_schema(version: str) -> None:
    document = pain002_file(version)
    if version == "03":  # has no ACCC yet
        document = document.replace(b"ACCC", b"ACSP")
    valid(document, f"pain.002.001.{version}")


def test_what_is_not_in_the_table_is_unknown() -> None:
    assert pain002.verdict("HAHA")[0] is Outcome.UNKNOWN
    outcome, error = pain002.verdict("RJCT", "ZZ99", "why")
    assert error is not None
    assert (outcome, error.standard) == (Outcome.DECLINED, "unknown")
    assert (error.money_moved, error.retry) == ("no", "after_verify")
