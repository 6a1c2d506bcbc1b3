"""The streams and subjects of the house: their one definition.

A subject is ``<root>.<tenant slug>.<name>.v<version>``. The broker's permissions bind a neighbour's
credential to subjects with its own slug, so the second token is what says whose a message is.

``settings.MESSAGING_PREFIX`` lets several houses share one NATS account (staging beside a test run,
say): it is put before stream names and the first token of subjects.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

#: How long a stream keeps an event. The outbox keeps them longer; see ``outbox_replay``.
KEPT_SECONDS = 30 * 24 * 3600
#: Within this time JetStream itself drops a message published twice under one ``Nats-Msg-Id``.
DUPLICATE_WINDOW_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Stream:
    """A JetStream stream that holds every subject under ``root``."""

    name: str
    root: str

    def config(self) -> StreamConfig:
        """As the server is told. Replicas are the operator's choice and are not touched."""
        return StreamConfig(
            name=stream_name(self.name),
            subjects=[f"{prefixed(self.root)}.>"],
            storage=StorageType.FILE,
            retention=RetentionPolicy.LIMITS,
            discard=DiscardPolicy.OLD,
            max_age=KEPT_SECONDS,
            duplicate_window=DUPLICATE_WINDOW_SECONDS,
        )


#: What the house says. Only the relay publishes here.
HOUSE = Stream("HOUSE", "house")
#: What the food-delivery backends of the tenants say.
FOOD = Stream("FOOD", "food")
STREAMS = (HOUSE, FOOD)


def stream_name(name: str) -> str:
    """The stream's name on the server."""
    return f"{_prefix().upper()}{name}"


def prefixed(subject: str) -> str:
    """The subject, or pattern of subjects, on the server."""
    return f"{_prefix()}{subject}"


def house_subject(slug: str, name: str, version: int) -> str:
    """Where an event of the house is published."""
    return prefixed(f"{HOUSE.root}.{slug}.{name}.v{version}")


def slug_in(subject: str) -> str:
    """The tenant's slug in a subject; empty where there is none."""
    _root, _, rest = subject.partition(".")
    return rest.partition(".")[0]


def durable_name(consumer: str) -> str:
    """The consumer's durable name: JetStream allows no dots in it."""
    return consumer.replace(".", "-")


def _prefix() -> str:
    return str(getattr(settings, "MESSAGING_PREFIX", ""))
