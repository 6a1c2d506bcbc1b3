"""Opening a payer's number for somebody with a reason, and sealing all of them under a new key."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.payments.errors import UnknownIntent
from apps.payments.errors.phone_numbers import NoPhoneNumber, RevealReasonMissing
from apps.payments.models import Callback, PaymentIntent, PhoneNumber
from apps.platform import audit
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import public_id
from apps.platform.secrets.sealing import sealed_by
from apps.platform.use_cases import use_case

RESEAL_BATCH = 500
Row = TypeVar("Row", PhoneNumber, Callback)


@use_case("payments.reveal_payer_phone")
def reveal_payer_phone(*, intent_id: UUID, reason: str, actor: Actor) -> str:
    """The payer's whole number, ``+254712345678``. Who opened it, and why, is audited.

    ``NoPhoneNumber`` where the payer is known otherwise. Entry points ask for a permission or scope
    that is for this alone.
    """
    if not reason.strip():
        raise RevealReasonMissing
    intent = PaymentIntent.objects.select_related("payer_number").filter(id=intent_id).first()
    name = public_id("pi", intent_id)
    if intent is None:
        raise UnknownIntent(intent=name)
    if intent.payer_number is None:
        raise NoPhoneNumber(intent=name)
    audit.note(name, reason=reason.strip()[:200])
    return f"+{intent.payer_phone}"


def reseal_phone_numbers(*, limit: int = RESEAL_BATCH) -> int:
    """Seal under the newest program key what an older one sealed, at most ``limit`` rows of each
    kind; answers how many. Once it answers 0, the old key may leave ``SECRET_KEY_FALLBACKS``.
    """
    return _reseal(limit=limit, actor=SYSTEM)


@use_case("payments.reseal_phone_numbers")
def _reseal(*, limit: int, actor: Actor) -> int:
    newest, done = sealed_by(), 0
    for kept in _older(PhoneNumber, newest, limit):
        kept.number, kept.sealed_by = kept.number, newest
        done += _save(kept)
    for callback in _older(Callback, newest, limit):
        callback.sealed_by = newest
        callback.save(update_fields=["body", "sealed_by"])
        done += 1
    audit.note("phone_numbers", sealed=done) if done else audit.nothing_happened()
    return done


def _older(table: type[Row], newest: str, limit: int) -> list[Row]:
    rows = table.objects.select_for_update(skip_locked=True).exclude(sealed_by=newest)
    return list(rows.order_by("id")[:limit])


def _save(kept: PhoneNumber) -> int:
    """With its new index; if the number was kept a second time meanwhile, with its old one."""
    try:
        with transaction.atomic():
            kept.save(update_fields=["sealed", "blind_index", "sealed_by"])
    except IntegrityError:
        kept.save(update_fields=["sealed", "sealed_by"])
    return 1
