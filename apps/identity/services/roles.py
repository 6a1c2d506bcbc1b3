"""Roles, and who has them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from apps.identity.domain import PERMISSIONS, ROLES
from apps.identity.errors import SelfGrant, UnknownPermission, UnknownRole, UserNotFound
from apps.identity.models import Role, RoleGrant, User
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case


@use_case("identity.seed_roles")
def seed_roles(*, actor: Actor) -> int:
    """Bring the seven roles every tenant has to what the catalogue says. Returns how many changed.

    Safe to repeat; roles a tenant made for itself are left alone.
    """
    present = {role.code: role for role in Role.objects.all()}
    changed = 0
    for draft in ROLES:
        wanted = {"name": draft.name, "permissions": list(draft.permissions)}
        role = present.get(draft.code)
        if role is None:
            Role.objects.create(code=draft.code, **wanted)
        elif role.name != draft.name or role.permissions != wanted["permissions"]:
            Role.objects.filter(id=role.id).update(**wanted)
        else:
            continue
        changed += 1
    if not changed:
        audit.nothing_happened()
    audit.note(changed=changed)
    return changed


@use_case("identity.define_role")
def define_role(*, code: str, name: str, permissions: Sequence[str], actor: Actor) -> UUID:
    """Make a role of the tenant's own, or change what it grants. Returns its id.

    The seven seeded roles are refused: the next release would put them back.
    """
    if code in {draft.code for draft in ROLES}:
        raise UnknownRole(role=code)
    for permission in permissions:
        if permission not in PERMISSIONS:
            raise UnknownPermission(permission=permission)
    role, _ = Role.objects.update_or_create(
        code=code, defaults={"name": name, "permissions": sorted(permissions)}
    )
    audit.note(code, permissions=sorted(permissions))
    return role.id


@use_case("identity.grant_role")
def grant_role(*, user_id: UUID, role: str, actor: Actor) -> None:
    """Give a user a role. Repeating changes nothing; nobody grants to themselves."""
    user = _other(user_id, actor)
    found = Role.objects.filter(code=role).first()
    if found is None:
        raise UnknownRole(role=role)
    _, is_new = RoleGrant.objects.get_or_create(
        user=user, role=found, defaults={"granted_by": str(actor)}
    )
    if not is_new:
        audit.nothing_happened()
    audit.note(user.username, role=role)


@use_case("identity.revoke_role")
def revoke_role(*, user_id: UUID, role: str, actor: Actor) -> None:
    """Take a role from a user. Repeating changes nothing; nobody takes from themselves."""
    user = _other(user_id, actor)
    gone, _ = RoleGrant.objects.filter(user=user, role__code=role).delete()
    if not gone:
        audit.nothing_happened()
    audit.note(user.username, role=role)


def _other(user_id: UUID, actor: Actor) -> User:
    """The user, who must be somebody else than the actor, whichever account the actor uses."""
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise UserNotFound
    own = User.objects.filter(id=actor.id).first() if actor.id else None
    if user.id == actor.id or (own is not None and own.person == user.person):
        raise SelfGrant
    return user
