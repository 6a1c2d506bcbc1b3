"""Bank files in the console: what left, what came in, and what was put aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, QueryDict

from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Action, Header, PublicPage
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Note, Ref, Status, Tone, Value
from apps.payments.domain.bank_files import BankFileRow, BankFileState
from apps.payments.domain.states import Direction
from apps.payments.models import BankFile
from apps.payments.selectors.bank_files import bank_file, bank_file_content, bank_files_aside
from apps.payments.services import discard_bank_file, retry_bank_file
from apps.platform.ids import public_id
from apps.platform.money import Money

PERMISSION, OPERATE = "payments.view", "payments.operate"
LIST = "console:payments_bankfile_changelist"
_TONES: dict[BankFileState, Tone] = {
    BankFileState.BUILT: "info",
    BankFileState.DELIVERING: "info",
    BankFileState.RECEIVED: "info",
    BankFileState.UNKNOWN: "bad",
    BankFileState.DELIVERED: "good",
    BankFileState.DONE: "good",
    BankFileState.QUARANTINED: "warn",
}
_WAYS = {Direction.IN: "From the bank", Direction.OUT: "To the bank"}
_NOT_ASIDE = "Only a file that was put aside is read again or discarded."


class BankFileAdmin(ReadOnlyAdmin):
    """Every file, the newest first."""

    permission = PERMISSION
    title = "Bank files"
    object_url_name = "console:payments_bank_file"
    search_fields: ClassVar[Any] = ["name", "=message_id", "=sha256"]
    search_help = "File name, message or digest"
    empty_title = "No file has been exchanged with a bank"
    empty_advice = (
        "Payouts by bank leave in files at their cut-off; answers are fetched by themselves."
    )
    list_display: ClassVar[Any] = [
        "file", "provider_account", "way", "file_format", "status", "payments", "total",
        "created_at",
    ]  # fmt: skip
    list_filter: ClassVar[Any] = [
        "state", "direction", "provider_account", ("created_at", PeriodFilter),
    ]  # fmt: skip
    ordering: ClassVar[Any] = ["-created_at", "-id"]

    def object_key(self, thing: BankFile) -> str:
        """Its public id."""
        return public_id("bf", thing.id)

    @admin.display(description="File", ordering="name")
    def file(self, row: BankFile) -> Value:
        """Its name in the bank's folder."""
        return Ref(row.name)

    @admin.display(description="Way", ordering="direction")
    def way(self, row: BankFile) -> Value:
        """Who wrote it."""
        return _WAYS[Direction(row.direction)]

    @admin.display(description="State", ordering="state")
    def status(self, row: BankFile) -> Value:
        """What became of it, and why it was put aside."""
        shown = _status(BankFileState(row.state))
        return Note(shown, row.problem[:80]) if row.problem else shown

    @admin.display(description="Payments", ordering="count")
    def payments(self, row: BankFile) -> Value:
        """How many."""
        return row.count

    @admin.display(description="Total", ordering="total_minor")
    def total(self, row: BankFile) -> Value:
        """What it moves."""
        return None if row.total_minor is None else Money(row.total_minor, row.currency)


class BankFilePage(PublicPage):
    """One file: what it is, what it moves, and what became of it."""

    permission = PERMISSION
    nav = LIST
    prefix = "bf"
    list_title = "Bank files"

    def read(self, id: UUID) -> BankFileRow:
        """One file."""
        return bank_file(id)

    def header(self, thing: BankFileRow) -> Header:
        """Name, state and total."""
        return Header(
            kind=f"Bank file · {_WAYS[thing.direction].lower()}",
            reference=thing.name,
            status=_status(thing.state),
            amount=thing.total,
            note=thing.file_format,
        )

    def facts(self, thing: BankFileRow) -> Sequence[Fact]:
        """What identifies it."""
        is_out = thing.direction is Direction.OUT
        return [
            Fact("Provider account", thing.provider_account),
            Fact("Message", Ref(thing.message_id) if thing.message_id else None),
            Fact("Payouts" if is_out else "Entries or statuses", thing.count),
            Fact("Written" if is_out else "Fetched", thing.created_at),
            Fact("Handed over" if is_out else "Read", thing.finished_at),
            Fact("Came again", f"{thing.duplicates} times" if thing.duplicates else None),
            Fact("Bytes", thing.size_bytes),
            Fact("SHA-256", Ref(thing.sha256)),
        ]

    def checks(self, thing: BankFileRow) -> Sequence[tuple[Tone, Value]]:
        """What was proved, or what is wrong."""
        if thing.state is BankFileState.UNKNOWN:
            said = "The hand-over was cut off. Ask the bank whether it has this message."
            return [("bad", said)]
        if thing.problem:
            return [("warn", thing.problem)]
        if thing.direction is Direction.OUT:
            said = "The totals in the file are those of our books, and no payout is in another file"
            return [("good", said)]
        return [("good", "Read whole")] if thing.state is BankFileState.DONE else []

    def actions(self, thing: BankFileRow) -> Sequence[Action]:
        """Read it again, discard it, download it."""
        why_not = "" if thing.state is BankFileState.QUARANTINED else _NOT_ASIDE
        download = Action(name="download", label="Download", icon="download", permission=OPERATE)
        if thing.direction is Direction.OUT:
            return [download]
        retry = Action(
            name="retry",
            label="Read again",
            icon="replay",
            permission=OPERATE,
            why_not=why_not,
            confirm="The kept bytes are read again. Nothing is ever booked twice.",
        )
        discard = Action(
            name="discard",
            label="Discard",
            icon="delete",
            permission=OPERATE,
            why_not=why_not,
            asks="Why it means nothing",
        )
        return [retry, discard, download]

    def do_retry(self, thing: BankFileRow, form: QueryDict) -> str:
        """Back into the queue."""
        retry_bank_file(file_id=thing.id, actor=self.actor)
        return "The file is read again."

    def do_discard(self, thing: BankFileRow, form: QueryDict) -> str:
        """With the reason."""
        discard_bank_file(file_id=thing.id, reason=form.get("text", "")[:300], actor=self.actor)
        return "The file is discarded. Its bytes are kept."

    def do_download(self, thing: BankFileRow, form: QueryDict) -> HttpResponse:
        """The bytes as they are kept, never shown by a browser."""
        response = HttpResponse(
            bank_file_content(thing.id), content_type="application/octet-stream"
        )
        name = "".join(letter for letter in thing.name if letter.isalnum() or letter in "._-")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def _status(state: BankFileState) -> Status:
    return Status(state, tone=_TONES.get(state))


def _waiting(_request: HttpRequest) -> int:
    return bank_files_aside()


console_site.register(BankFile, BankFileAdmin)
register_view("payments/bank-files/<str:key>", BankFilePage, name="payments_bank_file")
register_page(
    "Operations", "Bank files", "drive_file_move", LIST, PERMISSION, badge=_waiting, order=45
)
