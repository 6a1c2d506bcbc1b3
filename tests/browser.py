"""A real browser on a running house: fixtures for any test that looks at pages.

``from tests.browser import browser, browser_page, kiosk`` in a conftest. Chromium is the one that
is installed; where there is none the tests are skipped and say what would run them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connection, connections
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page, sync_playwright

from apps.platform.actors import SYSTEM
from apps.tenancy.contexts import inside, on_platform
from apps.tenancy.models import Domain, Tenant
from apps.tenancy.selectors import tenant_by_slug
from apps.tenancy.services import provision_tenant
from tests.identity.people import PASSWORD, make_person

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.localhost 127.0.0.1",
]
SLUG = "kiosk"
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
#: A folder to keep pictures in, for looking at them.
PICTURES = os.environ.get("PICTURES", "")
#: What breaks a page for somebody; the rest of axe's rules are advice.
GRAVE = {"serious", "critical"}


@dataclass
class Kiosk:
    """A tenant of its own for browsers: its rows are committed, and dropped afterwards."""

    tenant: Tenant
    address: str
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def console(self) -> str:
        return f"http://{SLUG}.localhost:{self.address.rpartition(':')[2]}/console/"


@pytest.fixture(scope="module")
def kiosk(django_db_setup: None, django_db_blocker: Any) -> Iterator[Kiosk]:
    """The tenant, and a server in a thread of this process that serves it."""
    with django_db_blocker.unblock():
        _drop()
        provision_tenant(
            slug=SLUG,
            name="Kiosk Foods",
            functional_currency="KES",
            zone="Africa/Nairobi",
            domains=[f"{SLUG}.localhost"],
            actor=SYSTEM,
        )
        tenant = tenant_by_slug(SLUG)
        assert tenant is not None
        server = LiveServerThread("127.0.0.1", StaticFilesHandler, port=0)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        if server.error:
            raise server.error
        try:
            yield Kiosk(tenant, f"127.0.0.1:{server.port}")
        finally:
            server.terminate()
            _drop()


def _drop() -> None:
    """Take the tenant away with everything in it."""
    with on_platform(), connection.cursor() as cursor:
        Domain.objects.filter(tenant__slug=SLUG).delete()
        Tenant.objects.filter(slug=SLUG).delete()
        cursor.execute(f"DROP SCHEMA IF EXISTS t_{SLUG} CASCADE")


@pytest.fixture(scope="module")
def browser(kiosk: Kiosk) -> Iterator[Browser]:
    """Chromium, for the tests of one module."""
    if not shutil.which(CHROMIUM):
        pytest.skip(
            f"no browser at {CHROMIUM}; `apt-get install chromium`, or CHROMIUM=/path/to/chromium"
        )
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # The browser's driver keeps an event loop in this thread; Django would refuse to be asked.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def browser_page(browser: Browser, kiosk: Kiosk) -> Iterator[Page]:
    """A fresh window at the kiosk's console. The test fails if the page complained meanwhile."""
    with window(browser, kiosk) as page:
        yield page


class window:  # noqa: N801  used like a function
    """``with window(browser, kiosk, theme="dark", size=NARROW) as page``; complaints are errors."""

    def __init__(
        self, browser: Browser, kiosk: Kiosk, theme: str = "light", size: dict[str, int] = WIDE
    ) -> None:
        self.context = browser.new_context(
            base_url=kiosk.console,
            viewport=size,  # type: ignore[arg-type]  # a TypedDict
            color_scheme=theme,  # type: ignore[arg-type]  # light or dark
            reduced_motion="reduce",
        )
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.complaints: list[str] = []

    def __enter__(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def __exit__(self, *_: object) -> None:
        self.context.close()
        assert self.complaints == []

    def _heard(self, message: Any) -> None:
        # A refusal is an answer with an error status, which Chromium also reports as a complaint.
        if message.type == "error" and "server responded with a status of 4" not in message.text:
            self.complaints.append(message.text)


def person(kiosk: Kiosk, username: str, *roles: str) -> str:
    """Make a person of the kiosk, unless there is one of that name, and answer the name."""
    with inside(kiosk.tenant):
        if username not in kiosk.passwords:
            make_person(username, *roles)
            kiosk.passwords[username] = PASSWORD
    connections.close_all()
    return username


def sign_in(page: Page, username: str) -> None:
    """Through the form, as a person does."""
    page.goto("login/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("load")


def grave_findings(page: Page) -> list[str]:
    """What axe finds serious or critical on the page, in one line each.

    In the dark only what hangs on colours is asked for: the rest was found by day.
    """
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"):
        options["runOnly"] = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def looked_at(page: Page, name: str, path: str | None = None) -> list[str]:
    """What is wrong with a page, loaded once: by day, in the dark, and on a telephone.

    Opens ``path``, or looks at the page that is there. With ``PICTURES`` naming a folder, pictures
    of it are kept there.
    """
    if path is not None:
        answer = page.goto(path)
        assert answer is not None, path
        assert answer.status in {200, 403}, path  # a refusal is a sound page as well
    size = page.viewport_size
    found = grave_findings(page)
    found += ["is wider than its window"] * overflows(page)
    _keep(page, f"{name}-light")
    page.emulate_media(color_scheme="dark")
    found += [f"in the dark: {one}" for one in grave_findings(page)]
    _keep(page, f"{name}-dark")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a TypedDict
    found += ["is wider than a telephone"] * overflows(page)
    _keep(page, f"{name}-telephone")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(size or WIDE)  # type: ignore[arg-type]  # a TypedDict
    return [f"{name}: {one}" for one in found]


def _keep(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def overflows(page: Page) -> bool:
    """True if the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
