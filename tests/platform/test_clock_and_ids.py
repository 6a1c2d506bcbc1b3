"""Time that can be moved, and ids that sort by it."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.platform import clock
from apps.platform.ids import new_id, parse_public_id, public_id

prefixes = st.from_regex(r"[a-z]{1,10}", fullmatch=True)


def test_now_is_an_instant_in_utc() -> None:
    assert abs(clock.now() - datetime.fromtimestamp(time.time(), UTC)) < timedelta(seconds=5)
    assert clock.now().tzinfo is UTC


def test_the_clock_reads_what_a_test_says_and_only_there() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with clock.reading(lambda: noon):
        assert clock.now() == noon
        with clock.reading(lambda: noon + timedelta(days=1)):
            assert clock.today() == date(2026, 1, 2)
        assert clock.today() == date(2026, 1, 1)
    with pytest.raises(ZeroDivisionError), clock.reading(lambda: noon):
        _ = 1 / 0
    assert clock.now() > noon


def test_the_day_is_that_of_the_zone() -> None:
    late = datetime(2026, 3, 31, 21, 30, tzinfo=UTC)
    with clock.reading(lambda: late):
        assert clock.today() == date(2026, 3, 31)
        assert clock.today("Africa/Nairobi") == date(2026, 4, 1)
        assert clock.today("America/New_York") == date(2026, 3, 31)


def test_ids_are_uuids_of_version_seven_in_the_order_they_were_made() -> None:
    made = [new_id() for _ in range(2000)]
    assert {id.version for id in made} == {7}
    assert len(set(made)) == len(made)
    stamps = [id.int >> 80 for id in made]
    assert stamps == sorted(stamps)


@given(prefix=prefixes, number=st.integers(0, 2**128 - 1))
def test_a_public_id_leads_back_to_its_id(prefix: str, number: int) -> None:
    id = UUID(int=number)
    text = public_id(prefix, id)
    assert text.startswith(f"{prefix}_")
    assert parse_public_id(prefix, text) == id


@given(st.lists(st.integers(0, 2**128 - 1), min_size=2, max_size=5))
def test_public_ids_sort_as_their_ids_do(numbers: list[int]) -> None:
    ids = sorted(UUID(int=number) for number in numbers)
    texts = [public_id("pay", id) for id in ids]
    assert texts == sorted(texts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pay",
        "pay_",
        "pay_123",
        "pi_01k9zv5e2cfd2t6h3q8m4n7pws",
        "PAY_01k9zv5e2cfd2t6h3q8m4n7pws",
        "pay_01K9ZV5E2CFD2T6H3Q8M4N7PWS",
        "pay_8zzzzzzzzzzzzzzzzzzzzzzzzz",  # more than 128 bits
        "pay_01k9zv5e2cfd2t6h3q8m4n7pwu",  # no such letter
        "pay_01k9zv5e2cfd2t6h3q8m4n7pws\n",
        "pay_01k9zv5e2cfd2t6h3q8m4n7pws' OR 1=1",
    ],
)
def test_what_is_no_id_of_that_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="id"):
        parse_public_id("pay", text)


@given(st.text(max_size=60))
def test_no_text_at_all_gets_through_as_an_id_by_accident(text: str) -> None:
    try:
        id = parse_public_id("pay", text)
    except ValueError:
        return
    assert public_id("pay", id) == text
