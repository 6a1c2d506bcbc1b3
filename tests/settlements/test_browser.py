"""Settlements as people meet them: by keyboard, in both themes, sound for axe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, expect

from apps.identity.models import User
from apps.identity.people import actor_of
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from apps.settlements import services
from apps.settlements.domain import PayoutDetails
from apps.settlements.models import Batch, Break, Payee, PayeeFile, Statement
from apps.tenancy.contexts import inside
from tests.browser import SLUG, Kiosk, browser, kiosk, looked_at, window
from tests.identity.people import enrolled, make_person, signed_in
from tests.settlements.test_schedules import TERMS
from tests.settlements.world import (
    COLLECTIONS,
    PAYOUTS,
    Line,
    open_books,
    owe,
    portal_csv,
    submitted,
)

__all__ = ["browser", "kiosk"]
pytestmark = pytest.mark.browser
STATEMENT = [
    Line("SKX77398", "1500.00", text="Pay Bill from 2547•••757 Mwangi"),
    Line("SKX77399", "-8.25", "Pay Bill Charge", "SKX77398", "Charge"),
    Line("SKX77400", "-700.00", "Business Payment", text="Withdrawal"),
]
#: One good row, and one with two things wrong.
DRIVERS = (
    b"reference,name,kind,currency,rail,phone,account_name,account,clearing_member\n"
    b"DRV-1,Otieno Ouma,driver,KES,phone,0799 111 222,,,\n"
    b"DRV-2,,driver,KES,phone,12,,,\n"
)


@dataclass
class Desks:
    """Two batches that wait, an imported statement, and two people who are signed in."""

    checker: list[Any]
    treasurer: list[Any]
    operator: list[Any]
    first: str
    second: str
    statement: str
    exception: str
    payee: str
    file: str
    schedule: str


@pytest.fixture(scope="module")
def desks(kiosk: Kiosk) -> Desks:
    with inside(kiosk.tenant):
        open_books()
        for number, shillings in enumerate((54_405, 6_123, 8_990, 1_342, 641), start=1):
            owe(f"RST-{number}", shillings, f"25471234560{number}")
        maker = actor_of(make_person("amina", "operator"))
        first = submitted(maker)
        owe("RST-6", 350)
        second = submitted(maker)
        services.import_statement(
            provider_account=COLLECTIONS,
            profile="mpesa-csv",
            name="600100-2026-11-20.csv",
            content=portal_csv(STATEMENT),
            actor=SYSTEM,
        )
        services.change_payee_details(
            payee_id=Payee.objects.get(reference="RST-2").id,
            details=PayoutDetails.to_phone("254712345601"),
            actor=maker,
        )
        services.import_payees(name="drivers.csv", content=DRIVERS, actor=maker)
        services.set_rail_times(
            provider_account=PAYOUTS,
            calendar="KE",
            zone="Africa/Nairobi",
            cut_offs=[time(10, 30), time(15)],
            arrives_after_days=1,
            actor=SYSTEM,
        )
        services.say_of_day(
            calendar="KE", day=date(2027, 3, 10), is_open=False, reason="Eid", actor=maker
        )
        schedule = services.make_schedule(draft=TERMS, actor=SYSTEM)
        made = {
            "first": public_id("bat", first.id),
            "second": public_id("bat", second.id),
            "statement": public_id("stm", Statement.objects.get().id),
            "exception": public_id("brk", Break.objects.order_by("reference")[0].id),
            "payee": public_id("payee", Payee.objects.get(reference="RST-2").id),
            "file": public_id("pf", PayeeFile.objects.get().id),
            "schedule": public_id("sch", schedule),
        }
        people = {name: make_person(name, role) for name, role in ROLES.items()}
        secrets = {name: enrolled(user) for name, user in people.items()}
    signed = {name: cookies(user, secrets[name]) for name, user in people.items()}
    connections.close_all()
    return Desks(
        checker=signed["brian"], treasurer=signed["grace"], operator=signed["asha"], **made
    )


ROLES = {"brian": "approver", "grace": "treasurer", "asha": "operator"}


def cookies(user: User, secret: str) -> list[Any]:
    """A session that has just been proved with a code, for the browser."""
    client = signed_in(user, f"{SLUG}.localhost", secret=secret)
    return [
        {"name": name, "value": morsel.value, "domain": f"{SLUG}.localhost", "path": "/"}
        for name, morsel in client.cookies.items()
    ]


def test_pages_are_sound(browser: Browser, kiosk: Kiosk, desks: Desks) -> None:
    at = "settlements"
    found = []
    with window(browser, kiosk) as page:
        page.context.add_cookies(desks.checker)
        found += looked_at(page, "review", f"{at}/batches/{desks.first}/")
        for name in ("approvals", "payee-details"):
            found += looked_at(page, name, f"{at}/{name}/")
        found += looked_at(page, "payee", f"{at}/payees/{desks.payee}/")
    pages = {
        "batches": "batches/",
        "breaks": "breaks/",
        "break": f"breaks/{desks.exception}/",
        "statements": "statements/",
        "statement": f"statements/{desks.statement}/",
        "import": "statements/import",
        "payees": "payees/",
        "releases": "releases/",
        "refused": f"batches/{desks.first}/",
    }
    with window(browser, kiosk) as page:
        page.context.add_cookies(desks.treasurer)
        for name, path in pages.items():
            found += looked_at(page, name, f"{at}/{path}")
        found += looked_at(page, "dashboard", "")
    pages = {
        "payee-new": "payees/new",
        "payee-import": "payees/import",
        "payee-file": f"payees/files/{desks.file}/",
        "payee-change": f"payees/{desks.payee}/details",
        "calendar": "calendar/",
        "cut-offs": "calendar/cut-offs",
        "day": "calendar/day",
        "schedule-new": "schedules/new",
        "schedule": f"schedules/{desks.schedule}/",
    }
    with window(browser, kiosk) as page:
        page.context.add_cookies(desks.operator)
        for name, path in pages.items():
            found += looked_at(page, name, f"{at}/{path}")
    assert found == []


def test_a_queue_is_worked_through_by_keyboard(
    browser: Browser, kiosk: Kiosk, desks: Desks
) -> None:
    with window(browser, kiosk) as page:
        page.context.add_cookies(desks.checker)
        page.goto("settlements/approvals/")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{desks.first}/")
        page.keyboard.press("r")
        expect(page.locator("textarea[name=comment]")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("a")
        expect(page.get_by_text("You approved")).to_be_visible()
        page.keyboard.press("j")
        page.wait_for_url(f"**/{desks.second}/")
        page.keyboard.press("b")
        page.keyboard.type("RST-6 has a new number")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("is open again")).to_be_visible()
    with inside(kiosk.tenant):
        states = list(Batch.objects.order_by("reference").values_list("state", flat=True))
    assert states == ["approved", "open"]
