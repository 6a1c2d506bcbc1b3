"""Callers over HTTP: ``python -m tests.benchmarks.callers``, told on standard input what to do.

A process with nothing of ours but the client, so that its CPU time is what a client takes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from random import sample
from typing import Any

from pyqwest import Client

from apps.ledger.rpc.client import async_ledger_client, credit, debit
from apps.ledger.rpc.v1.ledger_connect import LedgerServiceClient
from apps.ledger.rpc.v1.ledger_pb import PostEntryRequest

WARM_UP_SECONDS = 1.0
TIMEOUT_SECONDS = 60.0


Caller = Callable[[list[str]], Awaitable[None]]


async def main(asked: dict[str, Any]) -> dict[str, float]:
    """Call until the time is up; how often, how long each took, and our own CPU time."""
    calls: list[float] = []
    async with _caller(asked) as call:
        begin = time.perf_counter() + WARM_UP_SECONDS
        end = begin + asked["seconds"]
        work = asyncio.gather(
            *(_calls(call, asked["codes"], begin, end, calls) for _ in range(asked["callers"]))
        )
        await asyncio.sleep(WARM_UP_SECONDS)
        print("begun", flush=True)
        before = time.process_time()
        await work
    calls.sort()
    return {
        "done": len(calls),
        "client_seconds": time.process_time() - before,
        "elapsed": time.perf_counter() - begin,
        "p50_ms": calls[len(calls) // 2] * 1e3,
        "p99_ms": calls[len(calls) * 99 // 100] * 1e3,
    }


@asynccontextmanager
async def _caller(asked: dict[str, Any]) -> AsyncIterator[Caller]:
    """Whom to call: the door, or an address of the REST API."""
    if asked["kind"] == "door":
        async with async_ledger_client(
            asked["url"], asked["key"], timeout_seconds=TIMEOUT_SECONDS
        ) as ledger:
            yield partial(_by_door, ledger)
        return
    path = {"post": "/v1/ledger/entries", "nothing": "/v1/bench/nothing"}[asked["kind"]]
    yield partial(_by_rest, Client(), asked["url"] + path, asked["key"])


async def _by_door(ledger: LedgerServiceClient, accounts: list[str]) -> None:
    await ledger.post_entry(
        PostEntryRequest(
            description="A sale",
            kind="bench",
            value_date="2026-03-02",
            postings=[debit(accounts[0], 5, "KES"), credit(accounts[1], 5, "KES")],
        )
    )


async def _by_rest(client: Client, url: str, key: str, accounts: list[str]) -> None:
    amount = {"amount": 5, "currency": "KES"}
    body = {
        "description": "A sale",
        "kind": "bench",
        "value_date": "2026-03-02",
        "postings": [
            {"account": account, "side": side, "amount": amount}
            for account, side in zip(accounts, ("debit", "credit"), strict=True)
        ],
    }
    headers = {
        "authorization": f"Bearer {key}",
        "content-type": "application/json",
        "idempotency-key": uuid.uuid4().hex,  # noqa: TID251  a caller's, not an id of ours
    }
    answer = await client.post(url, headers, json.dumps(body).encode())
    assert answer.status in (200, 201), answer.text()


async def _calls(
    call: Caller, codes: list[str], begin: float, end: float, calls: list[float]
) -> None:
    while (started := time.perf_counter()) < end:
        await call(sample(codes, 2))
        if started >= begin:
            calls.append(time.perf_counter() - started)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.loads(sys.stdin.readline())))))
