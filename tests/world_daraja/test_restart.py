"""A power cut loses nothing: books, tokens, and what was still to be done or sent."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import httpx
import pytest

from tests.world_daraja.client import Receiver, Tenant, until
from tests.worlds.launch import Simulator


def proof(simulator: Simulator) -> bool:
    return bool(httpx.get(f"{simulator.url}/_control/proof").json()["holds"])


def test_kill_9_keeps_the_books_and_sends_what_is_due(
    own_simulator: Simulator, receiver: Receiver
) -> None:
    tenant = Tenant(own_simulator.url, "600777", receiver)
    tenant.control("settings", callback_delay_ms=0)
    tenant.push("254708374101")
    receiver.wait("/cb")
    tenant.control("settings", callback_delay_ms=400)
    pushed = tenant.push("254708374102").json()
    tenant.pay_out("after-the-cut", "254705912600")
    before = tenant.transactions()
    own_simulator.kill()
    assert len(receiver.heard) == 1

    own_simulator.start()
    assert tenant.transactions()[: len(before)] == before
    message = receiver.wait("/cb", 2)[1]["Body"]["stkCallback"]
    assert message["CheckoutRequestID"] == pushed["CheckoutRequestID"]
    assert receiver.wait("/r")[0]["Result"]["OriginatorConversationID"] == "after-the-cut"
    assert len(tenant.transactions("payout")) == 1
    assert tenant.pay_out("after-the-cut", "254705912600").json()["errorCode"] == "500.002.1001"
    assert proof(own_simulator)


def test_a_graceful_stop_keeps_the_certificate_and_the_port(
    own_simulator: Simulator, receiver: Receiver
) -> None:
    tenant = Tenant(own_simulator.url, "600778", receiver)
    before, url = tenant.http.get("/_control/certificate").text, own_simulator.url
    assert own_simulator.stop() == 0
    own_simulator.start()
    assert own_simulator.url == url
    assert tenant.http.get("/_control/certificate").text == before


def test_a_refused_callback_is_tried_again_and_every_try_is_kept(
    own_simulator: Simulator, receiver: Receiver
) -> None:
    tenant = Tenant(own_simulator.url, "600779", receiver)
    tenant.control("settings", callback_delay_ms=0, retry_delay_ms=50)
    gone = Receiver()
    gone.close()
    tenant.push("254708374101", CallBackURL=gone.url("/late"))
    until(lambda: len(tries(tenant)) >= 2)
    back = Receiver(gone.port)
    back.wait("/late")
    until(lambda: tenant.read("callbacks")["callbacks"][0]["state"] == "answered")
    statuses = [row["status"] for row in tries(tenant)]
    assert statuses[0] is None
    assert statuses[-1] == 200
    back.close()


def test_callbacks_are_given_up_after_the_last_retry(
    own_simulator: Simulator, receiver: Receiver
) -> None:
    tenant = Tenant(own_simulator.url, "600780", receiver)
    tenant.control("settings", callback_delay_ms=0, retry_delay_ms=1, retry_count=2)
    tenant.push("254708374101", CallBackURL="http://127.0.0.1:9/nobody")
    until(lambda: tenant.read("callbacks")["callbacks"][:1])
    until(lambda: tenant.read("callbacks")["callbacks"][0]["state"] == "given_up")
    assert len(tries(tenant)) == 3


def tries(tenant: Tenant) -> list[dict[str, object]]:
    sent = tenant.read("callbacks")["callbacks"]
    return list(sent[0]["tries"]) if sent else []


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE transfer SET amount_minor = amount_minor + 1", "never altered"),
        ("DELETE FROM posting", "never deleted"),
    ],
)
def test_the_provider_s_books_are_append_only(
    own_simulator: Simulator, receiver: Receiver, tmp_path: Path, sql: str, message: str
) -> None:
    Tenant(own_simulator.url, "600781", receiver)
    own_simulator.stop()
    books = sqlite3.connect(tmp_path / "world" / "daraja.sqlite3")
    with pytest.raises(sqlite3.IntegrityError, match=message):
        books.execute(sql)
    books.close()


def test_the_proof_fails_on_a_balance_that_is_not_the_fold(
    own_simulator: Simulator, receiver: Receiver, tmp_path: Path
) -> None:
    Tenant(own_simulator.url, "600782", receiver)
    assert proof(own_simulator)
    own_simulator.stop()
    with sqlite3.connect(tmp_path / "world" / "daraja.sqlite3") as books:
        books.execute("UPDATE account SET balance_minor = balance_minor + 1 WHERE code = 'world'")
    own_simulator.start()
    answer = httpx.get(f"{own_simulator.url}/_control/proof")
    assert answer.status_code == 500
    assert answer.json()["drifted_accounts"] == ["world"]
