"""A second factor: codes from an authenticator app (TOTP, RFC 6238), and recovery codes.

A wrong code must be counted even though it is refused, so the counting happens in a transaction of
its own that is kept, and the refusal is raised after it.
"""

from __future__ import annotations

from base64 import b32encode
from datetime import datetime, timedelta
from uuid import UUID

from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.identity.domain import (
    NEEDS_SECOND_FACTOR,
    CodeReceipt,
    SecondFactorDraft,
    SecondFactorReceipt,
)
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
from apps.platform import audit, clock
from apps.platform.actors import Actor, ActorKind
from apps.platform.errors import DomainError
from apps.platform.use_cases import use_case

#: How long a code vouches for the person who typed it.
STEP_UP_LIFE = timedelta(minutes=5)
RECOVERY_CODES = 10
TOTP_DIGITS = 6


@use_case("identity.enrol_second_factor")
def enrol_second_factor(*, user_id: UUID, actor: Actor) -> SecondFactorDraft:
    """Begin: make a secret for the authenticator app. It counts for nothing until confirmed.

    Beginning again forgets the unconfirmed secret; a confirmed one is never replaced this way.
    """
    user = _own(user_id, actor)
    if TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        raise SecondFactorExists
    TOTPDevice.objects.filter(user=user).delete()
    device = TOTPDevice.objects.create(user=user, name="authenticator", confirmed=False)
    audit.note(user.username)
    return SecondFactorDraft(device.pk, device.config_url, b32encode(device.bin_key).decode())


def confirm_second_factor(*, user_id: UUID, code: str, actor: Actor) -> SecondFactorReceipt:
    """End: the app's first code proves it was set up. Returns recovery codes, shown once.

    A wrong code is ``WrongCode`` and changes nothing but the count of wrong ones.
    """
    done = _confirm(user_id=user_id, code=code, actor=actor)
    if isinstance(done, DomainError):
        raise done
    return done


def verify_code(*, user_id: UUID, code: str, actor: Actor) -> CodeReceipt:
    """Prove that the person holds their second factor now. Each code works once.

    Six digits are the app's; anything else is a recovery code, which is then spent. After a wrong
    code the next try must wait 1, 2, 4 … seconds (``TooManyAttempts``).
    """
    done = _verify(user_id=user_id, code=code, actor=actor)
    if isinstance(done, DomainError):
        raise done
    return done


def step_up(*, user_id: UUID, code: str, actor: Actor) -> datetime:
    """``verify_code``, for use cases that want the instant: when the person last proved it."""
    return verify_code(user_id=user_id, code=code, actor=actor).verified_at


@use_case("identity.remove_second_factor")
def remove_second_factor(*, user_id: UUID, actor: Actor) -> None:
    """An administrator takes away somebody else's lost factor. Repeating changes nothing."""
    if actor.id == user_id:
        raise SelfGrant
    user = _user(user_id)
    for model in (TOTPDevice, StaticDevice):
        model.objects.filter(user=user).delete()
    audit.note(user.username)


def require_step_up(*, step_up_at: datetime | None) -> None:
    """Refuse with ``StepUpRequired`` unless a code was given within the last five minutes."""
    now = clock.now()
    if step_up_at is None or not now - STEP_UP_LIFE < step_up_at <= now + timedelta(seconds=5):
        raise StepUpRequired


def has_second_factor(*, user_id: UUID) -> bool:
    """True if the user confirmed an authenticator."""
    return TOTPDevice.objects.filter(user_id=user_id, confirmed=True).exists()


def needs_second_factor(*, user: User) -> bool:
    """True if a role of the user lets money out of the house."""
    return bool(user.permissions & NEEDS_SECOND_FACTOR)


@use_case("identity.confirm_second_factor")
def _confirm(*, user_id: UUID, code: str, actor: Actor) -> SecondFactorReceipt | DomainError:
    user = _own(user_id, actor)
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if device is None:
        return NoSecondFactor()
    refusal = _refusal(device, code)
    if refusal is not None:
        return refusal
    TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
    StaticDevice.objects.filter(user=user).delete()
    recovery = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = tuple(StaticToken.random_token() for _ in range(RECOVERY_CODES))
    StaticToken.objects.bulk_create(StaticToken(device=recovery, token=code) for code in codes)
    audit.note(user.username)
    return SecondFactorReceipt(device.persistent_id, clock.now(), codes)


@use_case("identity.verify_code")
def _verify(*, user_id: UUID, code: str, actor: Actor) -> CodeReceipt | DomainError:
    user = _own(user_id, actor)
    given = code.replace(" ", "").lower()
    model = TOTPDevice if given.isdecimal() and len(given) == TOTP_DIGITS else StaticDevice
    device = model.objects.select_for_update().filter(user=user, confirmed=True).first()
    if device is None:
        return NoSecondFactor()
    refusal = _refusal(device, given)
    if refusal is not None:
        return refusal
    audit.note(user.username, device=device.name)
    return CodeReceipt(device.persistent_id, clock.now())


def _refusal(device: Device, code: str) -> DomainError | None:
    """Try the code on the locked device; the device counts it and forgets a code once used."""
    is_allowed, why = device.verify_is_allowed()
    if not is_allowed:
        audit.nothing_happened()
        until = (why or {}).get("locked_until")
        wait = (until - clock.now()).total_seconds() if until else 1
        return TooManyAttempts(retry_after_seconds=max(1, round(wait)))
    if device.verify_token(code):
        return None
    audit.note(device.user.username, outcome="wrong code")
    return WrongCode()


def _own(user_id: UUID, actor: Actor) -> User:
    """A second factor is one's own business; only the house itself may prepare one for somebody."""
    if actor.kind is not ActorKind.SYSTEM and actor.id != user_id:
        raise UserNotFound
    return _user(user_id)


def _user(user_id: UUID) -> User:
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise UserNotFound
    return user
