"""``python -m deploy.local.day``: live one business day; exit 0 when every proof holds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import httpx
import nats.errors

from deploy.local.day.acts import ACTS, PATIENCE_SECONDS
from deploy.local.day.doors import DoorBusy, DoorClosed
from deploy.local.day.proofs import proofs
from deploy.local.day.report import report
from deploy.local.day.stage import Stage, open_stage
from deploy.local.day.voice import Voice

T = TypeVar("T")

#: What goes by when something that was killed is back.
STARTING_SECONDS = 10  # the relay makes the streams and may not have got to it yet
PASSING = (httpx.HTTPError, nats.errors.Error, OSError, DoorBusy)


def main() -> int:
    """Play the acts that are not done yet, then prove the day."""
    voice = Voice()
    stage = open_stage(voice)
    stage.day.notes.setdefault("started_at", datetime.now(UTC).isoformat())  # noqa: TID251  outside the house
    if stage.day.resumed:
        voice.say(f"The day {stage.day.name} was not finished; it goes on where it stopped.")
    stage.save()
    try:
        happened = {act.name: _play(stage, act.name, act.title) for act in ACTS}
        began = time.monotonic()
        found = _persistently("proofs", partial(proofs, stage), voice)
        stage.timings["proofs"] = time.monotonic() - began
    except DoorClosed as refusal:
        voice.say(f"[red]The day stopped:[/red] {refusal}")
        return 1
    all_hold = report(stage, found, happened)
    stage.day.done.append("closed")
    stage.save()
    return 0 if all_hold else 1


def _play(stage: Stage, name: str, title: str) -> str:
    sentences: dict[str, str] = stage.day.notes.setdefault("happened", {})
    if name in stage.day.done:
        return sentences[name]
    act = next(act for act in ACTS if act.name == name)
    stage.voice.act(title)
    began = time.monotonic()
    sentences[name] = _persistently(act.title, partial(act.play, stage), voice=stage.voice)
    stage.timings[name] = time.monotonic() - began
    stage.voice.done(sentences[name], stage.timings[name])
    stage.day.done.append(name)
    stage.save()
    return sentences[name]


def _persistently(title: str, work: Callable[[], T], voice: Voice) -> T:
    """Do the work, and again when a process of the house or the provider was just away."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    silent_until = time.monotonic() + STARTING_SECONDS
    while True:
        try:
            return work()
        except PASSING as trouble:
            if time.monotonic() > give_up_at:
                raise DoorClosed(f"{title}: {trouble!r}") from trouble
            if time.monotonic() > silent_until:
                voice.say(f"  [yellow]…[/yellow] {type(trouble).__name__}; trying again")
            time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
