"""Payments in Mara's books within a test's transaction: nothing is sent anywhere."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection
from django.test import Client

from apps.identity.services import create_service_client, issue_api_key
from apps.payments import services
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.tenancy.models import Tenant
from tests.payments.world import COLLECTIONS, PAYOUTS, account_draft, open_chart

NOWHERE = "http://127.0.0.1:1"


def open_accounts() -> None:
    """The chart and both provider accounts, at an address where nobody listens."""
    open_chart()
    for label, shortcode in ((COLLECTIONS, "600001"), (PAYOUTS, "700001")):
        services.open_provider_account(draft=account_draft(label, shortcode, NOWHERE), actor=SYSTEM)


class Caller:
    """A service client at the door of one tenant."""

    def __init__(self, tenant: Tenant, *scopes: str) -> None:
        self.tenant = tenant
        client = create_service_client(name=f"till {new_id()}", scopes=scopes, actor=SYSTEM)
        self.key = issue_api_key(client=client.id, name="key", actor=SYSTEM).key
        self.client = Client(headers={"host": f"{tenant.slug}.localhost"})

    def get(self, path: str, **query: str) -> Any:
        return self._call("get", path, data=query)

    def post(self, path: str, body: object, key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        data = json.dumps(body)
        return self._call("post", path, data=data, content_type="application/json", headers=headers)

    def _call(
        self, method: str, path: str, headers: dict[str, str] | None = None, **rest: Any
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"} | (headers or {})
        response = getattr(self.client, method)(f"/v1/payments/{path}", headers=headers, **rest)
        connection.set_tenant(self.tenant)  # type: ignore[attr-defined]  # django_tenants' own
        return response
