"""Callers of the door: ``python -m tests.benchmarks.callers``, told on standard input what to do.

A process with nothing of ours but the client, so that its CPU time is what a client takes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from random import Random
from typing import Any

from apps.ledger.rpc.client import async_ledger_client, credit, debit
from apps.ledger.rpc.v1.ledger_connect import LedgerServiceClient
from apps.ledger.rpc.v1.ledger_pb import PostEntryRequest

WARM_UP_SECONDS = 1.0
TIMEOUT_SECONDS = 60.0


async def main(asked: dict[str, Any]) -> dict[str, float]:
    """Call until the time is up; how often, how long each took, and our own CPU time."""
    random, calls = Random(), list[float]()
    async with async_ledger_client(
        asked["url"], asked["key"], timeout_seconds=TIMEOUT_SECONDS
    ) as ledger:
        begin = time.perf_counter() + WARM_UP_SECONDS
        end = begin + asked["seconds"]
        callers = [
            _call(ledger, random, asked["codes"], begin, end, calls)
            for _ in range(asked["callers"])
        ]
        work = asyncio.gather(*callers)
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


async def _call(
    ledger: LedgerServiceClient,
    random: Random,
    codes: list[str],
    begin: float,
    end: float,
    calls: list[float],
) -> None:
    while (started := time.perf_counter()) < end:
        one, other = random.sample(codes, 2)
        await ledger.post_entry(
            PostEntryRequest(
                description="A sale",
                kind="bench",
                value_date="2026-03-02",
                postings=[debit(one, 5, "KES"), credit(other, 5, "KES")],
            )
        )
        if started >= begin:
            calls.append(time.perf_counter() - started)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.loads(sys.stdin.readline())))))
