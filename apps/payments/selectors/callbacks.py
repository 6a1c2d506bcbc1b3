"""Reading stored callbacks, without their bodies."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.payments.domain.callbacks import REPLAYABLE, CallbackFilter
from apps.payments.models import Callback


def callbacks(where: CallbackFilter) -> QuerySet[Callback]:
    """Callbacks of a filter, to be paged by this app's own entry points."""
    found = Callback.objects.select_related("provider_account").defer("body")
    wanted = {
        "state": where.state,
        "provider_account__label": where.provider_account,
        "kind": where.kind,
        "received_at__gte": where.since,
        "received_at__lt": where.until,
    }
    return found.filter(**{name: value for name, value in wanted.items() if value})


def replayable(where: CallbackFilter) -> QuerySet[Callback]:
    """Those of them that may be processed again: dead or quarantined, and genuine."""
    return callbacks(where).filter(state__in=REPLAYABLE, is_genuine=True)


def replayable_count(where: CallbackFilter) -> int:
    """How many may be processed again."""
    return replayable(where).count()


def stuck_callback_count() -> int:
    """How many are dead or quarantined."""
    return Callback.objects.filter(state__in=REPLAYABLE).count()
