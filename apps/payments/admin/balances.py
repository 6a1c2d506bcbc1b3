"""Provider money against our books: balances, what does not agree, and payouts to our bank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.pages import Action, Header, PublicPage, QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Note, Ref, Several, Status, Value
from apps.payments.domain.balances import (
    BalanceRow,
    DiscrepancyKind,
    DiscrepancyRow,
    DiscrepancyState,
    WithdrawalRow,
    WithdrawalStatus,
)
from apps.payments.selectors import (
    discrepancy,
    newest_withdrawals,
    open_discrepancies,
    open_discrepancy_count,
    provider_balances,
)
from apps.payments.services import explain_discrepancy, read_balance_now, take_discrepancy
from apps.platform.ids import parse_public_id, public_id

PERMISSION, OPERATE = "payments.view", "payments.operate"
QUEUE = "console:payments_discrepancies"
PAGE = "console:payments_discrepancy"
_KINDS = {
    DiscrepancyKind.BALANCE: "Balance differs",
    DiscrepancyKind.FEE: "Fee is not the tariff's",
}
_STATES = {
    DiscrepancyState.OPEN: Status("open", label="To explain", tone="warn"),
    DiscrepancyState.EXPLAINED: Status("explained", tone="good"),
    DiscrepancyState.VANISHED: Status("vanished", label="Agrees again", tone="good"),
}
_STEPS = {
    WithdrawalStatus.LEFT: Status("left", label="On its way", tone="info"),
    WithdrawalStatus.PAID: Status("paid"),
    WithdrawalStatus.FAILED: Status("failed"),
}


class BalancesPage(QueuePage):
    """What each provider holds for us beside our mirror of it, as of its newest reading."""

    permission: ClassVar[str] = PERMISSION
    title: ClassVar[str] = "Provider money"
    nav: ClassVar[str] = "payments_balances"
    columns: ClassVar[Sequence[str]] = (
        "Account", "It holds", "Our books", "Under way", "Unexplained", "Read",
    )  # fmt: skip
    empty_title: ClassVar[str] = "No provider tells its balance"
    empty_advice: ClassVar[str] = "Accounts whose provider can be asked are compared every hour."

    def rows(self) -> Sequence[QueueRow]:
        """By label."""
        return [_balance(row) for row in provider_balances()]

    def do_read(self, key: str, form: QueryDict) -> str:
        """Ask the provider."""
        read_balance_now(provider_account=key, actor=self.actor)
        return "The provider is asked; some answer a little later."


class DiscrepancyQueue(QueuePage):
    """What nobody has explained, the oldest first."""

    permission: ClassVar[str] = PERMISSION
    title: ClassVar[str] = "Discrepancies"
    nav: ClassVar[str] = "payments_discrepancies"
    columns: ClassVar[Sequence[str]] = ("Account", "What", "Expected", "Found", "Since", "Owner")
    empty_title: ClassVar[str] = "Providers and books agree"
    empty_advice: ClassVar[str] = (
        "A balance that our books do not explain, or a fee that is not the tariff's, appears here."
    )

    def rows(self) -> Sequence[QueueRow]:
        """Oldest first."""
        return [_queued(row, self.actor.id) for row in open_discrepancies()]

    def empty_link(self) -> Link | None:
        """The balances."""
        return Link("Provider money", reverse("console:payments_balances"))

    def do_take(self, key: str, form: QueryDict) -> str:
        """The person looks into it."""
        take_discrepancy(discrepancy_id=parse_public_id("dcy", key), actor=self.actor)
        return "It is yours now."

    def do_explain(self, key: str, form: QueryDict) -> str:
        """What it was."""
        explain_discrepancy(
            discrepancy_id=parse_public_id("dcy", key),
            explanation=form.get("text", ""),
            actor=self.actor,
        )
        return "The discrepancy is explained."


class DiscrepancyPage(PublicPage):
    """One of them: both sides, who looks into it, and how it ended."""

    permission: ClassVar[str] = PERMISSION
    nav: ClassVar[str] = QUEUE
    prefix: ClassVar[str] = "dcy"
    list_title: ClassVar[str] = "Discrepancies"

    def read(self, id: UUID) -> DiscrepancyRow:
        """One of them."""
        return discrepancy(id)

    def header(self, thing: DiscrepancyRow) -> Header:
        """What differs, and by how much."""
        return Header(
            kind="Discrepancy",
            reference=thing.provider_account,
            status=_STATES[thing.state],
            amount=thing.difference,
            note=_KINDS[thing.kind],
        )

    def facts(self, thing: DiscrepancyRow) -> Sequence[Fact]:
        """Both sides."""
        payment: Value = None
        if thing.intent_id is not None:
            name = public_id("pi", thing.intent_id)
            payment = Link(name, reverse("console:payments_intent", args=[name]))
        return [
            Fact("What", thing.said),
            Fact("Expected", thing.expected),
            Fact("Found", thing.found),
            Fact("Payment", payment),
            Fact("Since", thing.opened_at),
            Fact("Last seen", thing.seen_at),
            Fact("Owner", thing.owner_name or "Nobody yet"),
            Fact("Explanation", thing.explanation or None),
            Fact("Explained by", thing.explained_by.partition(":")[2] or None),
            Fact("Closed", thing.closed_at),
        ]

    def actions(self, thing: DiscrepancyRow) -> Sequence[Action]:
        """Take it, explain it."""
        return _actions(thing, self.actor.id)

    def do_take(self, thing: DiscrepancyRow, form: QueryDict) -> str:
        """The person looks into it."""
        take_discrepancy(discrepancy_id=thing.id, actor=self.actor)
        return "It is yours now."

    def do_explain(self, thing: DiscrepancyRow, form: QueryDict) -> str:
        """What it was."""
        explain_discrepancy(
            discrepancy_id=thing.id, explanation=form.get("text", ""), actor=self.actor
        )
        return "The discrepancy is explained."


class WithdrawalsPage(QueuePage):
    """What providers paid out to our bank, the newest first."""

    permission: ClassVar[str] = PERMISSION
    title: ClassVar[str] = "Payouts to our bank"
    nav: ClassVar[str] = "payments_withdrawals"
    columns: ClassVar[Sequence[str]] = (
        "Reference", "State", "To", "Arrives", "Heard", "Entries", "Amount",
    )  # fmt: skip
    empty_title: ClassVar[str] = "No provider has paid out to our bank"
    empty_advice: ClassVar[str] = "Providers that tell of their payouts to our bank appear here."

    def rows(self) -> Sequence[QueueRow]:
        """Newest first."""
        return [_withdrawal(row) for row in newest_withdrawals()]


def _balance(row: BalanceRow) -> QueueRow:
    read: Value = Note("" if row.at is None else row.at, row.problem)
    unexplained: Value = None
    if row.unexplained is not None:
        agrees = Status("agrees", tone="good")
        unexplained = row.unexplained or agrees
    way = [row.coming and f"{row.coming} in", row.going and f"{row.going} out",
           row.fees and f"{row.fees} fees"]  # fmt: skip
    return QueueRow(
        key=row.account,
        tone="bad" if row.unexplained else None,
        cells=[
            Note(Ref(row.account), row.name),
            row.held,
            row.ledger,
            ", ".join(part for part in way if part) or "nothing",
            unexplained,
            read,
        ],
        actions=[Action(name="read", key="r", label="Read now", icon="sync", permission=OPERATE)],
    )


def _actions(row: DiscrepancyRow, person: UUID | None) -> list[Action]:
    if row.state != DiscrepancyState.OPEN:
        return []
    explain = Action(
        name="explain", key="e", label="Explain", icon="check", permission=OPERATE,
        look="main" if row.owner_id == person else "plain", asks="What explains it",
    )  # fmt: skip
    if row.owner_id == person:
        return [explain]
    return [
        Action(name="take", key="t", label="Take it", look="main", permission=OPERATE),
        explain,
    ]


def _queued(row: DiscrepancyRow, person: UUID | None) -> QueueRow:
    key = public_id("dcy", row.id)
    return QueueRow(
        key=key,
        url=reverse(PAGE, args=[key]),
        total=row.difference,
        actions=_actions(row, person),
        cells=[
            Ref(row.provider_account),
            Note(_KINDS[row.kind], row.said),
            row.expected,
            row.found,
            row.opened_at,
            row.owner_name or "Nobody yet",
        ],
    )


def _withdrawal(row: WithdrawalRow) -> QueueRow:
    names = [public_id("je", id) for id in row.entry_ids]
    links = tuple(Link(name, reverse("console:ledger_entry", args=[name])) for name in names)
    return QueueRow(
        key=public_id("wdr", row.id),
        total=row.amount,
        cells=[
            Note(Ref(row.reference), row.provider_account),
            _STEPS[row.status],
            row.bank or "a bank account we do not know",
            row.arrival_at,
            row.heard_at,
            Several(links),
            row.amount,
        ],
    )


def _waiting(_request: HttpRequest) -> int | None:
    return open_discrepancy_count() or None


register_view("payments/balances", BalancesPage, name="payments_balances")
register_view("payments/discrepancies", DiscrepancyQueue, name="payments_discrepancies")
register_view("payments/discrepancies/<str:key>", DiscrepancyPage, name="payments_discrepancy")
register_view("payments/withdrawals", WithdrawalsPage, name="payments_withdrawals")
register_page("Reconcile", "Provider money", "account_balance_wallet",
              "console:payments_balances", PERMISSION, order=20)  # fmt: skip
register_page("Reconcile", "Discrepancies", "difference", QUEUE, PERMISSION,
              badge=_waiting, order=21)  # fmt: skip
register_page("Reconcile", "Payouts to our bank", "account_balance",
              "console:payments_withdrawals", PERMISSION, order=22)  # fmt: skip
