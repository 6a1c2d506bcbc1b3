"""Keeping telephone numbers: once each, and sealed."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from apps.payments.domain.phones import msisdn
from apps.payments.models import PhoneNumber
from apps.payments.models.phone_numbers import blind_indexes
from apps.platform import clock
from apps.platform.ids import new_id
from apps.platform.secrets.sealing import sealed_by


def kept_number(raw: str) -> PhoneNumber | None:
    """Within a use case: the row of this number, made if need be; nothing for an empty text.

    The same number gives the same row for ever, so a row's id stands for it in fingerprints.
    ``InvalidPhone`` when it is none.
    """
    if not raw:
        return None
    number = msisdn(raw)
    known = _known(number)
    if known is not None:
        return known
    draft = PhoneNumber(id=new_id(), sealed_by=sealed_by(), created_at=clock.now())
    draft.number = number
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError:  # of two at once, the other was first
        return _known(number)
    return draft


def _known(number: str) -> PhoneNumber | None:
    return PhoneNumber.objects.filter(blind_index__in=blind_indexes(number)).first()
