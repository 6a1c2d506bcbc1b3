"""Stored callbacks in the console, and processing one again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Action, Header, PublicPage
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Ref, Status, Value
from apps.payments.domain import CallbackRow, CallbackState
from apps.payments.models import Callback
from apps.payments.selectors import callback, stuck_callback_count
from apps.payments.services import replay_callback
from apps.platform.ids import public_id

PERMISSION, OPERATE = "payments.view", "payments.operate"
LIST = "console:payments_callback_changelist"
_REPLAYABLE = (CallbackState.QUARANTINED, CallbackState.DEAD)


class CallbackAdmin(ReadOnlyAdmin):
    """Every callback that was stored, the newest first."""

    permission = PERMISSION
    title = "Callbacks"
    object_url_name = "console:payments_callback"
    links: ClassVar[Any] = [("Process again", "console:payments_callback_replay", OPERATE)]
    search_fields: ClassVar[Any] = ["=dedupe"]
    search_help = "The provider's name of the message, in full"
    empty_title = "No provider has called back"
    empty_advice = "Callbacks are stored here before anything is made of them."
    list_display: ClassVar[Any] = ["message", "kind", "status", "received_at", "copies", "tries"]
    list_filter: ClassVar[Any] = ["state", "kind", ("received_at", PeriodFilter)]
    ordering: ClassVar[Any] = ["-received_at", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the bodies."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("body")

    def object_key(self, thing: Callback) -> str:
        """Its public id."""
        return public_id("cb", thing.id)

    @admin.display(description="Callback")
    def message(self, row: Callback) -> Value:
        """Its public id: the provider's own name ends with the payer's number."""
        return Ref(public_id("cb", row.id))

    @admin.display(description="State", ordering="state")
    def status(self, row: Callback) -> Value:
        """What was made of it."""
        return _status(CallbackState(row.state))

    @admin.display(description="Came")
    def copies(self, row: Callback) -> Value:
        """How often it came."""
        return row.duplicates + 1


class CallbackPage(PublicPage):
    """One callback: when and whence it came, and what was made of it."""

    permission = PERMISSION
    nav = LIST
    prefix = "cb"
    list_title = "Callbacks"

    def read(self, id: UUID) -> CallbackRow:
        """One callback."""
        return callback(id)

    def header(self, thing: CallbackRow) -> Header:
        """Its kind and state."""
        return Header(
            kind="Callback",
            reference=self.subject(thing),
            status=_status(thing.state),
            note=thing.kind,
        )

    def facts(self, thing: CallbackRow) -> Sequence[Fact]:
        """Evidence, without the body: that holds the payer's number."""
        return [
            Fact("Received", thing.received_at),
            Fact("Processed", thing.processed_at),
            Fact("From", thing.remote_ip),
            Fact("Came", f"{thing.duplicates + 1} times"),
            Fact("Tries", thing.tries),
            Fact("Problem", thing.last_error or None),
            Fact("SHA-256 of the body", Ref(thing.body_sha256)),
        ]

    def actions(self, thing: CallbackRow) -> Sequence[Action]:
        """Process it again."""
        is_open = thing.state in _REPLAYABLE
        return [
            Action(
                name="replay",
                label="Process again",
                icon="replay",
                permission="payments.operate",
                why_not=""
                if is_open
                else "Only quarantined and dead callbacks are processed again.",
                confirm="The stored bytes are read again. Nothing is ever booked twice.",
            )
        ]

    def do_replay(self, thing: CallbackRow, form: QueryDict) -> str:
        """Back into the queue."""
        replay_callback(callback_id=thing.id, actor=self.actor)
        return "The callback is processed again."


def _status(state: CallbackState) -> Status:
    return Status(state, tone="warn" if state == CallbackState.QUARANTINED else None)


def _stuck(_request: HttpRequest) -> int | None:
    return stuck_callback_count() or None


console_site.register(Callback, CallbackAdmin)
register_view("payments/callbacks/<str:key>", CallbackPage, name="payments_callback")
register_page("Operations", "Callbacks", "call_received", LIST, PERMISSION,
              badge=_stuck, order=40)  # fmt: skip
