"""Dead letters: looking at them, and trying again once the cause is mended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.messaging.consumers import consumer_named
from apps.platform.messaging.envelope import decode
from apps.platform.messaging.errors import ForeignEvent, UnknownDeadLetter
from apps.platform.messaging.inbox import about, handle_once
from apps.platform.models import DeadLetter
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case


@dataclass(frozen=True, slots=True)
class DeadLetterRow:
    """What an operator needs to know of one."""

    id: UUID
    consumer: str
    subject: str
    event_id: str
    error_code: str
    error: str
    failures: int
    died_at: datetime


def waiting_dead_letters(*, limit: int = 100) -> list[DeadLetterRow]:
    """Those of the present tenant that were not replayed, oldest first."""
    rows = DeadLetter.objects.filter(replayed_at=None).order_by("died_at")[:limit]
    return [
        DeadLetterRow(
            id=row.id,
            consumer=row.consumer,
            subject=row.subject,
            event_id=row.event_id,
            error_code=row.error_code,
            error=row.error,
            failures=row.failures,
            died_at=row.died_at,
        )
        for row in rows
    ]


@use_case("platform.replay_dead_letter")
def replay_dead_letter(*, dead_letter_id: UUID, actor: Actor) -> bool:  # noqa: ARG001  the frame reads it
    """Hand the event to its consumer again, now. True if its handler ran.

    What the handler refuses comes out as its own error, and the letter goes on waiting. An event
    that was handled meanwhile, or replayed before, is not handled again; it is only marked. What
    died in the platform's books because its tenant was in doubt cannot be replayed from there: the
    sender has to send it again, rightly.
    """
    letter = DeadLetter.objects.select_for_update().filter(id=dead_letter_id).first()
    if letter is None:
        raise UnknownDeadLetter(id=str(dead_letter_id))
    consumer = consumer_named(letter.consumer)
    event = decode(letter.body.encode(), letter.headers, letter.arrived_at).event
    tenant = current_tenant()
    if letter.subject.split(".")[1:2] != [tenant.slug]:
        raise ForeignEvent(subject=letter.subject, named=tenant.slug)
    with about(consumer, event):
        ran = handle_once(consumer, event)
    letter.replayed_at = letter.replayed_at or clock.now()
    letter.save(update_fields=["replayed_at"])
    audit.note(letter.event_id[:100], consumer=consumer.name, ran=ran)
    return ran
