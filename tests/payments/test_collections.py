"""Collecting from a phone: every ending the provider can give a payment."""

from __future__ import annotations

from collections.abc import Callable

from apps.payments import selectors
from apps.platform.ids import public_id
from tests.payments.conftest import House
from tests.payments.world import balance, collect, kes, payment_when, told, until, work


def test_a_paid_prompt_is_captured_booked_and_told_once(house: House) -> None:
    before = balance("1100"), balance("4000"), balance("2100.rst-1")
    view = payment_when(collect("254708000001"), "succeeded")
    after = balance("1100"), balance("4000"), balance("2100.rst-1")
    assert [b - a for a, b in zip(before, after, strict=True)] == [1_500_00, 150_00, 1_350_00]
    captured = told("payment_captured", public_id("pi", view.intent.id))
    assert len(captured) == 1
    assert captured[0]["amount"] == {"amount_minor": 1_500_00, "currency": "KES"}
    assert captured[0]["payer_masked"] == "2547*****001"
    assert captured[0]["expected_fee"] == {"amount_minor": 8_25, "currency": "KES"}
    assert captured[0]["provider_account"] == "mpesa-collections"
    (transfer,) = [
        row
        for row in house.provider.transfers(house.paybill, "pay_in")
        if row["receipt"] == captured[0]["provider_reference"]
    ]
    assert transfer["amount_minor"] == 1_500_00
