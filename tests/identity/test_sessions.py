"""A person's sessions: how they end, and who may end them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY

from apps.identity.models import PersonSession, User
from apps.identity.selectors import open_sessions
from apps.identity.services import set_password
from apps.identity.services.sessions import IDLE, WHOLE
from apps.identity.session_life import SESSION_ROW
from apps.platform.actors import SYSTEM
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in

PAGE = "/console/account/sessions"


@pytest.fixture
def amina_user(mara: Tenant) -> User:
    return make_person("amina", "viewer")


def aged(user: User, *, began: timedelta, seen: timedelta) -> None:
    """As if the user's sessions had begun and been seen that much earlier."""
    for row in PersonSession.objects.filter(user=user):
        PersonSession.objects.filter(id=row.id).update(
            began_at=row.began_at - began, seen_at=row.seen_at - seen
        )


@pytest.mark.parametrize(
    ("began", "seen", "goes_on"),
    [
        (IDLE - timedelta(minutes=1), IDLE - timedelta(minutes=1), True),
        (IDLE, IDLE, False),
        (WHOLE - timedelta(minutes=1), timedelta(minutes=2), True),
        (WHOLE, timedelta(minutes=2), False),
    ],
)
def test_it_ends_when_nobody_looks_and_after_half_a_day_in_any_case(
    amina_user: User, began: timedelta, seen: timedelta, goes_on: bool
) -> None:
    browser = signed_in(amina_user)
    aged(amina_user, began=began, seen=seen)
    assert browser.get(PAGE).status_code == (200 if goes_on else 302)
    assert (SESSION_KEY in browser.session) is goes_on


def test_what_a_page_fetches_by_itself_keeps_nobody_signed_in(amina_user: User) -> None:
    browser = signed_in(amina_user)
    for path, is_looking in ((f"{PAGE}?part=progress", False), (PAGE, True)):
        aged(amina_user, began=timedelta(minutes=5), seen=timedelta(minutes=5))
        before = PersonSession.objects.get(user=amina_user).seen_at
        assert browser.get(path).status_code == 200
        assert (PersonSession.objects.get(user=amina_user).seen_at > before) is is_looking


def test_one_is_ended_from_another_browser_and_only_by_its_person(amina_user: User) -> None:
    here, other = signed_in(amina_user), signed_in(amina_user)
    stranger = signed_in(make_person("brian", "viewer"))
    mine = here.session[SESSION_ROW]
    others = [one.id for one in open_sessions(amina_user.id) if str(one.id) != mine]
    assert stranger.post(f"{PAGE}/{others[0]}/end").status_code == 404
    assert other.get(PAGE).status_code == 200
    assert here.post(f"{PAGE}/{others[0]}/end").status_code == 302
    assert other.get(PAGE).status_code == 302
    assert here.get(PAGE).status_code == 200


def test_all_others_end_at_once_and_signing_out_ends_this_one(amina_user: User) -> None:
    here, *others = (signed_in(amina_user) for _ in range(3))
    assert here.post(f"{PAGE}/others/end").status_code == 302
    assert [browser.get(PAGE).status_code for browser in (here, *others)] == [200, 302, 302]
    here.post("/console/logout/")
    assert open_sessions(amina_user.id) == []


def test_an_administrator_signs_somebody_out_and_so_does_a_new_password(amina_user: User) -> None:
    root = make_person("root", "administrator")
    admin = signed_in(root, secret=enrolled(root))
    browser = signed_in(amina_user)
    page = f"/console/users/{amina_user.pk}"
    assert "End their sessions" in admin.get(page).content.decode()
    assert admin.post(page, {"action": "end_sessions"}).status_code == 302
    assert browser.get(PAGE).status_code == 302
    browser = signed_in(amina_user)
    set_password(user_id=amina_user.id, new="another long password", actor=SYSTEM)
    assert open_sessions(amina_user.id) == []
    assert browser.get(PAGE).status_code == 302
