"""The whole round with an independent peer: it takes our file, and we read all that it answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from apps.payments.connectors.bank import camt, pain002
from apps.payments.connectors.bank.pain001 import Account, Agent
from apps.payments.connectors.bank.pain002 import Level
from apps.payments.domain.bank_statements import Proof, collected
from apps.payments.domain.states import Outcome
from tests.payments.connectors.bank.files import stream, transfers
from tests.payments.connectors.bank.test_pain001 import written

ACME = Account(iban="NL41MOCK0000000001")
PAYEES = [
    ("NL41MOCK0000000001", Outcome.ACCEPTED),
    ("NL84MOCK0000000003", Outcome.DECLINED),  # closed
    ("DE89370400440532013000", Outcome.ACCEPTED),
]


@pytest.mark.parametrize("version", ["03", "09"])
def test_a_batch_is_taken_answered_and_shown_on_the_statement(version: str) -> None:
    server = pytest.importorskip("mockbank.server")
    from mockbank.state import State

    bank = State(server.Config(clock="2026-11-23T08:00:00", quiet=True))
    payments = [
        replace(one, account=Account(iban=iban), agent=Agent())
        for one, (iban, _) in zip(transfers(3), PAYEES, strict=True)
    ]
    document = written(
        payments, version, account=ACME, agent=Agent(bic="MOCKNL2A"), currency="EUR",
        service_level="SEPA", charges="SLEV",
    )  # fmt: skip
    bank.receive(document)
    statuses = [
        status for body in _answers(bank, "pain.002") for status in pain002.read(stream(body))
    ]
    told = {one.end_to_end: one.outcome for one in statuses if one.level is Level.PAYMENT}
    for payment, (_, outcome) in zip(payments, PAYEES, strict=True):
        assert told.get(payment.end_to_end, Outcome.ACCEPTED) is outcome
    bank.clock.advance(days=3)
    paid = {payments[0].end_to_end: -100_051, payments[2].end_to_end: -100_053}
    statements = [
        one
        for body in _answers(bank, "camt.053")
        for one in collected(camt.read(stream(body)))
        if one.header.account == ACME.iban
    ]
    assert {one.proof for one in statements} == {Proof.PROVED}
    out = [entry for one in statements for entry in one.entries if entry.effect_minor < 0]
    assert {entry.references.end_to_end: entry.effect_minor for entry in out} == paid


def _answers(bank: Any, kind: str) -> list[bytes]:
    bank.release()
    rows = bank.conn.execute(
        "SELECT body FROM message WHERE type LIKE ? ORDER BY id", (kind + "%",)
    )
    return [row["body"].encode() for row in rows]
