"""Signing in, second factor, recovery and password in the console's own look, in both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import NARROW, WIDE, Kiosk, grave_findings, overflows, person, sign_in, window
from tests.identity.people import PASSWORD, code_for

pytestmark = pytest.mark.browser


def look(page: Page, heading: str) -> None:
    """The page is the one meant, dressed, open to everybody, and no wider than a telephone."""
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    assert page.locator("main .ch-card").count() > 0
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        assert grave_findings(page) == [], theme
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a TypedDict
    assert not overflows(page)
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]


def confirm(page: Page, code: str) -> None:
    page.get_by_role("textbox", name="Code").fill(code)
    page.get_by_role("button", name="Confirm").click()


def test_a_person_comes_in_through_dressed_doors(browser: Browser, kiosk: Kiosk) -> None:
    name = person(kiosk, "tesfaye", "treasurer", "developer")
    with window(browser, kiosk) as page:
        page.goto("login/")
        look(page, "Sign in")
        sign_in(page, name)
        recovery = set_up_second_factor(page)
        wrong_password_and_code(page)
        make_service_client(page, "orders")
    with window(browser, kiosk) as page:
        sign_in(page, name)
        look(page, "Confirm it is you")
        confirm(page, recovery)  # the app is lost
        expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    with window(browser, kiosk) as page:
        page.goto("login/")
        for _ in range(5):
            page.get_by_label("User name").fill("nobody")
            page.get_by_label("Password").fill("wrong")
            page.get_by_role("button", name="Sign in").click()
        look(page, "Too many failed sign-ins")


def set_up_second_factor(page: Page) -> str:
    look(page, "Second factor")
    secret = page.locator(".ch-secret code").inner_text().replace(" ", "")
    confirm(page, code_for(secret))
    look(page, "Recovery codes")
    recovery = page.locator(".ch-codes code").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    return recovery


def wrong_password_and_code(page: Page) -> None:
    page.goto("account/password")
    page.get_by_label("Present password").fill("not this one")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    look(page, "Change password")
    page.goto("account/step-up")
    confirm(page, "000000")
    look(page, "Confirm this step")
    page.goto("account/second-factor")
    look(page, "Second factor")
    page.goto("account/sessions")
    look(page, "Where you are signed in")


def make_service_client(page: Page, name: str) -> None:
    page.goto("account/clients")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("ledger:read").check()
    page.get_by_role("button", name="Create").click()
    look(page, "Client secret")
    page.get_by_role("link", name="I have kept it").click()
    page.get_by_label("Name of a new key").first.fill("web")
    page.get_by_role("button", name="New key").first.click()
    page.goto("account/clients")
    look(page, "Service clients")
