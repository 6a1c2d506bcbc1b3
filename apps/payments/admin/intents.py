"""Payments in the console: the list, and everything known about one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.http import QueryDict
from django.urls import reverse

from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Action, Header, Moment, PublicPage
from apps.console.pages.actions import text_of
from apps.console.pages.objects import Banner
from apps.console.registry import register_page, register_search, register_view
from apps.console.search import Hit, exact_then_prefix
from apps.console.site import console_site
from apps.console.values import Fact, Link, Note, Phone, Ref, Row, Status, Table, Value
from apps.payments.admin.timeline import moments
from apps.payments.domain import AttemptRow, PaymentView
from apps.payments.domain.states import CHECKABLE, COLLECTABLE
from apps.payments.errors import InvalidPhone
from apps.payments.models import PaymentIntent
from apps.payments.models.phone_numbers import shown_of
from apps.payments.selectors import intents, payment
from apps.payments.services import check_attempt_now, reveal_payer_phone, start_collection
from apps.platform.ids import parse_public_id, public_id
from apps.platform.money import Money

PERMISSION = "payments.view"
LIST = "console:payments_paymentintent_changelist"


class IntentAdmin(ReadOnlyAdmin):
    """Every payment that was asked for, the newest first."""

    permission = PERMISSION
    title = "Payments"
    object_url_name = "console:payments_intent"
    search_fields: ClassVar[Any] = ["=reference", "^reference"]
    search_help = "Reference"
    empty_title = "No payment was asked for"
    empty_advice = "Payments come from orders, or over the API."
    list_display: ClassVar[Any] = ["payment", "state", "amount", "captured", "payer", "created_at"]
    list_filter: ClassVar[Any] = ["status", ("created_at", PeriodFilter)]
    ordering: ClassVar[Any] = ["-created_at", "-id"]

    def object_key(self, thing: PaymentIntent) -> str:
        """Its public id."""
        return public_id("pi", thing.id)

    @admin.display(description="Payment", ordering="reference")
    def payment(self, intent: PaymentIntent) -> Value:
        """The neighbour's reference."""
        return Ref(intent.reference)

    @admin.display(description="State", ordering="status")
    def state(self, intent: PaymentIntent) -> Value:
        """What its events amount to."""
        return Status(intent.status)

    @admin.display(description="Asked", ordering="amount_minor")
    def amount(self, intent: PaymentIntent) -> Money:
        """What the payer was asked for."""
        return Money(intent.amount_minor, intent.currency)

    @admin.display(description="Received", ordering="captured_minor")
    def captured(self, intent: PaymentIntent) -> Money:
        """What has arrived."""
        return Money(intent.captured_minor, intent.currency)

    @admin.display(description="Payer")
    def payer(self, intent: PaymentIntent) -> Value:
        """The payer's number."""
        return Phone(shown_of(intent.payer_number))


