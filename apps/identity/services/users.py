"""Accounts of people."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.identity.errors import (
    SelfGrant,
    UnknownRole,
    UsernameTaken,
    UserNotFound,
    WeakPassword,
    WrongPassword,
)
from apps.identity.models import Role, RoleGrant, User
from apps.identity.services.sessions import end_sessions_of_user
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case


@use_case("identity.create_user")
def create_user(  # noqa: PLR0913  what an account is made of
    *,
    username: str,
    full_name: str,
    password: str | None,
    actor: Actor,
    email: str = "",
    roles: Sequence[str] = (),
    person: str = "",
) -> UUID:
    """Make an account in the present tenant (or the platform) and return its id.

    Without a password nobody can sign in to it yet. ``person`` names the human being when they
    have several accounts; by default the e-mail address, else the user name. A name that is taken
    is refused; nothing is made twice.
    """
    user = User(
        username=User.normalize_username(username),
        full_name=full_name,
        email=email,
        person=(person or email or username).strip().lower(),
    )
    _set_password(user, password)
    found = {role.code: role for role in Role.objects.filter(code__in=roles)}
    for code in roles:
        if code not in found:
            raise UnknownRole(role=code)
    try:
        with transaction.atomic():
            User.objects.bulk_create([user])
    except IntegrityError as error:
        raise UsernameTaken(username=username) from error
    RoleGrant.objects.bulk_create(
        RoleGrant(user=user, role=role, granted_by=str(actor)) for role in found.values()
    )
    audit.note(user.username, roles=sorted(found))
    return user.id


@use_case("identity.change_password")
def change_password(*, user_id: UUID, current: str, new: str, actor: Actor) -> None:
    """A person changes their own password; every other session of theirs ends by it."""
    user = _locked(user_id)
    if actor.id != user.id or not user.check_password(current):
        raise WrongPassword
    _set_password(user, new)
    User.objects.filter(id=user.id).update(password=user.password)
    audit.note(user.username)


@use_case("identity.set_password")
def set_password(*, user_id: UUID, new: str, actor: Actor) -> None:
    """An administrator gives somebody else a new password; all their sessions end by it."""
    user = _locked(user_id)
    if actor.id == user.id:
        raise SelfGrant
    _set_password(user, new)
    User.objects.filter(id=user.id).update(password=user.password)
    end_sessions_of_user(user_id=user_id, actor=actor)
    audit.note(user.username)


@use_case("identity.deactivate_user")
def deactivate_user(*, user_id: UUID, actor: Actor) -> None:
    """Close the door to a person: their sessions end at once. Repeating changes nothing."""
    _switch(user_id, actor, is_active=False)


@use_case("identity.reactivate_user")
def reactivate_user(*, user_id: UUID, actor: Actor) -> None:
    """Let a person in again, with the roles and second factor they had."""
    _switch(user_id, actor, is_active=True)


def _switch(user_id: UUID, actor: Actor, *, is_active: bool) -> None:
    user = _locked(user_id)
    if actor.id == user.id:
        raise SelfGrant
    if user.is_active == is_active:
        audit.nothing_happened()
    if not is_active:
        end_sessions_of_user(user_id=user_id, actor=actor)
    User.objects.filter(id=user.id).update(is_active=is_active)
    audit.note(user.username)


def _locked(user_id: UUID) -> User:
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise UserNotFound
    return user


def _set_password(user: User, password: str | None) -> None:
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise WeakPassword(reasons=tuple(error.messages)) from error
    user.set_password(password)
