"""Laws of the pure parts: amounts, digests, line keys, readers."""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.settlements.connectors import PROFILES
from apps.settlements.domain import (
    DigestLine,
    Direction,
    LineKind,
    ParsedLine,
    PayoutPolicy,
    contents_digest,
    payable_now,
)
from apps.settlements.domain.statements import line_keys, without_numbers
from apps.settlements.errors import UnreadableStatement
from tests.payments.connectors.bank.files import BAI2, MT940
from tests.settlements.world import Line, portal_csv

amounts = st.integers(-(10**6), 10**9)


@given(amounts, st.integers(1, 10_000), st.integers(1, 10**6), st.integers(0, 10**8))
def test_what_is_paid_is_owed_and_within_the_rail(
    owed: int, step: int, least: int, above: int
) -> None:
    policy = PayoutPolicy(step_minor=step, min_minor=least, max_minor=least + above)
    paid = payable_now(owed, policy)
    assert paid == 0 or (
        least <= paid <= min(owed, policy.max_minor)
        and paid % step == 0
        and min(owed, policy.max_minor) - paid < step
    )


texts = st.text('ab,|"[]\x1f ', max_size=6)
digest_lines = st.builds(
    DigestLine,
    reference=texts,
    payee=texts,
    destination=texts,
    amount_minor=st.integers(0, 100),
    currency=st.sampled_from(["KES", "USD"]),
)


@given(texts, st.lists(digest_lines, max_size=8), st.randoms(use_true_random=False))
def test_a_digest_does_not_depend_on_order(
    batch: str, lines: list[DigestLine], chance: random.Random
) -> None:
    shuffled = chance.sample(lines, len(lines))
    assert contents_digest(batch, lines) == contents_digest(batch, shuffled)


@given(
    st.tuples(texts, st.lists(digest_lines, max_size=4)),
    st.tuples(texts, st.lists(digest_lines, max_size=4)),
)
def test_different_contents_have_different_digests(
    one: tuple[str, list[DigestLine]], other: tuple[str, list[DigestLine]]
) -> None:
    is_same = (one[0], sorted(one[1])) == (other[0], sorted(other[1]))
    assert (contents_digest(*one) == contents_digest(*other)) is is_same


parsed_lines = st.builds(
    ParsedLine,
    booked_at=st.integers(0, 3).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(n)),
    direction=st.sampled_from(Direction),
    amount_minor=st.integers(1, 3),
    kind=st.sampled_from(LineKind),
    provider_reference=st.sampled_from(["A", "B"]),
    our_reference=st.just(""),
    linked_reference=st.just(""),
    counterparty=st.just(""),
    text=st.sampled_from(["x", "y"]),
)


@given(st.lists(parsed_lines, max_size=12), st.lists(parsed_lines, max_size=12))
def test_line_keys_are_unique_and_do_not_move_when_lines_follow(
    lines: list[ParsedLine], more: list[ParsedLine]
) -> None:
    keys = line_keys(lines)
    assert len(set(keys)) == len(keys)
    assert line_keys([*lines, *more])[: len(keys)] == keys


def read(profile: str, content: bytes) -> None:
    with contextlib.suppress(UnreadableStatement):
        PROFILES[profile](content)


@given(st.sampled_from(sorted(PROFILES)), st.binary(max_size=400))
def test_a_reader_never_fails_otherwise_than_by_saying_so(profile: str, content: bytes) -> None:
    read(profile, content)


GOOD = portal_csv([Line("A1", "10.00"), Line("A2", "-4.00", "Pay Bill Charge", "A1")], "5.00")
CAMT = (
    b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
    b"<BkToCstmrStmt><Stmt><Acct><Id><Othr><Id>1</Id></Othr></Id><Ccy>KES</Ccy></Acct><Bal><Tp><CdOrPrtry><Cd>OPBD</Cd>"
    b'</CdOrPrtry></Tp><Amt Ccy="KES">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal><Bal><Tp>'
    b'<CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="KES">3.00</Amt><CdtDbtInd>CRDT'
    b'</CdtDbtInd></Bal><Ntry><Amt Ccy="KES">2.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK'
    b"</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt></Ntry></Stmt></BkToCstmrStmt></Document>"
)


FILES = {
    "mpesa-csv": GOOD,
    "camt.053": CAMT,
    "mt940": MT940.replace(b"RC5,00", b"C5,00").replace(b"125,25", b"135,25"),
    "bai2": BAI2,
}


@given(st.sampled_from(sorted(FILES.items())), st.data())
def test_a_damaged_file_is_read_or_refused(case: tuple[str, bytes], data: st.DataObject) -> None:
    profile, content = case
    at = data.draw(st.integers(0, len(content) - 1))
    gone = data.draw(st.integers(0, 20))
    put = data.draw(st.binary(max_size=20) | st.sampled_from([b"1e999", b"NaN", b"-", b"9" * 30]))
    read(profile, content[:at] + put + content[at + gone :])


def test_good_files_of_every_profile_are_read() -> None:
    assert FILES.keys() == PROFILES.keys()
    for profile, content in FILES.items():
        parsed = PROFILES[profile](content)
        parsed.check_proved()
        assert parsed.currency == "KES"


def test_a_mobile_number_in_a_text_is_covered_and_nothing_else_is() -> None:
    text = "Pay Bill from 254719000050 - HASSAN WAFULA Acc. 254719 of 12547190000501"
    assert without_numbers(text) == (
        "Pay Bill from 2547•••••050 - HASSAN WAFULA Acc. 254719 of 12547190000501"
    )
