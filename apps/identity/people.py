"""From a signed-in user to the actor of a use case."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from apps.identity.errors import PermissionMissing
from apps.identity.models import User
from apps.platform.actors import Actor, ActorKind


def actor_of(user: AbstractBaseUser | AnonymousUser) -> Actor:
    """The person as the audit trail names them. Only a real, active user is an actor."""
    if not isinstance(user, User) or not user.is_active:
        raise ValueError("nobody is signed in")
    return Actor(ActorKind.PERSON, user.username, user.id)


def permitted(user: AbstractBaseUser | AnonymousUser, permission: str) -> Actor:
    """``actor_of(user)`` if a role of theirs grants ``permission``, else ``PermissionMissing``."""
    if not isinstance(user, User) or not user.has_perm(permission):
        raise PermissionMissing(permission=permission)
    return actor_of(user)
