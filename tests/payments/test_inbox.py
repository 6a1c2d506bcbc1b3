"""Callbacks at the door, over real HTTP: stored once, answered always, forged never."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.conf import settings

from apps.ledger.services import resume_posting, stop_posting
from apps.payments import selectors, services
from apps.payments.domain import tokens
from apps.payments.models import Attempt, Callback
from apps.payments.selectors.contexts import callback_token
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor, ActorKind
from apps.platform.ids import new_id, public_id
from apps.tenancy.contexts import inside
from tests.payments.conftest import House
from tests.payments.world import balance, new_intent, payment_when, queue_payout, told, work

ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}


@pytest.fixture
def waiting(house: House) -> Attempt:
    """A collection whose callback we play ourselves: it was sent, and nothing was heard."""
    services.process_callbacks()
    intent_id = new_intent("254708000001")
    receipt = services.start_collection(intent_id=intent_id, actor=SYSTEM)
    attempt = Attempt.objects.get(id=receipt.attempt_id)
    attempt.state = "sending"
    attempt.save(update_fields=["state"])
    return attempt


def paid(receipt: str, **changes: Any) -> dict[str, Any]:
    items = {"Amount": 1500.00, "MpesaReceiptNumber": receipt, "PhoneNumber": 254708000001}
    return {
        "Body": {
            "stkCallback": {
                "MerchantRequestID": "m-1",
                "CheckoutRequestID": f"ws_CO_{receipt}",
                "ResultCode": 0,
                "ResultDesc": "ok",
                "CallbackMetadata": {
                    "Item": [{"Name": k, "Value": v} for k, v in {**items, **changes}.items()]
                },
            }
        }
    }


def send(
    house: House, attempt: UUID, body: Any, *, kind: str = "stk", token: str = "", host: str = ""
) -> httpx.Response:
    url = f"{house.inbox_url}/in/daraja/{token or callback_token(attempt)}/{kind}"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Host": host} if host else {}
    return httpx.post(url, content=content, headers=headers, trust_env=False, timeout=30)


def fresh_receipt() -> str:
    return f"R{new_id().hex[-9:].upper()}"


def test_a_hundred_equal_callbacks_at_once_make_one_entry(house: House, waiting: Attempt) -> None:
    body, before = paid(fresh_receipt()), balance("1100")
    barrier, answers = threading.Barrier(100), []

    def deliver() -> None:
        barrier.wait()
        answers.append(send(house, waiting.id, body, token=token))

    token = callback_token(waiting.id)
    threads = [threading.Thread(target=deliver) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(a.status_code, a.json()) for a in answers] == [(200, ACCEPTED)] * 100
    (row,) = Callback.objects.filter(attempt=waiting)
    assert row.duplicates == 99
    processors = [threading.Thread(target=_process_in, args=(house,)) for _ in range(4)]
    for thread in processors:
        thread.start()
    for thread in processors:
        thread.join()
    assert balance("1100") == before + 1_500_00
    assert waiting.intent is not None
    assert len(told("payment_captured", public_id("pi", waiting.intent.id))) == 1


def test_callbacks_wait_for_as_long_as_posting_is_stopped(
    house: House, waiting: Attempt, later: Callable[[float], None]
) -> None:
    """They are answered and kept; waiting uses up no try, whatever the length of the stop."""
    before, person = balance("1100"), Actor(ActorKind.PERSON, "amina", new_id())
    stop_posting(reason="the audit found something", actor=SYSTEM)
    answer = send(house, waiting.id, paid(fresh_receipt()))
    assert (answer.status_code, answer.json()) == (200, ACCEPTED)
    for _ in range(12):
        services.process_callbacks()
        later(3600)
    (row,) = Callback.objects.filter(attempt=waiting)
    assert (row.state, row.tries) == ("new", 0)
    assert "Posting is stopped" in row.last_error
    assert balance("1100") == before
    resume_posting(reason="found it", step_up_at=clock.now(), actor=person)
    services.process_callbacks()
    row.refresh_from_db()
    assert (row.state, balance("1100")) == ("done", before + 1_500_00)


def _process_in(house: House) -> None:
    from django.db import connection

    with inside(house.tenant):
        services.process_callbacks()
    connection.close()


def test_the_bytes_are_kept_as_they_came(house: House, waiting: Attempt) -> None:
    raw = b' {"Body": {"stkCallback": {"ResultCode": 1 , "CheckoutRequestID":"x"}} }\n'
    assert send(house, waiting.id, raw).status_code == 200
    (row,) = Callback.objects.filter(attempt=waiting)
    assert bytes(row.body) == raw
    assert row.body_sha256 == hashlib.sha256(raw).hexdigest()
    assert row.remote_ip == "127.0.0.1"


@pytest.mark.parametrize("host", ["mara.localhost", "baobab.localhost", "localhost"])
def test_the_token_names_the_tenant_whatever_the_host(
    house: House, waiting: Attempt, host: str
) -> None:
    assert send(house, waiting.id, paid(fresh_receipt()), host=host).status_code == 200
    assert Callback.objects.filter(attempt=waiting).count() == 1


def test_an_address_that_was_never_given_out_is_unknown(house: House, waiting: Attempt) -> None:
    good = callback_token(waiting.id)
    other_key = tokens.seal(house.tenant.id, waiting.id, b"another key")
    nobody = tokens.seal(house.tenant.id, new_id(), b"x")
    last = good[:-1] + ("b" if good[-1] != "b" else "c")
    forged = [other_key, nobody, last, good[:-1], good.upper(), "x", "0" * len(good)]
    before = Callback.objects.count()
    for token in forged:
        assert send(house, waiting.id, paid("X"), token=token).status_code == 404, token
    assert send(house, waiting.id, paid("X"), kind="other").status_code == 404
    elsewhere = f"{house.inbox_url}/in/stripe/{good}/stk"
    assert httpx.post(elsewhere, content=b"{}", trust_env=False).status_code == 404
    assert httpx.get(f"{house.inbox_url}/in/daraja/{good}/stk", trust_env=False).status_code == 405
    assert Callback.objects.count() == before


def test_a_token_of_a_real_attempt_in_another_tenant_opens_nothing(
    house: House, waiting: Attempt
) -> None:
    from apps.payments.selectors.contexts import callback_keys

    stranger = new_id()
    token = tokens.seal(stranger, waiting.id, callback_keys()[0])
    assert send(house, waiting.id, paid("X"), token=token).status_code == 404


def test_addresses_given_out_before_a_change_of_key_still_open(
    house: House, waiting: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = callback_token(waiting.id)
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [settings.SECRET_KEY])
    monkeypatch.setattr(settings, "SECRET_KEY", "another-key-" * 6)
    assert send(house, waiting.id, paid(fresh_receipt()), token=token).status_code == 200


def test_a_giant_is_refused_unread(house: House, waiting: Attempt) -> None:
    assert send(house, waiting.id, b"x" * (64 * 1024 + 1)).status_code == 413
    assert send(house, waiting.id, b"x" * (64 * 1024)).status_code == 200
    assert Callback.objects.filter(attempt=waiting).count() == 1


def test_the_same_name_with_other_bytes_is_quarantined_and_books_nothing(
    house: House, waiting: Attempt
) -> None:
    receipt, before = fresh_receipt(), balance("1100")
    assert send(house, waiting.id, paid(receipt)).json() == ACCEPTED
    assert send(house, waiting.id, paid(receipt, Amount=9999)).json() == ACCEPTED
    work()
    states = Callback.objects.filter(attempt=waiting).values_list("state", flat=True)
    assert sorted(states) == ["done", "quarantined"]
    assert balance("1100") == before + 1_500_00


def test_another_payers_money_is_quarantined(house: House, waiting: Attempt) -> None:
    before = balance("1100")
    send(house, waiting.id, paid(fresh_receipt(), PhoneNumber=254799999999))
    work()
    (row,) = Callback.objects.filter(attempt=waiting)
    assert (row.state, balance("1100")) == ("quarantined", before)
    assert "field=phone" in row.last_error


def test_a_receipt_is_credited_once_across_payments(house: House, waiting: Attempt) -> None:
    receipt = fresh_receipt()
    send(house, waiting.id, paid(receipt))
    work()
    second = services.start_collection(intent_id=new_intent("254708000001"), actor=SYSTEM)
    before = balance("1100")
    body = paid(receipt)
    body["Body"]["stkCallback"]["CheckoutRequestID"] = "ws_CO_elsewhere"
    send(house, second.attempt_id, body)
    services.process_callbacks()
    (row,) = Callback.objects.filter(attempt_id=second.attempt_id)
    assert (row.state, balance("1100")) == ("quarantined", before)


def test_a_payout_result_with_another_amount_is_quarantined(house: House) -> None:
    payout_ref = queue_payout("254708000001")
    attempt = Attempt.objects.get(payout_ref=payout_ref)
    before = balance("1110")
    result = {
        "Result": {
            "ResultType": 0, "ResultCode": 0, "ResultDesc": "ok", "ConversationID": "AG_1",
            "OriginatorConversationID": attempt.provider_key, "TransactionID": fresh_receipt(),
            "ResultParameters": {"ResultParameter": [{"Key": "TransactionAmount", "Value": 1}]},
        }
    }  # fmt: skip
    send(house, attempt.id, result, kind="result")
    services.process_callbacks()
    (row,) = Callback.objects.filter(attempt=attempt)
    assert (row.state, balance("1110")) == ("quarantined", before)
    services.send_due_attempts()


def test_what_cannot_be_read_proves_nothing_and_harms_nothing(
    house: House, waiting: Attempt
) -> None:
    for raw in (b"", b"\xff\x00", b"[]", b"<html>", b"null"):
        assert send(house, waiting.id, raw).json() == ACCEPTED
    work()
    assert set(Callback.objects.filter(attempt=waiting).values_list("state", flat=True)) <= {
        "done", "ignored",
    }  # fmt: skip
    waiting.refresh_from_db()
    assert waiting.state == "unknown"


def test_a_quarantined_callback_replayed_books_no_second_time(
    house: House, waiting: Attempt
) -> None:
    receipt = fresh_receipt()
    send(house, waiting.id, paid(receipt))
    send(house, waiting.id, paid(receipt, Balance=1))
    work()
    before = balance("1100")
    row = Callback.objects.get(attempt=waiting, state="quarantined")
    services.replay_callback(callback_id=row.id, actor=SYSTEM)
    services.process_callbacks()
    row.refresh_from_db()
    assert (row.state, balance("1100")) == ("ignored", before)


def test_a_callback_that_cannot_be_booked_is_kept_and_tried_again(
    house: House, waiting: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.payments.services import processing

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    send(house, waiting.id, paid(fresh_receipt()))
    with monkeypatch.context() as patch:
        patch.setattr(processing, "hear", broken)
        services.process_callbacks()
    (row,) = Callback.objects.filter(attempt=waiting)
    assert (row.state, row.tries, row.last_error) == ("new", 1, "RuntimeError: a bug")
    services.process_callbacks()
    row.refresh_from_db()
    assert row.state == "new"  # not before its time
    Callback.objects.filter(id=row.id).update(next_try_at=row.received_at)
    assert waiting.intent is not None
    payment_when(waiting.intent.id, "succeeded")
    assert selectors.payment(waiting.intent.id).callbacks[0].tries == 2
