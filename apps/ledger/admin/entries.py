"""The journal in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse

from apps.console.cards import Card
from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Action, Header, ObjectPage
from apps.console.registry import register_page, register_search, register_view
from apps.console.search import Hit
from apps.console.site import console_site
from apps.console.values import Fact, Link, Ref, Row, Several, Status, Table, Tone, Value
from apps.ledger.admin.sections import entry_parts
from apps.ledger.domain import Side
from apps.ledger.domain.recurring import RECURRING
from apps.ledger.domain.sources import resolve_source
from apps.ledger.models import JournalEntry, Posting
from apps.ledger.selectors import EntryRow, PostingRow, journal_entry
from apps.ledger.services import reverse_entry
from apps.platform.ids import parse_public_id, public_id
from apps.platform.money import Money

PERMISSION = "ledger.view"
LIST = "console:ledger_journalentry_changelist"
#: Of how many postings the page tells the effect in words.
EXPLAINED = 12
#: What let an entry in, by the entry's kind: the prefix of its public id, and its page.
_LET_IN = {RECURRING: ("rec", "console:ledger_recurring")}


class EntryAdmin(ReadOnlyAdmin):
    """Every journal entry, the newest first."""

    permission = PERMISSION
    title = "Journal entries"
    object_url_name = "console:ledger_entry"
    search_fields: ClassVar[Any] = ["=idempotency_key", "=source_event"]
    search_help = "Idempotency key or source event, in full"
    empty_title = "Nothing has been posted"
    empty_advice = "Entries come from payments and settlements, and over the API."
    list_display: ClassVar[Any] = [
        "description",
        "kind",
        "value_date",
        "amounts",
        "posted_at",
        "by",
    ]
    list_filter: ClassVar[Any] = [("posted_at", PeriodFilter), ("value_date", PeriodFilter)]
    ordering: ClassVar[Any] = ["-posted_at", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the debit side, whose sum is what an entry moves."""
        debits = Posting.objects.filter(side=Side.DEBIT.letter)
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("postings", debits))

    def object_key(self, thing: JournalEntry) -> str:
        """Its public id."""
        return public_id("je", thing.id)

    @admin.display(description="Amount")
    def amounts(self, entry: JournalEntry) -> Value:
        """What it moves, in each currency."""
        sums: dict[str, int] = {}
        for posting in entry.postings.all():
            sums[posting.currency] = sums.get(posting.currency, 0) + posting.amount_minor
        return Several(tuple(Money(minor, currency) for currency, minor in sorted(sums.items())))

    @admin.display(description="By")
    def by(self, entry: JournalEntry) -> Value:
        """Who posted it, by name; the entry's page says of what sort they are."""
        return entry.actor.partition(":")[2] or entry.actor


