"""The second factor: setting it up, codes that work once, waiting after wrong ones, stepping up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from django.test import Client

from apps.identity.errors import (
    NoSecondFactor,
    SecondFactorExists,
    SelfGrant,
    StepUpRequired,
    TooManyAttempts,
    UserNotFound,
    WrongCode,
)
from apps.identity.models import User
from apps.identity.people import actor_of
from apps.identity.services import (
    confirm_second_factor,
    enrol_second_factor,
    has_second_factor,
    remove_second_factor,
    require_step_up,
    step_up,
    verify_code,
)
from apps.identity.step_up import recent
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.tenancy.models import Tenant
from tests.identity.people import code_for, enrolled, make_person, signed_in

NOW = "2026-11-23T09:00:00+00:00"


@pytest.fixture
def amina_user(mara: Tenant) -> User:
    return make_person("amina", "approver")


def enrol(user: User) -> tuple[str, tuple[str, ...]]:
    """Through both use cases; returns the secret and the recovery codes."""
    draft = enrol_second_factor(user_id=user.id, actor=actor_of(user))
    assert draft.uri.startswith("otpauth://totp/Countinghouse")
    receipt = confirm_second_factor(
        user_id=user.id, code=code_for(draft.secret), actor=actor_of(user)
    )
    return draft.secret, receipt.recovery_codes


def test_it_counts_only_once_a_first_code_proved_it(amina_user: User) -> None:
    draft = enrol_second_factor(user_id=amina_user.id, actor=actor_of(amina_user))
    assert not has_second_factor(user_id=amina_user.id)
    with pytest.raises(WrongCode):
        confirm_second_factor(user_id=amina_user.id, code="000000", actor=actor_of(amina_user))
    assert not has_second_factor(user_id=amina_user.id)
    assert draft.secret not in repr(draft)


def test_a_confirmed_one_cannot_be_replaced_from_the_inside(amina_user: User) -> None:
    enrol(amina_user)
    with pytest.raises(SecondFactorExists):
        enrol_second_factor(user_id=amina_user.id, actor=actor_of(amina_user))
    with pytest.raises(SelfGrant):
        remove_second_factor(user_id=amina_user.id, actor=actor_of(amina_user))
    remove_second_factor(user_id=amina_user.id, actor=SYSTEM)
    assert not has_second_factor(user_id=amina_user.id)


def test_a_code_works_once_and_in_no_other_order(amina_user: User) -> None:
    with time_machine.travel(NOW, tick=False) as machine:
        secret = enrolled(amina_user)
        give: dict[str, Any] = {"user_id": amina_user.id, "actor": actor_of(amina_user)}
        now = pyotp.TOTP(secret).now()
        assert verify_code(code=now, **give).verified_at == clock.now()
        with pytest.raises(WrongCode):
            verify_code(code=now, **give)
        machine.shift(timedelta(seconds=30))
        before = now
        now = pyotp.TOTP(secret).now()
        verify_code(code=now, **give)
        machine.shift(timedelta(seconds=30))
        for stale in (before, now):
            machine.shift(timedelta(seconds=5))
            with pytest.raises(WrongCode):
                verify_code(code=stale, **give)


def test_wrong_codes_cost_ever_more_waiting_even_for_the_right_one(amina_user: User) -> None:
    with time_machine.travel(NOW, tick=False) as machine:
        secret = enrolled(amina_user)
        give: dict[str, Any] = {"user_id": amina_user.id, "actor": actor_of(amina_user)}
        for wait in (1, 2, 4, 8):
            with pytest.raises(WrongCode):
                verify_code(code="000000", **give)
            with pytest.raises(TooManyAttempts) as refusal:
                verify_code(code=pyotp.TOTP(secret).now(), **give)
            assert refusal.value.retry_after_seconds == wait
            machine.shift(timedelta(seconds=wait))
        verify_code(code=pyotp.TOTP(secret).now(), **give)


def test_a_recovery_code_works_once(amina_user: User) -> None:
    _, codes = enrol(amina_user)
    assert len(set(codes)) == 10
    give: dict[str, Any] = {"user_id": amina_user.id, "actor": actor_of(amina_user)}
    verify_code(code=codes[0], **give)
    with pytest.raises(WrongCode):
        verify_code(code=codes[0], **give)


def test_nobody_gives_a_code_for_somebody_else(amina_user: User) -> None:
    secret = enrolled(amina_user)
    other = make_person("brian", "approver")
    with pytest.raises(UserNotFound):
        verify_code(user_id=amina_user.id, code=code_for(secret), actor=actor_of(other))
    with pytest.raises(NoSecondFactor):
        verify_code(user_id=other.id, code=code_for(secret), actor=actor_of(other))


def test_a_step_up_lasts_five_minutes(amina_user: User) -> None:
    with time_machine.travel(NOW, tick=False) as machine:
        secret = enrolled(amina_user)
        at = step_up(
            user_id=amina_user.id, code=pyotp.TOTP(secret).now(), actor=actor_of(amina_user)
        )
        require_step_up(step_up_at=at)
        machine.shift(timedelta(minutes=5) - timedelta(seconds=1))
        require_step_up(step_up_at=at)
        machine.shift(timedelta(seconds=1))
        for stale in (at, None, at + timedelta(hours=1)):
            with pytest.raises(StepUpRequired):
                require_step_up(step_up_at=stale)


def test_the_session_remembers_the_step_up_of_its_own_user(amina_user: User) -> None:
    secret = enrolled(amina_user)
    browser = signed_in(amina_user, secret=secret)
    request = browser.get("/console/account/password").wsgi_request
    assert recent(request) is not None
    request.user = make_person("brian")
    assert recent(request) is None


def test_the_page_shows_a_qr_code_then_recovery_codes_once(amina_user: User) -> None:
    browser: Client = signed_in(amina_user)
    shown = browser.get("/console/account/second-factor")
    assert b"<svg" in shown.content
    secret = shown.context["secret"].replace(" ", "")
    assert "no-store" in shown["Cache-Control"]
    wrong = browser.post("/console/account/second-factor", {"code": "000000"})
    assert wrong.status_code == 422
    with time_machine.travel(clock.now() + timedelta(seconds=3), tick=False):
        done = browser.post("/console/account/second-factor", {"code": pyotp.TOTP(secret).now()})
    assert done.status_code == 200
    assert len(done.context["codes"]) == 10
    assert browser.get("/console/account/password").status_code == 200
