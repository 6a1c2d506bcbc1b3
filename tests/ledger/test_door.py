"""The high-throughput door: what comes together is committed together, each with its own answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from django.db import connection
from django.test import Client as Browser
from protobuf import Oneof
from pyqwest import Client
from pyqwest.testing import ASGITransport

from apps.identity.services import create_service_client, issue_api_key, revoke_api_key
from apps.ledger.models import JournalEntry
from apps.ledger.rpc.application import MESSAGE_BYTES_MAX, application
from apps.ledger.rpc.client import Refused, async_ledger_client, credit, debit
from apps.ledger.rpc.service import PARTS_MAX
from apps.ledger.rpc.v1 import ledger_pb as pb
from apps.ledger.rpc.v1.ledger_connect import LedgerServiceClient
from apps.ledger.selectors import account_balance, books_violations
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id, parse_public_id
from apps.platform.models import AuditRecord, OutboxMessage
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant

Work = Callable[[LedgerServiceClient], Awaitable[Any]]


class Caller:
    """A service client of the tenant, and its way through the door."""

    def __init__(self, *scopes: str) -> None:
        receipt = create_service_client(name=f"pos {new_id()}", scopes=scopes, actor=SYSTEM)
        self.issued = issue_api_key(client=receipt.id, name="key", actor=SYSTEM)
        self.key = self.issued.key

    def ask(self, work: Work) -> Any:
        """Run a conversation with a door of its own."""

        async def converse() -> Any:
            async with (
                ASGITransport(application()) as transport,
                async_ledger_client(
                    "http://door", self.key, http_client=Client(transport)
                ) as ledger,
            ):
                return await work(ledger)

        return asyncio.run(converse())


@pytest.fixture
def door(races: Tenant, django_db_blocker: pytest.FixtureRequest) -> Iterator[Tenant]:
    with django_db_blocker.unblock(), inside(races):  # type: ignore[attr-defined]
        yield races
        assert books_violations() == []


@pytest.fixture
def caller(door: Tenant) -> Caller:
    return Caller("ledger:read", "ledger:write")


def sale(amount: int, *, to: str = "9900", **facts: Any) -> pb.PostEntryRequest:
    return pb.PostEntryRequest(
        description="Order A-1",
        kind="test.sale",
        value_date="2026-03-02",
        postings=[debit("9100", amount, "KES"), credit(to, amount, "KES")],
        **facts,
    )


async def outcome(asked: Awaitable[Any]) -> Any:
    try:
        return await asked
    except Refused as refusal:
        return refusal


def trace(number: int) -> str:
    return f"00-{number + 1:032x}-00f067aa0ba902b7-01"


def transactions(ids: set[str]) -> int:
    """How many commits wrote these entries, each of which is there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT txid) FROM ledger_journal_entry WHERE id = ANY (%s)",
            [[parse_public_id("je", id) for id in ids]],
        )
        entries, commits = cursor.fetchone()
    assert entries == len(ids)
    return int(commits)


