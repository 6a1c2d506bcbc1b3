"""Hot accounts at the doors: over the API and in the console, and what is advised there."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from apps.ledger import errors
from apps.ledger.domain import BalanceMode, Keeping, Obligations, advised
from apps.ledger.domain import credit as credit_leg
from apps.ledger.domain import debit as debit_leg
from apps.ledger.models import Account, LockWait
from apps.ledger.selectors import (
    account_balance,
    account_keeping,
    books_violations,
)
from apps.ledger.services import (
    change_account_limits,
    post_entry,
)
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import draft, kes
from tests.ledger.test_hot_accounts import keep, rooms, sale
from tests.ledger.test_ledger_api import Caller


def test_the_mode_is_shown_and_changed_over_the_api(books: Tenant) -> None:
    caller = Caller(books, ["ledger:read", "ledger:write"])
    body = {"mode": "deferred", "reason": "Many fees"}
    changed = caller.post("accounts/9100/mode", body)
    assert (changed.status_code, changed.json()["keeping"]) == (
        200,
        {"mode": "deferred", "releases_early": False},
    )
    post_entry(
        draft=draft(debit_leg("9100", kes(5)), credit_leg("9900", kes(5))),
        idempotency_key="k",
        actor=SYSTEM,
    )
    assert caller.get("accounts/9100/mode").json()["unfolded"] == 1
    assert [row["account"] for row in caller.get("hot-accounts").json()] == ["9100"]
    refused = caller.post("accounts/9110/mode", body, key="k2")
    assert (refused.status_code, refused.json()["code"]) == (409, "ledger/mode-not-possible")
    statement = caller.get("accounts/9100/postings").json()
    assert statement["data"][0]["balance_after"] is None
    assert account_balance("9100").balance == kes(5)


def test_an_operator_follows_the_advice_with_a_reason(books: Tenant) -> None:
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    account = Account.objects.get(code="9110")
    LockWait.objects.create(account=account, hour=hour, looks=300, waiters=3_600)
    assert account_keeping("9110").advice == Keeping(mode=BalanceMode.SHARDED)
    person = make_person("otieno", "treasurer")
    client = signed_in(person, secret=enrolled(person))
    assert (
        "Cut its limits into parts" in client.get("/console/ledger/hot-accounts").content.decode()
    )
    page = "/console/ledger/accounts/9110/keeping"
    assert "not while it has a floor" in client.get(page).content.decode()
    assert client.post(page, {"action": "deferred", "text": "Hot"}).status_code == 409
    assert client.post(page, {"action": "sharded", "text": ""}).status_code == 422
    assert client.post(page, {"action": "sharded", "text": "Hot"}).status_code == 302
    connection.set_tenant(books)  # type: ignore[attr-defined]  # django-tenants' own backend
    assert account_keeping("9110").keeping.mode == BalanceMode.SHARDED


@pytest.mark.parametrize(
    ("waiting", "now", "obligations", "advice"),
    [
        (0.1, {}, {}, None),
        (1.0, {}, {}, {"releases_early": True}),
        (9.0, {}, {}, {"mode": BalanceMode.DEFERRED}),
        (9.0, {}, {"has_limits": True}, {"mode": BalanceMode.SHARDED}),
        (9.0, {}, {"has_limits": True, "has_holds": True}, {"releases_early": True}),
        (9.0, {}, {"is_watched": True}, {"releases_early": True}),
        (9.0, {"releases_early": True}, {"is_watched": True}, None),
        (1.0, {"releases_early": True}, {}, {"mode": BalanceMode.DEFERRED}),
        (9.0, {"mode": BalanceMode.DEFERRED}, {}, None),
    ],
)
def test_the_mildest_way_that_helps_is_advised(
    waiting: float,
    now: dict[str, object],
    obligations: dict[str, bool],
    advice: dict[str, object] | None,
) -> None:
    must = {"has_limits": False, "has_holds": False, "is_watched": False} | obligations
    expected = None if advice is None else Keeping(**advice)  # type: ignore[arg-type]
    assert advised(Keeping(**now), Obligations(**must), waiting) == expected  # type: ignore[arg-type]


def test_other_limits_cut_the_parts_of_a_sharded_account_anew(books: Tenant) -> None:
    sale("9110", 17)
    keep("9110", BalanceMode.SHARDED)

    def limit(floor: int | None, ceiling: int | None) -> None:
        change_account_limits(
            code="9110", floor_minor=floor, ceiling_minor=ceiling, reason="x", actor=SYSTEM
        )

    limit(None, None)
    sale("9110", -20)
    for floor, ceiling in ((-2, None), (None, -4)):  # it stands at -3
        with pytest.raises(errors.LimitBroken), transaction.atomic():
            limit(floor, ceiling)
    limit(-8, 2)  # the parts are cut anew: from both limits, with what came meanwhile
    for minor in (-6, 6):
        with pytest.raises((errors.InsufficientFunds, errors.CeilingExceeded)):
            sale("9110", minor)
    sale("9110", 5)
    sale("9110", -10)
    assert rooms("9110") == 0
    limit(-8, None)
    sale("9110", 25)
    limit(0, None)
    assert (rooms("9110"), account_balance("9110").balance) == (17, kes(17))
    assert books_violations() == []
