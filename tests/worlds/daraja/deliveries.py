"""Sending callbacks: every try is recorded, a connection that fails is tried again."""

from __future__ import annotations

import time

import httpx

from tests.worlds.daraja import conversations as talk
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World

TIMEOUT_SECONDS = 8.0
LONGEST_PAUSE_MS = 10_000
KEPT_CHARACTERS = 2_000

#: A question rather than news: asked once, and the pay-in goes on as soon as there is an outcome.
VALIDATION = "c2b_validation"
AFTER_VALIDATION = "c2b.settle"

#: No proxies and no redirects: a callback goes where it was asked to go, or nowhere.
_client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)


def post(url: str, text: str) -> tuple[int | None, str]:
    """Send JSON; answers the status and body, or nothing and the reason no answer came."""
    try:
        answer = _client.post(url, content=text, headers={"Content-Type": "application/json"})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return None, f"{type(error).__name__}: {error}"[:KEPT_CHARACTERS]
    return answer.status_code, answer.text[:KEPT_CHARACTERS]


def deliver(world: World, callback_id: int) -> None:
    """Try one callback once and decide whether it is to be tried again.

    Safaricom documents no repetition of an answered callback, so any HTTP answer settles it.
    """
    row = world.store.row("SELECT * FROM callback WHERE id = ?", callback_id)
    if row is None or row["state"] != "due" or row["due_at_ms"] > world.now_ms():
        return
    status, answer = post(row["url"], row["body"])
    with world.store.transaction():
        world.store.insert(
            "delivery", callback_id=callback_id, at_ms=world.now_ms(), status=status, answer=answer
        )
        if status is not None:
            _settle(world, callback_id, "answered")
        elif row["purpose"] == VALIDATION:
            _settle(world, callback_id, "given_up")
        else:
            _try_again(world, callback_id)
        if row["purpose"] == VALIDATION:
            talk.schedule(world, AFTER_VALIDATION, row["subject"], 0)


def _try_again(world: World, callback_id: int) -> None:
    tries = world.store.number("SELECT COUNT(*) FROM delivery WHERE callback_id = ?", callback_id)
    if tries > world.setting("retry_count"):
        _settle(world, callback_id, "given_up")
        return
    pause_ms = min(world.setting("retry_delay_ms") << (tries - 1), LONGEST_PAUSE_MS)
    world.store.write(
        "UPDATE callback SET due_at_ms = ? WHERE id = ?", world.now_ms() + pause_ms, callback_id
    )


def _settle(world: World, callback_id: int, state: str) -> None:
    world.store.write("UPDATE callback SET state = ? WHERE id = ?", state, callback_id)


def wait_until_sent(world: World, subject: str) -> None:
    """Hold an acknowledgement back until each callback about ``subject`` was tried once."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        untried = world.store.number(
            "SELECT COUNT(*) FROM callback WHERE subject = ? AND state = 'due'"
            " AND id NOT IN (SELECT callback_id FROM delivery)",
            subject,
        )
        if not untried:
            return
        time.sleep(0.01)


def log(world: World, shortcode: str | None) -> list[Row]:
    """Every callback with its tries, oldest first; a callback not tried yet has one empty row."""
    return world.store.rows(
        "SELECT callback.*, delivery.at_ms, delivery.status, delivery.answer FROM callback"
        " LEFT JOIN delivery ON callback_id = callback.id"
        " WHERE ?1 IS NULL OR shortcode = ?1 ORDER BY callback.id, delivery.id",
        shortcode,
    )
