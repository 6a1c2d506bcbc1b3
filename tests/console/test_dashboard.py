"""The first page: cards of the apps, and no empty corners."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import HttpRequest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.console.cards import BarsCard, Card, Kpi
from apps.console.registry import CardEntry, registries
from apps.console.views.dashboard import COLUMNS, SPANS, packed
from apps.identity.errors import UserNotFound
from apps.platform import clock
from apps.platform.models import OutboxMessage
from tests.console.conftest import Door, text


@given(st.lists(st.sampled_from(sorted(SPANS)), max_size=12))
def test_rows_of_cards_are_always_full(widths: list[str]) -> None:
    cards = [BarsCard(title="x", width=width) for width in widths]  # type: ignore[arg-type]
    row, laid = 0, packed(cards)
    for card, span in laid:
        assert span >= SPANS[card.width]
        row += span
        assert row <= COLUMNS
        row %= COLUMNS
    assert row == 0
    assert [card for card, _ in laid] == cards


def broken(request: HttpRequest) -> Card:
    raise UserNotFound


def empty(request: HttpRequest) -> None:
    return None


def test_a_card_that_cannot_be_read_leaves_the_others_alone(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        CardEntry(build=broken, permission="", order=1),
        CardEntry(build=empty, permission="", order=2),
        CardEntry(build=lambda _: Kpi(title="Fine", value=3), permission="", order=3),
        CardEntry(build=lambda _: Kpi(title="Secret", value=3), permission="ledger.post"),
    ]
    monkeypatch.setattr(registries["console"], "cards", entries)
    page = text(door("viewer").get("/console/"))
    assert "A card could not be read" in page
    assert "Fine" in page
    assert "Secret" not in page


def test_what_is_late_or_broken_is_said_first_and_only_then(door: Door) -> None:
    client = door("operator")
    now = clock.now()
    assert "ch-alerts" not in text(client.get("/console/"))
    event = OutboxMessage.objects.create(
        name="x", version=1, aggregate="x", sequence=1, payload={}, recorded_at=now
    )
    assert "ch-alerts" not in text(client.get("/console/"))  # the relay has had no time yet
    OutboxMessage.objects.filter(pk=event.pk).update(recorded_at=now - timedelta(minutes=3))
    assert "1 event is waiting" in text(client.get("/console/"))


def test_somebody_without_roles_is_told_what_to_do(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = text(door().get("/console/"))
    assert "Ask an administrator for a role" in page


def test_whose_books_these_are_is_always_said(everything: Client, platform_admin: Client) -> None:
    page = text(everything.get("/console/"))
    assert "Mara Eats" in page
    assert "ch-mode ch-mode-test" in page
    assert "ch-mode ch-mode-platform" in text(platform_admin.get("/platform/"))
