"""Webhooks over HTTP, by a real credential."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.identity.services import create_service_client, issue_api_key
from apps.platform.actors import SYSTEM
from apps.platform.clock import now
from apps.platform.jobs import run_due_jobs
from apps.platform.models import AuditRecord
from apps.tenancy.models import Tenant
from apps.webhooks.models import EndpointSecret
from apps.webhooks.services import deliver_due
from apps.webhooks.services.queueing import queue_event
from tests.webhooks.conftest import event
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db


class Caller:
    """A service client of one tenant."""

    def __init__(self, tenant: Tenant, *scopes: str) -> None:
        self.tenant, self.calls = tenant, 0
        client = create_service_client(name=f"till {scopes}", scopes=scopes, actor=SYSTEM)
        self.key = issue_api_key(client=client.id, name="key", actor=SYSTEM).key

    def __call__(self, method: str, path: str, body: object = None, key: str = "") -> Any:
        self.calls += 1
        response = Client(headers={"host": f"{self.tenant.slug}.localhost"}).generic(
            method,
            f"/v1/webhooks/{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {self.key}",
                "Idempotency-Key": key or f"key-{self.calls}",
            },
        )
        connection.set_tenant(self.tenant)  # type: ignore[attr-defined]  # django_tenants' own
        return response


@pytest.fixture
def call(mara: Tenant) -> Caller:
    return Caller(mara, "webhooks:read", "webhooks:write")


def test_an_endpoints_life(call: Caller, receiver: Receiver) -> None:
    body = {"url": receiver.url, "patterns": ["payments.*"], "description": "Orders"}
    answer = call("POST", "endpoints", body, "one")
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    made = answer.json()
    again = call("POST", "endpoints", body, "one")
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == made | {"secret": None}  # told once, and stored nowhere in the clear
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(string_agg(t::text, ''), '') FROM platform_idempotency_key t"
        )
        assert made["secret"] not in cursor.fetchone()[0]
    at = f"endpoints/{made['id']}"
    assert call("GET", at).json()["patterns"] == ["payments.*"]
    changed = call("PATCH", at, {"patterns": ["payments.*", "ledger.*"]}).json()
    assert (changed["patterns"], changed["description"]) == (["payments.*", "ledger.*"], "Orders")
    assert call("POST", f"{at}/pause").json()["state"] == "paused"
    assert call("POST", f"{at}/test").json()["type"].endswith("#webhooks/endpoint-not-active")
    assert call("POST", f"{at}/activate").json()["state"] == "active"
    assert call("DELETE", at).status_code == 204
    assert call("GET", "endpoints").json()["data"] == []
    assert not EndpointSecret.objects.exists()
    cases = set(AuditRecord.objects.values_list("use_case", flat=True))
    assert {"webhooks.create_endpoint", "webhooks.remove_endpoint"} <= cases


def test_it_is_tried_out_and_its_secret_rotated(call: Caller, receiver: Receiver) -> None:
    made = call("POST", "endpoints", {"url": receiver.url, "patterns": ["payments.*"]}).json()
    at = f"endpoints/{made['id']}"
    queue_event(event())
    test = call("POST", f"{at}/test")
    assert test.status_code == 202, test.content
    deliver_due()
    assert {one["type"] for one in receiver.verified(made["secret"])} == {
        "payments.payment_captured.v1", "webhooks.test.v1",
    }  # fmt: skip
    shown = call("GET", f"deliveries/{test.json()['id']}").json()
    assert (shown["state"], shown["requests"][0]["outcome"]) == ("delivered", "accepted")
    assert json.loads(shown["body"])["type"] == "webhooks.test.v1"
    fresh = call("POST", f"{at}/rotate-secret", {"overlap_hours": 1}).json()
    assert fresh["secret"] != made["secret"]
    assert len(fresh["secrets"]) == 2


def test_the_log_is_filtered_and_replayed(call: Caller, receiver: Receiver) -> None:
    began = now().isoformat()
    one = call("POST", "endpoints", {"url": receiver.url, "patterns": ["*"]}).json()
    call("POST", "endpoints", {"url": receiver.url, "patterns": ["ledger.*"]})
    for name in ("payments.payout_paid", "ledger.entry_posted"):
        queue_event(event(name))
    deliver_due()

    def found(query: str) -> int:
        return len(call("GET", f"deliveries?{query}").json()["data"])

    assert [found(query) for query in (
        "", f"endpoint={one['id']}", "event_type=payments.payout_paid", "state=given_up",
        "event_type=ledger.entry_posted.v1&state=delivered",
    )] == [3, 2, 1, 0, 2]  # fmt: skip
    row = call("GET", "deliveries?event_type=payments.payout_paid").json()["data"][0]
    assert call("POST", f"deliveries/{row['id']}/replay").status_code == 202
    deliver_due()
    assert receiver.ids.count(row["message"]) == 2
    job = call("POST", "replays", {"endpoint": one["id"], "since": began})
    assert job.json()["job"].startswith("job_")
    run_due_jobs()
    deliver_due()
    assert receiver.ids.count(row["message"]) == 3
    assert len(receiver.heard) == 6


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "https://10.0.0.1/", "patterns": ["*"]}, "platform/address-refused"),
        ({"url": "https://93.184.215.14/", "patterns": ["Pay!"]}, "webhooks/bad-pattern"),
        ({"url": "https://93.184.215.14/", "patterns": []}, "platform/fields-refused"),
        ({"patterns": ["*"]}, "platform/fields-refused"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Caller, body: object, code: str) -> None:
    answer = call("POST", "endpoints", body)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith(f"#{code}") or code == "platform/fields-refused"
    assert call("GET", "endpoints").json()["data"] == []


def test_reading_is_not_changing_and_abroad_is_nothing(
    call: Caller, receiver: Receiver, mara: Tenant
) -> None:
    made = call("POST", "endpoints", {"url": receiver.url, "patterns": ["*"]}).json()
    reader = Caller(mara, "webhooks:read")
    assert reader("GET", f"endpoints/{made['id']}").status_code == 200
    assert reader("POST", f"endpoints/{made['id']}/test").status_code == 403
    assert reader("GET", "endpoints/whe_01h455vb4pex5vsknk084sn02q").status_code == 404
    assert reader("GET", "deliveries/nonsense").status_code == 404
