"""Every page: a strict policy, nothing inline, nothing from elsewhere, never cached."""

from __future__ import annotations

from django.test import Client

from tests.console.conftest import text
from tests.console.pages import seen, sidebar_pages

EVENT_HANDLERS = ("onclick", "onload", "onsubmit", "onchange", "x-data", "style")


def pages(client: Client, site: str) -> list[tuple[str, object]]:
    extra = ["account/password", "account/second-factor", "login/", "search?q=ab", "nowhere"]
    addresses = [address for _, address, _ in sidebar_pages(site)]
    return [
        (address, client.get(address)) for address in (*addresses, *(f"/{site}/{x}" for x in extra))
    ]


def check(answers: list[tuple[str, object]]) -> None:
    for address, answer in answers:
        policy = answer["Content-Security-Policy"]  # type: ignore[index]
        assert "default-src" in policy, address
        if getattr(answer, "status_code", 0) == 404:
            continue
        assert "unsafe" not in policy, address
        page = seen(text(answer))
        assert page.inline_scripts == 0, address
        assert page.all("style") == [], address
        for tag, attributes in page.tags:
            assert not set(attributes) & set(EVENT_HANDLERS), (address, tag, attributes)
            for name in ("src", "href", "action"):
                assert not str(attributes.get(name) or "").startswith(("http", "//")), address


def test_on_every_page_of_the_console(everything: Client) -> None:
    check(pages(everything, "console"))


def test_on_every_page_of_the_platform(platform_admin: Client) -> None:
    check(pages(platform_admin, "platform"))


def test_nothing_is_kept_by_a_browser_or_a_proxy(everything: Client) -> None:
    for _, address, _ in sidebar_pages("console"):
        assert "no-store" in everything.get(address)["Cache-Control"], address


def test_signing_out_has_the_browser_forget(everything: Client) -> None:
    assert everything.post("/console/logout/")["Clear-Site-Data"] == '"cache", "storage"'


def test_a_form_without_its_token_changes_nothing_and_says_what_to_do(everything: Client) -> None:
    everything.handler.enforce_csrf_checks = True
    answer = everything.post("/console/theme", {"theme": "dark"})
    assert answer.status_code == 403
    assert "This form has expired" in text(answer)
    assert "ch_theme" not in answer.cookies
