"""Where messaging learns which tenants there are.

The platform stands below tenancy and may not ask it. Tenancy hands its directory in at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django_tenants.utils import get_public_schema_name

from apps.platform.tenant import PLATFORM_TENANT_ID, database


@dataclass(frozen=True, slots=True)
class Place:
    """A tenant as messaging sees it; within ``enter()`` everything works inside its books."""

    id: UUID
    slug: str
    schema: str
    is_ready: bool
    enter: Callable[[], AbstractContextManager[None]]


class Directory(Protocol):
    """What tenancy answers."""

    def ready(self) -> Sequence[Place]:
        """Every tenant that is being served."""

    def find(self, slug: str) -> Place | None:
        """The tenant of that slug; nothing when there is none or it is closed for good."""


_installed: list[Directory] = []


def install(directory: Directory) -> None:
    """Called once, by tenancy, when the program starts."""
    _installed[:] = [directory]


def ready_places() -> list[Place]:
    """Every place whose outbox is to be emptied: the platform's own and each ready tenant's."""
    return [PLATFORM, *_directory().ready()]


def find_place(slug: str) -> Place | None:
    """The place with that slug, ready or not."""
    return PLATFORM if slug == PLATFORM.slug else _directory().find(slug)


def _directory() -> Directory:
    if not _installed:
        raise ValueError("no tenant directory was installed: is apps.tenancy among the apps?")
    return _installed[0]


@contextmanager
def _in_public() -> Iterator[None]:
    before = database.tenant
    database.set_schema_to_public()
    try:
        yield
    finally:
        database.set_tenant(before)


#: The platform's own books, which live in the public schema.
PLATFORM = Place(
    id=PLATFORM_TENANT_ID,
    slug="platform",
    schema=get_public_schema_name(),
    is_ready=True,
    enter=_in_public,
)
