"""Manual journals in the console: the list, one journal, and what to decide on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.lists import ReadOnlyAdmin
from apps.console.pages import Action, Approval, Header, ObjectPage
from apps.console.pages.actions import text_of
from apps.console.pages.objects import Banner
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Link, Ref, Row, Several, Status, Table, Tone, Value
from apps.identity.models import User
from apps.identity.step_up import recent
from apps.ledger.admin.periods import id_of
from apps.ledger.domain import PostingDraft, Side
from apps.ledger.domain.journals import JournalState, Verdict
from apps.ledger.models import Account, ManualJournal
from apps.ledger.selectors.manual_journals import JournalRow, journal_row, manual_journal
from apps.ledger.services import decide_journal, post_journal, submit_journal, withdraw_journal
from apps.platform.errors import DomainError
from apps.platform.ids import public_id
from apps.platform.money import Money

VIEW, WRITE, APPROVE = "ledger.view", "ledger.post", "ledger.approve_journal"
LIST = "console:ledger_manualjournal_changelist"
_TONES: dict[str, Tone] = {"submitted": "warn", "approved": "info", "withdrawn": "calm"}


class JournalAdmin(ReadOnlyAdmin):
    """Every manual journal, the newest first."""

    permission = VIEW
    title = "Manual journals"
    object_url_name = "console:ledger_journal"
    search_fields: ClassVar[Any] = ["description"]
    search_help = "Part of the description"
    empty_title = "Nobody has written a journal by hand"
    empty_advice = "Write one; it is posted after somebody else has approved it."
    list_display: ClassVar[Any] = ["description", "kind", "status", "value_date", "amounts", "by"]
    list_filter: ClassVar[Any] = ["state", "kind"]
    ordering: ClassVar[Any] = ["-created_at"]
    change_list_template = "ledger/journals.html"

    def object_key(self, thing: ManualJournal) -> str:
        """Its public id."""
        return public_id("mj", thing.id)

    @admin.display(description="State", ordering="state")
    def status(self, journal: ManualJournal) -> Value:
        """As a pill."""
        return state_of(JournalState(journal.state))

    @admin.display(description="Amount")
    def amounts(self, journal: ManualJournal) -> Value:
        """What it moves, in each currency."""
        return Several(journal_row(journal).totals)

    @admin.display(description="Made by")
    def by(self, journal: ManualJournal) -> Value:
        """Who drafted it."""
        return journal.maker.partition(":")[2]


class JournalPage(ObjectPage):
    """One manual journal: what it says, who decides, what it became."""

    permission: ClassVar[str] = VIEW
    nav: ClassVar[str] = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Manual journals", reverse(LIST)),)

    def find(self, key: str) -> JournalRow:
        """By its public id."""
        return manual_journal(id_of("mj", key))

    def subject(self, thing: JournalRow) -> str:
        """The public id."""
        return public_id("mj", thing.id)

    def header(self, thing: JournalRow) -> Header:
        """What it is about, and how much."""
        return Header(
            kind="Manual journal",
            reference=self.subject(thing),
            status=state_of(thing.state),
            amount=thing.totals[0] if len(thing.totals) == 1 else None,
            note=thing.description,
        )

    def banner(self, thing: JournalRow) -> Banner | None:
        """What is needed, and of whom."""
        more = f"{thing.missing} more approval{'' if thing.missing == 1 else 's'} needed."
        match thing.state:
            case JournalState.DRAFT:
                return Banner(
                    title="This is a draft.",
                    text="Nothing is posted before it is submitted and approved by others.",
                    icon="edit_note",
                )
            case JournalState.SUBMITTED if self.person() in thing.editors:
                title = "You made or changed this journal, so someone else must approve it."
                return Banner(title=title, text=more, tone="warn", icon="group")
            case JournalState.SUBMITTED:
                name = thing.maker.partition(":")[2]
                return Banner(title=f"Made by {name}. {more}", icon="group")
            case JournalState.APPROVED:
                title = "Approved. It waits to be posted."
                return Banner(title=title, tone="good", icon="verified")
        return None

    def facts(self, thing: JournalRow) -> Sequence[Fact]:
        """Its dates, its maker, and what it became."""
        sealed = Ref(thing.digest[:12]) if thing.digest else None
        return [
            Fact("Kind", thing.kind),
            Fact("Value date", thing.value_date),
            Fact("Taken back on", thing.reverses_on),
            Fact("Made by", thing.maker.partition(":")[2]),
            Fact("Submitted", thing.submitted_at),
            Fact("Sealed as", sealed if thing.state is not JournalState.DRAFT else None),
            Fact("Approved by", ", ".join(thing.roles_needed) or "Any approver"),
            Fact("Entry", entry_link(thing.entry_id)),
            Fact("Reversal", entry_link(thing.reversal_id)),
        ]

    def lines(self, thing: JournalRow) -> Sequence[Table]:
        """Its legs, and both sums."""
        return [legs_table(thing.postings, thing.totals)]

    def approvals(self, thing: JournalRow) -> Sequence[Approval]:
        """Who has decided in this round, and the seats still empty."""
        given = [
            Approval(
                who=one.user_name,
                decision=Status(one.verdict, tone="good" if one.verdict == "approve" else "bad"),
                at=one.decided_at,
                note=one.comment,
            )
            for one in thing.verdicts
        ]
        seats = thing.missing if thing.state is JournalState.SUBMITTED else 0
        return [*given, *[Approval()] * seats]

    def actions(self, thing: JournalRow) -> Sequence[Action]:
        """What can be done with it now."""
        match thing.state:
            case JournalState.DRAFT:
                moved = " and ".join(str(total) for total in thing.totals)
                return [
                    Action(
                        name="submit",
                        label=f"Submit {moved} for approval",
                        look="main",
                        key="s",
                        permission=WRITE,
                    ),
                    Action(name="change", label="Change it…", permission=WRITE),
                    Action(name="withdraw", label="Withdraw it", look="danger", permission=WRITE),
                ]
            case JournalState.SUBMITTED:
                return self._decisions(thing)
            case JournalState.APPROVED:
                post = Action(name="post", label="Post it", look="main", permission=WRITE)
                change = Action(
                    name="change",
                    label="Change it…",
                    permission=WRITE,
                )
                return [post, change]
        return ()

    def do_submit(self, thing: JournalRow, form: QueryDict) -> str:
        """Seal it."""
        submit_journal(journal_id=thing.id, actor=self.actor)
        return "The journal is sealed and waits for somebody else's approval."

    def do_change(self, thing: JournalRow, form: QueryDict) -> Any:
        """To the form."""
        return self.done("", reverse("console:ledger_journal_change", args=[self.subject(thing)]))

    def do_withdraw(self, thing: JournalRow, form: QueryDict) -> str:
        """Give it up."""
        withdraw_journal(journal_id=thing.id, actor=self.actor)
        return "The journal is withdrawn."

    def do_approve(self, thing: JournalRow, form: QueryDict) -> str:
        """Approve what was shown; the last approval posts it."""
        if self._decide(thing, form, Verdict.APPROVE) != JournalState.APPROVED:
            return "You approved it. It needs another approval."
        try:
            receipt = post_journal(journal_id=thing.id, actor=self.actor)
        except DomainError as error:
            return f"You approved it, but it is not posted yet. {error.title} {error.advice}"
        return f"You approved it, and it is posted as {public_id('je', receipt.entry_id)}."

    def do_send_back(self, thing: JournalRow, form: QueryDict) -> str:
        """To its maker."""
        self._decide(thing, form, Verdict.SEND_BACK)
        return "The journal is a draft again."

    def do_reject(self, thing: JournalRow, form: QueryDict) -> str:
        """For good."""
        self._decide(thing, form, Verdict.REJECT)
        return "The journal is rejected; nothing of it is posted."

    def do_post(self, thing: JournalRow, form: QueryDict) -> str:
        """Into the books."""
        receipt = post_journal(journal_id=thing.id, actor=self.actor)
        return f"The journal is posted as {public_id('je', receipt.entry_id)}."

    def person(self) -> str:
        """The human being who is looking."""
        user = self.request.user
        return user.person if isinstance(user, User) else ""

    def _decisions(self, thing: JournalRow) -> list[Action]:
        why_not = ""
        if self.person() in thing.editors:
            why_not = "You made or changed this journal, so someone else decides."
        elif self.person() in {one.person for one in thing.verdicts}:
            why_not = "You have decided on this journal already."
        moved = " and ".join(str(total) for total in thing.totals)
        seen = {"digest": thing.digest}
        return [
            Action(
                name="approve",
                label=f"Approve {moved}",
                look="main",
                key="a",
                permission=APPROVE,
                why_not=why_not,
                hidden=seen,
            ),
            *(
                Action(
                    name=name,
                    label=label,
                    look=look,  # type: ignore[arg-type]  # of the two below
                    permission=APPROVE,
                    why_not=why_not,
                    asks=asks,
                    hidden=seen,
                )
                for name, label, look, asks in (
                    ("send_back", "Send back", "plain", "What to change"),
                    ("reject", "Reject", "danger", "Why not"),
                )
                if not why_not
            ),
        ]

    def _decide(self, thing: JournalRow, form: QueryDict, verdict: Verdict) -> str:
        return decide_journal(
            journal_id=thing.id,
            verdict=verdict,
            digest=form.get("digest", ""),
            comment=text_of(form),
            step_up_at=recent(self.request),
            actor=self.actor,
        )


def state_of(state: JournalState) -> Status:
    """The state as a pill."""
    label = "Waiting for approval" if state is JournalState.SUBMITTED else ""
    return Status(state, label, _TONES.get(state))


def legs_table(postings: Sequence[PostingDraft], totals: Sequence[Money]) -> Table:
    """The legs of what is not posted yet, and both sums in each currency."""
    codes = {leg.account for leg in postings}
    names = dict(Account.objects.filter(code__in=codes).values_list("code", "name"))
    rows = [
        Row(
            [
                leg.account,
                names.get(leg.account, ""),
                leg.amount if leg.side is Side.DEBIT else None,
                leg.amount if leg.side is Side.CREDIT else None,
                leg.clearing_key,
            ],
            url=reverse("console:ledger_account", args=[leg.account]),
        )
        for leg in postings
    ]
    sums = [
        Row([total.currency, "Both sides", total, total, ""], is_total=True) for total in totals
    ]
    columns = ["Account", "Name", "Debit", "Credit", "Clearing key"]
    return Table("Lines", columns, [*rows, *sums])


def entry_link(id: Any) -> Link | None:
    """An entry by its public id."""
    if id is None:
        return None
    reference = public_id("je", id)
    return Link(reference, reverse("console:ledger_entry", args=[reference]))


def drafts_of_mine(request: HttpRequest) -> int | None:
    """How many drafts of the person's own are unfinished, or approved and not posted."""
    user = request.user
    if not isinstance(user, User):
        return None
    unfinished = [JournalState.DRAFT, JournalState.APPROVED]
    mine = ManualJournal.objects.filter(maker_person=user.person, state__in=unfinished)
    return mine.count() or None


console_site.register(ManualJournal, JournalAdmin)
register_view("ledger/journals/<str:key>", JournalPage, name="ledger_journal")
register_page("Ledger", "Manual journals", "edit_note", LIST, VIEW, badge=drafts_of_mine, order=15)
