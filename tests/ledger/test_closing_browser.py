"""Closing and writing by hand as people meet them: by keyboard, in both themes, sound for axe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from playwright.sync_api import Browser, expect

from apps.identity.models import User
from apps.identity.people import actor_of
from apps.ledger.domain import credit, debit
from apps.ledger.domain.journals import JournalDraft
from apps.ledger.domain.periods import PeriodState
from apps.ledger.domain.recurring import Frequency, RecurringDraft, Rhythm
from apps.ledger.models import FiscalYear, Period
from apps.ledger.selectors.recurring import recurring_entry
from apps.ledger.services import (
    approve_recurring,
    close_period,
    draft_journal,
    draft_recurring,
    open_account,
    open_fiscal_year,
    post_due_recurring,
    post_entry,
    request_exception,
    request_reopening,
    save_approval_rule,
    submit_journal,
)
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import public_id
from apps.tenancy.contexts import inside
from tests.browser import PICTURES, SLUG, Kiosk, browser, kiosk, looked_at, window
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import draft, kes, open_chart

__all__ = ["browser", "kiosk"]
pytestmark = pytest.mark.browser
#: Looked at in every run: one page of each sort. With a folder for pictures, all are.
EVERY_RUN = {"period-soft", "year", "journal-new", "journal", "recurring"}


@dataclass
class Desks:
    """A year half closed, a journal that waits, and two people who are signed in."""

    treasurer: list[Any]
    approver: list[Any]
    pages: dict[str, str]
    decisions: dict[str, str]


def close_the_year() -> None:
    """Ten months of 2025 for good, the last two softly."""
    for number in range(1, 13):
        hard = number < 11
        row = Period.objects.get(starts=date(2025, number, 1))
        for state in (PeriodState.SOFT_CLOSED, *([PeriodState.HARD_CLOSED] if hard else [])):
            close_period(
                period_id=row.id,
                to_state=state,
                accepted=["all_is_sealed"],
                step_up_at=clock.now(),
                actor=SYSTEM,
            )


def written_by_hand(maker: Actor) -> UUID:
    """A journal that waits for its approval."""
    journal = draft_journal(
        draft=JournalDraft(
            kind="manual.accrual",
            description="Rent of December",
            value_date=date(2026, 1, 2),
            postings=[debit("9100", kes(90_000)), credit("9900", kes(90_000))],
        ),
        actor=maker,
    )
    submit_journal(journal_id=journal, actor=maker)
    return journal


def held_back(maker: Actor, approver: Actor) -> UUID:
    """A recurring entry whose next day is closed."""
    draft = RecurringDraft(
        description="Rent of the office",
        rhythm=Rhythm(frequency=Frequency.MONTHLY, starts=date(2025, 12, 31), at_month_end=True),
        postings=[debit("9100", kes(90_000)), credit("9900", kes(90_000))],
    )
    id = draft_recurring(draft=draft, actor=maker)
    approve_recurring(
        recurring_id=id,
        digest=recurring_entry(id).digest,
        step_up_at=clock.now(),
        actor=approver,
    )
    assert post_due_recurring(actor=SYSTEM) == 0
    return id


def pages_of(*, opened: str, soft: str, year: str, **things: str) -> dict[str, str]:
    """Every page of closing, reversing and writing by hand, by the ids of what they show."""
    return {
        "periods": "periods/",
        "period-open": f"periods/{opened}",
        "period-soft": f"periods/{soft}",
        "period-frozen": f"periods/{soft}?tab=related",
        "exception": f"periods/{soft}/exception",
        "new-year": "periods/new-year",
        "year": f"years/{year}",
        "carry": f"years/{year}/carry",
        "journals": "manualjournal/",
        "journal-own": f"journals/{things['journal']}",
        "journal-new": "journal/new",
        "recurring": f"recurring/{things['recurring']}",
        "recurring-all": "recurringentry/",
        "recurring-new": "recurring/new",
        "entry": f"entries/{things['entry']}",
        "entry-part": f"entries/{things['entry']}/part",
        "rules": "approval-rules/",
    }


@pytest.fixture(scope="module")
def desks(kiosk: Kiosk) -> Desks:
    with inside(kiosk.tenant):
        open_chart()
        open_account(
            code="3900",
            name="Retained earnings",
            account_class="equity",
            currency="KES",
            actor=SYSTEM,
        )
        year = open_fiscal_year(starts=date(2025, 1, 1), actor=SYSTEM)
        open_fiscal_year(starts=date(2026, 1, 1), actor=SYSTEM)
        made = draft(
            debit("9100", kes(1_250_000)),
            credit("9900", kes(1_250_000)),
            value_date=date(2025, 3, 3),
        )
        entry = post_entry(draft=made, idempotency_key="sale", actor=SYSTEM).entry_id
        close_the_year()
        users = {name: make_person(name, name) for name in ("treasurer", "approver")}
        maker = actor_of(users["treasurer"])
        last = Period.objects.get(starts=date(2025, 12, 1))
        asked = request_exception(
            period_id=last.id,
            reason="The auditor's invoice came late",
            expires_at=clock.now() + timedelta(days=2),
            kinds=["manual.*"],
            actor=maker,
        )
        request_reopening(period_id=last.id, reason="A bank line is missing", actor=maker)
        save_approval_rule(
            name="Above a million", approvals=2, currency="KES", above_minor=10**8, actor=SYSTEM
        )
        journal = written_by_hand(maker)
        secrets = {name: enrolled(user) for name, user in users.items()}
        open_one = Period.objects.get(starts=date(2026, 1, 1))
        pages = pages_of(
            opened=public_id("per", open_one.id),
            soft=public_id("per", last.id),
            year=public_id("fy", year),
            journal=public_id("mj", journal),
            recurring=public_id("rec", held_back(maker, actor_of(users["approver"]))),
            entry=public_id("je", entry),
        )
        assert FiscalYear.objects.count() == 2
    signed = {name: cookies(user, secrets[name]) for name, user in users.items()}
    connections.close_all()
    decisions = {
        "queue": "approvals/",
        "journal": f"journals/{public_id('mj', journal)}",
        "request": f"period-requests/{public_id('prq', asked)}",
    }
    return Desks(signed["treasurer"], signed["approver"], pages, decisions)


def cookies(user: User, secret: str) -> list[Any]:
    """A session that has just been proved with a code, for the browser."""
    client = signed_in(user, f"{SLUG}.localhost", secret=secret)
    return [
        {"name": name, "value": morsel.value, "domain": f"{SLUG}.localhost", "path": "/"}
        for name, morsel in client.cookies.items()
    ]


def chosen(pages: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, path) for name, path in pages.items() if PICTURES or name in EVERY_RUN]


def test_pages_are_sound(browser: Browser, kiosk: Kiosk, desks: Desks) -> None:
    found = []
    with window(browser, kiosk) as page:
        page.context.add_cookies(desks.treasurer)
        for name, path in chosen(desks.pages):
            found += looked_at(page, name, f"ledger/{path}")
    with window(browser, kiosk) as page:
        page.context.add_cookies(desks.approver)
        for name, path in chosen(desks.decisions):
            found += looked_at(page, f"approver-{name}", f"ledger/{path}")
    assert found == []


def test_a_journal_is_written_by_keyboard_and_approved(
    browser: Browser, kiosk: Kiosk, desks: Desks
) -> None:
    with window(browser, kiosk, "light") as page:
        page.context.add_cookies(desks.treasurer)
        page.goto("ledger/journal/new")
        page.get_by_label("Description").fill("Petty cash")
        page.get_by_label("Value date").fill("2026-01-05")
        page.get_by_label("Account of line 1").fill("9100")
        page.keyboard.press("Tab")
        page.keyboard.type("12.50")
        page.get_by_label("Clearing key of line 1").fill("TILL-1")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Account of line 2")).to_be_focused()
        page.keyboard.type("9900")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("12.40")
        expect(page.locator("[data-ch-totals]")).to_contain_text("0.10 credit missing")
        page.get_by_role("button", name="Keep the draft").click()
        expect(page.get_by_text("more than the other side")).to_be_visible()
        page.get_by_label("Credit of line 2").fill("12.50")
        expect(page.locator("[data-ch-totals]")).to_contain_text("12.50 on both sides")
        page.get_by_role("button", name="Keep the draft").click()
        expect(page.get_by_role("cell", name="TILL-1")).to_be_visible()
        page.keyboard.press("s")
        expect(page.get_by_text("waits for somebody else's approval")).to_be_visible()
        path = page.url
    with window(browser, kiosk, "light") as page:
        page.context.add_cookies(desks.approver)
        page.goto(path)
        page.keyboard.press("a")
        expect(page.get_by_text("it is posted as")).to_be_visible()
