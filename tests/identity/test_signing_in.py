"""Signing in: the password, the second factor, and the door that closes after wrong ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from apps.identity.middleware import SESSION_TENANT
from apps.identity.models import User
from apps.identity.services import deactivate_user, set_password
from apps.identity.tasks import forget_sign_ins
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.tenancy.contexts import inside, on_platform
from apps.tenancy.models import Tenant
from tests.identity.people import PASSWORD, code_for, enrolled, make_person, signed_in

LIMIT = 5
HOST = "mara.localhost"
LOGIN = "/console/login/"
PAGE = "/console/account/password"


@pytest.fixture(autouse=True)
def clean(mara: Tenant) -> Iterator[None]:
    yield
    cache.clear()


def attempt(password: str, username: str = "amina", host: str = HOST, ip: str = "10.0.0.1") -> int:
    client = Client(HTTP_HOST=host, REMOTE_ADDR=ip)
    return client.post(LOGIN, {"username": username, "password": password}).status_code


def test_signing_in_marks_the_session_with_the_tenant(mara: Tenant) -> None:
    browser = signed_in(make_person("amina", "viewer"))
    assert browser.session[SESSION_TENANT] == str(mara.id)
    assert browser.get(PAGE).status_code == 200


def test_a_wrong_password_and_an_unknown_name_look_the_same(mara: Tenant) -> None:
    make_person("amina")
    pages = [
        Client(HTTP_HOST=HOST).post(LOGIN, {"username": name, "password": "wrong"})
        for name in ("amina", "nobody")
    ]
    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].content.count(b"errorlist") == pages[1].content.count(b"errorlist")


def test_after_five_wrong_passwords_the_right_one_does_not_help(mara: Tenant) -> None:
    make_person("amina")
    assert [attempt("wrong") for _ in range(LIMIT)] == [200] * (LIMIT - 1) + [429]
    assert attempt(PASSWORD) == 429
    assert attempt(PASSWORD, ip="10.0.0.2") == 302  # another address is not locked out


def test_what_signing_in_leaves_behind_is_forgotten_in_time(mara: Tenant) -> None:
    signed_in(make_person("amina"))
    attempt("wrong")
    later = clock.now()

    def left(days: int) -> list[bool]:
        with clock.reading(lambda: later + timedelta(days=days)):
            forget_sign_ins()
        return [table.objects.exists() for table in (Session, AccessAttempt, AccessLog)]

    assert left(0) == [True, True, True]
    assert left(29) == [False, True, True]
    assert left(31) == [False, False, True]
    assert left(366) == [False, False, False]


def test_a_lock_out_stays_in_its_tenant(mara: Tenant, baobab: Tenant) -> None:
    for tenant in (mara, baobab):
        with inside(tenant):
            make_person("amina")
    for _ in range(LIMIT):
        attempt("wrong")
    assert attempt(PASSWORD) == 429
    assert attempt(PASSWORD, host="baobab.localhost") == 302


def test_whoever_is_switched_off_is_out_at_once(mara: Tenant) -> None:
    user = make_person("amina", "viewer")
    browser = signed_in(user)
    deactivate_user(user_id=user.id, actor=SYSTEM)
    assert browser.get(PAGE).status_code == 302
    assert attempt(PASSWORD) == 200


def test_a_new_password_ends_the_sessions_there_were(mara: Tenant) -> None:
    user = make_person("amina", "viewer")
    browser = signed_in(user)
    set_password(user_id=user.id, new="another long password", actor=SYSTEM)
    assert browser.get(PAGE).status_code == 302


def test_changing_ones_own_password_keeps_this_session_and_ends_the_others(mara: Tenant) -> None:
    user = make_person("amina", "viewer")
    browser, other = signed_in(user), signed_in(user)
    wrong = browser.post(PAGE, {"current": "wrong", "new": "another long password"})
    weak = browser.post(PAGE, {"current": PASSWORD, "new": "short"})
    done = browser.post(PAGE, {"current": PASSWORD, "new": "another long password"})
    assert (wrong.status_code, weak.status_code, done.status_code) == (422, 422, 302)
    assert browser.get(PAGE).status_code == 200
    assert other.get(PAGE).status_code == 302


# --- the second factor at sign-in


def test_whoever_has_a_second_factor_gives_it_before_anything_else(mara: Tenant) -> None:
    user = make_person("amina", "viewer")
    enrolled(user)
    browser = signed_in(user)
    asked = browser.get(PAGE)
    assert asked.status_code == 302
    assert asked["Location"].startswith("/console/account/verify?next=")
    wrong = browser.post("/console/account/verify", {"code": "000000"})
    assert wrong.status_code == 422
    assert browser.get(PAGE).status_code == 302


def test_the_right_code_lets_in_and_leads_where_one_wanted_to_go(mara: Tenant) -> None:
    user = make_person("amina", "viewer")
    browser = signed_in(user, secret=(secret := enrolled(user)))
    assert browser.get(PAGE).status_code == 200
    again = Client(HTTP_HOST=HOST)
    again.post(LOGIN, {"username": "amina", "password": PASSWORD})
    used = again.post("/console/account/verify", {"code": code_for(secret)})
    assert used.status_code == 422  # a code works once
    led = again.post(
        "/console/account/verify", {"code": code_for(secret, steps_ahead=1), "next": PAGE}
    )
    assert led.status_code in {302, 422}  # 422 while the wrong one before is still counted


def test_an_address_elsewhere_is_not_followed(mara: Tenant) -> None:
    user = make_person("amina", "viewer")
    secret = enrolled(user)
    browser = signed_in(user)
    led = browser.post(
        "/console/account/verify", {"code": code_for(secret), "next": "https://evil.example/"}
    )
    assert led["Location"] == "/console/"


@pytest.mark.parametrize("role", ["approver", "treasurer"])
def test_whoever_lets_money_out_must_set_one_up(mara: Tenant, role: str) -> None:
    browser = signed_in(make_person("brian", role))
    sent = browser.get(PAGE)
    assert sent["Location"].startswith("/console/account/second-factor?next=")
    assert browser.get("/console/payments/x/verify")["Location"].startswith("/console/account/")


def test_a_viewer_needs_none(mara: Tenant) -> None:
    assert signed_in(make_person("vera", "viewer")).get(PAGE).status_code == 200


def test_the_platform_has_people_of_its_own(db: None) -> None:
    with on_platform():
        make_person("petra", "administrator")
        assert User.objects.filter(username="petra").count() == 1
        browser = Client(HTTP_HOST="localhost")
        done = browser.post("/platform/login/", {"username": "petra", "password": PASSWORD})
        assert done.status_code == 302
        assert browser.get("/platform/account/password").status_code == 200
    assert attempt(PASSWORD, username="petra") == 200  # not at a tenant's door
