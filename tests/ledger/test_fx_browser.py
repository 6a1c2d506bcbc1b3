"""Currencies as people meet them: in both themes, narrow and wide, sound for axe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser

from apps.identity.people import actor_of
from apps.ledger.domain import credit, debit
from apps.ledger.selectors.fx import revaluation
from apps.ledger.services import open_account, post_entry
from apps.ledger.services.fx import (
    approve_revaluation,
    draft_revaluation,
    import_ecb_rates,
    post_revaluation,
    record_rate,
)
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant
from apps.tenancy.contexts import inside
from tests.browser import SLUG, Kiosk, browser, kiosk, looked_at, window
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import draft, kes, usd
from tests.ledger.ecb_files import xml
from tests.ledger.fx_world import BANKS, change, deposit, open_trading_chart, say
from tests.ledger.test_fx_rates import manual

__all__ = ["browser", "kiosk"]
pytestmark = pytest.mark.browser


@dataclass
class Desk:
    """Rates, a conversion, and revaluations in two states; a treasurer and an approver."""

    treasurer: list[Any]
    approver: list[Any]
    conversion: str
    draft: str
    posted: str


@pytest.fixture(scope="module")
def desk(kiosk: Kiosk) -> Desk:
    with inside(kiosk.tenant):
        people = {
            name: make_person(name, role)
            for name, role in {"grace": "treasurer", "brian": "approver"}.items()
        }
        secrets = {name: enrolled(user) for name, user in people.items()}
        maker, checker = actor_of(people["grace"]), actor_of(people["brian"])
        open_trading_chart()
        now, today = clock.now(), clock.today(current_tenant().zone)
        import_ecb_rates(content=xml((today - timedelta(days=3)).isoformat()), actor=maker)
        say("USD/KES", "128.40", now - timedelta(days=4), days=9)
        say("USD/KES", "129.05", now - timedelta(days=1, hours=1), days=9)
        deposit(usd(1_250_000), now - timedelta(days=2))
        fees = [debit(BANKS["USD"], usd(75_000)), credit("9810", usd(75_000))]
        open_account(
            code="9810",
            name="Fees in dollars",
            account_class="income",
            currency="USD",
            actor=maker,
        )
        post_entry(
            draft=draft(*fees, value_date=today - timedelta(days=2)),
            idempotency_key="fees",
            actor=maker,
        )
        deposit(kes(90_000_000), now - timedelta(days=2))
        row = change(usd(400_000), "KES", bps=50, actor=maker)
        change(usd(120_000), "EUR", bps=35, actor=maker)
        say("USD/KES", "130.20", days=6)
        change(usd(150_000), "KES", accounts=BANKS, actor=maker)
        record_rate(draft=manual("139.50", now + timedelta(minutes=1)), actor=maker)
        runs = []
        for day in (today - timedelta(days=1), today):
            run = revaluation(draft_revaluation(as_of=day, actor=maker))
            runs.append(run)
            if len(runs) == 1:
                approve_revaluation(
                    revaluation_id=run.id, digest=run.digest, step_up_at=now, actor=checker
                )
                post_revaluation(revaluation_id=run.id, actor=maker)
    signed = {name: _cookies(user, secrets[name]) for name, user in people.items()}
    connections.close_all()
    return Desk(
        treasurer=signed["grace"],
        approver=signed["brian"],
        conversion=public_id("fxc", row.id),
        posted=public_id("rev", runs[0].id),
        draft=public_id("rev", runs[1].id),
    )


def _cookies(user: Any, secret: str) -> list[Any]:
    client = signed_in(user, f"{SLUG}.localhost", secret=secret)
    return [
        {"name": name, "value": morsel.value, "domain": f"{SLUG}.localhost", "path": "/"}
        for name, morsel in client.cookies.items()
    ]


def test_pages_are_sound(browser: Browser, kiosk: Kiosk, desk: Desk) -> None:
    found = []
    with window(browser, kiosk) as page:
        page.context.add_cookies(desk.approver)
        found += looked_at(page, "fx-draft", f"ledger/fx/revaluations/{desk.draft}")
        found += looked_at(page, "fx-proposals", "ledger/fx/proposals/")
    pages = {
        "rates": "fxrate/",
        "conversion": f"fx/conversions/{desk.conversion}",
        "exposure": "fx/exposure",
        "posted": f"fx/revaluations/{desk.posted}",
        "add": "fx/rates/add",
        "import": "fx/rates/import",
        "conversions": "fxconversion/",
        "revaluations": "fxrevaluation/",
        "run": "fx/run-revaluation",
    }
    with window(browser, kiosk) as page:
        page.context.add_cookies(desk.treasurer)
        for name, path in pages.items():
            found += looked_at(page, f"fx-{name}", f"ledger/{path}")
    assert found == []
