"""Velocity limits and balance monitors: set, ended, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

from django.db import IntegrityError, transaction

from apps.ledger.domain import AccountClass, Side
from apps.ledger.domain.limits import BalanceKind, Comparison, Measure, TimeWindow
from apps.ledger.errors import AccountNotFound, LimitDiffers, LimitNotFound, LimitUnsound
from apps.ledger.events import BalanceCrossed
from apps.ledger.models import Account, BalanceMonitor, MonitorCrossing, VelocityLimit
from apps.ledger.models.limits import MOST_MAX
from apps.ledger.services.refusals import typed
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case

Watch = TypeVar("Watch", VelocityLimit, BalanceMonitor)

#: How many crossings one run of the sweep announces.
CROSSINGS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class VelocityLimitDraft:
    """The most that one side may take in a window: of one account, or of each account of a class.

    ``most`` is minor units of ``currency``, or a number of entries, as ``measure`` says. An empty
    ``entry_kind`` means entries of any kind. Give ``account`` or ``account_class``, not both.
    """

    code: str
    side: Side
    measure: Measure
    most: int
    time_window: TimeWindow
    currency: str = ""
    account: str = ""
    account_class: AccountClass | None = None
    entry_kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceMonitorDraft:
    """A balance to watch; the threshold is in minor units on the account's normal side."""

    code: str
    account: str
    comparison: Comparison
    threshold_minor: int
    balance_kind: BalanceKind = BalanceKind.POSTED


@use_case("ledger.set_velocity_limit")
def set_velocity_limit(*, draft: VelocityLimitDraft, reason: str, actor: Actor) -> None:
    """Begin a limit. What its present window already holds is counted; nothing is undone.

    Setting it again with equal facts does nothing. Postings under way finish first; whoever posts
    afterwards is held to it.
    """
    account = _account(draft.account) if draft.account else None
    if (account is None) == (draft.account_class is None):
        raise LimitUnsound(reason="Name an account or a class, one of the two.")
    if not 0 <= draft.most <= MOST_MAX:
        raise LimitUnsound(reason="The most is zero or above, and fits into 64 bits.")
    currency = account.currency if account else draft.currency
    if not currency or (draft.currency and draft.currency != currency):
        raise LimitUnsound(reason="A limit for a class names its currency; an account has its own.")
    facts = {
        "account": account,
        "account_class": draft.account_class or "",
        "currency": currency,
        "side": draft.side.letter,
        "entry_kind": draft.entry_kind,
        "measure": draft.measure,
        "most": draft.most,
        "time_window": draft.time_window,
        "zone": current_tenant().zone,
    }
    if _begin(VelocityLimit, draft.code, facts, reason):
        audit.note(draft.code, **asdict(draft) | {"reason": reason})


@use_case("ledger.end_velocity_limit")
def end_velocity_limit(*, code: str, reason: str, actor: Actor) -> None:
    """End a limit from now on. Ended limits are kept, with what was used of them."""
    _end(VelocityLimit, code)
    audit.note(code, reason=reason)


@use_case("ledger.watch_balance")
def watch_balance(*, draft: BalanceMonitorDraft, reason: str, actor: Actor) -> None:
    """Begin a monitor: ``ledger.balance_crossed`` tells each crossing, and each return.

    A balance that is beyond the threshold already is told at once. Setting it again with equal
    facts does nothing.
    """
    row = _account(draft.account)
    if row.is_header:
        raise LimitUnsound(reason="A header account has no balance of its own to watch.")
    facts = {
        "account": row,
        "balance_kind": draft.balance_kind,
        "comparison": draft.comparison,
        "threshold_minor": draft.threshold_minor,
    }
    if _begin(BalanceMonitor, draft.code, facts, reason):
        audit.note(draft.code, **asdict(draft) | {"reason": reason})


@use_case("ledger.end_balance_monitor")
def end_balance_monitor(*, code: str, reason: str, actor: Actor) -> None:
    """Stop watching a balance. The crossings it saw are kept."""
    _end(BalanceMonitor, code)
    audit.note(code, reason=reason)


@use_case("ledger.announce_crossings")
def announce_crossings(*, actor: Actor) -> int:
    """Make an event of each crossing that has none yet; answers with how many there were.

    Safe beside itself: each row is taken by one run.
    """
    due = list(
        MonitorCrossing.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(announced_at=None)
        .select_related("monitor__account")
        .order_by("id")[:CROSSINGS_AT_ONCE]
    )
    if not due:
        audit.nothing_happened()
        return 0
    for crossing in due:
        monitor, account = crossing.monitor, crossing.monitor.account
        record(
            BalanceCrossed(
                monitor=monitor.code,
                account=account.code,
                comparison=monitor.comparison,
                threshold=Money(monitor.threshold_minor, account.currency),
                balance=Money(crossing.balance_minor, account.currency),
                is_crossed=crossing.is_crossed,
                crossed_at=crossing.crossed_at,
            ),
            aggregate=account.code,
        )
    MonitorCrossing.objects.filter(id__in=[crossing.id for crossing in due]).update(
        announced_at=clock.now()
    )
    return len(due)


def _account(code: str) -> Account:
    account = Account.objects.filter(code=code).first()
    if account is None:
        raise AccountNotFound(account=code)
    return account


def _begin(model: type[Watch], code: str, facts: Mapping[str, object], reason: str) -> bool:
    """Write the row, unless it stands there with equal facts already."""
    try:
        with transaction.atomic(), typed():
            model.objects.create(code=code, reason=reason, started_at=clock.now(), **facts)
    except IntegrityError as error:
        there = model.objects.filter(code=code).first()
        if there is None:  # a balance that is kept in a way that cannot be watched
            raise LimitUnsound(
                reason="An account that is sharded or deferred takes no limit and no monitor."
            ) from error
        if there.ended_at or any(getattr(there, name) != value for name, value in facts.items()):
            raise LimitDiffers(limit_code=code) from error
        audit.nothing_happened()
        return False
    return True


def _end(model: type[Watch], code: str) -> None:
    rows = model.objects.filter(code=code, ended_at=None)
    if not rows.update(ended_at=clock.now()):
        raise LimitNotFound(limit_code=code)
