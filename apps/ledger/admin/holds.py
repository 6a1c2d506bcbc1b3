"""Held money in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse

from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Action, Header, Moment, ObjectPage
from apps.console.registry import register_page, register_search, register_view
from apps.console.search import Hit
from apps.console.site import console_site
from apps.console.values import Fact, Link, Note, Ref, Row, Several, Status, Table, Tone, Value
from apps.ledger.admin.sections import register_account_section
from apps.ledger.domain import HoldMovementKind, HoldStatus, ReleaseDraft, Side
from apps.ledger.models import Hold
from apps.ledger.selectors import (
    AccountRow,
    HoldLegRow,
    HoldMovementRow,
    HoldRow,
    hold,
    holds_of_account,
)
from apps.ledger.selectors.holds import hold_row, holds_with_legs
from apps.ledger.services import release_hold
from apps.platform.ids import parse_public_id, public_id
from apps.platform.money import Money

PERMISSION = "ledger.view"
LIST = "console:ledger_hold_changelist"
TONES: dict[str, Tone] = {"open": "warn", "captured": "good", "released": "calm", "expired": "bad"}
ICONS = {
    HoldMovementKind.PLACED: "lock",
    HoldMovementKind.CAPTURED: "check_circle",
    HoldMovementKind.RELEASED: "lock_open",
    HoldMovementKind.EXPIRED: "timer_off",
}


class HoldAdmin(ReadOnlyAdmin):
    """Every hold, the newest first."""

    permission = PERMISSION
    title = "Holds"
    intro = "Money that is reserved: it is not available, and not yet moved."
    object_url_name = "console:ledger_hold"
    search_fields: ClassVar[Any] = ["=idempotency_key", "=source_event"]
    search_help = "Idempotency key or source event, in full"
    empty_title = "Nothing is held"
    empty_advice = "Holds are placed over the API and by the programs that pay out."
    list_display: ClassVar[Any] = [
        "description",
        "why",
        "state",
        "held",
        "still_open",
        "placed_at",
        "expires_at",
    ]
    list_filter: ClassVar[Any] = [
        "status",
        "reason",
        ("placed_at", PeriodFilter),
        ("expires_at", PeriodFilter),
    ]
    ordering: ClassVar[Any] = ["-placed_at", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With their legs."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.prefetch_related("legs")

    def object_key(self, thing: Hold) -> str:
        """Its public id."""
        return public_id("hld", thing.id)

    @admin.display(description="Reason", ordering="reason")
    def why(self, row: Hold) -> Value:
        """Of the list of reasons."""
        return row.get_reason_display()

    @admin.display(description="State", ordering="status")
    def state(self, row: Hold) -> Value:
        """Open, or what took the last of it."""
        return _state(row.status)

    @admin.display(description="Held")
    def held(self, row: Hold) -> Value:
        """What was held at first, in each currency."""
        return _sums(row, "amount_minor")

    @admin.display(description="Still open")
    def still_open(self, row: Hold) -> Value:
        """What is held now."""
        return _sums(row, "open_minor")


class HoldPage(ObjectPage):
    """One hold: its legs, how far each is through, and all that happened to it."""

    permission = PERMISSION
    nav = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Holds", reverse(LIST)),)

    def find(self, key: str) -> HoldRow:
        """By its public id."""
        try:
            return hold(parse_public_id("hld", key))
        except ValueError as error:
            raise Http404 from error

    def subject(self, thing: HoldRow) -> str:
        """The public id."""
        return public_id("hld", thing.id)

    def header(self, thing: HoldRow) -> Header:
        """What is still held; an amount only when there is one currency."""
        amounts = thing.open if thing.status is HoldStatus.OPEN else thing.held
        return Header(
            kind="Hold",
            reference=self.subject(thing),
            status=_state(thing.status),
            amount=amounts[0] if len(amounts) == 1 else None,
            note=thing.description,
        )

    def facts(self, thing: HoldRow) -> Sequence[Fact]:
        """Why, until when, and how much of it is through."""
        closes = Link(thing.closes_account, _account_url(thing.closes_account))
        return [
            Fact("Reason", str(thing.reason).capitalize()),
            Fact("Held", Several(thing.held)),
            Fact("Captured", Several(thing.captured)),
            Fact("Released", Several(thing.released)),
            Fact("Expired", Several(thing.expired)),
            Fact("Still open", Several(thing.open)),
            Fact("Placed", thing.placed_at),
            Fact("Expires", thing.expires_at or "Never by itself"),
            Fact("Closed", thing.closed_at),
            Fact("Closes account", closes if thing.closes_account else None),
            Fact("Placed by", thing.actor),
            Fact("Source event", Ref(thing.source_event) if thing.source_event else None),
            Fact("Idempotency key", Ref(thing.idempotency_key)),
        ]

    def lines(self, thing: HoldRow) -> Sequence[Table]:
        """The legs, and the movements."""
        return [_legs(thing.legs), _movements(thing.movements)]

    def actions(self, thing: HoldRow) -> Sequence[Action]:
        """Release, while anything is open."""
        left = " and ".join(str(amount) for amount in thing.open)
        done = "" if thing.status is HoldStatus.OPEN else f"This hold is {thing.status} already."
        return [
            Action(
                name="release",
                label=f"Release {left}" if not done else "Release",
                look="danger",
                icon="lock_open",
                permission="ledger.release_hold",
                why_not=done,
                asks="Reason",
                confirm="What is released is available again at once.",
            )
        ]

    def do_release(self, thing: HoldRow, form: QueryDict) -> str:
        """Release all that is left."""
        reference = self.subject(thing)
        receipt = release_hold(
            hold_id=thing.id,
            draft=ReleaseDraft(reason=form.get("text", "").strip()[:200]),
            idempotency_key=f"console:{reference}:release",
            actor=self.actor,
        )
        return f"{' and '.join(str(amount) for amount in receipt.moved)} released."

    def timeline(self, thing: HoldRow) -> Sequence[Moment]:
        """Its movements."""
        return [
            Moment(
                at=one.moved_at,
                what=f"{str(one.kind).capitalize()} {' and '.join(str(m) for m in one.moved)}",
                who=one.actor,
                note=one.reason,
                icon=ICONS[one.kind],
                tone=TONES.get(one.kind, "info"),
                url=_entry_url(one),
            )
            for one in thing.movements
        ]

    def raw(self, thing: HoldRow) -> object:
        """What came with it."""
        return dict(thing.metadata)


def open_holds(row: AccountRow) -> Table | None:
    """What is held on an account, for its page; nothing when there is nothing."""
    if not (row.pending_in.minor or row.pending_out.minor):
        return None
    account = row.account
    return Table(
        "Open holds",
        ["Hold", "Placed", "Expires", "Debit", "Credit"],
        [
            Row(
                [
                    Note(one.description, str(one.reason).capitalize()),
                    one.placed_at,
                    one.expires_at,
                    *_on_account(one, account),
                ],
                url=reverse("console:ledger_hold", args=[public_id("hld", one.id)]),
            )
            for one in holds_of_account(account)
        ],
        more=Link("All holds", reverse(LIST)),
    )


def _on_account(row: HoldRow, account: str) -> list[Money | None]:
    """What is open on the debit side and on the credit side of the account."""
    sums: dict[Side, Money] = {}
    for leg in row.legs:
        if leg.account == account and leg.open.minor:
            sums[leg.side] = sums[leg.side] + leg.open if leg.side in sums else leg.open
    return [sums.get(Side.DEBIT), sums.get(Side.CREDIT)]


def _legs(legs: Sequence[HoldLegRow]) -> Table:
    # What came to nothing on every leg needs no column.
    ends = [one for one in ("captured", "released", "expired") if any(_of(legs, one))]
    names = [*(["asked"] if _of(legs, "asked") != _of(legs, "held") else []), "held", *ends, "open"]
    return Table(
        "Legs",
        ["Account", "Side", *(name.capitalize() for name in names)],
        [
            Row(
                [
                    Note(leg.account, leg.account_name),
                    str(leg.side).capitalize(),
                    *(getattr(leg, name) for name in names),
                ],
                url=_account_url(leg.account),
            )
            for leg in legs
        ],
    )


def _of(legs: Sequence[HoldLegRow], name: str) -> list[int]:
    return [getattr(leg, name).minor for leg in legs]


def _movements(movements: Sequence[HoldMovementRow]) -> Table:
    return Table(
        "Movements",
        ["What", "When", "By", "Entry", "Amount"],
        [
            Row(
                [
                    Note(str(one.kind).capitalize(), one.reason),
                    one.moved_at,
                    one.actor,
                    Ref(public_id("je", one.entry_id), _entry_url(one)) if one.entry_id else None,
                    Several(one.moved),
                ]
            )
            for one in movements
        ],
    )


def _sums(row: Hold, column: str) -> Value:
    sums: dict[str, int] = {}
    for leg in row.legs.all():
        if leg.side == Side.DEBIT.letter:
            sums[leg.currency] = sums.get(leg.currency, 0) + getattr(leg, column)
    return Several(tuple(Money(minor, currency) for currency, minor in sorted(sums.items())))


def _state(status: str) -> Status:
    return Status(status, tone=TONES[status])


def _account_url(code: str) -> str:
    return reverse("console:ledger_account", args=[code]) if code else ""


def _entry_url(movement: HoldMovementRow) -> str:
    if movement.entry_id is None:
        return ""
    return reverse("console:ledger_entry", args=[public_id("je", movement.entry_id)])


def find_holds(text: str, limit: int) -> list[Hit]:
    """A hold by its public id, its source event or its idempotency key, in full."""
    rows = holds_with_legs()
    try:
        found = list(rows.filter(id=parse_public_id("hld", text)))
    except ValueError:
        found = list(rows.filter(source_event=text)[:limit])
        found += list(rows.filter(idempotency_key=text)[:limit])
    return [
        Hit(
            public_id("hld", row.id),
            hold_row(row).description,
            reverse("console:ledger_hold", args=[public_id("hld", row.id)]),
            "lock",
        )
        for row in found[:limit]
    ]


console_site.register(Hold, HoldAdmin)
register_account_section(open_holds, order=20)
register_view("ledger/holds/<str:key>", HoldPage, name="ledger_hold")
register_page("Ledger", "Holds", "lock", LIST, PERMISSION, order=15)
register_search("Holds", find_holds, permission=PERMISSION, prefixes=("hld_",))
