"""Revaluations: the list, and one run with its figures, its approval and its entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse

from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Action, Approval, Header, ObjectPage
from apps.console.pages.objects import Banner
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Link, Note, Ref, Row, Status, Table, Tone, Value
from apps.identity.models import User
from apps.identity.step_up import recent
from apps.ledger.admin.fx.rates import CHANGE, VIEW
from apps.ledger.admin.fx.words import derivation_table, short_rate
from apps.ledger.domain.fx import Line, RunState
from apps.ledger.models import FxRevaluation
from apps.ledger.selectors.fx import RevaluationRow, revaluation
from apps.ledger.services import approve_revaluation, discard_revaluation, post_revaluation
from apps.platform.ids import parse_public_id, public_id
from apps.platform.money import Money

LIST = "console:ledger_fxrevaluation_changelist"
PAGE = "console:ledger_fx_revaluation"
RUN = "console:ledger_fx_revaluation_run"
APPROVE = "ledger.fx_approve"
_TONES: dict[str, Tone] = {
    RunState.DRAFT: "info",
    RunState.APPROVED: "good",
    RunState.POSTED: "good",
    RunState.SUPERSEDED: "calm",
    RunState.DISCARDED: "calm",
}
_SETTLED = "Settled balances"


class RevaluationAdmin(ReadOnlyAdmin):
    """Every run, the newest first."""

    permission = VIEW
    title = "Revaluations"
    object_url_name = PAGE
    links = (("Run a revaluation", RUN, CHANGE),)
    empty_title = "No revaluation has been run"
    empty_advice = "Run one at the end of a period; the first step posts nothing."
    list_display: ClassVar[Any] = ["day", "progress", "result", "made_by", "created_at"]
    list_filter: ClassVar[Any] = ["state", ("created_at", PeriodFilter)]
    ordering: ClassVar[Any] = ["-created_at", "-id"]

    def object_key(self, thing: FxRevaluation) -> str:
        """Its public id."""
        return public_id("rev", thing.id)

    @admin.display(description="At the end of", ordering="as_of")
    def day(self, row: FxRevaluation) -> Value:
        """The day that is revalued."""
        return row.as_of

    @admin.display(description="State", ordering="state")
    def progress(self, row: FxRevaluation) -> Value:
        """How far it is."""
        return _status(row.state)

    @admin.display(description="Gain or loss")
    def result(self, row: FxRevaluation) -> Money:
        """The sum of all differences."""
        return Money(row.result_minor, row.functional_currency)

    @admin.display(description="Made by")
    def made_by(self, row: FxRevaluation) -> Value:
        """Who ran it."""
        return row.maker_name.partition(":")[2]


class RevaluationPage(ObjectPage):
    """One run: the figures, who approved them, and what was posted and taken back."""

    permission = VIEW
    nav = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Revaluations", reverse(LIST)),)

    def find(self, key: str) -> RevaluationRow:
        """By its public id."""
        try:
            return revaluation(parse_public_id("rev", key))
        except ValueError as error:
            raise Http404 from error

    def subject(self, thing: RevaluationRow) -> str:
        """The public id."""
        return public_id("rev", thing.id)

    def header(self, thing: RevaluationRow) -> Header:
        """The result and how far it is."""
        return Header(
            kind="Revaluation",
            reference=self.subject(thing),
            status=_status(thing.state),
            amount=thing.result,
            note=f"At the end of {thing.as_of:%d %B %Y}",
        )

    def banner(self, thing: RevaluationRow) -> Banner | None:
        """What comes next."""
        match thing.state:
            case RunState.DRAFT:
                return Banner(
                    title="A dry run: nothing is posted",
                    text="A second person approves exactly these figures, then they can be posted.",
                    icon="science",
                )
            case RunState.APPROVED:
                return Banner(title="Approved, and ready to post", tone="good", icon="verified")
            case RunState.POSTED if thing.entry_id is None:
                return Banner(
                    title="Nothing to post",
                    text="No balance is worth more or less than it is carried at.",
                    tone="calm",
                    icon="task_alt",
                )
            case RunState.DISCARDED:
                return Banner(title="Discarded", text=thing.reason, tone="warn", icon="block")
            case RunState.SUPERSEDED:
                return Banner(title="A newer run took its place", tone="calm", icon="history")
        return None

    def facts(self, thing: RevaluationRow) -> Sequence[Fact]:
        """Days, people, and the entries."""
        return [
            Fact("Gain or loss", thing.result),
            Fact("At the end of", thing.as_of),
            Fact("Taken back on", thing.reversal_date),
            Fact("Made by", Note(thing.maker_name.partition(":")[2], thing.created_at)),
            Fact("Posted", thing.posted_at),
            Fact("Entry", _entry(thing.entry_id)),
            Fact("Reversal", _entry(thing.reversal_id)),
            Fact("Rate set", Ref(public_id("frs", thing.rate_set_id))),
            Fact("Takes part", " and ".join(thing.classes)),
            Fact("Left out", ", ".join(thing.excluded)),
            Fact("Sealed as", Ref(thing.digest[:16])),
        ]

    def checks(self, thing: RevaluationRow) -> Sequence[tuple[Tone, Value]]:
        """What the run promises."""
        said = f"Posts in {thing.functional} only: no foreign balance is touched"
        if thing.reversal_id is not None:
            return [("good", said), ("good", "The entry and its reversal come to zero")]
        return [("good", said)]

    def lines(self, thing: RevaluationRow) -> Sequence[Table]:
        """The figures, and the closing rates."""
        columns = ["Account", "Balance", "Carried at", "Rate", "Worth", "Gain or loss"]
        total = Row(["Total", None, None, None, None, thing.result], is_total=True)
        figures = Table(
            "Figures",
            columns,
            [*map(_line, thing.lines), total],
            is_filterable=len(thing.lines) > 10,  # noqa: PLR2004  more than fits on a screen
        )
        rates: list[Table] = []
        for currency, one in thing.rates.items():
            hops: Any = one["derivation"]
            title = f"{currency}/{thing.functional} at the end of the day: {one['rate']}"
            rates.append(derivation_table(title.rstrip("0").rstrip("."), hops))
        return [figures, *rates]

    def approvals(self, thing: RevaluationRow) -> Sequence[Approval]:
        """The second pair of eyes, or its empty seat."""
        if thing.approved_at is not None:
            who = thing.approver_name.partition(":")[2]
            approved = Status("approve", "Approved", tone="good")
            return [Approval(who=who, decision=approved, at=thing.approved_at)]
        return [Approval()] if thing.state is RunState.DRAFT else []

    def actions(self, thing: RevaluationRow) -> Sequence[Action]:
        """Approve, post, or put aside."""
        discard = Action(
            name="discard",
            label="Discard this run",
            look="danger",
            permission=APPROVE if self.may(APPROVE) else CHANGE,
            asks="Reason",
        )
        match thing.state:
            case RunState.DRAFT:
                user = self.request.user
                is_maker = isinstance(user, User) and user.person == thing.maker_person
                approve = Action(
                    name="approve",
                    key="a",
                    label=f"Approve {thing.result}",
                    look="main",
                    icon="verified",
                    permission=APPROVE,
                    hidden={"digest": thing.digest},
                    why_not="You ran this, so someone else must approve it." if is_maker else "",
                )
                return [approve, discard]
            case RunState.APPROVED:
                post = Action(
                    name="post",
                    label=f"Post {thing.result}",
                    look="main",
                    icon="done_all",
                    permission=CHANGE,
                    confirm=f"It is posted on {thing.as_of} and taken back on "
                    f"{thing.reversal_date}.",
                )
                return [post, discard]
        return []

    def do_approve(self, thing: RevaluationRow, form: QueryDict) -> str:
        """Approve the figures that were shown."""
        approve_revaluation(
            revaluation_id=thing.id,
            digest=form.get("digest", ""),
            step_up_at=recent(self.request),
            actor=self.actor,
        )
        return f"You approved {thing.result}. It can be posted."

    def do_post(self, thing: RevaluationRow, form: QueryDict) -> str:
        """Post it with its reversal."""
        post_revaluation(revaluation_id=thing.id, actor=self.actor)
        return f"{thing.result} is posted, and taken back on {thing.reversal_date}."

    def do_discard(self, thing: RevaluationRow, form: QueryDict) -> str:
        """Put it aside."""
        reason = form.get("text", "").strip()
        discard_revaluation(revaluation_id=thing.id, reason=reason, actor=self.actor)
        return "The run is discarded."


def _line(line: Line) -> Row:
    if not line.account:
        what = Note(f"{_SETTLED} in {line.currency}", "Not realised by a conversion")
        return Row([what, None, line.carried, None, line.revalued, line.difference])
    return Row(
        [
            Note(line.account, line.name),
            line.balance,
            line.carried,
            None if line.rate is None else short_rate(line.rate),
            line.revalued,
            line.difference,
        ],
        url=reverse("console:ledger_account", args=[line.account]),
    )


def _status(state: str) -> Status:
    return Status(state, tone=_TONES[state])


def _entry(id: Any) -> Link | None:
    if id is None:
        return None
    reference = public_id("je", id)
    return Link(reference, reverse("console:ledger_entry", args=[reference]))


def waiting(request: HttpRequest) -> int | None:
    """How many runs the signed-in person may approve."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm(APPROVE):
        return None
    drafts = FxRevaluation.objects.filter(state=RunState.DRAFT)
    return drafts.exclude(maker_person=user.person).count() or None


console_site.register(FxRevaluation, RevaluationAdmin)
register_view("ledger/fx/revaluations/<str:key>", RevaluationPage, name="ledger_fx_revaluation")
register_page(
    "Ledger", "Revaluations", "published_with_changes", LIST, VIEW, badge=waiting, order=44
)
