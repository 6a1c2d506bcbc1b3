"""How a person is recognised."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.identity.models import User


class TenantBackend(ModelBackend):
    """Users of the present tenant; permissions come from their roles, not from Django's tables.

    Django's own ``authenticate`` hashes a password also for names nobody has, so the time of the
    answer does not tell which names exist.
    """

    def get_user_permissions(self, user_obj: User, _obj: object = None) -> set[str]:  # type: ignore[override]
        """What the user's roles grant."""
        return set(user_obj.permissions)

    def get_group_permissions(self, _user_obj: User, _obj: object = None) -> set[str]:  # type: ignore[override]
        """There are no groups."""
        return set()

    def has_perm(self, user_obj: User, perm: str, _obj: object = None) -> bool:  # type: ignore[override]
        """Ask the user."""
        return user_obj.has_perm(perm)


def locked_out(request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponse:
    """The answer while an account is locked, for this user name from this address."""
    return render(request, "identity/locked_out.html", status=429)