class EntryPage(ObjectPage):
    """One journal entry: its postings, where it comes from, and its reversal."""

    permission = PERMISSION
    nav = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the journal."""
        return (Link("Journal entries", reverse(LIST)),)

    def find(self, key: str) -> EntryRow:
        """By its public id."""
        try:
            return journal_entry(parse_public_id("je", key))
        except ValueError as error:
            raise Http404 from error

    def subject(self, thing: EntryRow) -> str:
        """The public id."""
        return public_id("je", thing.id)

    def header(self, thing: EntryRow) -> Header:
        """What it records. An amount only when there is one currency."""
        totals = _totals(thing.postings)
        state = Status("posted")
        if thing.reversals:
            label = "Reversed" if thing.reversed_by else "Reversed in part"
            state = Status("reversed", label, "warn")
        return Header(
            kind="Journal entry",
            reference=self.subject(thing),
            status=state,
            amount=totals[0] if len(totals) == 1 else None,
            note=thing.description,
        )

    def facts(self, thing: EntryRow) -> Sequence[Fact]:
        """Dates, origin, and what it reverses or is reversed by; nothing of what it has not."""
        some = [
            Fact("Took effect", thing.effective_at),
            Fact("Comes from", _source(thing)),
            Fact("Source event", Ref(thing.source_event) if thing.source_event else None),
            Fact("Template", _template(thing)),
            Fact("Reason", thing.reason or None),
            Fact("Reverses", _entry_link(thing.reverses)),
            Fact("Reversed by", _links(thing.reversals)),
        ]
        return [
            Fact("Kind", thing.kind),
            Fact("Value date", thing.value_date),
            Fact("Posted", thing.posted_at),
            Fact("Posted by", thing.actor),
            *_approval(thing),
            *(fact for fact in some if fact.value is not None),
            Fact("Idempotency key", Ref(thing.idempotency_key)),
            Fact("Proof", Link("Seal and receipt", _proof_url(thing.id))),
        ]

    def checks(self, thing: EntryRow) -> Sequence[tuple[Tone, Value]]:
        """That it balances in each currency, and what it did to every account."""
        balanced: list[tuple[Tone, Value]] = [
            ("good", f"Debits and credits are both {total}.") for total in _totals(thing.postings)
        ]
        return [*balanced, *(("info", _effect(posting)) for posting in thing.postings[:EXPLAINED])]

    def cards(self, thing: EntryRow) -> Sequence[Card]:
        """What other parts of the ledger know about it."""
        return [part for part in entry_parts(thing) if isinstance(part, Card)]

    def lines(self, thing: EntryRow) -> Sequence[Table]:
        """The postings of each currency with both sums, then what others add."""
        tables = [_legs(thing, total) for total in _totals(thing.postings)]
        return [*tables, *(part for part in entry_parts(thing) if isinstance(part, Table))]

    def actions(self, thing: EntryRow) -> Sequence[Action]:
        """Reversal of what remains, and of a part."""
        done = "This entry has been reversed already." if thing.reversed_by else ""
        moved = " and ".join(str(total) for total in _totals(thing.postings))
        if thing.reversals:
            moved = "what remains"
        return [
            Action(
                name="reverse",
                label=f"Reverse {moved}",
                look="danger",
                icon="undo",
                permission="ledger.reverse",
                why_not=done,
                asks="Reason",
                confirm="A new entry with the sides exchanged is posted today.",
            ),
            *(
                []
                if done
                else [
                    Action(name="part", label="Reverse a part…", permission="ledger.reverse"),
                ]
            ),
        ]

    def do_reverse(self, thing: EntryRow, form: QueryDict) -> str:
        """Post the reversing entry."""
        reference = self.subject(thing)
        receipt = reverse_entry(
            entry_id=thing.id,
            reason=form.get("text", "").strip()[:200],
            idempotency_key=f"console:{reference}:reverse:{len(thing.reversals)}",
            actor=self.actor,
        )
        return f"{reference} is reversed by {public_id('je', receipt.entry_id)}."

    def do_part(self, thing: EntryRow, form: QueryDict) -> Any:
        """To the form that asks how much."""
        return self.done("", reverse("console:ledger_entry_part", args=[self.subject(thing)]))

    def raw(self, thing: EntryRow) -> object:
        """What came with it."""
        return dict(thing.metadata)


def _legs(thing: EntryRow, total: Money) -> Table:
    rows = [
        Row(
            [
                posting.account,
                posting.account_name,
                posting.amount if posting.side is Side.DEBIT else None,
                posting.amount if posting.side is Side.CREDIT else None,
                posting.balance_after,
            ],
            url=reverse("console:ledger_account", args=[posting.account]),
        )
        for posting in thing.postings
        if posting.amount.currency == total.currency
    ]
    both = Row(["Both sides", "", total, total, None], is_total=True)
    return Table(
        f"Postings in {total.currency}",
        ["Account", "Name", "Debit", "Credit", "Balance after"],
        [*rows, both],
        is_filterable=len(rows) > EXPLAINED,
    )


def _links(ids: Sequence[Any]) -> Several | None:
    return Several(tuple(_entry_link(id) for id in ids)) if ids else None


def _approval(thing: EntryRow) -> list[Fact]:
    """The manual journal or recurring entry that let it in, with who approved it."""
    evidence = thing.metadata.get("approval")
    if thing.approval_id is None or not isinstance(evidence, dict):
        return []
    prefix, page = _LET_IN.get(thing.kind, ("mj", "console:ledger_journal"))
    reference = public_id(prefix, thing.approval_id)
    names = ", ".join(str(one["by"]) for one in evidence.get("approved", []))
    link = Link(reference, reverse(page, args=[reference]))
    return [Fact("Approval", link), Fact("Approved by", names or "No approval was needed")]


def _template(thing: EntryRow) -> Link | None:
    if not thing.template:
        return None
    return Link(thing.template, reverse("console:ledger_template", args=[thing.template]))


def _source(thing: EntryRow) -> Link | None:
    found = resolve_source(thing.kind, thing.source_event)
    return Link(found.label, found.url) if found else None


def _effect(posting: PostingRow) -> str:
    side = "debited" if posting.side is Side.DEBIT else "credited"
    after = f" and then holds {posting.balance_after}" if posting.balance_after is not None else ""
    return f"{posting.account} {posting.account_name} is {side} with {posting.amount}{after}."


def _totals(postings: Sequence[PostingRow]) -> list[Money]:
    sums: dict[str, int] = {}
    for posting in postings:
        if posting.side is Side.DEBIT:
            currency = posting.amount.currency
            sums[currency] = sums.get(currency, 0) + posting.amount.minor
    return [Money(minor, currency) for currency, minor in sorted(sums.items())]


def _proof_url(id: Any) -> str:
    return reverse("console:ledger_entry_proof", args=[public_id("je", id)])


def _entry_link(id: Any) -> Link | None:
    if id is None:
        return None
    reference = public_id("je", id)
    return Link(reference, reverse("console:ledger_entry", args=[reference]))


def find_entries(text: str, limit: int) -> list[Hit]:
    """An entry by its public id, its source event or its idempotency key, in full."""
    rows = JournalEntry.objects.all()
    try:
        found = list(rows.filter(id=parse_public_id("je", text)))
    except ValueError:
        found = list(rows.filter(source_event=text)[:limit])
        found += list(rows.filter(idempotency_key=text)[:limit])
    return [
        Hit(
            reference,
            row.description,
            reverse("console:ledger_entry", args=[reference]),
            "menu_book",
        )
        for row in found[:limit]
        for reference in [public_id("je", row.id)]
    ]


console_site.register(JournalEntry, EntryAdmin)
register_view("ledger/entries/<str:key>", EntryPage, name="ledger_entry")
register_page("Ledger", "Journal entries", "menu_book", LIST, PERMISSION, order=10)
register_search("Journal entries", find_entries, permission=PERMISSION, prefixes=("je_",))
