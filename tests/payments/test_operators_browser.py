"""Where people decide about payments, as they meet it: in both themes, sound for axe."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections, transaction
from playwright.sync_api import Browser

from apps.payments import selectors, services
from apps.payments.models import Discrepancy, PayIn, ProviderAccount
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from apps.tenancy.contexts import inside
from tests.browser import SLUG, Kiosk, browser, kiosk, looked_at, window
from tests.identity.people import make_person, signed_in
from tests.payments.books import open_accounts
from tests.payments.test_balances import says, told_of
from tests.payments.test_pay_ins import news, take
from tests.payments.test_routing import to
from tests.payments.test_rulings import ask, payout
from tests.payments.test_strays import late
from tests.payments.world import COLLECTIONS, kes, new_intent

__all__ = ["browser", "kiosk"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(kiosk: Kiosk) -> tuple[list[Any], dict[str, str]]:
    """An operator's session, and one of everything that waits for people."""
    with inside(kiosk.tenant), transaction.atomic():
        open_accounts()
        account = ProviderAccount.objects.get(label=COLLECTIONS)
        take(account, news("RC1", kes(700), "who knows"))
        late(new_intent("254708000001", reference="ORD-901"))
        attempt = payout()
        ruling = ask(attempt, "succeeded", SYSTEM, "SGH77", "Ticket 4711, answered at noon")
        says(account, 2_450)
        told_of(account, "in_transit")
        (stray,) = selectors.waiting_strays()
        rules = [to(COLLECTIONS, currencies=["KES"], most_minor=200_000)]
        services.propose_routing(rules=rules, note="Small ones.", actor=SYSTEM)
        pages = {
            "routing": "routing",
            "routing-propose": "routing/propose",
            "route-asked": "route",
            "route": "route?amount=1500&currency=KES&country=KE",
            "capabilities": "capabilities",
            "unknown": "unknown",
            "attempt": f"attempts/{public_id('att', attempt.id)}",
            "rulings": "rulings",
            "ruling": f"rulings/{public_id('rul', ruling)}",
            "strays": "strays",
            "stray": f"strays/{public_id('str', stray.id)}",
            "stray-move": f"strays/{public_id('str', stray.id)}/move",
            "pay-in": f"pay-ins/{public_id('pin', PayIn.objects.get().id)}",
            "balances": "balances",
            "discrepancies": "discrepancies",
            "discrepancy": f"discrepancies/{public_id('dcy', Discrepancy.objects.get().id)}",
            "withdrawals": "withdrawals",
            "replay": "callback-replay?counted=12",
            "providers": "providers",
        }
    with inside(kiosk.tenant):
        client = signed_in(make_person("olga", "operator"), f"{SLUG}.localhost")
    connections.close_all()
    cookies = [
        {"name": name, "value": morsel.value, "domain": f"{SLUG}.localhost", "path": "/"}
        for name, morsel in client.cookies.items()
    ]
    return cookies, pages


def test_pages_are_sound(
    browser: Browser, kiosk: Kiosk, desk: tuple[list[Any], dict[str, str]]
) -> None:
    cookies, pages = desk
    found: list[str] = []
    with window(browser, kiosk) as page:
        page.context.add_cookies(cookies)
        for name, path in pages.items():
            found += looked_at(page, f"payments-{name}", f"payments/{path}")
    assert found == []
