"""The cards of money on the dashboard say what the books say."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest

from apps.console.cards import BarsCard, DaysCard, Kpi
from apps.ledger.domain import EntryDraft, credit, debit
from apps.ledger.selectors import days_of
from apps.ledger.services import post_entry
from apps.payments.admin.cards import collected_card, days_card
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import new_id
from apps.platform.money import Money
from apps.settlements.admin.floats import float_card
from apps.tenancy.models import Tenant
from tests.settlements.world import kes, open_books, owe, person, submitted

REQUEST = HttpRequest()


def moved(debited: str, credited: str, shillings: int, days_ago: int) -> None:
    day = clock.today("Africa/Nairobi") - timedelta(days=days_ago)
    post_entry(
        draft=EntryDraft(
            description="Moved",
            value_date=day,
            kind="test.moved",
            postings=[debit(debited, kes(shillings)), credit(credited, kes(shillings))],
        ),
        idempotency_key=new_id().hex,
        actor=SYSTEM,
    )


def test_days_of_accounts_are_the_sums_of_their_postings(mara: Tenant) -> None:
    open_books(1000)
    moved("1100", "4000", 30, 2)
    moved("1100", "4000", 12, 2)
    moved("4000", "1100", 2, 2)
    today = clock.today("Africa/Nairobi")
    rows = days_of(["1100"], starts=today - timedelta(days=5), ends=today - timedelta(days=1))
    assert [(row.account, row.debits, row.credits) for row in rows] == [("1100", kes(42), kes(2))]
    assert days_of(["1100"], starts=today, ends=today) == []


def test_what_came_in_and_went_out_by_day(mara: Tenant) -> None:
    open_books(1000)
    moved("1100", "4000", 130, 3)
    moved("3000", "1110", 70, 3)
    moved("1100", "4000", 20, 0)
    moved("1100", "4000", 999, 14)
    card = days_card(REQUEST)
    assert isinstance(card, DaysCard)
    assert len(card.days) == 14
    assert card.series["Collected"] == [0] * 10 + [130_00, 0, 0, 20_00]
    assert card.series["Paid out"] == [0] * 10 + [70_00, 0, 0, 0]
    today = collected_card(REQUEST)
    assert isinstance(today, Kpi)
    assert today.value == kes(20)
    assert today.trend == 100  # the thirteen days before had 130 in all: 10 a day


def test_without_provider_accounts_there_is_nothing_to_show(mara: Tenant) -> None:
    assert days_card(REQUEST) is None
    assert collected_card(REQUEST) is None
    assert float_card(REQUEST) is None


def test_what_is_left_of_the_float_once_all_is_paid(mara: Tenant) -> None:
    open_books(1000)
    owe("R1", 300)
    maker: Actor = person("amina")
    batch = submitted(maker)
    card = float_card(REQUEST)
    assert isinstance(card, BarsCard)
    (bar,) = card.bars
    assert bar.value == Money(1000_00 - batch.total_minor, "KES")
    assert (bar.part, bar.whole, bar.tone) == (1000_00 - batch.total_minor, 1000_00, "good")
    moved("3000", "1110", 800, 0)
    card = float_card(REQUEST)
    assert isinstance(card, BarsCard)
    assert card.bars[0].tone == "bad"
    assert card.bars[0].part == 0
