"""``python -m deploy.local.day``: live one business day; exit 0 when every proof holds."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

from deploy.local.day.acts import ACTS
from deploy.local.day.doors import DoorClosed
from deploy.local.day.proofs import proofs
from deploy.local.day.report import report
from deploy.local.day.stage import Stage, open_stage
from deploy.local.day.voice import Voice


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
    except DoorClosed as refusal:
        voice.say(f"[red]The day stopped:[/red] {refusal}")
        return 1
    began = time.monotonic()
    found = proofs(stage)
    stage.timings["proofs"] = time.monotonic() - began
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
    sentences[name] = act.play(stage)
    stage.timings[name] = time.monotonic() - began
    stage.voice.done(sentences[name], stage.timings[name])
    stage.day.done.append(name)
    stage.save()
    return sentences[name]


if __name__ == "__main__":
    sys.exit(main())
