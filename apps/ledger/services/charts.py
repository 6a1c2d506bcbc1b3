"""Applying a whole chart: from a file or a template, all of it or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from apps.ledger.domain import AccountClass, AccountStatus
from apps.ledger.domain.charts import AccountDraft, Chart
from apps.ledger.errors import ChartNotApplicable
from apps.ledger.models import Account, AccountBalance
from apps.ledger.selectors.charts import Verdict, chart_verdicts
from apps.ledger.services.account_changes import change_account_limits, describe_account
from apps.ledger.services.accounts import change_account_status
from apps.ledger.services.dimensions import declare_dimension, save_category
from apps.ledger.services.units import declare_unit
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.locks import take_turns
from apps.platform.use_cases import use_case


@use_case("ledger.apply_chart")
def apply_chart(*, chart: Chart, reason: str, actor: Actor) -> dict[str, int]:
    """Open what is new, change what differs, leave the rest; answer how many of each.

    Refused as a whole when any row is (``chart_verdicts`` says which and why). Applying it again
    does nothing. Accounts that the chart does not name stay as they are.
    """
    take_turns("ledger.chart")
    for unit in chart.units:
        declare_unit(**asdict(unit), actor=actor)
    for dimension in chart.dimensions:
        declare_dimension(**asdict(dimension), actor=actor)
    verdicts = chart_verdicts(chart)
    refused = [one for one in verdicts if one.decision == "refuse"]
    if refused:
        raise ChartNotApplicable(
            refused=len(refused), first_row=refused[0].row, first_reason=refused[0].reason
        )
    _open([one.account for one in verdicts if one.decision == "open"])
    for one in verdicts:
        if one.decision == "change":
            _change(one, reason, actor)
    for category in chart.categories:
        save_category(**asdict(category), actor=actor)
    decided = Counter(str(one.decision) for one in verdicts)
    counts = {name: decided[name] for name in ("open", "change", "same")}
    if decided["same"] == len(verdicts):
        audit.nothing_happened()
    audit.note("chart", reason=reason, **counts)
    return counts


def _open(drafts: Sequence[AccountDraft]) -> None:
    """Headers before what stands below them, then every balance row."""
    ids = dict(Account.objects.values_list("code", "id"))
    waiting = list(drafts)
    while waiting:
        ready = [draft for draft in waiting if not draft.parent or draft.parent in ids]
        opened = Account.objects.bulk_create(_account(draft, ids) for draft in ready)
        ids |= {account.code: account.id for account in opened}
        limits = {draft.code: draft for draft in ready}
        AccountBalance.objects.bulk_create(
            AccountBalance(
                account=account,
                normal_sign=AccountClass(account.account_class).normal_side.sign,
                floor_minor=limits[account.code].floor_minor,
                ceiling_minor=limits[account.code].ceiling_minor,
            )
            for account in opened
            if not account.is_header
        )
        waiting = [draft for draft in waiting if draft not in ready]


def _account(draft: AccountDraft, ids: dict[str, UUID]) -> Account:
    return Account(
        code=draft.code,
        name=draft.name,
        account_class=AccountClass(draft.account_class),
        currency=draft.currency,
        parent_id=ids[draft.parent] if draft.parent else None,
        is_header=draft.is_header,
        status=AccountStatus(draft.status),
        dimensions=dict(draft.dimensions),
        opened_at=clock.now(),
    )


def _change(verdict: Verdict, reason: str, actor: Actor) -> None:
    wanted, changes = verdict.account, verdict.changes
    describe_account(
        code=wanted.code,
        name=wanted.name,
        parent=wanted.parent,
        dimensions=wanted.dimensions,
        actor=actor,
    )
    if changes.keys() & {"floor_minor", "ceiling_minor"}:
        change_account_limits(
            code=wanted.code,
            floor_minor=wanted.floor_minor,
            ceiling_minor=wanted.ceiling_minor,
            reason=reason,
            actor=actor,
        )
    if "status" in changes:
        change_account_status(
            code=wanted.code, status=AccountStatus(wanted.status), reason=reason, actor=actor
        )
