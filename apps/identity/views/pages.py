"""What the account pages share: a plain page within whichever console is being looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib.admin.sites import all_sites
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache

from apps.identity.errors import PermissionMissing
from apps.identity.middleware import site_name
from apps.identity.models import User
from apps.platform.errors import DomainError

View = Callable[..., HttpResponse]


def signed_in(view: View) -> View:
    """Only for people of this tenant; others are sent to sign in first. Nothing is cached."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not isinstance(request.user, User) or not request.user.is_active:
            login = reverse(f"{site_name()}:login")
            return HttpResponseRedirect(f"{login}?{urlencode({'next': request.get_full_path()})}")
        try:
            return view(request, *args, **kwargs)
        except PermissionMissing as error:
            return page(request, "refused.html", "Not allowed", status=403, refusal=error)

    return answer


def person(request: HttpRequest) -> User:
    """The signed-in user of a ``signed_in`` view."""
    if not isinstance(request.user, User):
        raise TypeError("nobody is signed in")
    return request.user


def page(
    request: HttpRequest, template: str, title: str, *, status: int = HTTPStatus.OK, **context: Any
) -> HttpResponse:
    """Render within the console of the present site, which brings navigation and names."""
    site = next(site for site in all_sites if site.name == site_name())
    whole = {**site.each_context(request), "title": title, "next": wanted(request), **context}
    return render(request, f"identity/{template}", whole, status=status)


def wanted(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is within this site; else the first page."""
    place = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        place, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return place if is_ours else reverse(f"{site_name()}:index")


def sentence(error: DomainError) -> str:
    """The broken rule, then what to do about it."""
    return " ".join(part for part in (error.title, error.advice) if part)
