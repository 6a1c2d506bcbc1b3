"""What every connector promises, whoever wrote it. A clause that does not apply says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from apps.payments.connectors import registry
from apps.payments.connectors.accounts import AccountWebhookReader, BalanceSource
from apps.payments.connectors.base import (
    AttemptView,
    RawCallback,
    Result,
    StatementSource,
    Verifier,
    WebhookReader,
)
from apps.payments.connectors.promises import keeps, submit
from apps.payments.domain.states import Operation, Outcome
from tests.payments.conformance import wires
from tests.payments.conformance.drivers import DRIVERS, Driver, rail_of
from tests.payments.conformance.wires import Wire
from tests.payments.world import Control, until

CODES = sorted({*(rail.code for rail in registry._OURS), "sample"})
HOSTILE = (b"", b"\xff\xfe", b"{}", b"[]", b"null", b'{"id": 7}', b"[" * 5_000, b"<x/>")

pytestmark = pytest.mark.parametrize("code", CODES)


@pytest.fixture
def driver(code: str, provider: Control) -> Driver:
    if code not in DRIVERS:
        pytest.skip("not offered: no calls")
    return DRIVERS[code](provider)


def operations(driver: Driver) -> list[Operation]:
    offered = rail_of(driver).capabilities(driver.context.account.config).operations
    return sorted(offered & driver.driven)


def through(
    driver: Driver, attempt: AttemptView, spoil: Callable[..., Any] | None
) -> tuple[Result, Wire]:
    wire = Wire(driver.context.http, driver.is_ours, spoil)
    http: Any = wire
    return submit(rail_of(driver), replace(driver.context, http=http), attempt), wire


def paid(driver: Driver, before: int) -> None:
    """Wait until the provider's books have more movements than before."""
    until(lambda: driver.moved() > before, "money", seconds=5)


def test_promises_fit_capabilities(code: str) -> None:
    rail = registry.connectors()[code]
    able = rail.capabilities({})
    for operation in able.operations:
        assert operation in able.keys
        assert any(op == operation for op, _currency in able.amounts)
        is_file_rail = code in registry.file_rails()
        assert keeps(rail, operation) or is_file_rail
        assert able.keys[operation].is_honoured or isinstance(rail, Verifier) or is_file_rail
    for policy in able.amounts.values():
        assert 0 < policy.least <= policy.most
        assert type(policy.least) is type(policy.most) is type(policy.step) is int
    assert "conformance" in rail.problems({"conformance": 1})


def test_success_is_in_the_books_once(driver: Driver) -> None:
    for operation in operations(driver):
        attempt = driver.attempt(operation)
        before = driver.moved()
        result, _ = through(driver, attempt, None)
        assert result.outcome in {Outcome.SUCCEEDED, Outcome.ACCEPTED}, (operation, result)
        if operation in driver.paid_at_once:
            paid(driver, before)


def test_a_refusal_moves_nothing(driver: Driver) -> None:
    tried = 0
    for operation in operations(driver):
        attempt = driver.declined(operation)
        if attempt is None:
            continue
        before = driver.moved()
        result, _ = through(driver, attempt, None)
        assert result.outcome in {Outcome.DECLINED, Outcome.ACCEPTED}, (operation, result)
        assert driver.moved() == before
        tried += 1
    assert tried


def test_what_never_left_is_not_sent(driver: Driver) -> None:
    for operation in operations(driver):
        attempt = driver.attempt(operation)
        before = driver.moved()
        result, _ = through(driver, attempt, wires.never_sent)
        assert (result.outcome, result.facts) == (Outcome.NOT_SENT, ()), operation
        assert driver.moved() == before


def test_a_timeout_is_unknown(driver: Driver) -> None:
    for operation in operations(driver):
        result, _ = through(driver, driver.attempt(operation), wires.timed_out)
        assert (result.outcome, result.facts) == (Outcome.UNKNOWN, ()), operation


def test_a_lost_answer_is_unknown_and_the_key_stops_a_second_time(driver: Driver) -> None:
    rail = rail_of(driver)
    keys = rail.capabilities(driver.context.account.config).keys
    for operation in operations(driver):
        attempt = driver.attempt(operation)
        before = driver.moved()
        result, _ = through(driver, attempt, wires.answer_lost)
        assert (result.outcome, result.facts) == (Outcome.UNKNOWN, ()), operation
        if operation in driver.paid_at_once:
            paid(driver, before)
        once = driver.moved()
        if keys[operation].is_honoured:
            through(driver, attempt, None)
            assert driver.moved() == once, operation


