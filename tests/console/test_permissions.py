"""Who may open what: each role against each page of the sidebar."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.identity.domain import ROLES, RoleDraft
from apps.identity.models import Role, User
from apps.identity.services import revoke_role
from apps.platform.actors import SYSTEM
from tests.console.conftest import Door, text
from tests.console.pages import seen, sidebar_pages


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.code)
def test_a_role_opens_its_pages_and_is_told_who_opens_the_others(
    door: Door, role: RoleDraft
) -> None:
    client = door(role.code)
    for title, address, permission in sidebar_pages("console"):
        answer = client.get(address)
        if not permission or permission in role.permissions:
            assert answer.status_code == 200, title
            continue
        assert answer.status_code == 403, title
        if "/account/" in address:  # identity's own page says it in its own words
            continue
        page = text(answer)
        granting = Role.objects.filter(permissions__contains=[permission])
        assert granting.exists()
        for name in granting.values_list("name", flat=True):
            assert name in page, title


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.code)
def test_the_sidebar_holds_exactly_what_opens(door: Door, role: RoleDraft) -> None:
    page = seen(text(door(role.code).get("/console/")))
    links = {str(link.get("href")) for link in page.all("a")}
    for title, address, permission in sidebar_pages("console"):
        allowed = not permission or permission in role.permissions
        assert (address in links) == allowed, title


def test_one_line_of_the_sidebar_is_active_at_a_time(everything: Client) -> None:
    for _, address, _ in sidebar_pages("console"):
        page = seen(text(everything.get(address)))
        current = [
            link["href"]
            for link in page.all("a")
            if link.get("aria-current") == "page" and not str(link["href"]).startswith("?")
        ]
        assert current == [address]


def test_a_stranger_is_sent_to_sign_in(mara: object) -> None:
    client = Client(HTTP_HOST="mara.localhost")
    for _, address, _ in sidebar_pages("console"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/console/login/")


def test_a_role_that_is_taken_closes_the_page_at_once(door: Door) -> None:
    client = door("developer")
    address = "/console/platform/outboxmessage/"
    assert client.get(address).status_code == 200
    revoke_role(user_id=User.objects.get(username="developer").pk, role="developer", actor=SYSTEM)
    assert client.get(address).status_code == 403
