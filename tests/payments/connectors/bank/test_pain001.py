"""Payments out: valid by the official schemas, their totals proved, their fields in bounds."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from typing import get_args
from uuid import UUID

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.payments.connectors.bank import pain001
from apps.payments.connectors.bank.errors import BatchTotalsDiffer, UnwritablePayment
from apps.payments.connectors.bank.pain001 import Account, Agent, CreditTransfer
from tests.payments.connectors.bank.files import batch_of, transfers, valid

VERSIONS = get_args(pain001.Version)
ONE = next(transfers(1))


def written(payments: list[CreditTransfer], version: str = "09", **changes: object) -> bytes:
    out = io.BytesIO()
    pain001.write(out, batch_of(payments, **changes), payments, version)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_is_valid_by_the_official_schema(version: str) -> None:
    iban = replace(
        ONE, end_to_end="X", account=Account(iban="DE89370400440532013000"), agent=Agent(),
        uetr=UUID("8a562c67-ca16-48ba-b074-65581be6f001"), instruction="", text="",
    )  # fmt: skip
    clearing = replace(ONE, end_to_end="Y", agent=Agent(clearing_member="01100"))
    odd = replace(ONE, end_to_end="Z", creditor="Söhne & <1>")
    payments = [*transfers(50), iban, clearing, odd]
    valid(written(payments, version, letters=pain001.UNICODE), f"pain.001.001.{version}")


money = st.integers(1, 10**15)
texts = st.text("ABCdef019/-?:().,'+", min_size=1, max_size=140)


@given(
    amounts=st.lists(money, min_size=1, max_size=5),
    text=texts,
    currency=st.sampled_from(["KES", "JPY", "TND"]),
)
@settings(max_examples=40)
def test_what_is_written_is_what_was_meant(amounts: list[int], text: str, currency: str) -> None:
    payments = [
        replace(ONE, end_to_end=f"E{at}", amount_minor=minor, text=text)
        for at, minor in enumerate(amounts)
    ]
    tree = fromstring(written(payments, currency=currency))
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2]
    places = {"KES": 2, "JPY": 0, "TND": 3}[currency]
    told = [Decimal(amount.text or "") for amount in tree.iter("InstdAmt")]
    assert [int(major.scaleb(places)) for major in told] == amounts
    assert {Decimal(sums.text or "") for sums in tree.iter("CtrlSum")} == {sum(told)}
    assert {count.text for count in tree.iter("NbOfTxs")} == {str(len(amounts))}
    assert {ustrd.text for ustrd in tree.iter("Ustrd")} == {text}


BAD = [
    ("end_to_end", {"end_to_end": "x" * 36}),
    ("end_to_end", {"end_to_end": ""}),
    ("end_to_end", {"end_to_end": "/E1"}),
    ("end_to_end", {"end_to_end": "Ü"}),
    ("instruction", {"instruction": "a//b"}),
    ("creditor", {"creditor": "Wanjikũ"}),
    ("creditor", {"creditor": "x" * 141}),
    ("creditor", {"creditor": " x"}),
    ("creditor", {"creditor": "a\nb"}),
    ("text", {"text": "5 < 6"}),
    ("amount_minor", {"amount_minor": 0}),
    ("amount_minor", {"amount_minor": -1}),
    ("amount_minor", {"amount_minor": 1.5}),
    ("amount_minor", {"amount_minor": 10**18}),
    ("account.iban", {"account": Account(iban="DE88370400440532013000")}),
    ("account.other", {"account": Account()}),
    ("agent.bic", {"agent": Agent(bic="EQBL")}),
    ("uetr", {"uetr": UUID("01930000-0000-7000-8000-000000000000")}),
]


@pytest.mark.parametrize(("field", "changes"), BAD)
def test_a_field_out_of_bounds_is_refused_by_name(field: str, changes: dict[str, object]) -> None:
    payment = replace(ONE, **changes)  # type: ignore[arg-type]
    with pytest.raises(UnwritablePayment) as refused:
        written([payment], approved_minor=1)
    assert (refused.value.payment, refused.value.field) == (
        payment.end_to_end or "(no reference)",
        field,
    )


def test_a_field_of_the_batch_is_refused_as_such() -> None:
    for changes in ({"currency": "XXX1"}, {"message": "ü"}, {"service_level": "TOOLONG"}):
        with pytest.raises(UnwritablePayment) as refused:
            written([ONE], **changes)
        assert refused.value.payment == pain001.BATCH


def test_totals_are_those_that_were_approved_and_no_payment_occurs_twice() -> None:
    with pytest.raises(BatchTotalsDiffer) as refused:
        written(list(transfers(3)), approved_minor=1)
    assert refused.value.written_minor == sum(one.amount_minor for one in transfers(3))
    with pytest.raises(BatchTotalsDiffer):
        written(list(transfers(3)), approved_count=4)
    with pytest.raises(UnwritablePayment, match="twice"):
        written([ONE, ONE])
    assert pain001.LATIN.fullmatch(pain001.latin("Wanjikũ Müller"))
