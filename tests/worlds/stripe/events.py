"""Events, webhook endpoints and their deliveries: signed, repeated, in no promised order."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx

from tests.worlds.stripe import objects
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.errors import invalid
from tests.worlds.stripe.objects import Body
from tests.worlds.stripe.world import API_VERSION, World

TIMEOUT_SECONDS = 10.0
GIVEN_UP_AFTER_MS = 3 * 24 * 3600 * 1000
LONGEST_PAUSE_MS = 3 * 3600 * 1000
_BETWEEN_COPIES_MS = 40
_SWAPPED_MS = 250
_client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)


def note(world: World, name: str, body: Body, *, call: Call | None = None) -> None:
    """Something happened to an object: keep the event, and plan its deliveries."""
    note_about(world, name, body, objects.owner(world, body["id"]), call)


def note_about(world: World, name: str, body: Body, account: str, call: Call | None = None) -> None:
    """The same, for an account that is named."""
    platform = platform_of(world, account)
    told: Body = {
        "api_version": API_VERSION,
        "type": name,
        "data": {"object": objects.shown(world, body, [])},
        "pending_webhooks": 0,
        "request": {
            "id": call.request_id if call else None,
            "idempotency_key": (call.key or None) if call else None,
        },
    }
    if account != platform:
        told["account"] = account
    endpoints = _listeners(world, platform, name, is_connected=account != platform)
    told["pending_webhooks"] = len(endpoints)
    event = objects.add(world, "evt", "event", account, told)
    subject = str(body.get("payment_intent") or body["id"])
    for endpoint in endpoints:
        for wait_ms in _waits(world, name, subject):
            due_at_ms = world.now_ms() + wait_ms
            world.store.insert(
                "delivery",
                event=event["id"],
                endpoint=endpoint["id"],
                subject=subject,
                due_at_ms=due_at_ms,
                first_due_at_ms=due_at_ms,
            )
    world.wake.set()


def platform_of(world: World, account: str) -> str:
    if world.store.row("SELECT 1 FROM platform WHERE account = ?", account):
        return account
    return objects.owner(world, account)


def _listeners(world: World, platform: str, name: str, *, is_connected: bool) -> list[Body]:
    return [
        endpoint
        for endpoint in objects.having(world, "webhook_endpoint", "_platform", platform)
        if endpoint["_connect"] == is_connected
        and endpoint["status"] == "enabled"
        and ({"*", name} & set(endpoint["enabled_events"]))
    ]


def _waits(world: World, name: str, subject: str) -> list[int]:
    """When an event is delivered, once or several times: by planted faults and by the amount."""
    wait_ms = world.setting("webhook_delay_ms")
    planted = world.store.row(
        "UPDATE fault SET remaining = remaining - 1 WHERE id = (SELECT id FROM fault"
        " WHERE path = 'webhooks' AND remaining > 0 ORDER BY id LIMIT 1) RETURNING *"
    )
    intent = objects.find(world, subject, "payment_intent")
    ending = intent["amount"] % 100 if intent else 0
    kind = planted["kind"] if planted else {5: "duplicate", 8: "lost"}.get(ending, "")
    if kind == "lost":
        return []
    if kind == "duplicate":
        return [wait_ms + n * _BETWEEN_COPIES_MS for n in range(3)]
    if kind == "late":
        return [wait_ms + planted["milliseconds"]] if planted else [wait_ms]
    is_early = name in {"payment_intent.created", "payment_intent.payment_failed", "charge.failed"}
    return [wait_ms + _SWAPPED_MS] if ending == 9 and is_early else [wait_ms]


# --- endpoints ---------------------------------------------------------------------------------


def create_endpoint(call: Call) -> Body:
    """``POST /v1/webhook_endpoints``; the signing secret is shown in this answer only."""
    params = call.params
    url, wanted = params.need("url"), params.texts("enabled_events")
    if not url.startswith(("http://", "https://")) or not wanted:
        raise invalid("Invalid URL or enabled_events", "url", "url_invalid")
    if params.text("api_version", API_VERSION) != API_VERSION:
        raise invalid("Invalid API version", "api_version")
    is_connect, metadata = params.flag("connect"), params.metadata()
    description = params.text("description")
    params.done()
    body = {
        "api_version": API_VERSION,
        "application": None,
        "description": description or None,
        "enabled_events": wanted,
        "metadata": metadata,
        "status": "enabled",
        "url": url,
        "_connect": is_connect,
        "_platform": call.platform,
    }
    endpoint = objects.add(call.world, "we", "webhook_endpoint", call.account, body)
    secret = call.world.name("whsec", 32)
    call.world.store.insert("signing_secret", endpoint=endpoint["id"], secret=secret)
    return endpoint | {"secret": secret}


def update_endpoint(call: Call) -> Body:
    endpoint = objects.get(call.world, call.path["id"], "webhook_endpoint", call.account)
    params = call.params
    if url := params.text("url"):
        endpoint["url"] = url
    if wanted := params.texts("enabled_events"):
        endpoint["enabled_events"] = wanted
    if params.has("disabled"):
        endpoint["status"] = "disabled" if params.flag("disabled") else "enabled"
    params.done()
    objects.save(call.world, endpoint)
    return endpoint


def delete_endpoint(call: Call) -> Body:
    id = objects.get(call.world, call.path["id"], "webhook_endpoint", call.account)["id"]
    call.world.store.write("DELETE FROM object WHERE id = ?", id)
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


def roll_secret(world: World, endpoint: str, expires_in_seconds: int) -> str:
    """What the dashboard's "roll secret" does: both sign until the old one expires."""
    expires_at_ms = world.now_ms() + expires_in_seconds * 1000
    world.store.write(
        "UPDATE signing_secret SET expires_at_ms = ? WHERE endpoint = ? AND expires_at_ms IS NULL",
        expires_at_ms,
        endpoint,
    )
    secret = world.name("whsec", 32)
    world.store.insert("signing_secret", endpoint=endpoint, secret=secret)
    return secret


