"""Statements in: every format to the one form, proved by its balances, and nothing but refusals."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.payments.connectors.bank import bai2, camt, mt940, profiles
from apps.payments.connectors.bank.reading import Limits
from apps.payments.domain.bank_statements import (
    BankStatement,
    Entry,
    EntryStatus,
    Footer,
    Proof,
    Side,
    collected,
)
from apps.payments.errors.bank_files import UnreadableFile
from tests.payments.connectors.bank.files import (
    BAI2,
    CSV,
    MT940,
    MT942,
    PROFILE,
    READERS,
    camt_entry,
    camt_file,
    camt_head,
    camt_tail,
    stream,
    valid,
)

DAY, NEXT = date(2026, 11, 23), date(2026, 11, 24)


def only(parts: Iterator[object]) -> BankStatement:
    (statement,) = collected(parts)  # type: ignore[arg-type]
    return statement


@pytest.mark.parametrize(
    ("kind", "version"),
    [("052", "02"), ("052", "08"), ("053", "02"), ("053", "04"), ("053", "08"), ("053", "13"),
     ("054", "02"), ("054", "04"), ("054", "08")],
)  # fmt: skip
def test_camt_of_every_kind_and_version(kind: str, version: str) -> None:
    read = only(camt.read(stream(camt_file(kind, version))))
    assert (read.header.format, read.header.account) == (f"camt.{kind}", "1104161412")
    assert (read.header.currency, read.header.reference, read.header.number) == ("KES", "S1", "7")
    paid_in, out = read.entries
    assert (paid_in.amount_minor, paid_in.side) == (5025, Side.CREDIT)
    assert (paid_in.booking_date, paid_in.value_date) == (DAY, NEXT)
    assert (paid_in.references.end_to_end, paid_in.references.bank) == ("E1", "BK1")
    assert paid_in.references.instruction == "I1"
    assert (paid_in.counterparty.name, paid_in.text) == ("Payer 1", "INV 1")
    assert (out.amount_minor, out.side, out.code) == (2000, Side.DEBIT, "PMNT/ICDT/ESCT")
    assert read.proof is (Proof.NO_BALANCES if kind == "054" else Proof.PROVED)


@pytest.mark.parametrize(("kind", "version"), [("053", "02"), ("053", "08"), ("052", "08")])
def test_our_examples_are_valid_by_the_official_schema(kind: str, version: str) -> None:
    valid(camt_file(kind, version), f"camt.{kind}.001.{version}")


def test_camt_batches_pending_entries_reversals_and_differences() -> None:
    many = camt_file().decode()
    detail = many[many.index("<TxDtls>") : many.index("</TxDtls>") + 9]
    info = "<Btch><PmtInfId>B-1</PmtInfId><NbOfTxs>3</NbOfTxs></Btch>"
    many = many.replace(detail, info + detail * 3, 1)
    read = only(camt.read(stream(many.encode())))
    assert [one.amount_minor for one in read.entries[0].details] == [5025] * 3
    batch = read.entries[0].batch
    assert batch is not None
    assert (batch.batch, batch.count) == ("B-1", 3)
    assert read.proof is Proof.PROVED
    pending = camt_file().replace(b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>", 1)
    read = only(camt.read(stream(pending)))
    assert read.entries[0].status is EntryStatus.PENDING
    assert (read.proof, read.footer.difference_minor) == (Proof.DIFFERS, 5025)
    reversal = camt_file().replace(b"</Amt><CdtDbtInd>DBIT</CdtDbtInd>\n", b"</Amt><CdtDbtInd>DBIT"
                                   b"</CdtDbtInd><RvslInd>true</RvslInd>", 1)  # fmt: skip
    read = only(camt.read(stream(reversal)))
    assert [entry.is_reversal for entry in read.entries] == [False, True]
    assert read.proof is Proof.PROVED


def test_mt940_with_blocks_wrapped_lines_reversals_and_a_booking_day_in_the_old_year() -> None:
    read = only(mt940.read(stream(MT940)))
    assert (read.header.format, read.header.opening_minor) == ("mt940", 10_000)
    first, fee, back = read.entries
    assert (first.references.end_to_end, first.references.bank) == ("E1-FULL", "BK1")
    assert (first.counterparty.name, first.value_date) == ("PAYER ONE", NEXT)
    assert (fee.side, fee.references.end_to_end, fee.code) == (Side.DEBIT, "", "NCHG")
    assert (back.side, back.is_reversal, back.references.bank) == (Side.DEBIT, True, "BK3")
    assert (back.value_date, back.booking_date) == (date(2027, 1, 2), date(2026, 12, 31))
    assert read.proof is Proof.PROVED
    two = list(collected(mt940.read(stream(MT940 + MT940))))
    assert [one.proof for one in two] == [Proof.PROVED] * 2


def test_mt942_has_sums_instead_of_balances_and_they_must_hold() -> None:
    read = only(mt940.read(stream(MT942)))
    assert (read.header.is_intraday, read.proof) == (True, Proof.NO_BALANCES)
    assert read.entries[0].amount_minor == 5025
    with pytest.raises(UnreadableFile, match="does not hold"):
        only(mt940.read(stream(MT942.replace(b":90C:1", b":90C:2"))))


def test_mt940_peer_reads_the_same_amounts() -> None:
    peer = pytest.importorskip("mt940")
    ours = only(mt940.read(stream(MT940)))
    theirs = [int(row.data["amount"].amount * 100) for row in peer.parse(MT940.decode())]
    # The peer takes the reversal of a credit for a credit: its sum does not make the balance.
    assert theirs == [
        entry.amount_minor if entry.is_reversal else entry.effect_minor for entry in ours.entries
    ]


def test_bai2_with_continuations_value_dates_and_totals() -> None:
    read = only(bai2.read(stream(BAI2)))
    assert (read.header.currency, read.header.opening_minor) == ("KES", 10_000)
    paid_in, out = read.entries
    assert (paid_in.side, paid_in.value_date, paid_in.booking_date) == (Side.CREDIT, NEXT, DAY)
    assert (paid_in.references.bank, paid_in.references.end_to_end) == ("BK1", "E1")
    assert (paid_in.text, out.effect_minor) == ("INV 1,of Payer,one", -2000)
    assert read.proof is Proof.PROVED
    for changed in (b"16,142,5026", b"49,30050,7"):
        with pytest.raises(UnreadableFile):
            only(bai2.read(stream(BAI2.replace(changed[:-1] + bytes([changed[-1] - 1]), changed))))


def test_csv_by_profile_with_chained_balances() -> None:
    read = only(profiles.read(stream(CSV.encode()), PROFILE))
    assert [entry.effect_minor for entry in read.entries] == [105_025, -2_000]
    assert (read.entries[0].text, read.footer.opening_minor) == ("Pay; one", 10_000)
    assert read.proof is Proof.PROVED
    head, one, two = CSV.splitlines()
    newest = "\n".join((head, two, one))
    read = only(profiles.read(stream(newest.encode()), replace(PROFILE, is_newest_first=True)))
    assert (read.footer.closing_minor, read.proof) == (113_025, Proof.PROVED)
    with pytest.raises(UnreadableFile, match="does not follow"):
        only(profiles.read(stream(newest.encode()), PROFILE))


@pytest.mark.parametrize(
    ("sign", "row", "effect"),
    [("signed", "-5.00,,,", -500), ("negated", "-5.00,,,", 500), ("by_side", "5.00,DR,,", -500),
     ("by_side", "5.00,cr,,", 500), ("by_column", ",,5.00,", 500), ("by_column", ",,,5.00", -500),
     ("signed", "(5.00),,,", -500), ("signed", "5.00-,,,", -500)],
)  # fmt: skip
def test_csv_signs(sign: profiles.Sign, row: str, effect: int) -> None:
    profile = profiles.Profile(
        name="x", account="1", currency="KES", sign=sign, date_format="%Y-%m-%d",
        columns={"booking_date": "d", "amount": "a", "side": "s", "credit": "c", "debit": "o"},
    )  # fmt: skip
    read = only(profiles.read(stream(f"d,a,s,c,o\n2026-11-23,{row}\n".encode()), profile))
    assert [entry.effect_minor for entry in read.entries] == [effect]


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize("name", ["camt", "pain002"])
def test_dtds_and_bombs_are_refused_before_anything_is_read(name: str) -> None:
    read, good = READERS[name]
    outside = b'<!DOCTYPE x SYSTEM "file:///etc/passwd">'
    for start in (BOMB, outside, b'<?xml version="1.0"?>' + BOMB):
        with pytest.raises(UnreadableFile, match="DTD"):
            list(read(stream(start + good)))
    for bad in (b"<a>" * 100 + good, good[:-5], b"", good.replace(b"<Document", b"<Docum\xff")):
        with pytest.raises(UnreadableFile):
            list(read(stream(bad)))
    with pytest.raises(UnreadableFile, match="markup"):
        list(read(stream(b'<Document x="' + b"a" * (3 << 20) + b'"/>')))


@pytest.mark.parametrize("name", READERS)
def test_giant_and_cut_files_are_refused(name: str) -> None:
    read, good = READERS[name]
    for limits in (Limits(file_bytes=len(good) - 1), Limits(entries=0)):
        with pytest.raises(UnreadableFile, match=r"longer|more than"):
            list(read(stream(good), limits))
    if name not in ("csv", "mt942"):  # these have no end of their own: a balance or sum proves them
        for cut in range(0, len(good) - 90, 41):
            with pytest.raises(UnreadableFile):
                list(read(stream(good[:cut])))


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_mutated_files_are_read_or_refused_and_nothing_else(name: str, data: st.DataObject) -> None:
    read, good = READERS[name]
    content = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 12))
        content[at : at + length] = data.draw(
            st.one_of(st.binary(max_size=8), st.sampled_from(_PIECES))
        )
    with suppress(UnreadableFile):
        list(read(stream(bytes(content))))


_PIECES = [b"<", b">", b"&#0;", b"</Ntry>", b"<Ntry>", b"<Stmt>", b'"', b"\n", b":61:", b":20:",
           b"88,", b"16,", b",", b"D,99999", b"9" * 30, b"-", b"NaN", b"1e5", b"\xc3\xa9", b"\x00",
           "\u0663".encode(), b"0001-01-01", b"9999-12-31", b"/", b"000000", b"0231"]  # fmt: skip


@given(
    opening=st.integers(0, 10**12),
    moves=st.lists(st.integers(-(10**12), 10**12).filter(bool), max_size=8),
)
@settings(max_examples=25)
def test_any_movements_written_as_camt_come_back(opening: int, moves: list[int]) -> None:
    closing = opening + sum(moves)
    entries = "".join(
        camt_entry(at, "CRDT" if move > 0 else "DBIT", _major(abs(move)), "08")
        for at, move in enumerate(moves)
    )
    head = camt_head("053", "08", _major(opening), _major(abs(closing)))
    if closing < 0:
        head = "DBIT".join(head.rsplit("CRDT", 1))
    read = only(camt.read(stream((head + entries + camt_tail("053")).encode())))
    assert [entry.effect_minor for entry in read.entries] == moves
    assert (read.footer.closing_minor, read.proof) == (closing, Proof.PROVED)


def _major(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def test_memory_does_not_grow_with_the_file() -> None:
    """Neither with entries nor with the payments of one entry."""
    peaks = [_peak(count) for count in (150, 900)]
    assert all(later < sooner * 1.5 for sooner, later in pairwise(peaks)), peaks


def _peak(count: int) -> int:
    entry = camt_entry(1, "CRDT", "1", "08")
    parts = [camt_head("053", "08", "0", str(count)), *(entry for _ in range(count))]
    source = _Slow([part.encode() for part in [*parts, camt_tail("053")]])
    tracemalloc.start()
    last: object = None
    for last in camt.read(source):  # type: ignore[arg-type]
        assert not isinstance(last, Entry) or last.amount_minor == 100
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(last, Footer)
    assert (last.count, last.proof) == (count, Proof.PROVED)
    return peak


class _Slow:
    def __init__(self, parts: list[bytes]) -> None:
        self._parts = iter(parts)

    def read(self, _size: int) -> bytes:
        return next(self._parts, b"")
