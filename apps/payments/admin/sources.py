"""Where the payments behind a journal entry are shown."""

from __future__ import annotations

from django.urls import reverse

from apps.ledger.domain.sources import SourceLink, register_source
from apps.payments.models import PaymentEvent
from apps.platform.ids import parse_public_id, public_id


def source_of(kind: str, source_event: str) -> SourceLink | None:
    """The payment an event belongs to; of a payout, the provider's message about it."""
    try:
        id = parse_public_id("evt", source_event)
    except ValueError:
        return None
    event = PaymentEvent.objects.select_related("intent", "callback").filter(id=id).first()
    if event is None:
        return None
    if event.intent is not None:
        url = reverse("console:payments_intent", args=[public_id("pi", event.intent.id)])
        return SourceLink(f"Payment {event.intent.reference}", url)
    if event.callback is not None:
        url = reverse("console:payments_callback", args=[public_id("cb", event.callback.id)])
        return SourceLink(f"Message {event.provider_reference}".strip(), url)
    return None


register_source("payments", source_of)
