"""Card numbers are found however they are written; nothing else is taken for one."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.platform.cards import (
    CardNumberRefused,
    holds_card_number,
    is_card_number,
    refuse_card_numbers,
    without_card_numbers,
)
from apps.platform.ids import new_id, public_id

# The numbers that card schemes and processors publish for tests.
TEST_CARDS = (
    "4222222222222", "4111111111111111", "4012888888881881", "4242424242424242", "5555555555554444",
    "5105105105105100", "2223003122003222", "378282246310005", "371449635398431",
    "6011111111111117", "30569309025904", "38520000023237", "36227206271667", "3530111333300000",
    "3566002020360505", "6200000000000005",
)  # fmt: skip
SEPARATORS = st.sampled_from([" ", "-", "\u00a0", "\u2013"])
DIGITS = string.digits


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A valid number of any issuer's range, in one piece or in groups."""
    start, length = draw(
        st.sampled_from([("4", 16), ("4", 19), ("51", 16), ("2221", 16), ("34", 15), ("36", 14)])
    )
    size = length - len(start) - 1
    body = start + draw(st.text(DIGITS, min_size=size, max_size=size))
    number = next(body + last for last in DIGITS if is_card_number(body + last))
    return draw(grouped(number))


@st.composite
def grouped(draw: st.DrawFn, number: str) -> str:
    sizes = draw(st.sampled_from([(19,), (4, 4, 4, 4, 3), (4, 6, 5), (2,) * 10, (1,) * 19]))
    pieces, at = [], 0
    for size in sizes:
        pieces.append(number[at : at + size])
        at += size
    return draw(SEPARATORS).join(piece for piece in [*pieces, number[at:]] if piece)


FRAMES = st.sampled_from(["{}", "card {}.", "pan:{}", '{{"n": "{}"}}', "card_{}", "Ziel {}, 12/29"])


@given(cards() | st.sampled_from(TEST_CARDS).flatmap(grouped), FRAMES)
def test_any_card_is_found_anywhere_and_covered_for_good(card: str, frame: str) -> None:
    text = frame.format(card)
    assert holds_card_number(text)
    for body in (text, [text], {"metadata": {"note": text}}, {"metadata": {text: "x"}}):
        with pytest.raises(CardNumberRefused) as refused:
            refuse_card_numbers(body)
        assert card not in str(refused.value)
    if text.isascii():
        covered = without_card_numbers(text.encode()).decode()
        assert not holds_card_number(covered)
        assert len(covered) == len(text)
        assert covered[-4:] == text[-4:]


def iban(country: str, bank: str) -> str:
    rearranged = "".join(str(int(letter, 36)) for letter in f"{bank}{country}00")
    return f"{country}{98 - int(rearranged) % 97:02d}{bank}"


def in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def exactly(size: int, letters: str = DIGITS) -> st.SearchStrategy[str]:
    return st.text(letters, min_size=size, max_size=size)


NEITHER = st.one_of(
    exactly(9, string.ascii_uppercase + DIGITS).map("S{}".format),  # receipts of M-Pesa
    exactly(8).map("2547{}".format),
    exactly(8).map("+2547{}".format),
    st.integers(7, 14).flatmap(exactly).map("+4{}".format),  # any number of E.164
    exactly(18).map(lambda bank: iban("DE", bank)),
    exactly(18).map(lambda bank: in_fours(iban("DE", bank))),
    exactly(23).map(lambda bank: in_fours(iban("FR", bank))),
    exactly(14).map(lambda bank: iban("GB", "WEST" + bank)),
    st.integers(6, 12).flatmap(exactly),  # accounts of banks
    exactly(12).map("01{}".format),
    st.uuids().map(str),
    st.builds(lambda: public_id("pay", new_id())),
    st.datetimes().map(str),
    st.datetimes().map(lambda moment: f"{moment:%Y%m%d%H%M%S}" if moment.year < 3000 else "-"),
    st.decimals(0, 10**15, places=2).map(str),
)


@given(NEITHER, st.sampled_from(["{}", "paid by {}.", "ref:{}", '"{}"']))
def test_what_is_no_card_is_left_alone(text: str, frame: str) -> None:
    said = frame.format(text)
    refuse_card_numbers({"description": said})
    assert without_card_numbers(said.encode()) == said.encode()


@given(st.integers(13, 15).flatmap(exactly))
def test_accounts_and_phones_that_pass_for_cards_stand_in_their_own_fields(number: str) -> None:
    refuse_card_numbers({"details": {"account": number}, "phone": number, "account_number": number})


@given(st.binary() | st.text().map(str.encode))
def test_whatever_bytes_come_they_are_kept(body: bytes) -> None:
    assert len(without_card_numbers(body)) == len(body)


def test_json_stays_json() -> None:
    body = json.dumps({"n": 4111111111111111, "s": "5555-5555-5555-4444", "at": 20191219102115})
    assert json.loads(without_card_numbers(body.encode())) == {
        "n": 9000000000001111, "s": "9000-0000-0000-4444", "at": 20191219102115,
    }  # fmt: skip
