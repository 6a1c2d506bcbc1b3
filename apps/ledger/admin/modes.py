"""Hot accounts in the console: who waits for them, how they are kept, and changing that."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from django.http import QueryDict
from django.urls import reverse

from apps.console.pages import Action, Header, ObjectPage, ReportPage
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Row, Status, Table
from apps.ledger.domain import BalanceMode, Keeping
from apps.ledger.selectors import KeptAccount, account_keeping, backlog, hot_accounts
from apps.ledger.services import change_account_mode

LIST = "console:ledger_hot_accounts"
PAGE = "console:ledger_account_keeping"
#: Every way an account can be kept: the action's name, what it is called, what it means.
WAYS: dict[str, tuple[Keeping, str, str]] = {
    "synchronous": (
        Keeping(),
        "Keep it synchronously",
        "Each posting waits for the one before it to be on the disk.",
    ),
    "early": (
        Keeping(releases_early=True),
        "Release it early",
        "Postings give way to the next before they are on the disk, and are answered afterwards.",
    ),
    "sharded": (
        Keeping(mode=BalanceMode.SHARDED),
        "Cut its limits into parts",
        "Postings draw on one of sixteen parts of the room to its limits.",
    ),
    "sharded_early": (
        Keeping(mode=BalanceMode.SHARDED, releases_early=True),
        "Cut its limits into parts, released early",
        "Both: for the hottest accounts that have limits.",
    ),
    "deferred": (
        Keeping(mode=BalanceMode.DEFERRED),
        "Defer its balance",
        "Postings wait for nobody; balances are carried forward behind them. For no limits.",
    ),
}
NAMES = {keeping: name for name, (keeping, _, _) in WAYS.items()}
OBSTACLES = {
    "limits": "it has a floor or a ceiling",
    "holds": "holds are open on it",
    "watched": "limits by time or monitors look at each of its postings",
}


class HotAccountsPage(ReportPage):
    """Accounts that postings wait for, and what would help."""

    permission: ClassVar[str] = "ledger.view"
    title: ClassVar[str] = "Hot accounts"
    nav: ClassVar[str] = LIST
    intro: ClassVar[str] = (
        "Accounts that postings had to wait for in the last day, and those kept another way."
        " Whatever the way, every figure you see is exact. In the queue is how many postings"
        " waited for it at a time, on average, in the worst hour."
    )

    def headline(self, parameters: dict[str, Any]) -> Sequence[Fact]:
        """How much waits to be carried into balances."""
        waiting = backlog()
        return [
            Fact("Postings not carried into balances yet", waiting.postings),
            Fact("The oldest of them", waiting.oldest_at),
        ]

    def tables(self, parameters: dict[str, Any]) -> Sequence[Table]:
        """The worst first."""
        return [
            Table(
                "Accounts",
                ["Account", "Name", "Kept", "In the queue", "Not carried", "Advice"],
                [
                    Row(
                        [
                            one.account,
                            one.name,
                            Status(str(one.keeping.mode)),
                            Decimal(f"{one.waiting:.1f}"),
                            one.unfolded,
                            _advice(one),
                        ],
                        url=reverse(PAGE, args=[one.account]),
                    )
                    for one in hot_accounts()
                ],
                empty="Nobody waited for any account in the last day.",
            )
        ]


class KeepingPage(ObjectPage):
    """How one account is kept."""

    permission: ClassVar[str] = "ledger.view"
    nav: ClassVar[str] = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the account."""
        code = self.kwargs["key"]
        return (
            Link("Hot accounts", reverse(LIST)),
            Link(code, reverse("console:ledger_account", args=[code])),
        )

    def find(self, key: str) -> KeptAccount:
        """By its code."""
        return account_keeping(key)

    def subject(self, thing: KeptAccount) -> str:
        """The audit trail knows an account by its code."""
        return thing.account

    def header(self, thing: KeptAccount) -> Header:
        """How it is kept."""
        return Header(
            kind="How it is kept",
            reference=thing.account,
            status=Status(str(thing.keeping.mode)),
            note=thing.name,
        )

    def facts(self, thing: KeptAccount) -> Sequence[Fact]:
        """What speaks for this way or another."""
        _, _, meaning = WAYS[NAMES.get(thing.keeping, "deferred")]
        return [
            Fact("Now", meaning),
            Fact("Waiting at any moment of the worst hour", f"{thing.waiting:.1f} postings"),
            Fact("Not carried into its balance yet", thing.unfolded),
            Fact("Advice", _advice(thing)),
        ]

    def actions(self, thing: KeptAccount) -> Sequence[Action]:
        """Every other way, what is advised first."""
        others = [name for name, (way, _, _) in WAYS.items() if way != thing.keeping]
        others.sort(key=lambda name: WAYS[name][0] != thing.advice)
        return [_action(thing, name) for name in others]

    def __getattr__(self, name: str) -> Any:
        """``do_<way>`` for each way there is."""
        way = name.removeprefix("do_")
        if name == way or way not in WAYS:
            raise AttributeError(name)
        return partial(self._keep, WAYS[way][0])

    def _keep(self, way: Keeping, thing: KeptAccount, form: QueryDict) -> str:
        change_account_mode(
            code=thing.account,
            mode=way.mode,
            releases_early=way.releases_early,
            reason=form.get("text", "").strip()[:200],
            actor=self.actor,
        )
        return "From now on it is kept this way."


def _action(thing: KeptAccount, name: str) -> Action:
    way, label, meaning = WAYS[name]
    obstacle = thing.obligations.obstacle(way.mode)
    return Action(
        name=name,
        label=label,
        look="main" if way == thing.advice else "plain",
        permission="ledger.manage",
        why_not=f"{label}: not while {OBSTACLES[obstacle]}." if obstacle else "",
        asks="Reason",
        confirm=f"{meaning} Posting stands still for a moment.",
    )


def _advice(thing: KeptAccount) -> str | None:
    return WAYS[NAMES[thing.advice]][1] if thing.advice else None


register_view("ledger/hot-accounts", HotAccountsPage, name="ledger_hot_accounts")
register_view("ledger/accounts/<str:key>/keeping", KeepingPage, name="ledger_account_keeping")
register_page("Ledger", "Hot accounts", "local_fire_department", LIST, "ledger.view", order=90)
