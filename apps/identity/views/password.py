"""Changing one's own password."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from apps.identity.errors import WeakPassword, WrongPassword
from apps.identity.forms import PasswordForm
from apps.identity.people import actor_of
from apps.identity.services import change_password, end_other_sessions
from apps.identity.session_life import session_of
from apps.identity.views.pages import page, person, sentence, signed_in, wanted


@signed_in
def password(request: HttpRequest) -> HttpResponse:
    """The present session goes on; every other session of the person ends."""
    user = person(request)
    form = PasswordForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            change_password(user_id=user.id, actor=actor_of(user), **form.cleaned_data)
        except WrongPassword as error:
            form.add_error("current", sentence(error))
            status = 422
        except WeakPassword as error:
            form.add_error("new", list(error.reasons))
            status = 422
        else:
            user.refresh_from_db()
            update_session_auth_hash(request, user)
            end_other_sessions(kept=session_of(request), actor=actor_of(user))
            return HttpResponseRedirect(wanted(request))
    return page(request, "password.html", "Change password", status=status, form=form)