class IntentPage(PublicPage):
    """The evidence view: one payment with all that was sent, heard, concluded and booked."""

    permission = PERMISSION
    nav = LIST
    prefix = "pi"
    list_title = "Payments"

    def read(self, id: UUID) -> PaymentView:
        """The payment with its attempts, events and entries."""
        return payment(id)

    def id_of(self, thing: PaymentView) -> UUID:
        """The intent's."""
        return thing.intent.id

    def header(self, thing: PaymentView) -> Header:
        """Its reference, state and amount."""
        return Header(
            kind="Payment",
            reference=thing.intent.reference,
            status=Status(thing.intent.status),
            amount=thing.intent.amount,
            note=thing.intent.description,
        )

    def banner(self, thing: PaymentView) -> Banner | None:
        """What came, where it is not what was asked."""
        paid, asked = thing.intent.captured, thing.intent.amount
        if not paid.minor or paid == asked:
            return None
        if paid.minor < asked.minor:
            title = f"{paid} of {asked} arrived: {asked - paid} is missing."
            text = "It stands in suspense as a whole until somebody decides whose it is."
        else:
            title = f"{paid} arrived: {paid - asked} more than was asked."
            text = "What is too much stands in suspense until somebody decides whose it is."
        return Banner(title=title, text=text, tone="warn", icon="difference")

    def facts(self, thing: PaymentView) -> Sequence[Fact]:
        """What was asked, and what came."""
        receipts = [event.provider_reference for event in thing.events if event.booked]
        return [
            Fact("Received", thing.intent.captured),
            Fact("Held", thing.intent.authorised or None),
            Fact("Refunded", thing.intent.refunded or None),
            Fact("Disputed", thing.intent.disputed or None),
            Fact("Refund", Link("Ask for a refund", _refund_url(thing)) if _came(thing) else None),
            Fact("Provider's receipt", Ref(", ".join(receipts)) if receipts else None),
            Fact("Payer", Phone(thing.intent.payer)),
            Fact("Asked", thing.intent.created_at),
            Fact("Open until", thing.intent.expires_at),
        ]

    def lines(self, thing: PaymentView) -> Sequence[Table]:
        """The attempts, and whom the money belongs to."""
        columns = ["Try", "Through", "State", "Sent", "Ended", "Provider says", "Next check"]
        attempts = [Row(_cells(attempt)) for attempt in reversed(thing.attempts)]
        legs = [
            Row(
                [leg.account, leg.amount], url=reverse("console:ledger_account", args=[leg.account])
            )
            for leg in thing.allocation
        ]
        return [
            Table("Attempts", columns, attempts, empty="Nobody has been asked to pay yet."),
            Table("Belongs to", ["Account", "Amount"], legs),
        ]

    def actions(self, thing: PaymentView) -> Sequence[Action]:
        """Ask the payer again, or ask the provider."""
        is_open = thing.intent.status in COLLECTABLE
        status = thing.intent.status.value.replace("_", " ")
        return [
            Action(
                name="collect",
                label=f"Ask the payer for {thing.intent.amount}",
                look="main",
                icon="send_to_mobile",
                permission="payments.collect",
                why_not="" if is_open else f"The payment is {status}: the payer is not asked now.",
                confirm="A prompt appears on the payer's phone.",
            ),
            Action(
                name="check",
                label="Ask the provider now",
                icon="help",
                permission="payments.operate",
                why_not="" if _checkable(thing) else "No attempt is waiting for an outcome.",
            ),
            Action(
                name="reveal",
                label="Show the payer's number",
                icon="call",
                permission="payments.reveal",
                asks="What it is needed for",
                why_not="" if thing.intent.payer else "The payer is not known by a phone number.",
                confirm="It is shown to you once; who asked, and why, is kept.",
            ),
        ]

    def do_reveal(self, thing: PaymentView, form: QueryDict) -> str:
        """Open the payer's number."""
        phone = reveal_payer_phone(
            intent_id=thing.intent.id, reason=text_of(form), actor=self.actor
        )
        return f"The payer's number is {phone}. That you asked is on record."

    def do_collect(self, thing: PaymentView, form: QueryDict) -> str:
        """Queue an attempt."""
        start_collection(intent_id=thing.intent.id, actor=self.actor)
        return "The payer is being asked."

    def do_check(self, thing: PaymentView, form: QueryDict) -> str:
        """Have the provider asked."""
        for attempt in _checkable(thing):
            check_attempt_now(attempt_id=attempt.id, actor=self.actor)
        return "The provider is being asked."

    def timeline(self, thing: PaymentView) -> Sequence[Moment]:
        """All evidence in time order, and what people did."""
        return [*moments(thing), *super().timeline(thing)]

    def raw(self, thing: PaymentView) -> object:
        """Requests and answers, without secrets."""
        return {
            "metadata": dict(thing.metadata),
            "exchanges": [asdict(exchange) for exchange in thing.exchanges],
        }


def _cells(attempt: AttemptRow) -> list[Value]:
    return [
        attempt.number,
        Note(Ref(attempt.provider_account), _way(attempt)),
        Status(attempt.state),
        attempt.sent_at,
        attempt.finished_at,
        Note(attempt.message, attempt.code) if attempt.message else attempt.code or attempt.held,
        attempt.next_check_at,
    ]


def _way(attempt: AttemptRow) -> str:
    """Why it goes through this account."""
    if attempt.route.get("is_named"):
        return "named by whoever asked"
    rule = attempt.route.get("rule", "")
    return f"{rule}, version {attempt.route['version']}" if rule else ""


def _came(thing: PaymentView) -> bool:
    return thing.intent.captured.minor > thing.intent.refunded.minor


def _refund_url(thing: PaymentView) -> str:
    return reverse("console:payments_ask_refund", args=[public_id("pi", thing.intent.id)])


def _checkable(thing: PaymentView) -> list[AttemptRow]:
    return [attempt for attempt in thing.attempts if attempt.state in CHECKABLE]


def find_intents(text: str, limit: int) -> list[Hit]:
    """Payments by public id, by reference, or by the payer's whole number."""
    try:
        rows = list(PaymentIntent.objects.filter(id=parse_public_id("pi", text)))
    except ValueError:
        rows = exact_then_prefix(PaymentIntent.objects.all(), ["reference"], text, limit)
        rows = rows or _of_payer(text, limit)
    return [
        Hit(
            row.reference,
            row.description,
            reverse("console:payments_intent", args=[public_id("pi", row.id)]),
            "payments",
        )
        for row in rows
    ]


def _of_payer(text: str, limit: int) -> list[PaymentIntent]:
    try:
        return list(intents(payer_phone=text)[:limit])
    except InvalidPhone:
        return []


console_site.register(PaymentIntent, IntentAdmin)
register_view("payments/intents/<str:key>", IntentPage, name="payments_intent")
register_page("Money in", "Payments", "payments", LIST, PERMISSION, order=10)
register_search("Payments", find_intents, permission=PERMISSION, prefixes=("pi_",))
