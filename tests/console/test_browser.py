"""The console as a person meets it: with eyes, with a keyboard, on a telephone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.tenancy.contexts import inside
from tests.browser import (
    NARROW,
    WIDE,
    Kiosk,
    grave_findings,
    looked_at,
    person,
    sign_in,
    window,
)
from tests.console.pages import sidebar_pages
from tests.identity.people import make_person

pytestmark = pytest.mark.browser
ROLES = ("operator", "administrator", "developer")


@pytest.fixture
def amina(kiosk: Kiosk) -> str:
    return person(kiosk, "amina", *ROLES)


def test_signing_in_leads_to_the_dashboard(browser_page: Page, amina: str) -> None:
    sign_in(browser_page, amina)
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Home")
    expect(browser_page.get_by_role("main")).to_be_visible()
    expect(browser_page.get_by_text("Kiosk Foods").first).to_be_visible()


def test_a_wrong_password_is_said_in_words(browser_page: Page, amina: str) -> None:
    browser_page.goto("login/")
    browser_page.get_by_label("User name").fill(amina)
    browser_page.get_by_label("Password").fill("not this one")
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page.get_by_role("alert")).to_contain_text("correct")


def test_everything_is_found_with_the_keyboard_alone(browser_page: Page, amina: str) -> None:
    sign_in(browser_page, amina)
    keyboard = browser_page.keyboard
    keyboard.press("Control+k")
    dialog = browser_page.get_by_role("dialog", name="Find anything")
    expect(dialog).to_be_visible()
    for _ in range(6):  # the focus stays inside
        keyboard.press("Tab")
        assert browser_page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    browser_page.locator("#ch-q").focus()
    keyboard.type("amin")
    expect(browser_page.get_by_role("option").filter(has_text="amina").first).to_be_visible()
    keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    keyboard.press("Control+k")
    keyboard.type("amina")
    expect(browser_page.locator("#ch-hits [aria-selected=true]")).to_contain_text("amina")
    keyboard.press("Enter")
    browser_page.wait_for_url("**/users/**")
    expect(browser_page.locator("#ch-reference")).to_have_text("amina")


def test_a_view_is_renamed_by_keyboard(browser_page: Page, amina: str) -> None:
    sign_in(browser_page, amina)
    browser_page.goto("identity/user/?q=am")
    keyboard = browser_page.keyboard
    for summary, name in (("Save view", "Ams"), ("Rename this view", "Amina and others")):
        browser_page.locator("summary", has_text=summary).focus()
        keyboard.press("Enter")
        keyboard.press("Tab")
        keyboard.press("Control+a")
        keyboard.type(name)
        assert grave_findings(browser_page) == []
        keyboard.press("Enter")
        tab = browser_page.get_by_role("navigation", name="Saved views").get_by_text(name)
        expect(tab).to_have_attribute("aria-current", "page")


def test_rows_are_walked_and_opened_without_a_mouse(browser_page: Page, kiosk: Kiosk) -> None:
    name = person(kiosk, "amina", *ROLES)
    with inside(kiosk.tenant):
        for other in ("aaron", "abel"):
            if other not in kiosk.passwords:
                make_person(other)
                kiosk.passwords[other] = ""
    sign_in(browser_page, name)
    browser_page.goto("identity/user/")
    keyboard = browser_page.keyboard
    for key in ("j", "j", "k"):
        keyboard.press(key)
    assert "aaron" in browser_page.evaluate("document.activeElement.textContent").lower()
    keyboard.press("Enter")
    browser_page.wait_for_url("**/users/**")
    expect(browser_page.locator("#ch-reference")).to_have_text("aaron")
    keyboard.press("g")
    keyboard.press("h")
    browser_page.wait_for_url("**/console/")
    keyboard.press("?")
    expect(browser_page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    keyboard.press("Escape")
    browser_page.goto("identity/user/")
    keyboard.press("/")
    keyboard.type("abel")
    keyboard.press("Enter")
    browser_page.wait_for_url("**q=abel**")


def test_the_first_tab_skips_to_the_content(browser_page: Page, amina: str) -> None:
    sign_in(browser_page, amina)
    browser_page.keyboard.press("Tab")
    expect(browser_page.get_by_text("Skip to the content")).to_be_focused()
    browser_page.keyboard.press("Enter")
    assert browser_page.evaluate("document.activeElement.id") == "main"


def test_a_grave_action_asks_once_more(browser_page: Page, kiosk: Kiosk) -> None:
    name = person(kiosk, "amina", *ROLES)
    person(kiosk, "zuri", "viewer")
    sign_in(browser_page, name)
    browser_page.goto("search?q=zuri")
    browser_page.get_by_role("link", name="zuri").first.click()
    browser_page.get_by_role("button", name="Close the account").click()
    dialog = browser_page.locator("#ch-confirm")
    expect(dialog).to_contain_text("Their sessions end at once")
    dialog.get_by_role("button", name="Go back").click()
    expect(browser_page.get_by_text("Active", exact=True).first).to_be_visible()
    browser_page.get_by_role("button", name="Close the account").click()
    dialog.get_by_role("button", name="Close the account").click()
    expect(browser_page.get_by_role("status")).to_contain_text("is closed")


def test_the_theme_is_changed_and_remembered(browser_page: Page, amina: str) -> None:
    sign_in(browser_page, amina)
    browser_page.get_by_role("button", name="Change between light and dark").click()
    assert browser_page.evaluate("document.documentElement.classList.contains('dark')")
    browser_page.goto("identity/role/")
    assert browser_page.evaluate("document.documentElement.classList.contains('dark')")


def test_a_reference_is_copied(browser_page: Page, amina: str) -> None:
    sign_in(browser_page, amina)
    browser_page.goto("search?q=amina")
    browser_page.get_by_role("link", name="amina").first.click()
    browser_page.keyboard.press("c")
    browser_page.wait_for_function("navigator.clipboard.readText().then(t => t === 'amina')")


def test_no_page_shuts_anybody_out_or_complains(browser: Browser, kiosk: Kiosk, amina: str) -> None:
    with window(browser, kiosk) as page:
        found = looked_at(page, "login", "login/")
        sign_in(page, amina)
        for address in _addresses():
            name = re.sub(r"\W+", "-", address.removeprefix("/console/")).strip("-") or "home"
            found += looked_at(page, name, address)
        page.goto("nowhere")
        found += looked_at(page, "not-found")
    assert found == []


def test_on_a_telephone_the_menu_opens_and_leads_on(
    browser: Browser, kiosk: Kiosk, amina: str
) -> None:
    with window(browser, kiosk, size=NARROW) as page:
        sign_in(page, amina)
        link = page.get_by_role("link", name="Roles")
        expect(link).not_to_be_in_viewport()
        page.get_by_role("button", name="Menu").click()
        link.click()
        page.wait_for_url("**/identity/role/")


def test_without_scripts_everything_still_works(browser: Browser, kiosk: Kiosk, amina: str) -> None:
    person(kiosk, "pendo")
    context = browser.new_context(base_url=kiosk.console, java_script_enabled=False, viewport=WIDE)  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, amina)
    page.get_by_label("Find by reference").fill("pendo")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="pendo").first.click()
    page.get_by_role("button", name="Give the role Viewer").click()
    expect(page.get_by_role("status")).to_contain_text("has the role now")
    context.close()


def _addresses() -> list[str]:
    return [address for _, address, _ in sidebar_pages("console")] + [
        "account/password",
        "users/new",
        "search?q=ami",
    ]
