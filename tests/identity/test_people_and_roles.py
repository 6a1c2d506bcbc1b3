"""Accounts and roles: who may give what to whom."""

from __future__ import annotations

import pytest

from apps.identity.domain import PERMISSIONS, ROLES
from apps.identity.errors import (
    SelfGrant,
    UnknownPermission,
    UnknownRole,
    UsernameTaken,
    UserNotFound,
    WeakPassword,
)
from apps.identity.models import Role, User
from apps.identity.people import actor_of
from apps.identity.selectors import people, person_by_username, person_of
from apps.identity.services import (
    create_user,
    deactivate_user,
    define_role,
    grant_role,
    reactivate_user,
    revoke_role,
    seed_roles,
)
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.models import AuditRecord
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.identity.people import PASSWORD, make_person


def test_seeding_brings_roles_back_to_the_catalogue_and_leaves_others_alone(mara: Tenant) -> None:
    define_role(code="auditor", name="Auditor", permissions=["ledger.view"], actor=SYSTEM)
    Role.objects.filter(code="viewer").update(permissions=["settlements.release"])
    assert seed_roles(actor=SYSTEM) == 1
    assert seed_roles(actor=SYSTEM) == 0
    assert set(Role.objects.get(code="viewer").permissions) == {
        "ledger.view", "payments.view", "settlements.view",
    }  # fmt: skip
    assert Role.objects.get(code="auditor").permissions == ["ledger.view"]


def test_roles_grant_only_what_the_catalogue_knows_and_keep_duties_apart(mara: Tenant) -> None:
    for role in ROLES:
        assert set(role.permissions) <= set(PERMISSIONS), role.code
        duties = {"settlements.draft", "settlements.approve", "settlements.release"}
        assert len(duties & set(role.permissions)) <= 1, role.code
    with pytest.raises(UnknownPermission):
        define_role(code="x", name="X", permissions=["ledger.burn"], actor=SYSTEM)
    with pytest.raises(UnknownRole):
        define_role(code="viewer", name="X", permissions=[], actor=SYSTEM)


def test_a_role_gives_its_permissions_until_it_is_revoked(mara: Tenant) -> None:
    user = make_person("brian")
    assert not user.has_perm("settlements.approve")
    grant_role(user_id=user.id, role="approver", actor=SYSTEM)
    grant_role(user_id=user.id, role="approver", actor=SYSTEM)
    assert User.objects.get(id=user.id).has_perm("settlements.approve")
    assert AuditRecord.objects.filter(use_case="identity.grant_role").count() == 1
    revoke_role(user_id=user.id, role="approver", actor=SYSTEM)
    assert not User.objects.get(id=user.id).has_perm("settlements.approve")


def test_nobody_gives_themselves_a_role_not_even_through_a_second_account(mara: Tenant) -> None:
    admin = make_person("ada", "administrator")
    id = create_user(
        username="ada2",
        full_name="Ada",
        password=PASSWORD,
        person="ada",
        actor=SYSTEM,
    )
    for target in (admin.id, id):
        with pytest.raises(SelfGrant):
            grant_role(user_id=target, role="treasurer", actor=actor_of(admin))
    with pytest.raises(SelfGrant):
        deactivate_user(user_id=admin.id, actor=actor_of(admin))
    assert not User.objects.get(id=id).permissions


def test_two_accounts_of_one_person_count_as_one(mara: Tenant) -> None:
    first = make_person("wanjiru")
    second = create_user(
        username="wanjiru.k", full_name="W", password=None, person="Wanjiru ", actor=SYSTEM
    )
    assert person_of(first.id) == person_of(second)
    with pytest.raises(UserNotFound):
        person_of(new_id())


def test_a_name_that_is_taken_or_a_weak_password_is_refused(mara: Tenant) -> None:
    make_person("amina")
    with pytest.raises(UsernameTaken):
        make_person("amina")
    with pytest.raises(WeakPassword) as refusal:
        make_person("brian", password="short")
    assert len(refusal.value.reasons) >= 1
    with pytest.raises(UnknownRole):
        make_person("brian", "emperor")
    assert person_by_username("brian") is None


@pytest.mark.parametrize(
    ("password", "is_kept"),
    [
        ("Countinghouse-2026!", False),
        ("mara eats mara eats 99", False),
        ("password password 1", False),
        ("4471-9920-1177-3308", True),
        ("mara paints fences quickly", True),
    ],
)
def test_the_names_of_the_house_are_no_password(mara: Tenant, password: str, is_kept: bool) -> None:
    if is_kept:
        assert make_person("brian", password=password).check_password(password)
    else:
        with pytest.raises(WeakPassword) as refusal:
            make_person("brian", password=password)
        assert "names of this house" in str(refusal.value.reasons)


def test_whoever_is_switched_off_has_no_permissions_until_switched_on(mara: Tenant) -> None:
    user = make_person("brian", "approver")
    deactivate_user(user_id=user.id, actor=SYSTEM)
    assert not User.objects.get(id=user.id).has_perm("settlements.approve")
    with pytest.raises(ValueError, match="nobody"):
        actor_of(User.objects.get(id=user.id))
    reactivate_user(user_id=user.id, actor=SYSTEM)
    assert User.objects.get(id=user.id).has_perm("settlements.approve")


def test_people_of_one_tenant_are_unknown_in_another(mara: Tenant, baobab: Tenant) -> None:
    with inside(mara):
        user = make_person("amina")
    with inside(baobab):
        assert person_by_username("amina") is None
        assert user.id not in {person.id for person in people()}
        with pytest.raises(UserNotFound):
            grant_role(user_id=user.id, role="viewer", actor=SYSTEM)
