"""Open items in the console: ticked and settled on their account's page, and undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.urls import reverse

from apps.console.cards import Card, ListCard
from apps.console.pages import Action, Header, Page, PublicPage
from apps.console.pages.actions import text_of
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Ref, Row, Status, Table
from apps.ledger.admin.account_changes import AccountFormPage
from apps.ledger.admin.accounts import account_url
from apps.ledger.admin.reports import AccountAsOfForm, BooksPage
from apps.ledger.admin.sections import register_account_section
from apps.ledger.domain import Side
from apps.ledger.domain.items import ItemRef
from apps.ledger.selectors import AccountRow
from apps.ledger.selectors.items import (
    SHOWN_MAX,
    OpenItemRow,
    SettlementRow,
    item_rule,
    item_settlement,
    open_item_sums,
    open_items,
    settlements,
)
from apps.ledger.services import (
    ItemRuleDraft,
    ItemShare,
    keep_by_items,
    settle_items,
    undo_settlement,
)
from apps.platform.currencies import exponent
from apps.platform.errors import DomainError
from apps.platform.ids import new_id, public_id

SEE, SETTLE = "ledger.view", "ledger.settle_items"
OPEN_ITEMS = "console:ledger_open_items"
ITEMS = "console:ledger_account_items"
SETTLEMENT = "console:ledger_item_settlement"
#: Rows of the card on an account's page.
CARD_ROWS = 5


class OpenItemsPage(BooksPage):
    """What is open on every account that is kept by items."""

    title = "Open items"
    nav = "ledger_open_items"
    report_name = "open-items"
    intro = (
        "What of each account has not been settled yet, the oldest first. Follow the account to "
        "settle debits with credits."
    )
    empty = "No account is kept by open items, or all are settled"

    form_class: ClassVar[type[forms.Form] | None] = AccountAsOfForm

    def shown(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Each account's title leads to where its items are settled."""
        shown = super().shown(parameters)
        shown["tables"] = [
            replace(table, more=Link("Settle", reverse(ITEMS, args=[table.title.split(" ")[0]])))
            for table in shown["tables"]
        ]
        return shown


