"""Webhook pages as people meet them: in both themes, sound for axe."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, expect

from apps.platform.ids import public_id
from apps.tenancy.contexts import inside
from apps.webhooks.models import Delivery, Endpoint
from apps.webhooks.services import deliver_due
from apps.webhooks.services.queueing import queue_event
from tests.browser import SLUG, Kiosk, browser, kiosk, looked_at, window
from tests.identity.people import make_person, signed_in
from tests.webhooks.conftest import event, made
from tests.webhooks.receiver import Receiver

__all__ = ["browser", "kiosk"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def cookies(kiosk: Kiosk) -> list[Any]:
    """A developer's session, and deliveries that ended well and badly."""
    with inside(kiosk.tenant):
        receiver, gone = Receiver(), Receiver()
        made(receiver.url, "payments.*", "ledger.entry_posted", "settlements.batch_*")
        made(gone.url)
        gone.says(410, b"Moved out.")
        for name in ("payments.payment_captured", "ledger.entry_posted", "payments.payout_paid"):
            queue_event(event(name))
        receiver.says(200, b'{"received": true}', Content_Type="application/json")
        deliver_due()
        receiver.says(503, b"Down for maintenance", Retry_After="120")
        queue_event(event("payments.payout_failed"))
        deliver_due()
        client = signed_in(make_person("dora", "developer"), f"{SLUG}.localhost")
    receiver.close()
    gone.close()
    connections.close_all()
    return [
        {"name": name, "value": morsel.value, "domain": f"{SLUG}.localhost", "path": "/"}
        for name, morsel in client.cookies.items()
    ]


def test_pages_are_sound(browser: Browser, kiosk: Kiosk, cookies: list[Any]) -> None:
    with inside(kiosk.tenant):
        active = public_id("whe", Endpoint.objects.exclude(state="disabled")[0].id)
        gone = public_id("whe", Endpoint.objects.get(state="disabled").id)
        late = public_id("whd", Delivery.objects.get(state="pending").id)
    connections.close_all()
    pages = {
        "endpoints": "endpoint/",
        "endpoint": f"endpoints/{active}",
        "disabled": f"endpoints/{gone}",
        "deliveries": "delivery/",
        "delivery": f"deliveries/{late}",
        "new": "new-endpoint",
        "rotate": f"endpoints/{active}/secret",
        "replay": "replay",
    }
    found = []
    with window(browser, kiosk) as page:
        page.context.add_cookies(cookies)
        for name, path in pages.items():
            found += looked_at(page, f"webhooks-{name}", f"webhooks/{path}")
        page.goto(f"webhooks/endpoints/{active}/secret")
        page.select_option("select[name=overlap]", "0")
        page.get_by_role("button", name="Make a new secret").press("Enter")
        expect(page.get_by_text("It is not shown again")).to_be_visible()
        found += looked_at(page, "webhooks-secret")
    assert found == []
