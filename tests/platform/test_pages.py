"""Lists are cut by key: nothing is told twice, nothing is left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.platform.models import AuditRecord
from apps.tenancy.models import Tenant
from tests.platform.api_world import RINGING

Call = Callable[..., Any]
RINGS = "/v1/till/rings"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ring(*seconds: int) -> None:
    for index, second in enumerate(seconds):
        AuditRecord.objects.create(
            use_case=RINGING, subject=str(index), recorded_at=NOON + timedelta(seconds=second)
        )


def in_order() -> list[str]:
    rows = AuditRecord.objects.filter(use_case=RINGING).order_by("-recorded_at", "-id")
    return [str(row.id) for row in rows]


def walk(till: Call, page: dict[str, Any], link: str) -> list[list[str]]:
    pages = []
    while page[link]:
        page = till("GET", page[link].removeprefix("http://mara.localhost")).json()
        pages.append([row["id"] for row in page["data"]])
        assert len(pages) < 20, "the pages go round in a circle"
    return pages


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seconds=st.lists(st.integers(0, 3), max_size=12), limit=st.integers(1, 5))
def test_walking_there_and_back_meets_every_row_once(
    mara: Tenant, till: Call, seconds: list[int], limit: int
) -> None:
    AuditRecord.objects.all().delete()
    ring(*seconds)
    first = till("GET", f"{RINGS}?limit={limit}").json()
    ids = [row["id"] for row in first["data"]]
    forth = [ids, *walk(till, first, "next")]
    assert [id for page in forth for id in page] == in_order()
    assert all(len(page) == limit for page in forth[:-1])
    assert first["previous"] is None
    last = first
    for _ in forth[1:]:
        last = till("GET", last["next"].removeprefix("http://mara.localhost")).json()
    assert last["next"] is None
    assert walk(till, last, "previous") == forth[-2::-1]


def test_a_row_that_arrives_meanwhile_moves_nothing(mara: Tenant, till: Call) -> None:
    ring(1, 2, 3, 4)
    known = in_order()
    first = till("GET", f"{RINGS}?limit=2").json()
    ring(9)
    assert walk(till, first, "next") == [known[2:]]


def test_the_links_are_in_the_header_too_and_keep_the_query(mara: Tenant, till: Call) -> None:
    ring(1, 2, 3)
    answer = till("GET", f"{RINGS}?limit=1&use_case={RINGING}")
    page = answer.json()
    assert answer["Link"] == f'<{page["next"]}>; rel="next"'
    assert page["next"].startswith(f"http://mara.localhost{RINGS}?cursor=")
    assert page["next"].endswith(f"&limit=1&use_case={RINGING}")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", "1e2", "٣", ""])
def test_a_page_has_from_one_to_two_hundred_rows(mara: Tenant, till: Call, limit: str) -> None:
    answer = till("GET", f"{RINGS}?limit={limit}")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/limit"


def test_the_largest_page_is_allowed(mara: Tenant, till: Call) -> None:
    assert till("GET", f"{RINGS}?limit=200").status_code == 200


def test_a_cursor_cannot_be_made_up_or_carried_to_another_tenant(
    baobab: Tenant, mara: Tenant, till: Call
) -> None:
    ring(1, 2)
    cursor = till("GET", f"{RINGS}?limit=1").json()["next"].partition("cursor=")[2]
    for path, host in [
        (f"{RINGS}?cursor=MTox", "mara.localhost"),
        (f"{RINGS}?cursor=x{cursor}", "mara.localhost"),
        (f"{RINGS}?cursor={cursor}", "baobab.localhost"),
    ]:
        answer = till("GET", path, host=host)
        assert (answer.status_code, answer.json()["code"]) == (422, "platform/unknown-cursor")
