"""The arithmetic of currencies: no unit is lost, made, or assumed."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.connectors import ecb
from apps.ledger.domain.fx import (
    FixedSide,
    Holding,
    Mid,
    Rate,
    RateBook,
    RateDraft,
    RateSource,
    deviation_bps,
    terms,
)
from apps.ledger.domain.fx.rates import rounded
from apps.ledger.errors.fx import ConversionOutOfRange, RatesUnreadable, RateUnsound, SameCurrency
from apps.platform.ids import new_id
from apps.platform.money import Money
from tests.ledger.ecb_files import CSV, HISTORY_CSV, XML

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CURRENCIES = st.sampled_from(["KES", "USD", "EUR", "JPY", "BHD", "CLF"])  # 2, 2, 2, 0, 3, 4
RATES = st.fractions(min_value=Fraction(1, 10_000), max_value=10_000, max_denominator=10**6)


def rate(pair: str, value: str, begins: datetime = NOON, hours: int = 24) -> Rate:
    base, quote = pair.split("/")
    return Rate(
        id=new_id(),
        base=base,
        quote=quote,
        rate=Decimal(value),
        valid_from=begins,
        valid_until=begins + timedelta(hours=hours),
        source=RateSource.MANUAL,
        recorded_at=begins,
    )


def book(*rates: Rate) -> RateBook:
    return RateBook(rates, functional="KES")


@pytest.mark.parametrize(
    ("pair", "value", "hops"),
    [
        ("USD/KES", Fraction(129), [False]),
        ("KES/USD", Fraction(1, 129), [True]),
        ("EUR/KES", Fraction(11, 10) * 129, [False, False]),
        ("KES/EUR", 1 / (Fraction(11, 10) * 129), [True, True]),
        ("SEK/KES", Fraction(1, 11) * Fraction(11, 10) * 129, [True, False, False]),
        ("KES/KES", Fraction(1), []),
    ],
)
def test_a_rate_is_derived_exactly_and_says_how(
    pair: str, value: Fraction, hops: list[bool]
) -> None:
    known = book(rate("USD/KES", "129"), rate("EUR/USD", "1.1"), rate("EUR/SEK", "11"))
    base, quote = pair.split("/")
    mid = known.mid(base, quote, NOON)
    assert mid is not None
    assert mid.value == value
    assert mid.rate == rounded(value)
    assert [hop["is_inverted"] for hop in mid.derivation()] == hops


def test_only_valid_rates_count_and_the_newest_wins() -> None:
    known = book(
        rate("USD/KES", "129", NOON - timedelta(hours=5)),
        rate("KES/USD", "0.0080", NOON - timedelta(hours=1), hours=2),
        rate("USD/KES", "200", NOON + timedelta(seconds=1)),
    )

    def at(moment: datetime) -> Fraction | None:
        mid = known.mid("USD", "KES", moment)
        return mid.value if mid else None

    assert at(NOON) == 125  # the other way round, but it began last
    assert at(NOON - timedelta(hours=3)) == 129
    assert at(NOON + timedelta(hours=1)) == 200
    assert at(NOON + timedelta(days=2)) is None  # stale
    assert at(NOON - timedelta(days=2)) is None  # not yet
    assert known.mid("USD", "SEK", NOON) is None


@pytest.mark.parametrize(
    "change",
    [
        {"rate": Decimal(0)},
        {"rate": Decimal(-1)},
        {"rate": Decimal("NaN")},
        {"rate": Decimal("1E+20")},
        {"rate": Decimal("0.1234567890123456789")},
        {"quote": "USD"},
        {"quote": "QQQ"},
        {"valid_until": NOON},
    ],
)
def test_an_unsound_rate_is_refused(change: dict[str, object]) -> None:
    sound: dict[str, object] = {
        "base": "USD",
        "quote": "KES",
        "rate": Decimal("0.123456789012345678"),
        "valid_from": NOON,
        "valid_until": NOON + timedelta(days=1),
    }
    RateDraft(**sound).check()  # type: ignore[arg-type]
    with pytest.raises(RateUnsound):
        RateDraft(**(sound | change)).check()  # type: ignore[arg-type]


def test_deviation_is_rounded_up() -> None:
    assert deviation_bps(Decimal(102), Fraction(100)) == 200
    assert deviation_bps(Decimal("97.9999"), Fraction(100)) == 201
    assert deviation_bps(Decimal(100), Fraction(100)) == 0


@given(
    amount=st.integers(1, 10**12),
    currencies=st.lists(CURRENCIES, min_size=2, max_size=2, unique=True),
    side=st.sampled_from(FixedSide),
    mid=RATES,
    bps=st.integers(0, 1000),
)
def test_terms_lose_nothing_and_favour_the_house_by_less_than_a_unit(
    amount: int, currencies: list[str], side: FixedSide, mid: Fraction, bps: int
) -> None:
    fixed = Money(amount, currencies[0])
    try:
        agreed = terms(fixed=fixed, side=side, other=currencies[1], mid=mid, spread_bps=bps)
    except ConversionOutOfRange:
        return
    assert agreed.sell == agreed.sell_position + agreed.spread + agreed.sell_rounding
    assert agreed.buy_position == agreed.buy + agreed.buy_rounding
    assert {agreed.sell_rounding.minor, agreed.buy_rounding.minor} <= {0, 1}
    assert (agreed.sell if side is FixedSide.SELL else agreed.buy) == fixed
    # The client never gets more than the middle rate gives for what the spread leaves.
    paid = (agreed.sell - agreed.spread).major * 1
    assert Fraction(agreed.buy.major) <= Fraction(paid) * mid
    # The position is fair: within half a unit of the side that was rounded.
    got, gave = Fraction(agreed.sell_position.major), Fraction(agreed.buy_position.major)
    if side is FixedSide.SELL:
        assert abs(gave - got * mid) <= Fraction(Money(1, agreed.buy.currency).major) / 2
    else:
        assert abs(got - gave / mid) <= Fraction(Money(1, agreed.sell.currency).major) / 2
    # The spread is what it says, to half a unit of the currency sold (twice where it is derived).
    share = Fraction(agreed.sell.minor * bps, 10_000)
    assert abs(agreed.spread.minor - share) <= 1


@given(
    amount=st.integers(1, 10**12),
    currencies=st.lists(CURRENCIES, min_size=2, max_size=2, unique=True),
    mid=RATES,
    bps=st.integers(0, 500),
)
def test_a_round_trip_creates_no_value(
    amount: int, currencies: list[str], mid: Fraction, bps: int
) -> None:
    start = Money(amount, currencies[0])
    try:
        out = terms(fixed=start, side=FixedSide.SELL, other=currencies[1], mid=mid, spread_bps=bps)
        back = terms(
            fixed=out.buy, side=FixedSide.SELL, other=currencies[0], mid=1 / mid, spread_bps=bps
        )
    except ConversionOutOfRange:
        return
    assert back.buy <= start - out.spread
    # … and buying back exactly what was sold costs at least what was received.
    again = terms(fixed=start, side=FixedSide.BUY, other=currencies[1], mid=1 / mid, spread_bps=bps)
    assert out.buy <= again.sell - again.spread


@pytest.mark.parametrize(
    ("fixed", "side", "other", "refusal"),
    [
        (Money(1, "KES"), FixedSide.SELL, "USD", ConversionOutOfRange),
        (Money(0, "KES"), FixedSide.SELL, "USD", ConversionOutOfRange),
        (Money(2**62, "USD"), FixedSide.SELL, "KES", ConversionOutOfRange),
        (Money(5, "KES"), FixedSide.BUY, "KES", SameCurrency),
    ],
)
def test_what_cannot_be_converted_is_refused(
    fixed: Money, side: FixedSide, other: str, refusal: type[Exception]
) -> None:
    mid = Fraction(1, 129) if fixed.currency == "KES" else Fraction(129)
    with pytest.raises(refusal):
        terms(fixed=fixed, side=side, other=other, mid=mid, spread_bps=0)


MOVES = st.lists(
    st.tuples(st.integers(-(10**9), 10**9).filter(bool), st.integers(0, 10**11)),
    min_size=1,
    max_size=30,
)


@given(moves=MOVES)
def test_a_position_keeps_every_unit_of_its_cost(moves: list[tuple[int, int]]) -> None:
    holding = Holding.none("USD", "KES")
    paid = realised = 0
    for quantity, worth in moves:
        value = worth if quantity > 0 else -worth
        before = holding
        holding, result = holding.moved(Money(quantity, "USD"), Money(value, "KES"))
        paid += value
        realised += result.minor
        assert holding.quantity.minor == before.quantity.minor + quantity
        assert holding.carried.minor == before.carried.minor + value + result.minor
        assert holding.carried.minor * holding.quantity.minor >= 0
        grows = before.quantity.minor * quantity >= 0
        assert not (grows and result)
        if not grows and holding.quantity.minor * before.quantity.minor > 0:
            # Average cost: the cost of each unit that is left is as before, to the unit.
            exact = Fraction(before.carried.minor * holding.quantity.minor, before.quantity.minor)
            assert abs(holding.carried.minor - exact) < 1
    assert holding.carried.minor == paid + realised
    closing = Money(-holding.quantity.minor, "USD")
    closed, rest = holding.moved(closing, Money.zero("KES"))
    if holding.quantity:
        assert (closed.quantity.minor, closed.carried.minor) == (0, 0)
        assert rest.minor == -holding.carried.minor


def test_an_average_cost_by_hand() -> None:
    def usd(major: str) -> Money:
        return Money.from_major(major, "USD")

    def kes(major: str) -> Money:
        return Money.from_major(major, "KES")

    holding, _ = Holding.none("USD", "KES").moved(usd("100"), kes("12900"))
    holding, _ = holding.moved(usd("50"), kes("6600"))
    holding, result = holding.moved(usd("-60"), kes("-7860"))
    assert (holding.quantity, holding.carried, result) == (usd("90"), kes("11700"), kes("60"))
    holding, result = holding.moved(usd("-100"), kes("-13200"))  # and ten more than there are
    assert (holding.quantity, holding.carried) == (usd("-10"), kes("-1320"))
    assert result == kes("180")


@pytest.mark.parametrize("name", ["xml", "csv", "zip"])
def test_the_central_banks_files_are_read_as_they_are_published(name: str) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref.csv", CSV)
    content = {"xml": XML, "csv": CSV, "zip": zipped.getvalue()}[name]
    found = {draft.quote: draft for draft in ecb.read(content)}
    assert len(found) == 29
    dollar = found["USD"]
    assert (dollar.base, dollar.rate) == ("EUR", Decimal("1.1527"))
    assert dollar.valid_from == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 16:00 in Frankfurt
    assert found["IDR"].rate == Decimal("19283.42")
    # Over Easter the rate of Maundy Thursday still holds on Tuesday, not on Wednesday.
    assert dollar.valid_until - dollar.valid_from == timedelta(days=5, hours=12)


def test_a_history_is_read_without_what_was_not_quoted() -> None:
    found = ecb.read(HISTORY_CSV)
    days = {draft.valid_from.astimezone(ecb.ZONE).date() for draft in found}
    assert days == {date(2026, 7, 15), date(2026, 7, 16)}
    assert {draft.quote for draft in found} == {"USD", "JPY"}  # CYP is gone, ISK was N/A
    assert found == sorted(found, key=lambda draft: (draft.valid_from, draft.quote))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Sorry</html>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
        b"Date, USD, \n20 Movember 2026, 1.1, ",
        b"Date, USD, \n20 November 2026, one, ",
        b"Day, USD\n2026-11-20,1.1",
        b"PK\x03\x04nothing",
        b"\xff\xfe",
        XML.replace(b"USD", b"QQQ").split(b"<Cube currency='JPY'")[0] + b"</Cube></Cube>",
    ],
)
def test_what_is_not_such_a_file_is_refused(content: bytes) -> None:
    with pytest.raises(RatesUnreadable):
        ecb.read(content)


def test_a_rate_is_rounded_half_to_even_at_the_eighteenth_decimal() -> None:
    assert rounded(Fraction(5, 10**19)) == Decimal(0)
    assert rounded(Fraction(15, 10**19)) == Decimal("0.000000000000000002")
    assert Mid(base="A", quote="B", hops=()).rate == 1
