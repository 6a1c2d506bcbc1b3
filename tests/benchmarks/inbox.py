"""Storing callbacks and payment intents beside a bare insert, and 200 callbacks a second."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections

from apps.payments import services
from apps.payments.models import Callback
from apps.payments.selectors.contexts import callback_token
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant_id
from apps.tenancy.contexts import inside
from tests.benchmarks.books import tenant
from tests.benchmarks.figures import Report
from tests.benchmarks.scale import Scale
from tests.payments.books import open_accounts
from tests.payments.world import allocation, new_intent

PER_SECOND = 200
CALLERS = 16
STORED_MS = 100.0
_BARE = (
    "INSERT INTO bench_callback (id, tenant, dedupe, body, received_at)"
    " VALUES (%s, %s, %s, %s, now())"
)


def run(report: Report, scale: Scale) -> None:
    """One caller for the ratios; then a steady stream for the times, none of which may be lost."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_callback (id uuid PRIMARY KEY, tenant uuid NOT NULL,"
            " dedupe text UNIQUE, body bytea NOT NULL, received_at timestamptz NOT NULL)"
        )
    open_accounts()
    started = services.start_collection(intent_id=new_intent("254708000001"), actor=SYSTEM)
    store = _storing(callback_token(started.attempt_id))
    bare, stored = _rate(_bare, scale.seconds), _rate(store, scale.seconds)
    asked = _rate(_ask, scale.seconds)
    report.say(f"a bare insert {bare:,.0f} a second; storing a callback {stored:,.0f}:"
               f" {stored / bare:.2f}x")  # fmt: skip
    report.say(f"payment intents, without HTTP, {asked:,.0f} a second: {asked / bare:.2f}x")
    before = Callback.objects.count()
    count = int(PER_SECOND * max(scale.seconds, 5.0))
    times = sorted(_stream(store, count))
    p99 = times[int(len(times) * 0.99)]
    kept = Callback.objects.count() - before
    report.say(f"{count:,} callbacks at {PER_SECOND} a second: p50 {times[len(times) // 2]:.1f} ms,"
               f" p99 {p99:.1f} ms, {kept:,} kept, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    report.at_most("storing a callback, p99 at 200 a second", p99, STORED_MS, " ms")
    report.at_least("callbacks kept of those sent", kept / count, 1.0)


def _rate(work: Callable[[], object], seconds: float) -> float:
    work()
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        work()
        done += 1
    return done / (time.perf_counter() - began)


def _bare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BARE, [new_id(), current_tenant_id(), str(new_id()), b"{}" * 300])


def _ask() -> None:
    name, amount = str(new_id()), Money(1_500_00, "KES")
    services.create_payment_intent(
        reference=name, amount=amount, payer_phone="254708000001", allocation=allocation(amount),
        description="Lunch", idempotency_key=name, actor=SYSTEM,
    )  # fmt: skip


def _storing(token: str) -> Callable[[], object]:
    def store() -> object:
        body = {"Body": {"stkCallback": {"CheckoutRequestID": str(new_id()), "ResultCode": 1032}}}
        return services.receive_callback(
            delivery=services.Delivery(
                inbound_name="daraja", token=token, kind="stk", body=json.dumps(body).encode(),
                content_type="application/json", remote_ip="127.0.0.1",
            )
        )  # fmt: skip

    return store


def _stream(store: Callable[[], object], count: int) -> list[float]:
    """Each at its own moment; its time counts from then, so waiting for a caller counts too."""
    where, began = tenant(), time.perf_counter() + 0.2

    def one(nth: int) -> float:
        due = began + nth / PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        with inside(where):
            store()
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(CALLERS, initializer=connections.close_all) as pool:
        return list(pool.map(one, range(count)))
