"""The chart as a file, the templates there are, and what applying a chart would do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

from apps.ledger.domain import AccountClass, AccountStatus
from apps.ledger.domain.charts import (
    AccountDraft,
    CategoryDraft,
    Chart,
    DimensionDraft,
    UnitDraft,
    chart_of,
)
from apps.ledger.errors import ChartTemplateNotFound
from apps.ledger.models import Account, Category, Dimension, Unit
from apps.ledger.selectors.chart import accounts_with_balances
from apps.platform.currencies import currency as unit_of
from apps.platform.tenant import current_tenant

Decision = Literal["open", "change", "same", "refuse"]
#: Facts of an account that are what its postings mean.
FIXED = ("account_class", "currency", "is_header")
CLASSES = {value.value for value in AccountClass}
STATUSES = {value.value for value in AccountStatus}
CHANGEABLE = ("name", "parent", "floor_minor", "ceiling_minor", "status", "dimensions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What would become of one row: opened, changed (in what), left as it is, or refused (why)."""

    row: int
    account: AccountDraft
    decision: Decision
    changes: Mapping[str, tuple[object, object]]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartTemplate:
    """A chart to begin with, kept in a versioned file beside the code."""

    code: str
    version: int
    name: str
    about: str
    chart: Chart


def chart() -> Chart:
    """The present chart, by code."""
    return Chart(
        accounts=tuple(draft_of(account) for account in accounts_with_balances()),
        units=tuple(
            UnitDraft(code=one.code, name=one.name, exponent=one.exponent)
            for one in Unit.objects.all()
        ),
        dimensions=tuple(
            DimensionDraft(
                code=one.code,
                name=one.name,
                allowed=tuple(one.allowed),
                is_required=one.is_required,
                account_classes=tuple(one.account_classes),
                kinds=tuple(one.kinds),
            )
            for one in Dimension.objects.all()
        ),
        categories=tuple(
            CategoryDraft(
                code=one.code,
                name=one.name,
                note=one.note,
                accounts=tuple(sorted(account.code for account in one.accounts.all())),
            )
            for one in Category.objects.prefetch_related("accounts")
        ),
    )


def draft_of(account: Account) -> AccountDraft:
    """An account that was read with its balance and its parent, as a file says it."""
    held = None if account.is_header else account.balance
    return AccountDraft(
        code=account.code,
        name=account.name,
        account_class=account.account_class,
        currency=account.currency,
        parent=account.parent.code if account.parent else "",
        is_header=account.is_header,
        floor_minor=held.floor_minor if held else None,
        ceiling_minor=held.ceiling_minor if held else None,
        status=str(account.status),
        dimensions=account.dimensions,
    )


def chart_templates() -> list[ChartTemplate]:
    """The newest version of each template, by code."""
    newest: dict[str, ChartTemplate] = {}
    for file in (resources.files("apps.ledger") / "charts").iterdir():
        if file.name.endswith(".json"):
            content: dict[str, Any] = json.loads(file.read_text("utf-8"))
            told = content["template"]
            one = ChartTemplate(**told, chart=chart_of(content))
            if one.code not in newest or newest[one.code].version < one.version:
                newest[one.code] = one
    return [newest[code] for code in sorted(newest)]


def chart_template(code: str) -> ChartTemplate:
    """One template, or ``ChartTemplateNotFound``."""
    for one in chart_templates():
        if one.code == code:
            return one
    raise ChartTemplateNotFound(template=code)


def chart_verdicts(wanted: Chart) -> list[Verdict]:
    """What would become of each account of the chart, in its order. Changes nothing."""
    return list(_Judge(wanted).verdicts())


class _Judge:
    """Knows the present chart and the wanted one, and says row by row what is to be done."""

    def __init__(self, wanted: Chart) -> None:
        functional = current_tenant().functional_currency
        self.rows = [_whole(row, functional) for row in wanted.accounts]
        self.times = Counter(row.code for row in self.rows)
        self.here = {account.code: account for account in accounts_with_balances()}
        self.after = {code: draft_of(account) for code, account in self.here.items()}
        self.after |= {row.code: row for row in self.rows}
        self.units = {unit.code for unit in wanted.units}
        declared = dict(Dimension.objects.values_list("code", "allowed"))
        self.answers = declared | {one.code: list(one.allowed) for one in wanted.dimensions}

    def verdicts(self) -> Iterator[Verdict]:
        for number, row in enumerate(self.rows, start=1):
            account = self.here.get(row.code)
            changes = _changes(draft_of(account), row) if account else {}
            reason = self._reason(row, account, changes)
            decision: Decision = "change" if changes else "same"
            if reason:
                decision = "refuse"
            elif account is None:
                decision = "open"
            yield Verdict(
                row=number, account=row, decision=decision, changes=changes, reason=reason
            )

    def _reason(
        self, row: AccountDraft, account: Account | None, changes: Mapping[str, Any]
    ) -> str:
        """Why the row cannot be applied, or nothing."""
        return next(
            (
                reason
                for reason in (
                    self._form(row),
                    self._place(row),
                    *(f"Its {name} is fixed." for name in FIXED if name in changes),
                    _holding(row, account) if account else "",
                )
                if reason
            ),
            "",
        ).replace("_", " ")

    def _form(self, row: AccountDraft) -> str:
        limits = [one for one in (row.floor_minor, row.ceiling_minor) if one is not None]
        wrong = [
            (self.times[row.code] > 1, "Its code stands in the file more than once."),
            (not row.code or not row.name, "It has no code or no name."),
            (row.account_class not in CLASSES, "There is no such class."),
            (row.status not in STATUSES, "There is no such status."),
            (
                row.currency not in self.units and unit_of(row.currency) is None,
                "There is no such currency or unit.",
            ),
            (row.is_header and bool(limits), "A header holds nothing to limit."),
            (limits != sorted(limits), "Its floor is above its ceiling."),
        ]
        for code, answer in row.dimensions.items():
            allowed = self.answers.get(code)
            is_wrong = allowed is None or (bool(allowed) and answer not in allowed)
            wrong.append((is_wrong, f"{answer} is no answer to {code}."))
        return next((reason for is_wrong, reason in wrong if is_wrong), "")

    def _place(self, row: AccountDraft) -> str:
        """A parent that is a header of the same class, and no way round to itself."""
        above, seen = row.parent, {row.code}
        while above:
            parent = self.after.get(above)
            if parent is None or not parent.is_header or parent.account_class != row.account_class:
                return f"{above} is no header of its class."
            if above in seen:
                return "It would stand below itself."
            seen.add(above)
            above = parent.parent
        return ""


def _whole(row: AccountDraft, functional: str) -> AccountDraft:
    facts = {name: getattr(row, name) for name in AccountDraft.__dataclass_fields__}
    return AccountDraft(**(facts | {"currency": row.currency or functional}))


def _changes(before: AccountDraft, after: AccountDraft) -> dict[str, tuple[object, object]]:
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in (*FIXED, *CHANGEABLE)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _holding(row: AccountDraft, account: Account) -> str:
    """What the present balance does not allow."""
    if account.is_header or row.is_header:
        return ""
    held = account.balance.normal_sign * (
        account.balance.debits_minor - account.balance.credits_minor
    )
    wrong = (
        (row.floor_minor is not None and held < row.floor_minor, "It holds less than the floor."),
        (
            row.ceiling_minor is not None and held > row.ceiling_minor,
            "It holds more than the ceiling.",
        ),
        (row.status == AccountStatus.CLOSED and held != 0, "It is not empty."),
    )
    return next((reason for is_wrong, reason in wrong if is_wrong), "")
