"""Processing many callbacks again: counted first, confirmed, then done as a job."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from apps.payments.domain.callbacks import CallbackFilter
from apps.payments.domain.states import CallbackState
from apps.payments.errors.operators import ReplayHasChanged
from apps.payments.models import Callback
from apps.payments.selectors.callbacks import replayable
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.jobs import JobProgress, start_job
from apps.platform.use_cases import use_case
from apps.tenancy.workers import wake

REPLAY = "payments.replay_callbacks"
PROCESS_TASK = "payments.process_callbacks"
BATCH = 200


@use_case("payments.start_callback_replay")
def start_callback_replay(*, where: CallbackFilter, counted: int, actor: Actor) -> UUID:
    """Start a job that has the dead and quarantined callbacks of a filter processed again.

    ``counted`` is how many the person was shown: ``ReplayHasChanged`` when there are others by now.
    Returns the job's id. Replaying never books twice, and what was not genuine is left alone.
    """
    found = replayable(where).count()
    if found != counted:
        raise ReplayHasChanged(counted=counted, found=found)
    facts = {name: _text(value) for name, value in asdict(where).items() if value}
    job_id = start_job(
        kind=REPLAY,
        title="Process callbacks again",
        actor=actor,
        total=found,
        arguments={"where": facts, "asked_at": clock.now().isoformat()},
    )
    wake("platform.run_jobs")
    audit.note(public_id("job", job_id), callbacks=found, **facts)
    return job_id


def replay_callbacks(progress: JobProgress) -> None:
    """The job: back into the inbox, in the order of their ids, a step in a transaction.

    A callback that fails again after it was put back is left to people, or the job never ended.
    """
    where, asked_at = _read(progress.arguments)
    while progress.checkpoint.get("after") != "over":
        with transaction.atomic():
            _step(progress, replayable(where).filter(received_at__lte=asked_at))


def _step(progress: JobProgress, chosen: QuerySet[Callback]) -> None:
    after = progress.checkpoint.get("after")
    rows = chosen.filter(id__gt=UUID(after)) if after else chosen
    batch = list(rows.order_by("id").values_list("id", flat=True)[:BATCH])
    if not batch:
        progress.advance(progress.done, f"{progress.done} put back", {"after": "over"})
        return
    again = replayable(CallbackFilter()).filter(id__in=batch)
    done = progress.done + again.update(state=CallbackState.NEW, tries=0, next_try_at=clock.now())
    wake(PROCESS_TASK)
    progress.advance(done, f"{done} put back", {"after": str(batch[-1])})


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read(arguments: object) -> tuple[CallbackFilter, datetime]:
    given = dict(arguments)["where"]  # type: ignore[call-overload]  # what start_callback_replay wrote
    times = {n: datetime.fromisoformat(given[n]) for n in ("since", "until") if n in given}
    asked_at = dict(arguments)["asked_at"]  # type: ignore[call-overload]  # as above
    return CallbackFilter(**{**given, **times}), datetime.fromisoformat(asked_at)
