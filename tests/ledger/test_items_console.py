"""Open items and clearing keys in the console, by people who have signed in."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, expect

from apps.identity.models import Role
from apps.ledger.selectors.items import item_rule, open_items, settlements
from apps.platform.ids import public_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.browser import (
    NARROW,
    WIDE,
    Kiosk,
    browser,
    grave_findings,
    kiosk,
    overflows,
    person,
    sign_in,
    window,
)
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import open_chart
from tests.ledger.test_items import ACCOUNT, keep, post

__all__ = ["browser", "kiosk"]
PAGES = {
    f"ledger/accounts/{ACCOUNT}": ["Open items: 2", "Open keys: 2, 2 late"],
    f"ledger/accounts/{ACCOUNT}/items": ["1.00", "0.60", "Nothing has been settled"],
    f"ledger/accounts/{ACCOUNT}/item-rule": ["Take no posting without a key"],
    "ledger/open-items": ["Open debits less open credits are the balance", "A-1"],
    "ledger/clearing": ["2 late", "A/2", "&gt;30 days"],
    f"ledger/clearing-key?account={ACCOUNT}&key=A/2": ["0.60", "A sale"],
}


def begin() -> None:
    keep(clears_by_key=True, clears_within_days=3)
    post(100, key="A-1")
    post(-60, key="A/2")


def treasurer(books: Tenant) -> Client:
    someone = make_person("otieno", "treasurer")
    client = signed_in(someone, secret=enrolled(someone))
    connection.set_tenant(books)  # type: ignore[attr-defined]
    return client


def test_items_are_ticked_settled_and_opened_again(books: Tenant) -> None:
    begin()
    client = treasurer(books)

    def send(path: str, **form: object) -> int:
        status = client.post(f"/console/ledger/{path}", form).status_code
        connection.set_tenant(books)  # type: ignore[attr-defined]
        return status

    for path, words in PAGES.items():
        text = client.get(f"/console/{path}").content.decode()
        assert [word for word in words if word not in text] == [], path
    items = f"accounts/{ACCOUNT}/items"
    refs = [str(row.ref) for row in open_items(ACCOUNT)]
    assert send(items, item=refs[:1], once="a") == 422
    assert send(items, item=refs, once="b", reason="Paid") == 302
    assert send(items, item=refs, once="b", reason="Paid") == 302  # a button pressed twice
    (row,) = settlements(ACCOUNT)
    assert (row.amount.minor, row.actor) == (60, "person:otieno")
    page = f"item-settlements/{public_id('its', row.id)}"
    assert send(page, action="undo", text="") == 422
    assert send(page, action="undo", text="Wrong") == 302
    assert len(open_items(ACCOUNT)) == 2
    assert send("accounts/9110/item-rule", requires_key="on", reason="x") == 422
    assert send("accounts/9110/item-rule", keeps_items="on", reason="Agreed") == 302
    assert item_rule("9110").keeps_items


def test_who_only_reads_settles_nothing(books: Tenant) -> None:
    begin()
    viewer = signed_in(make_person("wanjiru", "viewer"))
    connection.set_tenant(books)  # type: ignore[attr-defined]
    refs = [str(row.ref) for row in open_items(ACCOUNT)]
    page = f"/console/ledger/accounts/{ACCOUNT}/items"
    assert b"checkbox" not in viewer.get(page).content
    assert viewer.post(page, {"item": refs, "once": "a"}).status_code == 403
    connection.set_tenant(books)  # type: ignore[attr-defined]
    assert settlements(ACCOUNT) == []


@pytest.mark.browser
def test_the_button_says_what_is_settled_and_nobody_is_shut_out(
    browser: Browser, kiosk: Kiosk
) -> None:
    with inside(kiosk.tenant):
        open_chart()
        begin()
        Role.objects.create(
            code="items", name="Items", permissions=["ledger.view", "ledger.settle_items"]
        )
    person(kiosk, "njeri", "items")
    items = f"ledger/accounts/{ACCOUNT}/items"
    others = {"light": f"ledger/accounts/{ACCOUNT}", "dark": "ledger/clearing"}
    for theme, other in others.items():
        with window(browser, kiosk, theme, NARROW if theme == "dark" else WIDE) as page:
            sign_in(page, "njeri")
            for address in (other, items):
                page.goto(address)
                assert grave_findings(page) == [], address
                assert not overflows(page), address
            button = page.get_by_role("button", name="Settle")
            expect(button).to_be_disabled()
            for box in page.get_by_role("checkbox").all():
                box.press("Space")
            expect(button).to_have_text("Settle KES 0.60; KES 0.40 debit stays open")
