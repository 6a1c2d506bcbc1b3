"""A house in miniature: a page that runs a use case, which wakes a task, which records an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.urls import path

from apps.platform import context
from apps.platform.actors import SYSTEM, Actor
from apps.platform.events import record
from apps.platform.messaging import InboundEvent
from apps.platform.use_cases import use_case
from apps.tenancy.workers import tenant_task, wake


@dataclass(frozen=True)
class StoryTold:
    """It happened."""

    name: ClassVar[str] = "tests.story_told"
    version: ClassVar[int] = 1

    chapter: int


heard: list[tuple[str, str]] = []


@use_case("tests.begin_story")
def begin_story(*, actor: Actor) -> None:
    """Wake the task once this is committed."""
    wake("tests.tell_story")


@use_case("tests.tell_story")
def tell_story(*, actor: Actor) -> None:
    """Record the event."""
    record(StoryTold(1), aggregate="story_1")


@tenant_task("tests.tell_story")
def tell() -> None:
    """The task between them."""
    tell_story(actor=SYSTEM)


def hear(event: InboundEvent) -> None:
    """The consumer at the end."""
    heard.append((event.id, context.trace_id()))


def begin(request: HttpRequest, number: int) -> HttpResponse:
    """The page."""
    begin_story(actor=SYSTEM)
    return HttpResponse(status=202)


def fail(request: HttpRequest) -> HttpResponse:
    """Another page."""
    return HttpResponse(status=418)


urlpatterns = [path("story/<int:number>/begin", begin), path("fail", fail)]
