"""Currencies over HTTP, by a real credential."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.identity.people import actor_of
from apps.ledger.selectors import books_violations
from apps.ledger.selectors.fx import revaluation
from apps.ledger.services.fx import approve_rate, approve_revaluation
from apps.platform import clock
from apps.platform.ids import parse_public_id
from apps.platform.tenant import current_tenant
from apps.tenancy.models import Tenant
from tests.identity.people import make_person
from tests.ledger.conftest import image, usd
from tests.ledger.ecb_files import RATES, xml
from tests.ledger.fx_world import WALLETS, deposit, open_trading_chart
from tests.ledger.test_ledger_api import Caller

QUOTE: dict[str, Any] = {
    "amount": {"amount": 10_001, "currency": "USD"},
    "side": "sell",
    "other_currency": "KES",
    "spread_bps": 50,
}


@pytest.fixture
def caller(books: Tenant) -> Caller:
    open_trading_chart()
    deposit(usd(100_000))
    return Caller(books, ["ledger:read", "ledger:write"])


def rate(value: str, hours: int = 0) -> dict[str, str]:
    begins = clock.now() + timedelta(hours=hours)
    return {
        "base": "USD",
        "quote": "KES",
        "rate": value,
        "valid_from": begins.isoformat(),
        "valid_until": (begins + timedelta(days=4)).isoformat(),
    }


def approved(proposal: str) -> None:
    brian = actor_of(make_person("brian", "approver"))
    approve_rate(proposal_id=parse_public_id("fxp", proposal), step_up_at=clock.now(), actor=brian)


def test_from_a_rate_to_a_conversion(caller: Caller) -> None:
    missing = caller.post("fx/quotes", QUOTE, key="q0")
    assert (missing.status_code, missing.json()["code"]) == (409, "ledger/fx-rate-missing")
    first = caller.post("fx/rates", rate("129.05", -1), key="r1")
    assert (first.status_code, first.json()["rate"]) == (202, None)
    approved(first.json()["proposal"])
    second = caller.post("fx/rates", rate("130"), key="r2")
    assert second.status_code == 201
    assert second.json()["rate"]["rate"] == "130"
    assert caller.post("fx/rates/import", {"content": xml().decode()}, key="r3").json() == {
        "new": len(RATES)
    }
    assert [row["rate"] for row in caller.get("fx/rates", base="USD").json()["data"]] == [
        "130",
        "129.05",
    ]
    mid = caller.get("fx/mid", base="EUR", quote="KES", at="2026-11-21T00:00:00Z")
    assert mid.json()["code"] == "ledger/fx-rate-missing"  # the dollar's rate is of today

    quote = caller.post("fx/quotes", QUOTE, key="q1")
    assert quote.status_code == 201
    assert quote.json()["buy"] == {
        "amount": 1_293_630, "currency": "KES", "amount_decimal": "12936.30"
    }  # fmt: skip
    assert quote.json()["derivation"][0]["rate_id"]
    facts = {
        "quote": quote.json()["id"],
        "sell_account": WALLETS["USD"],
        "buy_account": WALLETS["KES"],
    }
    done = caller.post("fx/conversions", facts, key="c1")
    assert done.status_code == 201, done.json()
    assert caller.post("fx/conversions", facts, key="c1").json() == done.json()
    before = image()
    again = caller.post("fx/conversions", facts, key="c2")
    assert (again.status_code, again.json()["code"]) == (409, "ledger/fx-quote-used")
    assert image() == before
    assert caller.get("fx/conversions").json()["data"] == [done.json()]
    used = caller.get(f"fx/quotes/{quote.json()['id']}").json()
    assert used["conversion"] == done.json()["id"]
    (held,) = caller.get("fx/positions").json()["data"]
    assert (held["currency"], held["quantity"]["amount"]) == ("USD", 9_951)
    assert books_violations() == []


def test_a_revaluation_is_drafted_and_posted_over_http_and_approved_by_people(
    caller: Caller,
) -> None:
    approved(caller.post("fx/rates", rate("129", -30), key="r1").json()["proposal"])
    today = clock.today(current_tenant().zone).isoformat()
    dry = caller.get("fx/revaluations/dry-run", as_of=today)
    assert dry.status_code == 200, dry.json()
    made = caller.post("fx/revaluations", {"as_of": today}, key="v1")
    assert made.status_code == 201, made.json()
    run = made.json()
    assert (run["state"], run["digest"]) == ("draft", dry.json()["digest"])
    early = caller.post(f"fx/revaluations/{run['id']}/post", {}, key="p1")
    assert early.json()["code"] == "ledger/fx-revaluation-not-ready"
    id = parse_public_id("rev", run["id"])
    approve_revaluation(
        revaluation_id=id,
        digest=run["digest"],
        step_up_at=clock.now(),
        actor=actor_of(make_person("chris", "approver")),
    )
    posted = caller.post(f"fx/revaluations/{run['id']}/post", {}, key="p2")
    assert posted.json()["state"] == "posted"
    assert caller.get("fx/revaluations").json()["data"][0] == posted.json()
    other = caller.post("fx/revaluations", {"as_of": today, "classes": ["asset"]}, key="v2").json()
    gone = caller.post(f"fx/revaluations/{other['id']}/discard", {"reason": "Oops"}, key="d1")
    assert gone.json()["state"] == "discarded"
    assert revaluation(id).result.minor == 0 or posted.json()["reversal"]
    assert books_violations() == []
