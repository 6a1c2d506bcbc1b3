"""How a person is recognised."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse

from apps.identity.models import User


class TenantBackend(ModelBackend):
    """Users of the present tenant; permissions come from their roles, not from Django's tables."""

    def get_user_permissions(self, user_obj: User, obj: object = None) -> set[str]:  # type: ignore[override]
        """What the user's roles grant."""
        return set(user_obj.permissions)

    def get_group_permissions(self, user_obj: User, obj: object = None) -> set[str]:  # type: ignore[override]
        """There are no groups."""
        return set()

    def has_perm(self, user_obj: User, perm: str, obj: object = None) -> bool:  # type: ignore[override]
        """Ask the user."""
        return user_obj.has_perm(perm)


def locked_out(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """The answer while an account is locked."""
    return HttpResponse("Too many failed sign-ins. Wait 15 minutes and try again.", status=429)
