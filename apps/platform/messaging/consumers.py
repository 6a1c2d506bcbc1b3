"""``@consumer``: which function handles which events."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.module_loading import autodiscover_modules

from apps.platform.messaging import topology
from apps.platform.messaging.envelope import InboundEvent
from apps.platform.messaging.errors import UnknownConsumer
from apps.platform.messaging.topology import Stream

Handler = Callable[[InboundEvent], None]
Wants = Callable[[InboundEvent], bool]
_NAME = re.compile(r"^[a-z][a-z_]*\.[a-z][a-z_]*$")


@dataclass(frozen=True, slots=True)
class Consumer:
    """A handler and what it listens to. ``name`` is for ever: the inbox remembers by it.

    What ``wants`` says no to is passed over: no transaction, no note in the inbox.
    """

    name: str
    stream: Stream
    subject: str
    handle: Handler
    wants: Wants | None = None


_known: dict[str, Consumer] = {}


def consumer(
    *, name: str, stream: str, subject: str, wants: Wants | None = None
) -> Callable[[Handler], Handler]:
    """Make a durable consumer of a function in some app's ``consumers.py``.

    The function runs inside the tenant named by the subject's second token, in the transaction that
    notes the event as handled: what it does happens once, however often the event arrives. Events
    come in any order when one had to be tried again. What it raises decides what follows: a
    ``DomainError`` of kind *unavailable* or a database that is away is tried again for as long as
    it takes; anything else five times, and then the event is set aside as a dead letter.

    ``wants`` is for one that listens to much and acts on little: it is asked first, inside the
    tenant, and only what it says yes to costs a transaction.
    """
    if not _NAME.match(name):
        raise ValueError(f"{name!r}: a consumer is named app.noun")
    streams = {known.name: known for known in topology.STREAMS}
    if stream not in streams or not subject.startswith(f"{streams[stream].root}.*."):
        raise ValueError(f"{subject!r} is not a subject of every tenant in a stream of the house")

    def register(handle: Handler) -> Handler:
        if name in _known and _known[name].handle.__module__ != handle.__module__:
            raise ValueError(f"there are two consumers named {name}")
        _known[name] = Consumer(name, streams[stream], subject, handle, wants)
        return handle

    return register


def all_consumers() -> list[Consumer]:
    """Every consumer of the installed apps, by name."""
    autodiscover_modules("consumers")
    return [_known[name] for name in sorted(_known)]


def consumer_named(name: str) -> Consumer:
    """The consumer of that name, or ``UnknownConsumer``."""
    if name not in _known:
        all_consumers()
    if name not in _known:
        raise UnknownConsumer(name=name)
    return _known[name]


def forget(name: str) -> None:
    """Take a consumer out again; for programs that make one for a while."""
    _known.pop(name, None)
