"""For tests of the API: the till's address book, and books that are really committed to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.platform.actors import Actor
from apps.platform.jobs import registry, start_job
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import tenant_by_slug
from tests.platform.job_world import KIND, Handler

Call = Callable[..., Any]


@pytest.fixture
def till(settings: Any) -> Call:
    """Call the till's API in Mara's books: ``till("POST", "/v1/till/rings", {…}, key=…)``."""
    settings.ROOT_URLCONF = "tests.platform.api_world"

    def call(method: str, path: str, body: object = None, *, key: str = "", **options: Any) -> Any:
        client = Client(raise_request_exception=options.pop("raises", True))
        headers = {"X-Client": "till-1", **options.pop("headers", {})}
        if key:
            headers["Idempotency-Key"] = key
        return client.generic(
            method,
            path,
            body if isinstance(body, str | bytes) else _json(body),
            content_type=options.pop("content_type", "application/json"),
            headers={name: value for name, value in headers.items() if value},
            HTTP_HOST=options.pop("host", "mara.localhost"),
            **options,
        )

    return call


@pytest.fixture
def committed_mara(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Tenant]:
    """Mara's books without a transaction around the test: what is committed stays.

    The test names what it writes after itself and removes it.
    """
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django_tenants' own
        tenant = tenant_by_slug("mara")
        assert tenant is not None
        try:
            with inside(tenant):
                yield tenant
        finally:
            connection.close()


def _json(body: object) -> str:
    return "" if body is None else json.dumps(body)


@pytest.fixture
def does(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Register the test's function for jobs of the kind ``tests.job``."""

    def register(function: Handler) -> None:
        monkeypatch.setitem(registry._handlers, KIND, function)

    return register


@pytest.fixture
def start(amina: Actor, does: Callable[[Handler], None]) -> Callable[..., Any]:
    def started(function: Handler, **facts: Any) -> Any:
        does(function)
        return start_job(kind=KIND, title="Count", actor=amina, **{"total": 3} | facts)

    return started
