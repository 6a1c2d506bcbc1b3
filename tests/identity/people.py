"""People for tests, and browsers in which they have really signed in."""

from __future__ import annotations

import time

import pyotp
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.identity.models import User
from apps.identity.services import create_user, enrol_second_factor, seed_roles
from apps.platform.actors import SYSTEM

PASSWORD = "correct horse battery staple"
STEP_SECONDS = 30


def make_person(username: str, *roles: str, password: str = PASSWORD) -> User:
    """An account in the present tenant, with the seeded roles of these codes."""
    seed_roles(actor=SYSTEM)
    id = create_user(
        username=username,
        full_name=username.title(),
        password=password,
        roles=roles,
        actor=SYSTEM,
    )
    return User.objects.get(id=id)


def enrolled(user: User) -> str:
    """Give the user a confirmed second factor, no code of which was used; returns its secret."""
    draft = enrol_second_factor(user_id=user.id, actor=SYSTEM)
    TOTPDevice.objects.filter(pk=draft.device_id).update(confirmed=True)
    return draft.secret


def code_for(secret: str, *, steps_ahead: int = 0) -> str:
    """The code of now, or of the next step: each code works once."""
    return pyotp.TOTP(secret).at(int(time.time()) + steps_ahead * STEP_SECONDS)


def signed_in(
    user: User, host: str = "mara.localhost", *, secret: str = "", path: str = "/console/"
) -> Client:
    """A browser in which the user signed in through the form, with a code if there is a secret."""
    client = Client(HTTP_HOST=host)
    form = {"username": user.get_username(), "password": PASSWORD, "next": path}
    answer = client.post(f"{path}login/", form)
    assert answer.status_code == 302, answer.content[:500]
    if secret:
        answer = client.post(f"{path}account/verify", {"code": code_for(secret)})
        assert answer.status_code == 302, answer.content[:500]
    return client