def test_what_comes_together_is_committed_together_and_answered_apart(caller: Caller) -> None:
    spent = sale(10**12)
    spent.postings[1].account, spent.postings[0].account = "9110", "9100"
    good = [sale(100 + number, idempotency_key=f"k{number}") for number in range(30)]
    bad = {
        "ledger/insufficient-funds": spent,
        "ledger/unknown-account": sale(1, to="no such"),
        "ledger/unbalanced-entry": pb.PostEntryRequest(
            description="Odd",
            value_date="2026-03-02",
            postings=[debit("9100", 2, "KES"), credit("9900", 1, "KES")],
        ),
        "platform/invalid-fields": sale(0),
        "ledger/idempotency-key-reused": sale(7, idempotency_key="k3"),
    }
    again = sale(104, idempotency_key="k4")

    async def at_once(ledger: LedgerServiceClient) -> list[Any]:
        asked = [*good, *bad.values(), again]
        return await asyncio.gather(
            *(
                outcome(ledger.post_entry(one, headers={"traceparent": trace(number)}))
                for number, one in enumerate(asked)
            )
        )

    before = account_balance("9900").balance.minor
    told = caller.ask(at_once)

    assert [one.is_replay for one in told[:30]] == [False] * 30
    assert [one.code for one in told[30:35]] == list(bad)
    assert told[30].reason is Code.FAILED_PRECONDITION
    assert told[30].facts["account"] == "9110"
    assert [field.pointer for field in told[33].problem.errors] == ["/postings/0/amount/amount"]
    assert told[35].is_replay
    assert told[35].id == told[4].id
    assert account_balance("9900").balance.minor == before + sum(100 + n for n in range(30))
    ids = {one.id for one in told[:30]}
    assert transactions(ids) < 10
    # As if each had come alone: its audit record and its event, under its own request.
    records = AuditRecord.objects.filter(subject__in=ids)
    assert Counter(records.values_list("use_case", flat=True)) == {"ledger.post_entry": 30}
    assert len(set(records.values_list("request_id", flat=True))) == 30
    events = dict(
        OutboxMessage.objects.filter(aggregate__in=ids).values_list("aggregate", "traceparent")
    )
    assert [events[one.id] for one in told[:30]] == [trace(number) for number in range(30)]


def test_a_key_means_the_same_over_rest_and_here(caller: Caller, door: Tenant) -> None:
    body = {
        "description": "Order A-1",
        "kind": "test.sale",
        "value_date": "2026-03-02",
        "postings": [
            {"account": "9100", "side": "debit", "amount": {"amount": 55, "currency": "KES"}},
            {"account": "9900", "side": "credit", "amount": {"amount": 55, "currency": "KES"}},
        ],
        "metadata": {"table": 4, "split": 0.5},
    }
    headers = {"Authorization": f"Bearer {caller.key}", "host": "localhost"}

    def by_rest(key: str) -> str:
        headers["Idempotency-Key"] = key
        answer = Browser(headers=headers).post(
            "/v1/ledger/entries", data=body, content_type="application/json"
        )
        connection.set_tenant(door)  # type: ignore[attr-defined]
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    def by_door(key: str) -> pb.EntryReceipt:
        message = sale(55, idempotency_key=key)
        message.metadata = pb.PostEntryRequest.from_json(
            '{"metadata": {"table": 4, "split": 0.5}}'
        ).metadata
        return caller.ask(lambda ledger: ledger.post_entry(message))

    first = by_rest("rest-first")
    second = by_door("rest-first")
    third = by_door("door-first")

    assert (second.id, second.is_replay) == (first, True)
    assert by_rest("door-first") == third.id


def test_a_batch_has_a_result_for_each_part(caller: Caller) -> None:
    entries = [sale(10), sale(0), sale(20, to="no such"), sale(30)]

    async def batch(ledger: LedgerServiceClient) -> Any:
        return await ledger.post_entries(pb.PostEntriesRequest(entries=entries))

    results = [one.outcome for one in caller.ask(batch).results]
    assert [one.field for one in results] == ["receipt", "problem", "problem", "receipt"]
    assert results[1].value.errors[0].pointer == "/entries/1/postings/0/amount/amount"
    assert results[2].value.code == "ledger/unknown-account"

    async def too_much(ledger: LedgerServiceClient) -> list[Any]:
        many = pb.PostEntriesRequest(entries=[sale(1)] * (PARTS_MAX + 1))
        large = sale(1, source_event="x" * MESSAGE_BYTES_MAX)
        return [await outcome(ledger.post_entries(many)), await outcome(ledger.post_entry(large))]

    many, large = caller.ask(too_much)
    assert (many.reason, many.code) == (Code.INVALID_ARGUMENT, "platform/invalid-fields")
    assert large.reason is Code.RESOURCE_EXHAUSTED


