"""Where the payments behind a journal entry are shown."""

from __future__ import annotations

from django.urls import reverse

from apps.ledger.domain.sources import SourceLink, register_source
from apps.payments.models import PayIn, PaymentEvent, StrayUse
from apps.platform.ids import parse_public_id, public_id


def source_of(kind: str, source_event: str) -> SourceLink | None:
    """The payment an event belongs to; of a payout, the provider's message about it."""
    if (found := _pay_in(source_event) or _stray(source_event)) is not None:
        return found
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


def _pay_in(source_event: str) -> SourceLink | None:
    """The pay-in an entry brought in or used."""
    prefix, _, _rest = source_event.partition("_")
    if prefix not in {"pin", "piu"}:
        return None
    id = parse_public_id(prefix, source_event)
    where = {"id": id} if prefix == "pin" else {"uses__id": id}
    pay_in = PayIn.objects.filter(**where).first()
    if pay_in is None:
        return None
    url = reverse("console:payments_pay_in", args=[public_id("pin", pay_in.id)])
    return SourceLink(f"Pay-in {pay_in.receipt}", url)


def _stray(source_event: str) -> SourceLink | None:
    """The strayed money that an entry found a place for."""
    if not source_event.startswith("stu_"):
        return None
    use = StrayUse.objects.filter(
        entry__source_event=source_event, entry__kind="payments.stray_used"
    ).first()
    if use is None:
        return None
    url = reverse("console:payments_stray", args=[public_id("str", use.stray_id)])
    return SourceLink("Strayed money", url)


register_source("payments", source_of)
