"""References a person can say on the phone: ``BAT-2026-0001``."""

from __future__ import annotations

from django.db.models.functions import Length

from apps.platform import clock
from apps.platform.locks import take_turns
from apps.platform.tenant import current_tenant
from apps.settlements.models import Batch, Break


def next_reference(model: type[Batch | Break], prefix: str) -> str:
    """The next free number of this year, without races: one taker at a time until commit."""
    year = clock.today(current_tenant().zone).year
    stem = f"{prefix}-{year}-"
    take_turns(f"number:{stem}")
    last = (
        model.objects.filter(reference__startswith=stem)
        .order_by(Length("reference").desc(), "-reference")
        .values_list("reference", flat=True)
        .first()
    )
    number = int(last.removeprefix(stem)) if last else 0
    return f"{stem}{number + 1:04d}"
