"""Fees that events have booked, so that a statement does not book them again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from apps.payments.domain.merging import FEE
from apps.payments.models import PaymentEvent


def fees_in_books(*, label: str, references: Collection[str]) -> dict[str, int]:
    """By the provider's reference of the movement: minor units booked as its fee already."""
    events: QuerySet[Any] = PaymentEvent.objects.filter(
        provider_account__label=label, provider_reference__in=set(references) - {""}
    )
    own = events.exclude(fee_minor=0).annotate(minor=F("fee_minor"))
    disputes = events.filter(Q(facet__startswith=f"{FEE}:")).annotate(minor=F("booked_minor"))
    found: dict[str, int] = {}
    for rows in (own, disputes):
        for reference, minor in rows.values_list("provider_reference").annotate(Sum("minor")):
            found[reference] = found.get(reference, 0) + minor
    return found
