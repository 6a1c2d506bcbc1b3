"""People who sign in, and their roles."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.platform import clock
from apps.platform.models.rows import Identified
from apps.platform.tenant import current_tenant_id


class Role(Identified):
    """A named set of permissions, as data: ``app.what`` texts from ``apps.identity.domain``."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    permissions = ArrayField(models.CharField(max_length=80), default=list)

    class Meta(Identified.Meta):
        db_table = "identity_role"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds users of the present tenant only."""

    def get_queryset(self) -> models.QuerySet[User]:
        """Users marked with the present tenant."""
        return super().get_queryset().filter(tenant=current_tenant_id())


class User(Identified, AbstractBaseUser):
    """A person who signs in to one tenant's console, or to the platform's.

    ``person`` names the human being behind the account: two accounts of one person count as one
    when four eyes are asked for.
    """

    username = models.CharField(max_length=150, unique=True)
    email = models.EmailField(blank=True)
    full_name = models.CharField(max_length=150)
    person = models.CharField(max_length=150)
    is_active = models.BooleanField(default=True)
    roles = models.ManyToManyField(
        Role, through="RoleGrant", through_fields=("user", "role"), related_name="users", blank=True
    )
    created_at = models.DateTimeField(default=clock.now)

    objects = UserManager()  # type: ignore[misc, assignment]  # also filters by tenant

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta(Identified.Meta):
        db_table = "identity_user"
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(
                name="identity_user_person_named", condition=~models.Q(person="")
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def is_staff(self) -> bool:
        """Everyone with an account may open the console; what they see is up to their roles."""
        return self.is_active

    @property
    def permissions(self) -> frozenset[str]:
        """Every permission of every role, read once per object."""
        if not hasattr(self, "_permissions"):
            granted = self.roles.values_list("permissions", flat=True)
            self._permissions = frozenset(code for codes in granted for code in codes)
        return self._permissions

    def has_perm(self, permission: str, _obj: object = None) -> bool:
        """True if a role of this active user grants ``permission``."""
        return self.is_active and permission in self.permissions

    def has_perms(self, permissions: list[str], _obj: object = None) -> bool:
        """True if every one of them is granted."""
        return all(self.has_perm(permission) for permission in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        """True if any permission of the app is granted."""
        return self.is_active and any(p.startswith(f"{app_label}.") for p in self.permissions)


class RoleGrant(Identified):
    """A role given to a user, by whom and when."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="grants")
    granted_by = models.CharField(max_length=220)
    granted_at = models.DateTimeField(default=clock.now)

    class Meta(Identified.Meta):
        db_table = "identity_role_grant"
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="identity_role_grant_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} has {self.role_id}"
