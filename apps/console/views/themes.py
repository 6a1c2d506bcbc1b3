"""Light or dark, for whoever has no script running; with one, the page does it by itself."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from apps.console.pages import Page
from apps.console.shell import THEME_COOKIE, THEMES

YEAR_SECONDS = 365 * 24 * 3600


class Theme(Page):
    """Remember the theme in a cookie of this browser."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Set it and go back."""
        theme = request.POST.get("theme", "auto")
        response = HttpResponseRedirect(back(request, self.url_of("index")))
        response.set_cookie(
            THEME_COOKIE,
            theme if theme in THEMES else "auto",
            max_age=YEAR_SECONDS,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        return response


def back(request: HttpRequest, otherwise: str) -> str:
    """The page the form was on, if it is one of this host."""
    url = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if safe else otherwise