# --- deliveries --------------------------------------------------------------------------------


def signature(world: World, endpoint: str, payload: str) -> str:
    """``t=…,v1=…``, one ``v1`` for each living secret, the newest first."""
    at = world.now()
    rows = world.store.rows(
        "SELECT secret FROM signing_secret WHERE endpoint = ?"
        " AND (expires_at_ms IS NULL OR expires_at_ms > ?) ORDER BY rowid DESC",
        endpoint,
        world.now_ms(),
    )
    signed = f"{at}.{payload}".encode()
    macs = [hmac.new(row["secret"].encode(), signed, hashlib.sha256).hexdigest() for row in rows]
    return ",".join([f"t={at}", *(f"v1={mac}" for mac in macs)])


def deliver(world: World, delivery_id: int) -> None:
    """Try one delivery once; anything but a 2xx is tried again for three days."""
    row = world.store.row("SELECT * FROM delivery WHERE id = ?", delivery_id)
    if row is None or row["state"] != "due" or row["due_at_ms"] > world.now_ms():
        return
    event = objects.find(world, row["event"], "event")
    endpoint = objects.find(world, row["endpoint"], "webhook_endpoint")
    if event is None or endpoint is None:
        _settle(world, delivery_id, "given_up")
        return
    payload = json.dumps(event, indent=2)
    status, answer = _post(endpoint["url"], payload, signature(world, endpoint["id"], payload))
    with world.store.transaction():
        world.store.insert(
            "delivery_try",
            delivery_id=delivery_id,
            at_ms=world.now_ms(),
            status=status,
            answer=answer,
        )
        if status is not None and 200 <= status < 300:
            _settle(world, delivery_id, "answered")
        else:
            _again(world, row)


def _post(url: str, payload: str, signed: str) -> tuple[int | None, str]:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signed,
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    try:
        answer = _client.post(url, content=payload, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return None, type(error).__name__
    return answer.status_code, answer.text[:2_000]


def _again(world: World, row: Any) -> None:
    tries = world.store.number("SELECT COUNT(*) FROM delivery_try WHERE delivery_id = ?", row["id"])
    pause_ms = min(world.setting("retry_delay_ms") << min(tries - 1, 30), LONGEST_PAUSE_MS)
    due_at_ms = world.now_ms() + pause_ms
    if due_at_ms > row["first_due_at_ms"] + GIVEN_UP_AFTER_MS:
        _settle(world, row["id"], "given_up")
        return
    world.store.write("UPDATE delivery SET due_at_ms = ? WHERE id = ?", due_at_ms, row["id"])


def _settle(world: World, delivery_id: int, state: str) -> None:
    world.store.write("UPDATE delivery SET state = ? WHERE id = ?", state, delivery_id)


def resend(world: World, event: str) -> int:
    """Deliver an event again, as the dashboard's "resend" does."""
    found = objects.find(world, event, "event")
    if found is None:
        return 0
    account = objects.owner(world, event)
    platform = platform_of(world, account)
    listeners = _listeners(world, platform, found["type"], is_connected=account != platform)
    for endpoint in listeners:
        now_ms = world.now_ms()
        world.store.insert(
            "delivery",
            event=event,
            endpoint=endpoint["id"],
            subject=event,
            due_at_ms=now_ms,
            first_due_at_ms=now_ms,
        )
    world.wake.set()
    return len(listeners)