def test_holds_and_balances(caller: Caller) -> None:
    async def story(ledger: LedgerServiceClient) -> Any:
        await ledger.post_entry(sale(500, to="9500.one"))
        held = await ledger.place_hold(
            pb.PlaceHoldRequest(
                reason="payout",
                description="Payout",
                lifetime_seconds=600,
                postings=[debit("9500.one", 300, "KES"), credit("9500.two", 300, "KES")],
            )
        )
        waiting = await ledger.get_balance(pb.GetBalanceRequest(account="9500.one"))
        money = pb.Money(amount=100, currency="KES")
        id = held.hold_id
        capture = pb.CaptureHoldRequest(hold_id=id, amount=money)
        done = pb.ReleaseHoldRequest(hold_id=id, reason="no longer needed")
        twice = pb.ReleaseHoldRequest(hold_id=id, reason="twice")
        steps: list[Any] = [
            Oneof("capture", capture),
            Oneof("release", done),
            Oneof("release", twice),
        ]
        asked = pb.MoveHoldsRequest(steps=[pb.HoldStep(step=step) for step in steps])
        moved = await ledger.move_holds(asked)
        read = await ledger.get_balances(
            pb.GetBalancesRequest(accounts=["9500.one", "no such", "9500.two"])
        )
        return held, waiting, moved.results, read.results

    held, waiting, moved, read = caller.ask(story)
    assert [(one.amount, one.currency) for one in held.left] == [(300, "KES")]
    assert waiting.pending_out.amount == 300
    assert waiting.available.amount == waiting.balance.amount - 300
    captured, released, twice = (one.outcome.value for one in moved)
    assert (captured.kind, captured.left[0].amount) == ("captured", 200)
    assert captured.entry_id.startswith("je_")
    assert (released.kind, list(released.left)) == ("released", [])
    assert twice.code == "ledger/hold-already-closed"
    one, missing, two = (answer.outcome.value for answer in read)
    assert one.pending_out.amount == 0
    assert two.balance.amount == 100
    assert missing.code == "ledger/account-not-found"


def test_only_a_good_credential_with_the_scope_gets_in(caller: Caller) -> None:
    reader = Caller("ledger:read")
    stranger = Caller("ledger:read", "ledger:write")
    stranger.key = caller.key[:-4] + "beef"

    def refused(one: Caller) -> tuple[Code, str, int]:
        told = one.ask(lambda ledger: outcome(ledger.post_entry(sale(1))))
        return told.reason, told.code, told.problem.status

    nobody = Caller()
    nobody.key = "not a key"
    before = account_balance("9900").version
    assert refused(reader) == (Code.PERMISSION_DENIED, "identity/scope-missing", 403)
    assert refused(stranger) == (Code.UNAUTHENTICATED, "identity/credential-refused", 401)
    assert refused(nobody) == (Code.UNAUTHENTICATED, "tenancy/credential-unknown", 401)

    async def revoked_between(ledger: LedgerServiceClient) -> Any:
        await ledger.post_entry(sale(1))
        await asyncio.to_thread(revoke)
        return await outcome(ledger.post_entry(sale(1)))

    def revoke() -> None:
        with inside(tenant):
            revoke_api_key(key=caller.issued.id, actor=SYSTEM)
        connection.close()

    tenant = connection.tenant  # type: ignore[attr-defined]
    assert caller.ask(revoked_between).code == "identity/credential-refused"
    assert account_balance("9900").version == before + 1


def test_who_gave_up_before_the_batch_began_is_left_out(caller: Caller) -> None:
    async def impatient(ledger: LedgerServiceClient) -> list[Any]:
        first = asyncio.create_task(ledger.post_entry(sale(1)))
        await asyncio.sleep(0)
        return [
            await outcome(ledger.post_entry(sale(2, idempotency_key="late"), timeout_ms=0)),
            await first,
        ]

    late, first = caller.ask(impatient)
    assert isinstance(late, Refused | ConnectError)
    assert not first.is_replay
    assert not JournalEntry.objects.filter(idempotency_key__endswith=":late").exists()
