"""Webhooks in the console, by people who have signed in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.platform.ids import public_id
from apps.platform.jobs import run_due_jobs
from apps.tenancy.models import Tenant
from apps.webhooks.domain import SecretReceipt
from apps.webhooks.models import Delivery, Endpoint
from apps.webhooks.services import deliver_due
from apps.webhooks.services.queueing import queue_event
from tests.identity.people import make_person, signed_in
from tests.webhooks.conftest import event
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db


class Desk:
    """A person at the console."""

    def __init__(self, tenant: Tenant, role: str) -> None:
        self.tenant = tenant
        self.client: Client = signed_in(make_person(f"person-{role}", role))
        connection.set_tenant(tenant)  # type: ignore[attr-defined]  # django_tenants' own

    def __call__(self, method: str, page: str, **form: object) -> Any:
        response = getattr(self.client, method)(f"/console/webhooks/{page}", form)
        connection.set_tenant(self.tenant)  # type: ignore[attr-defined]  # django_tenants' own
        return response


def test_a_developer_adds_tries_rotates_and_removes(mara: Tenant, receiver: Receiver) -> None:
    desk = Desk(mara, "developer")
    form = {"url": receiver.url, "patterns": "payments.*\nledger.*", "rate_per_minute": 600}
    refused = desk("post", "new-endpoint", **form | {"url": "https://10.0.0.1/"})
    assert refused.status_code == 422
    assert "address not public" in refused.content.decode()
    shown = desk("post", "new-endpoint", **form)
    secret = re.findall(r"whsec_[A-Za-z0-9+/=]+", shown.content.decode())[0]
    assert "no-store" in shown["Cache-Control"]
    row = Endpoint.objects.get()
    at = f"endpoints/{public_id('whe', row.id)}"
    assert row.patterns == ["payments.*", "ledger.*"]
    page = desk("get", at).content.decode()
    assert secret not in page
    sent = desk("post", at, action="test")
    deliver_due()
    assert [body["type"] for body in receiver.verified(secret)] == ["webhooks.test.v1"]
    evidence = desk("get", sent.url.removeprefix("/console/webhooks/")).content.decode()
    assert [words for words in ("Delivered", "Accepted", "204", receiver.ids[0], "This is a test")
            if words not in evidence] == []  # fmt: skip
    rotated = desk("post", f"{at}/secret", overlap="24").content.decode()
    assert len(re.findall(r"whsec_[A-Za-z0-9+/=]+", rotated)) == 2  # to read, and to copy
    changed = desk("post", f"{at}/change", **form | {"patterns": "*", "description": "All"})
    assert (changed.status_code, Endpoint.objects.get().patterns) == (302, ["*"])
    for action, state in (("pause", "paused"), ("activate", "active"), ("remove", "removed")):
        assert desk("post", at, action=action).status_code == 302
        assert Endpoint.objects.get().state == state
    assert public_id("whe", row.id) not in desk("get", "endpoint/").content.decode()


def test_an_operator_sees_why_and_delivers_again_but_changes_nothing(
    mara: Tenant, endpoint: SecretReceipt, receiver: Receiver
) -> None:
    desk = Desk(mara, "operator")
    receiver.says(410, b"<script>alert(1)</script> password=hunter2hunter2")
    queue_event(event())
    deliver_due()
    row = Delivery.objects.get()
    at = f"deliveries/{public_id('whd', row.id)}"
    page = desk("get", at).content.decode()
    assert "<script>alert(1)" not in page
    assert "hunter2" not in page
    assert "410" in desk("get", "delivery/?state__exact=given_up").content.decode()
    assert (
        "It is not called any more"
        in desk("get", f"endpoints/{public_id('whe', row.endpoint_id)}").content.decode()
    )
    home = desk.client.get("/console/").content.decode()
    connection.set_tenant(mara)  # type: ignore[attr-defined]  # django_tenants' own
    assert "1 webhook endpoint is disabled." in home
    assert desk("post", at, action="replay").status_code == 409  # the endpoint is disabled
    assert desk("get", "new-endpoint").status_code == 403
    Endpoint.objects.update(state="active")
    receiver.says(200)
    answer = desk("post", "replay", endpoint="", period="24", state="given_up", event_type="")
    assert answer.status_code == 302, answer.content
    run_due_jobs()
    Endpoint.objects.update(resting_until=None)
    deliver_due()
    assert Delivery.objects.get().state == "delivered"
    assert len(set(receiver.ids)) == 1
    needs_one = desk("post", "replay", endpoint="", period="24", state="", missed="on")
    assert needs_one.status_code == 422
