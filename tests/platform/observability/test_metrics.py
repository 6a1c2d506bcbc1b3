"""What ``/metrics`` tells, and to whom."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from apps.platform import clock, metrics
from apps.platform.metrics import Reading, by_tenant
from apps.platform.models import DeadLetter, OutboxMessage
from tests.platform.messaging.house import note_order, place

pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Readings are not cached, and there are pages."""
    monkeypatch.setattr(metrics, "READING_SECONDS", -1.0)
    settings.ROOT_URLCONF = "tests.platform.observability.story"


def told() -> str:
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    return answer.content.decode()


def figure(line: str) -> float:
    found = re.search(rf"^{re.escape(line)} (\S+)$", told(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_requests_are_measured_by_route_method_and_status() -> None:
    route = 'house_http_request_seconds_count{method="GET",route="fail",status="418"}'
    unmatched = 'house_http_request_seconds_count{method="other",route="unmatched",status="404"}'
    before, before_unmatched = figure(route), figure(unmatched)
    for _ in range(3):
        Client().get("/fail", headers={"host": "mara.localhost"})
    Client().generic("BREW", "/no/such/path/12345", headers={"host": "mara.localhost"})
    assert figure(route) == before + 3
    assert figure(unmatched) == before_unmatched + 1
    assert "/12345" not in told()


def test_probes_are_not_measured() -> None:
    told()
    assert "livez" not in told()
    assert 'route="/metrics"' not in told()


def test_who_asks_through_the_proxy_is_told_nothing() -> None:
    for header in ("X-Forwarded-For", "Forwarded"):
        assert Client().get("/metrics", headers={header: "198.51.100.7"}).status_code == 404


def test_the_lag_is_the_age_of_the_oldest_event_of_any_tenant() -> None:
    assert figure("house_event_lag_seconds") == 0
    id = note_order(1, slug="baobab")
    note_order(1)
    with place("baobab").enter():
        OutboxMessage.objects.filter(id=id).update(recorded_at=clock.now() - timedelta(minutes=5))
    assert 300 <= figure("house_event_lag_seconds") < 310
    assert figure('house_outbox_unpublished{tenant="baobab"}') == 1
    with place("baobab").enter():
        OutboxMessage.objects.update(published_at=clock.now())
    assert figure("house_event_lag_seconds") < 10
    assert figure('house_outbox_unpublished{tenant="baobab"}') == 0


def test_dead_letters_are_counted_until_they_are_replayed() -> None:
    with place("mara").enter():
        letter = DeadLetter.objects.create(
            consumer="tests.x", stream="FOOD", stream_sequence=1, subject="food.mara.x", body="",
            event_id="1", error_code="x", error="x", failures=5,
            arrived_at=clock.now(), died_at=clock.now(),
        )  # fmt: skip
        assert figure('house_dead_letters{tenant="mara"}') == 1
        letter.replayed_at = clock.now()
        letter.save()
    assert figure('house_dead_letters{tenant="mara"}') == 0


def test_tenants_that_lack_a_migration_are_counted() -> None:
    assert "house_tenants_behind 0.0" in told()
    table = f'"{place("mara").schema}".django_migrations'
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET name = 'x' || name WHERE app = 'platform'")
        try:
            assert "house_tenants_behind 1.0" in told()
        finally:
            cursor.execute(f"UPDATE {table} SET name = substr(name, 2) WHERE app = 'platform'")


def test_the_ledger_may_tell_its_throughput() -> None:
    before = figure("house_ledger_entries_total")
    metrics.entries_posted(3)
    assert figure("house_ledger_entries_total") == before + 3


def test_a_figure_that_cannot_be_had_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> dict[str, float]:
        raise OperationalError("gone")

    monkeypatch.setattr(metrics, "_readings", list(metrics._readings))
    metrics.measure(Reading("house_tests_broken", "…", broken))
    metrics.measure(Reading("house_tests_whole", "…", lambda: {"": 4.0}))
    text = told()
    assert "house_tests_whole 4.0" in text
    assert "house_tests_broken" not in text


def test_readings_are_read_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "READING_SECONDS", 60.0)
    monkeypatch.setattr(metrics, "_cached_readings", metrics._Readings())
    monkeypatch.setattr(metrics, "_readings", [])
    reads: list[int] = []

    def read() -> dict[str, float]:
        reads.append(1)
        return {"": 1.0}

    metrics.measure(Reading("house_tests_read", "…", read))
    told()
    told()
    assert len(reads) == 1


def test_only_so_many_tenants_get_a_label_of_their_own() -> None:
    figures = {f"tenant-{number:03d}": float(number) for number in range(60)}
    labelled = by_tenant(figures)
    assert len(labelled) == metrics.TENANT_LABELS_MAX + 1
    assert labelled["other"] == sum(range(10))
    assert sum(labelled.values()) == sum(figures.values())
