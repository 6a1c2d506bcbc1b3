"""Posting templates as people meet them: in both themes, by keyboard, sound for axe."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, expect

from apps.identity.people import actor_of
from apps.ledger.services import activate_template, draft_template
from apps.platform import clock
from apps.tenancy.contexts import inside
from tests.browser import PICTURES, SLUG, Kiosk, browser, kiosk, looked_at, window
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import open_chart
from tests.ledger.template_world import SALE, changed, money

__all__ = ["browser", "kiosk"]
pytestmark = pytest.mark.browser
#: Looked at in every run is the page that shows most; with a folder for pictures, all are.
PAGES = {"template-failed": "templates/sale@2?check=now"}
if PICTURES:
    PAGES |= {
        "templates": "postingtemplate/",
        "template-new": "template/new?from=sale@1",
        "template": "templates/sale",
    }


@pytest.fixture(scope="module")
def cookies(kiosk: Kiosk) -> list[Any]:
    """A treasurer's session; the first version is in use, the second, a draft, fails."""
    with inside(kiosk.tenant):
        open_chart()
        treasurer = make_person("treasurer", "treasurer")
        maker = actor_of(treasurer)
        draft_template(document=SALE, actor=maker)
        second = actor_of(make_person("second", "approver"))
        activate_template(template="sale@1", step_up_at=clock.now(), actor=second)
        wrong = changed(lambda d: d["examples"][0]["legs"][1].update(amount=money(26)))
        draft_template(document=wrong, actor=maker)
        secret = enrolled(treasurer)
    client = signed_in(treasurer, f"{SLUG}.localhost", secret=secret)
    connections.close_all()
    return [
        {"name": name, "value": morsel.value, "domain": f"{SLUG}.localhost", "path": "/"}
        for name, morsel in client.cookies.items()
    ]


def test_pages_are_sound_and_the_form_posts(
    browser: Browser, kiosk: Kiosk, cookies: list[Any]
) -> None:
    found = []
    with window(browser, kiosk) as page:
        page.context.add_cookies(cookies)
        for name, path in PAGES.items():
            found += looked_at(page, name, f"ledger/{path}")
        page.goto("ledger/templates/sale")
        page.keyboard.press("p")
        page.get_by_label("Paid (KES)").fill("10.01")
        page.get_by_label("Commission (%)").fill("2.5")
        page.get_by_label("Seller").fill("9500.one")
        page.get_by_label("Order").fill("A-1")
        page.get_by_label("Day").fill("2026-03-02")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Balance after")).to_be_visible()
        found += looked_at(page, "template-post")
        page.get_by_role("button", name="Post it").click()
        expect(page.get_by_text("is posted by sale@1")).to_be_visible()
        page.get_by_role("link", name="sale@1").click()
        page.get_by_role("link", name="Related").click()
        expect(page.get_by_text("Sale A-1")).to_be_visible()
    assert found == []
