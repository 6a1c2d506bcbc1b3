"""The chart, an account, an entry and the reports as a person meets them: eyes and keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from apps.identity.models import Role
from apps.ledger.domain import credit, debit
from apps.ledger.selectors.charts import chart_template
from apps.ledger.services import apply_chart, post_each, post_entry
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from apps.tenancy.contexts import inside
from tests.browser import PICTURES, Kiosk, browser, kiosk, looked_at, person, sign_in, window
from tests.ledger.conftest import draft, kes

__all__ = ["browser", "kiosk"]
pytestmark = pytest.mark.browser
#: Looked at only for pictures of them: lists and reports are made of parts that others test.
PICTURED = [
    "ledger/accounts/1100?tab=related",
    "ledger/trial-balance",
    "ledger/balance-sheet",
    "ledger/income-statement",
    "ledger/general-ledger",
    "ledger/account-statement?account=1100",
    "ledger/refusal/",
    "payments/providers",
]


@pytest.fixture(scope="module")
def pages(kiosk: Kiosk) -> list[str]:
    """A chart from a template, one sale, and somebody who may change the books."""
    with inside(kiosk.tenant):
        apply_chart(
            chart=chart_template("food_delivery").chart, reason="To begin with", actor=SYSTEM
        )
        made = draft(debit("1100", kes(105_000)), credit("4000", kes(105_000)))
        entry = post_entry(draft=made, idempotency_key="k", actor=SYSTEM).entry_id
        Role.objects.create(
            code="books",
            name="Books",
            permissions=["ledger.view", "ledger.manage", "payments.view"],
        )
        if PICTURES:
            astray = draft(debit("1100", kes(9)), credit("nowhere", kes(9)))
            post_each(drafts={"astray": astray}, actor=SYSTEM)
    person(kiosk, "njeri", "books")
    return [
        *(PICTURED if PICTURES else []),
        "ledger/chart",
        "ledger/accounts/1100",
        "ledger/accounts/1100/status",
        f"ledger/entries/{public_id('je', entry)}",
    ]


def test_the_books_shut_nobody_out(browser: Browser, kiosk: Kiosk, pages: list[str]) -> None:
    with window(browser, kiosk) as page:
        sign_in(page, "njeri")
        for address in pages:
            assert looked_at(page, re.sub(r"\W", "-", address), address) == []


def test_the_tree_is_walked_and_folded_by_keyboard_alone(
    browser: Browser, kiosk: Kiosk, pages: list[str]
) -> None:
    with window(browser, kiosk) as page:
        sign_in(page, "njeri")
        page.goto("ledger/chart")
        inner = page.get_by_role("row", name="1100 M-Pesa")
        for key in ("j", "j", "j", "ArrowLeft"):  # 1, 1010, 1090, folded
            page.keyboard.press(key)
        expect(inner).to_be_hidden()
        page.keyboard.press("ArrowRight")
        expect(inner).to_be_visible()
        for key in ("ArrowDown", "ArrowLeft", "k", "k", "ArrowLeft", "ArrowRight"):
            page.keyboard.press(key)  # to its header, and the whole branch shut and open
        expect(inner).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("collections")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=collections**")
        for key in ("j", "j", "j", "Enter"):
            page.keyboard.press(key)
        page.wait_for_url("**/accounts/1100")
        page.get_by_role("link", name="2 Mar 2026").click()
        expect(page.get_by_text("Debits and credits are both KES")).to_be_visible()
