"""The life of a person's session: begun, seen, ended.

A session ends by itself after ``IDLE`` without a page looked at and after ``WHOLE`` in any case
(NIST SP 800-63B-4, 2.2.3: at the second level of assurance at most an hour and a day). There may be
any number at once; a person sees all of their own and ends whichever they like.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from apps.identity.errors import SelfGrant, SessionNotFound
from apps.identity.models import PersonSession
from apps.platform import audit, clock
from apps.platform.actors import Actor, ActorKind
from apps.platform.tenant import current_tenant_id, database
from apps.platform.use_cases import use_case

IDLE = timedelta(minutes=30)
WHOLE = timedelta(hours=12)
#: How coarse ``seen_at`` is: one write a minute, however busy the person.
SEEN_EVERY = timedelta(minutes=1)

_OPEN = (
    "SELECT began_at, seen_at FROM identity_session"
    " WHERE tenant = %s AND id = %s AND user_id = %s AND ended_at IS NULL"
)


class _Times(NamedTuple):
    began_at: datetime
    seen_at: datetime


@use_case("identity.begin_session")
def begin_session(*, user_id: UUID, address: str, browser: str, actor: Actor) -> UUID:
    """Note that somebody came in, from where and with which browser. Each call is another one."""
    now = clock.now()
    made = PersonSession.objects.create(
        user_id=user_id,
        began_at=now,
        seen_at=now,
        address=address or None,
        browser=browser[:300],
    )
    audit.note(actor.name, address=address)
    return made.id


def see_session(*, session_id: UUID, user_id: UUID, is_looking: bool = True) -> bool:
    """True while the session of that user goes on; notes that they are there if ``is_looking``.

    What a page asks for by itself is not somebody looking.
    """
    about = [current_tenant_id(), session_id, user_id]
    row = database.execute_prepared(_OPEN, about).fetchone()
    if row is None:
        return False
    times, now = _Times(*row), clock.now()
    if now - times.began_at >= WHOLE or now - times.seen_at >= IDLE:
        return False
    if is_looking and now - times.seen_at >= SEEN_EVERY:
        PersonSession.objects.filter(id=session_id).update(seen_at=now)
    return True


@use_case("identity.end_session")
def end_session(*, session_id: UUID, actor: Actor) -> None:
    """A person ends one of their own sessions: signing out, or from another browser.

    Repeating changes nothing. Somebody else's is ``SessionNotFound``.
    """
    one = _of(actor).filter(id=session_id)
    if not one.exists():
        raise SessionNotFound
    _end(one, actor)


@use_case("identity.end_other_sessions")
def end_other_sessions(*, kept: UUID, actor: Actor) -> int:
    """A person ends every session of theirs but the one they are in. Returns how many ended."""
    return _end(_of(actor).exclude(id=kept), actor)


@use_case("identity.end_sessions_of_user")
def end_sessions_of_user(*, user_id: UUID, actor: Actor) -> int:
    """An administrator signs somebody else out everywhere. Returns how many sessions ended."""
    if actor.id == user_id:
        raise SelfGrant
    return _end(PersonSession.objects.filter(user_id=user_id), actor)


def _of(actor: Actor) -> QuerySet[PersonSession]:
    if actor.kind is not ActorKind.PERSON or actor.id is None:
        raise SessionNotFound
    return PersonSession.objects.filter(user_id=actor.id)


def _end(sessions: QuerySet[PersonSession], actor: Actor) -> int:
    ended = sessions.filter(ended_at=None).update(ended_at=clock.now(), ended_by=str(actor))
    if not ended:
        audit.nothing_happened()
    audit.note(actor.name, sessions=ended)
    return ended
