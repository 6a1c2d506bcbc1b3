"""Where one is signed in, and ending it from here."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from apps.identity.errors import SessionNotFound
from apps.identity.middleware import account_page
from apps.identity.people import actor_of
from apps.identity.selectors import open_sessions
from apps.identity.services import end_other_sessions, end_session
from apps.identity.session_life import session_of
from apps.identity.views.pages import page, person, sentence, signed_in


@signed_in
def sessions(request: HttpRequest) -> HttpResponse:
    """Every browser one is signed in with; this one is marked."""
    return _listed(request)


@require_POST
@signed_in
def end(request: HttpRequest, session: UUID) -> HttpResponse:
    """End one of one's own sessions."""
    try:
        end_session(session_id=session, actor=actor_of(person(request)))
    except SessionNotFound as error:
        return _listed(request, status=404, problem=sentence(error))
    return HttpResponseRedirect(account_page("sessions"))


@require_POST
@signed_in
def end_others(request: HttpRequest) -> HttpResponse:
    """End all but this one."""
    end_other_sessions(kept=session_of(request), actor=actor_of(person(request)))
    return HttpResponseRedirect(account_page("sessions"))


def _listed(request: HttpRequest, *, status: int = 200, problem: str = "") -> HttpResponse:
    return page(
        request,
        "sessions.html",
        "Where you are signed in",
        status=status,
        sessions=open_sessions(person(request).id),
        here=session_of(request),
        problem=problem,
    )
