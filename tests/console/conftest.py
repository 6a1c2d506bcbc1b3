"""People of each role, signed in; and a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.identity.domain import ROLES
from apps.tenancy.contexts import inside, on_platform
from apps.tenancy.models import Tenant
from tests.browser import browser, browser_page, kiosk
from tests.identity.people import enrolled, make_person, signed_in

__all__ = ["browser", "browser_page", "kiosk"]
ALL_ROLES = tuple(role.code for role in ROLES)
Door = Callable[..., Client]


@pytest.fixture
def door(db: None, mara: Tenant) -> Door:
    """``door("operator")``: a client in which somebody with those roles is signed in at Mara."""

    def open_for(*roles: str, name: str = "", site: str = "console") -> Client:
        name = name or "-".join(roles) or "nobody"
        if site == "platform":
            with on_platform():
                user = make_person(name, *roles)
                secret = enrolled(user)
            return signed_in(user, "localhost", secret=secret, path="/platform/")
        with inside(mara):
            user = make_person(name, *roles)
            secret = enrolled(user)
        return signed_in(user, "mara.localhost", secret=secret)

    return open_for


@pytest.fixture
def everything(door: Door) -> Client:
    """Somebody with every role there is."""
    return door(*ALL_ROLES, name="everyone")


@pytest.fixture
def platform_admin(door: Door) -> Client:
    """An administrator of the platform with every role."""
    return door(*ALL_ROLES, name="root", site="platform")


def text(response: Any) -> str:
    """The page, streamed or not."""
    if response.streaming:
        return b"".join(response.streaming_content).decode()
    return str(response.content.decode())