class AccountItemsPage(Page):
    """The open items of one account, ticked and settled."""

    permission = SEE
    nav = OPEN_ITEMS
    template_name: ClassVar[str] = "ledger/open_items.html"

    def page_title(self) -> str:
        """Whose items."""
        return f"Open items of {self.kwargs['key']}"

    def crumbs(self) -> Sequence[Link]:
        """Back to the list and the account."""
        code = self.kwargs["key"]
        return (Link("Open items", reverse(OPEN_ITEMS)), Link(code, account_url(code)))

    def context(self) -> dict[str, Any]:
        """The items of both sides, what they come to, and what was settled last."""
        code = self.kwargs["key"]
        rule = item_rule(code)
        rows = open_items(code)
        sums = open_item_sums(code)
        return {
            "rule": rule,
            "exponent": exponent(rule.currency),
            "sums": sums,
            "rows": rows,
            "is_cut": sums.items > len(rows),
            "shown_max": SHOWN_MAX,
            "ticked": set(self.request.POST.getlist("item")),
            "once": self.request.POST.get("once") or new_id().hex,
            "may_settle": self.may(SETTLE),
            "history": _history(settlements(code, limit=20)),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Settle what was ticked."""
        if not self.may(SETTLE):
            return self._problem(403, "Settling items needs the role Treasurer.")
        try:
            shares = [ItemShare(ItemRef.parse(text)) for text in request.POST.getlist("item")]
        except ValueError:
            return self._problem(422, "One of the items is unknown. Look again.")
        try:
            receipt = settle_items(
                account=self.kwargs["key"],
                items=shares,
                reason=request.POST.get("reason", "").strip()[:200],
                idempotency_key=f"console:{request.POST.get('once', '')[:64]}",
                actor=self.actor,
            )
        except DomainError as error:
            return self.not_done(error)
        return self.done(f"Settled: {receipt.amount} on each side.")

    def _problem(self, status: int, problem: str) -> HttpResponse:
        return self.show(status=status, problem=problem)


def _history(rows: Sequence[SettlementRow]) -> Table:
    return Table(
        "Settled last",
        ["Settlement", "Amount", "By", "When", "Reason", "State"],
        [
            Row(
                [
                    Ref(public_id("its", row.id)),
                    row.amount,
                    row.actor,
                    row.settled_at,
                    row.reason,
                    _state(row),
                ],
                url=reverse(SETTLEMENT, args=[public_id("its", row.id)]),
            )
            for row in rows
        ],
        empty="Nothing has been settled yet.",
    )


def _state(row: SettlementRow) -> Status:
    return Status("undone", tone="calm") if row.undone_at else Status("settled")


class SettlementPage(PublicPage):
    """One settlement: what settled what."""

    permission = SEE
    nav = OPEN_ITEMS
    prefix = "its"

    def crumbs(self) -> Sequence[Link]:
        """Back to the account's items."""
        code = self.find(self.kwargs["key"]).account
        return (
            Link("Open items", reverse(OPEN_ITEMS)),
            Link(code, reverse(ITEMS, args=[code])),
        )

    def read(self, id: UUID) -> SettlementRow:
        """With its links."""
        return item_settlement(id)

    def header(self, thing: SettlementRow) -> Header:
        """What each side was settled by."""
        return Header(
            kind="Settlement of items",
            reference=public_id("its", thing.id),
            status=_state(thing),
            amount=thing.amount,
            note=thing.reason,
        )

    def facts(self, thing: SettlementRow) -> Sequence[Fact]:
        """Where, when and by whom."""
        return [
            Fact("Account", Link(thing.account, reverse(ITEMS, args=[thing.account]))),
            Fact("Settled", thing.settled_at),
            Fact("By", thing.actor),
            Fact("Undone", thing.undone_at),
        ]

    def lines(self, thing: SettlementRow) -> Sequence[Table]:
        """Which debit settled which credit."""
        rows = [
            Row([_item(link.debit), _item(link.credit), link.amount, link.value_date])
            for link in thing.links
        ]
        return [Table("Links", ["Debit", "Credit", "Amount", "Counts from"], rows)]

    def actions(self, thing: SettlementRow) -> Sequence[Action]:
        """It may be undone, once."""
        if thing.undone_at:
            return []
        return [
            Action(
                name="undo",
                label=f"Undo the settlement of {thing.amount}",
                look="danger",
                permission=SETTLE,
                asks="Reason",
                confirm="Its items are open again. The settlement itself stays to be read.",
            )
        ]

    def do_undo(self, thing: SettlementRow, form: QueryDict) -> str:
        """One use case, once for each settlement."""
        undo_settlement(
            settlement_id=thing.id,
            reason=text_of(form)[:200],
            idempotency_key=f"console:undo:{thing.id}",
            actor=self.actor,
        )
        return "Undone. Its items are open again."


def _item(ref: ItemRef) -> Ref:
    entry = public_id("je", ref.entry_id)
    return Ref(str(ref), reverse("console:ledger_entry", args=[entry]))


class RuleForm(forms.Form):
    """How an account finds its postings again."""

    keeps_items = forms.BooleanField(
        label="Keep it by open items",
        required=False,
        help_text="Debits and credits are settled against each other. Cannot be ended.",
    )
    clears_by_key = forms.BooleanField(
        label="Clear it by key",
        required=False,
        help_text="The postings of each clearing key should come to zero. Cannot be ended.",
    )
    requires_key = forms.BooleanField(label="Take no posting without a key", required=False)
    clears_within_days = forms.IntegerField(
        label="A key is at zero within days",
        required=False,
        min_value=0,
        max_value=3660,
        help_text="Empty: nothing is expected, and no key is late.",
    )
    reason = forms.CharField(label="Reason", max_length=200)

    def clean(self) -> dict[str, Any]:
        """Something is begun; expectations about keys need keys."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("clears_by_key") and (
            data.get("requires_key") or data.get("clears_within_days") is not None
        ):
            raise ValidationError("Only an account that clears by key can expect keys.")
        if not data.get("keeps_items") and not data.get("clears_by_key"):
            raise ValidationError("Choose open items, clearing by key, or both.")
        return data


class RulePage(AccountFormPage):
    """Keeping an account by items, or clearing it by key."""

    title = "Open items and keys of"
    submit = "Keep it so"
    form_class = RuleForm
    intro: ClassVar[str] = "Holds from now on, and for all that was posted before."

    def initial(self) -> dict[str, Any]:
        """As it is kept now."""
        rule = item_rule(self.kwargs["key"])
        return {name: getattr(rule, name) for name in RuleForm.base_fields if name != "reason"}

    def perform(self, data: dict[str, Any]) -> str:
        """One use case."""
        reason = data.pop("reason")
        keep_by_items(
            draft=ItemRuleDraft(account=self.kwargs["key"], **data),
            reason=reason,
            actor=self.actor,
        )
        return f"{self.kwargs['key']} is kept so from now on."


def _section(row: AccountRow) -> Card | None:
    rule = None if row.is_header else item_rule(row.account)
    if rule is None or not rule.keeps_items:
        return None
    sums = open_item_sums(row.account)
    return ListCard(
        title=f"Open items: {sums.items}",
        icon="playlist_add_check",
        more=Link("Settle", reverse(ITEMS, args=[row.account])),
        table=Table(
            "Open items",
            ["Value date", "Description", "Side", "Remaining"],
            [_card_row(item) for item in open_items(row.account, limit=CARD_ROWS)],
            empty="Everything is settled.",
        ),
    )


def _card_row(item: OpenItemRow) -> Row:
    entry = public_id("je", item.ref.entry_id)
    return Row(
        [
            item.value_date,
            item.description,
            "Debit" if item.side is Side.DEBIT else "Credit",
            item.remaining,
        ],
        url=reverse("console:ledger_entry", args=[entry]),
    )


register_account_section(_section, order=40)
register_view("ledger/open-items", OpenItemsPage, name="ledger_open_items")
register_view("ledger/accounts/<str:key>/items", AccountItemsPage, name="ledger_account_items")
register_view("ledger/accounts/<str:key>/item-rule", RulePage, name="ledger_account_item_rule")
register_view("ledger/item-settlements/<str:key>", SettlementPage, name="ledger_item_settlement")
register_page("Ledger", "Open items", "playlist_add_check", OPEN_ITEMS, SEE, order=36)
