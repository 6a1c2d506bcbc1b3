"""Log lines say whose work they belong to."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from config.schedule import EVERY, beat_schedule
from tests.platform.observability import story

pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    told = io.StringIO()
    before = handler.setStream(told)
    yield told
    handler.setStream(before or handler.stream)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(row) for row in log.getvalue().splitlines()]


def test_a_request_and_its_use_case_log_the_same_ids(
    settings: Settings, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = "tests.platform.observability.story"
    monkeypatch.setattr(story, "wake", lambda _task: None)
    answer = Client().post(
        "/story/7/begin", headers={"host": "mara.localhost", "x-request-id": "request-0002"}
    )
    assert answer["X-Request-Id"] == "request-0002"
    work, done = (line for line in lines(log) if line["event"] in ("use_case.done", "request.done"))
    assert work["request_id"] == done["request_id"] == "request-0002"
    assert work["actor"] == "system:system"
    assert len(work["trace_id"]) == 32
    assert len(work["span_id"]) == 16
    assert (done["tenant"], done["route"], done["status"]) == (
        "mara",
        "story/<int:number>/begin",
        "202",
    )


@pytest.mark.parametrize("given", ["", "short", "with space in it", "x" * 65, "line\\nbreak"])
def test_an_ill_formed_request_id_is_replaced(given: str) -> None:
    answer = Client().get("/livez", headers={"x-request-id": given})
    assert answer["X-Request-Id"] != given
    assert len(answer["X-Request-Id"]) == 32


def test_everything_on_the_clock_is_a_task_that_exists() -> None:
    from config.celery import app

    app.loader.import_default_modules()
    assert set(EVERY) <= set(app.tasks)
    for task, entry in beat_schedule.items():
        assert entry["task"] == task
        assert entry["options"] == {"expires": EVERY[task] * 3}
