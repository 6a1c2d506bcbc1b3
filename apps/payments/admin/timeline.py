"""A payment's life in time order: what we sent, what was answered, heard, concluded and booked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.urls import reverse

from apps.console.pages import Moment
from apps.console.values import Tone
from apps.payments.domain import CallbackRow, EventRow, Exchange, PaymentView
from apps.platform.ids import public_id

_WHAT = {
    "requested": "Attempt queued",
    "action_required": "The payer must act",
    "approved": "Approved by the payer",
    "reversed": "Came back",
    "pending": "Accepted by the provider",
    "unknown": "Outcome unknown",
    "failed": "Failed",
    "succeeded": "Paid",
    "expired": "Expired",
    "cancelled": "Cancelled",
}
_DONE = {
    ("authorise", "succeeded"): "Held",
    ("authorise", "reversed"): "No longer held",
    ("void", "succeeded"): "Let go",
    ("capture", "requested"): "Capture queued",
    ("void", "requested"): "Release queued",
    ("refund", "requested"): "Refund approved",
    ("refund", "succeeded"): "Refunded",
    ("refund", "failed"): "Refund failed",
    ("refund", "reversed"): "Refund came back",
    ("withdrawn", "succeeded"): "Taken by a dispute",
    ("reinstated", "succeeded"): "Given back by a dispute",
    ("dispute_fee", "succeeded"): "Dispute fee",
    ("dispute_fee_returned", "succeeded"): "Dispute fee given back",
}
_FEELS: dict[str, tuple[Tone, str]] = {
    "unknown": ("warn", "help"),
    "failed": ("bad", "cancel"),
    "succeeded": ("good", "check_circle"),
    "reversed": ("warn", "undo"),
}


def moments(view: PaymentView) -> Sequence[Moment]:
    """Everything that is known, whoever said it."""
    return [
        *_of_events(view.events),
        *_of_exchanges(view.exchanges),
        *_of_callbacks(view.callbacks),
    ]


def _of_events(events: Iterable[EventRow]) -> Iterable[Moment]:
    for event in events:
        tone, icon = _FEELS.get(event.kind, ("calm", "radio_button_checked"))
        entry = public_id("je", event.journal) if event.journal else ""
        notes = [event.provider_reference] if event.provider_reference else []
        if event.booked:
            notes.append(f"{event.booked} booked")
        if not event.is_effective:
            notes.append("overtaken by what was known")
        notes.append(f"by {event.source}")
        yield Moment(
            at=event.received_at,
            what=_what(event),
            note=", ".join(notes),
            tone=tone,
            icon=icon,
            url=reverse("console:ledger_entry", args=[entry]) if entry else "",
        )


def _what(event: EventRow) -> str:
    """The words for what it is about, else those of a payment."""
    about = event.facet.partition(":")[0]
    if about == "dispute":
        return f"Disputed: {event.data.get('status', '')}".replace("_", " ")
    return _DONE.get((about, event.kind)) or _WHAT.get(event.kind, event.kind)


def _of_exchanges(exchanges: Iterable[Exchange]) -> Iterable[Moment]:
    for exchange in exchanges:
        status = f"HTTP {exchange.status}" if exchange.status else "no answer"
        yield Moment(
            at=exchange.at,
            what="Sent to the provider" if exchange.purpose == "submit" else "Asked the provider",
            note=f"{exchange.request.get('path', '')}: {status}, {exchange.outcome}",
            icon="north_east",
        )


def _of_callbacks(callbacks: Iterable[CallbackRow]) -> Iterable[Moment]:
    for row in callbacks:
        notes = [f"{row.kind} from {row.remote_ip or 'somewhere'}", row.state.value]
        if row.duplicates:
            notes.append(f"came {row.duplicates + 1} times")
        yield Moment(
            at=row.received_at,
            what="Callback received",
            note=", ".join(notes),
            tone="warn" if row.state in ("quarantined", "dead") else "calm",
            icon="south_west",
            url=reverse("console:payments_callback", args=[public_id("cb", row.id)]),
        )
