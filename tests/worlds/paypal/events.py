"""Webhooks: registered addresses, signed deliveries, every try recorded."""

from __future__ import annotations

import base64
import json
import time
import zlib
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from tests.worlds.paypal import faults
from tests.worlds.paypal.call import Call
from tests.worlds.paypal.errors import Refused
from tests.worlds.paypal.world import World, public
from tests.worlds.server import Request, Response

TRIES = 25
TIMEOUT_SECONDS = 8.0
LONGEST_PAUSE_MS = 10_000
_OK = range(200, 300)
#: No proxies and no redirects: a delivery goes where it was asked to go, or nowhere.
_client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)


def tell(world: World, merchant: str, event_type: str, kind: str, resource: dict[str, Any]) -> None:
    """Make the event and its deliveries to every address that wants it."""
    event = {
        "id": f"WH-{world.name('event')}-{world.name('event')}",
        "event_version": "1.0",
        "create_time": world.stamp(),
        "resource_type": kind,
        "resource_version": "2.0",
        "event_type": event_type,
        "summary": f"{event_type} for {resource.get('id', '')}",
        "resource": public(resource),
        "links": [],
    }
    world.add("event", merchant, event)
    subject = str(resource.get("_id") or resource.get("id") or resource.get("dispute_id") or "")
    for webhook in world.all("webhook", merchant):
        wanted = {each["name"] for each in webhook["event_types"]}
        if wanted & {"*", event_type}:
            _schedule(world, event["id"], webhook, subject)


def _schedule(world: World, event: str, webhook: dict[str, Any], subject: str) -> None:
    fault = faults.next_of(world, "webhooks")
    kind = fault["kind"] if fault else ""
    delay_ms = world.setting("webhook_delay_ms")
    if kind == "late":
        delay_ms += fault["milliseconds"] if fault else 0
    copies = {"lost": 0, "duplicate": 3}.get(kind, 1)
    for copy in range(copies):
        world.store.insert(
            "delivery",
            event=event,
            webhook=webhook["id"],
            url=webhook["url"],
            subject=subject,
            due_at_ms=world.now_ms() + delay_ms * (copy + 1),
        )
    world.wake.set()


def signed(world: World, webhook: str, transmission: str, body: bytes, base: str) -> dict[str, str]:
    """The headers of a delivery: RSA-SHA256 over id, time, webhook id and CRC-32 of the body."""
    at = world.stamp()
    message = f"{transmission}|{at}|{webhook}|{zlib.crc32(body)}"
    return {
        "Content-Type": "application/json",
        "PAYPAL-TRANSMISSION-ID": transmission,
        "PAYPAL-TRANSMISSION-TIME": at,
        "PAYPAL-TRANSMISSION-SIG": base64.b64encode(
            world.certificates.sign(message.encode())
        ).decode(),
        "PAYPAL-CERT-URL": f"{base}/v1/notifications/certs/{world.certificates.name}",
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
    }


def deliver(world: World, delivery_id: int) -> None:
    """Try one delivery once and decide whether it is to be tried again."""
    row = world.store.row("SELECT * FROM delivery WHERE id = ?", delivery_id)
    if row is None or row["state"] != "due" or row["due_at_ms"] > world.now_ms():
        return
    body = json.dumps(public(world.find("event", row["event"]))).encode()
    tries = world.store.number(
        "SELECT COUNT(*) FROM delivery_try WHERE delivery_id = ?", delivery_id
    )
    transmission = str(uuid5(NAMESPACE_URL, f"{row['event']}/{delivery_id}/{tries}"))
    webhook = world.find("webhook", row["webhook"])
    headers = signed(world, row["webhook"], transmission, body, webhook["_base"])
    try:
        answer = _client.post(row["url"], content=body, headers=headers)
        status, said = answer.status_code, answer.text[:2_000]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        status, said = None, type(error).__name__
    with world.store.transaction():
        world.store.insert(
            "delivery_try",
            delivery_id=delivery_id,
            at_ms=world.now_ms(),
            transmission_id=transmission,
            status=status,
            answer=said,
        )
        _settle(world, delivery_id, tries + 1, is_answered=status in _OK)


def _settle(world: World, delivery_id: int, tries: int, *, is_answered: bool) -> None:
    if is_answered or tries >= TRIES:
        state = "answered" if is_answered else "given_up"
        world.store.write("UPDATE delivery SET state = ? WHERE id = ?", state, delivery_id)
        return
    pause_ms = min(world.setting("retry_delay_ms") << (tries - 1), LONGEST_PAUSE_MS)
    world.store.write(
        "UPDATE delivery SET due_at_ms = ? WHERE id = ?", world.now_ms() + pause_ms, delivery_id
    )


def wait_until_tried(world: World, subject: str) -> None:
    """Hold an answer back until each delivery about ``subject`` was tried once."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if not world.store.number(
            "SELECT COUNT(*) FROM delivery WHERE subject = ? AND state = 'due'"
            " AND id NOT IN (SELECT delivery_id FROM delivery_try)",
            subject,
        ):
            return
        time.sleep(0.01)


def register(call: Call) -> tuple[int, dict[str, Any]]:
    """``POST /v1/notifications/webhooks``."""
    url, types = call.body.get("url"), call.body.get("event_types")
    if not isinstance(url, str) or not isinstance(types, list) or not types:
        raise Refused(400, name="VALIDATION_ERROR")
    if any(known["url"] == url for known in call.world.all("webhook", call.merchant)):
        raise Refused(400, name="WEBHOOK_URL_ALREADY_EXISTS")
    body = {
        "id": call.world.name("webhook"),
        "url": url,
        "event_types": types,
        "links": [],
        "_base": call.base,
    }
    return 201, call.world.add("webhook", call.merchant, body)


def registered(call: Call) -> dict[str, Any]:
    """``GET /v1/notifications/webhooks``."""
    return {"webhooks": call.world.all("webhook", call.merchant)}


def unregister(call: Call) -> tuple[int, dict[str, Any]]:
    """``DELETE /v1/notifications/webhooks/{id}``."""
    call.world.find("webhook", call.params["id"], call.merchant)
    call.world.store.write("DELETE FROM object WHERE id = ?", call.params["id"])
    return 204, {}


def listed(call: Call) -> dict[str, Any]:
    """``GET /v1/notifications/webhooks-events``."""
    events = call.world.all("event", call.merchant)
    return {"events": events[::-1][:10], "count": len(events), "links": []}


def resend(call: Call) -> tuple[int, dict[str, Any]]:
    """``POST /v1/notifications/webhooks-events/{id}/resend``."""
    event = call.world.find("event", call.params["id"], call.merchant)
    for webhook in call.world.all("webhook", call.merchant):
        _schedule(call.world, event["id"], webhook, event["id"])
    return 202, event


def certificate(world: World, _request: Request) -> Response:
    """``GET /v1/notifications/certs/{name}``: needs no token."""
    return Response(body=world.certificates.chain, content_type="application/x-pem-file")


def log(world: World) -> list[dict[str, Any]]:
    """Every delivery with its tries, oldest first."""
    rows = world.store.rows(
        "SELECT d.*, json_extract(o.body, '$.event_type') AS event_type, t.status, t.answer"
        " FROM delivery d JOIN object o ON o.id = d.event"
        " LEFT JOIN delivery_try t ON t.delivery_id = d.id ORDER BY d.id, t.id"
    )
    return [dict(row) for row in rows]
