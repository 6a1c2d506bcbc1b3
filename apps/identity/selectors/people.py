"""Who is who."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from apps.identity.errors import UserNotFound
from apps.identity.models import User


@dataclass(frozen=True, slots=True)
class Person:
    """A user as other apps may see them."""

    id: UUID
    username: str
    full_name: str
    person: str
    is_active: bool
    roles: tuple[str, ...]


def person_of(user_id: UUID) -> str:
    """The human being behind an account, for comparing two accounts. ``UserNotFound`` if none."""
    found = User.objects.filter(id=user_id).values_list("person", flat=True).first()
    if found is None:
        raise UserNotFound
    return found


def people(limit: int = 200) -> list[Person]:
    """Everyone with an account here, by user name."""
    users = User.objects.prefetch_related("roles").order_by("username")[:limit]
    return [_person(user) for user in users]


def person_by_username(username: str) -> Person | None:
    """The account of that name, or nothing."""
    user = User.objects.filter(username=username).first()
    return _person(user) if user else None


def _person(user: User) -> Person:
    return Person(
        id=user.id,
        username=user.username,
        full_name=user.full_name,
        person=user.person,
        is_active=user.is_active,
        roles=tuple(role.code for role in user.roles.all()),
    )
