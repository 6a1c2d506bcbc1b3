"""Connected accounts: opened, onboarded over a link, restricted, closed."""

from __future__ import annotations

from typing import Any

from tests.worlds.stripe import books, events, objects
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.errors import invalid, unexpected
from tests.worlds.stripe.objects import Body
from tests.worlds.stripe.world import World

LINK_SECONDS = 300
#: Where a payout or a transfer may go from here is decided by country; Kenya is not in the list.
COUNTRIES = frozenset({"US", "GB", "DE", "FR", "IE", "NL", "ES", "IT", "CA", "CH", "AU", "JP"})
_DUE = ["business_profile.url", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]


def create(call: Call) -> Body:
    """``POST /v1/accounts``: nothing is enabled before the person behind it has been onboarded."""
    params = call.params
    country = params.text("country", "US").upper()
    if country not in COUNTRIES:
        raise invalid(
            f"{country} is not currently supported by Stripe.", "country", "country_unsupported"
        )
    body = {
        "id": call.world.name("acct", 16),
        "business_profile": {"name": None, "url": None},
        "business_type": params.text("business_type") or None,
        "capabilities": _capabilities(call),
        "charges_enabled": False,
        "controller": {"type": "application", "is_controller": True},
        "country": country,
        "default_currency": params.text("default_currency", "usd"),
        "details_submitted": False,
        "email": params.text("email") or None,
        "external_accounts": {"object": "list", "data": [], "has_more": False, "url": ""},
        "metadata": params.metadata(),
        "payouts_enabled": False,
        "requirements": _requirements(_DUE),
        "type": params.one_of("type", "none", "express", "standard", "custom"),
        "_platform": call.platform,
    }
    params.ignore("business_profile", "controller", "company", "individual", "settings")
    params.ignore("tos_acceptance")
    params.done()
    return objects.add(call.world, "acct", "account", call.platform, body)


def _capabilities(call: Call) -> dict[str, str]:
    asked = call.params.below("capabilities")
    known = ("card_payments", "transfers")
    return {name: "inactive" for name in known if asked.below(name).flag("requested")}


def _requirements(due: list[str]) -> dict[str, Any]:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }


def link(call: Call) -> Body:
    """``POST /v1/account_links``: a page that is good once and for a few minutes."""
    params, world = call.params, call.world
    account = objects.get(world, params.need("account"), "account", call.platform, "account")
    kind = params.one_of("type", "account_onboarding", "account_update")
    refresh_url, return_url = params.need("refresh_url"), params.need("return_url")
    params.ignore("collect", "collection_options")
    params.done()
    token = objects.add(
        world,
        "link",
        "account_link",
        call.platform,
        {"_account": account["id"], "_return": return_url, "_refresh": refresh_url, "_used": False},
    )
    return {
        "object": "account_link",
        "created": world.now(),
        "expires_at": world.now() + LINK_SECONDS,
        "url": f"https://connect.stripe.com/setup/s/{account['id']}/{token['id']}?{kind}",
    }


def onboard(world: World, id: str, due: list[str] | None = None) -> Body | None:
    """The person has filled in the page; ``due`` is what is missing all the same."""
    account = objects.find(world, id, "account")
    if account is None:
        return None
    is_complete = not due
    account |= {
        "details_submitted": True,
        "charges_enabled": is_complete and "card_payments" in account["capabilities"],
        "payouts_enabled": is_complete,
        "requirements": _requirements(due or []),
    }
    state = "active" if is_complete else "inactive"
    account["capabilities"] = dict.fromkeys(account["capabilities"], state)
    objects.save(world, account)
    _tell(world, account)
    return account


def _tell(world: World, account: Body) -> None:
    """``account.updated`` belongs to the connected account, so it goes to Connect endpoints."""
    events.note_about(world, "account.updated", account, account["id"])


def retrieve(call: Call) -> Body:
    call.params.done()
    return objects.get(call.world, call.path["id"], "account", call.platform)


def own(call: Call) -> Body:
    """``GET /v1/account``: whose key this is."""
    call.params.done()
    found = objects.find(call.world, call.account, "account")
    return found or {"id": call.account, "object": "account", "charges_enabled": True}


def update(call: Call) -> Body:
    account = objects.get(call.world, call.path["id"], "account", call.platform)
    params = call.params
    account["metadata"] |= params.metadata()
    account["email"] = params.text("email") or account["email"]
    account["capabilities"] = _capabilities(call) | account["capabilities"]
    params.done()
    objects.save(call.world, account)
    _tell(call.world, account)
    return account


def delete(call: Call) -> Body:
    """Only an account without money can go."""
    account = objects.get(call.world, call.path["id"], "account", call.platform)
    held = books.balance(call.world, account["id"])
    if any(row["amount"] for row in held["available"] + held["pending"]):
        raise unexpected("Accounts with a balance cannot be deleted.", "account_balance_not_zero")
    call.world.store.write("DELETE FROM object WHERE id = ?", account["id"])
    return {"id": account["id"], "object": "account", "deleted": True}


def listed(call: Call) -> Body:
    page = objects.page(call.world, "account", call.platform, call.params, "/v1/accounts")
    call.params.done()
    return page