def test_too_many_requests_are_not_sent(driver: Driver) -> None:
    for operation in operations(driver):
        result, _ = through(driver, driver.attempt(operation), wires.answer(429, b"{}"))
        assert (result.outcome, result.facts) == (Outcome.NOT_SENT, ()), operation


def test_a_failing_provider_is_unknown(driver: Driver) -> None:
    for status in (500, 502, 503):
        for operation in operations(driver):
            spoil = wires.answer(status, wires.PAGE, "text/html")
            result, _ = through(driver, driver.attempt(operation), spoil)
            assert (result.outcome, result.facts) == (Outcome.UNKNOWN, ()), operation


def test_an_unreadable_answer_is_unknown(driver: Driver) -> None:
    for operation in operations(driver):
        attempt = driver.attempt(operation)
        for name, spoil in wires.UNREADABLE.items():
            result, _ = through(driver, attempt, spoil)
            assert (result.outcome, result.facts) == (Outcome.UNKNOWN, ()), (operation, name)


def test_a_question_without_answer_says_nothing(driver: Driver) -> None:
    rail = rail_of(driver)
    if not isinstance(rail, Verifier):
        pytest.skip("not offered: verify")
    for operation in operations(driver):
        attempt = driver.attempt(operation)
        sent, _ = through(driver, attempt, None)
        attempt = replace(attempt, provider_refs=sent.provider_refs)
        for spoil in (wires.never_sent, wires.timed_out, wires.UNREADABLE["html"]):
            http: Any = Wire(driver.context.http, driver.is_ours, spoil)
            result = rail.verify(replace(driver.context, http=http), attempt)
            assert (result.outcome, result.facts) == (Outcome.UNKNOWN, ()), operation
            is_asked = spoil is wires.UNREADABLE["html"]
            assert result.is_unreachable or is_asked, operation


def test_no_secret_in_the_evidence(driver: Driver) -> None:
    for operation in operations(driver):
        result, _ = through(driver, driver.attempt(operation), None)
        assert not [one for one in driver.secrets if one in repr(result)], operation


def test_no_float_on_the_wire(driver: Driver) -> None:
    for operation in operations(driver):
        _, wire = through(driver, driver.attempt(operation), None)
        assert not any(_has_float(asked.get("json")) for asked in wire.asked), operation


def _has_float(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_has_float, value.values()))
    return isinstance(value, float) or (isinstance(value, list) and any(map(_has_float, value)))


def test_hostile_callbacks_are_read_without_harm(driver: Driver) -> None:
    rail = rail_of(driver)
    if not isinstance(rail, WebhookReader | AccountWebhookReader):
        pytest.skip("not offered: callbacks")
    attempt = driver.attempt(operations(driver)[0])
    for body in HOSTILE:
        if isinstance(rail, WebhookReader):
            for kind in rail.callback_kinds:
                told = rail.interpret(RawCallback(kind, body), attempt)
                assert (told.result.outcome, told.result.facts) == (Outcome.UNKNOWN, ())
                assert rail.identify(RawCallback(kind, body))
        if isinstance(rail, AccountWebhookReader):
            for kind in rail.account_kinds:
                callback = RawCallback(kind, body)
                assert not rail.read_event(driver.context, callback)
                assert rail.identify_event(callback) == rail.identify_event(callback)


def test_forged_callbacks_are_refused(driver: Driver) -> None:
    rail = rail_of(driver)
    if not isinstance(rail, AccountWebhookReader):
        pytest.skip("not offered: callbacks")
    if rail.capabilities(driver.context.account.config).callback_auth == "path_secret":
        pytest.skip("by secret address: core")
    for value in ("", "x", "t=1,v1=" + "0" * 64, "\x00", "9" * 10_000):
        headers = dict.fromkeys(rail.callback_headers, value)
        for given in ({}, headers):
            callback = RawCallback("events", b'{"id": "x"}', given)
            assert not rail.authenticate(driver.context, callback).is_genuine


def test_books_that_cannot_be_read_say_so(driver: Driver) -> None:
    rail, context = rail_of(driver), driver.context
    able = rail.capabilities(context.account.config)
    is_statement = isinstance(rail, StatementSource) and able.has_statement
    if not is_statement and not isinstance(rail, BalanceSource):
        pytest.skip("not offered: books")
    http: Any = Wire(context.http, driver.is_ours, wires.UNREADABLE["html"])
    spoiled = replace(context, http=http)
    if isinstance(rail, BalanceSource):
        assert not rail.balances(spoiled).readings
    if isinstance(rail, StatementSource) and able.has_statement:
        http.spoil = wires.UNREADABLE["html"]
        with pytest.raises(ValueError, match=r"."):
            rail.transactions(spoiled, context.now().replace(year=2025), context.now())
