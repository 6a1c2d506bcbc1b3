"""The thread between a browser's session and the row people see and end."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse

from apps.identity.models import User
from apps.identity.networks import client_address
from apps.identity.people import actor_of
from apps.identity.services import begin_session, end_session, see_session

SESSION_ROW = "house_session"
GetResponse = Callable[[HttpRequest], HttpResponse]
security = structlog.get_logger("house.security")


class SessionLife:
    """End the browser's session when the person's has ended, was idle or too long.

    What a page fetches by itself, to show the progress of a job, is nobody looking.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Before anybody asks who it is."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and self._is_over(request):
            security.info("session.over", session=request.session.get(SESSION_ROW))
            request.session.flush()
        return self.get_response(request)

    @staticmethod
    def _is_over(request: HttpRequest) -> bool:
        if SESSION_KEY not in request.session:
            return False
        return SESSION_ROW not in request.session or not see_session(
            session_id=session_of(request),
            user_id=UUID(request.session[SESSION_KEY]),
            is_looking=request.GET.get("part") != "progress",
        )


def session_of(request: HttpRequest) -> UUID:
    """The session of a signed-in person's request."""
    return UUID(request.session[SESSION_ROW])


def begin(request: HttpRequest, user: AbstractBaseUser, **_: object) -> None:
    """Somebody signed in."""
    request.session[SESSION_ROW] = str(
        begin_session(
            user_id=user.pk,
            address=client_address(request),
            browser=request.headers.get("User-Agent", ""),
            actor=actor_of(user),
        )
    )


def end(request: HttpRequest, user: AbstractBaseUser | None, **_: object) -> None:
    """Somebody signed out."""
    if isinstance(user, User) and SESSION_ROW in request.session:
        end_session(session_id=session_of(request), actor=actor_of(user))
